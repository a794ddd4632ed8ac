"""Histories: how they are written, shown and shrunk."""

from __future__ import annotations

import asyncio
import copy
import itertools
from pathlib import Path
from typing import Any

import pytest

from letitcrash_conformance.cli import main
from letitcrash_conformance.cli_selection import choose_clauses
from letitcrash_conformance.engine import UnitRunner
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.program import Program
from letitcrash_conformance.render_finding import render_steps
from letitcrash_conformance.render_history import Place, find_place, render_history, words_of_place
from letitcrash_conformance.render_lines import plain_text
from letitcrash_conformance.replay import read_replay, write_replay
from letitcrash_conformance.replay_runner import State, repeat
from letitcrash_conformance.results import Unit, UnitResult
from letitcrash_conformance.scenarios.histories import SCENARIOS
from letitcrash_conformance.scenarios.scenario import Scenario
from letitcrash_conformance.session import Session
from letitcrash_conformance.shrink import confirm, confirm_race, shrink, weight_of
from letitcrash_conformance.shrink_histories import MOST_TRIES, Luck, candidates_of, has_history, without_label
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import parse_hello
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.judge import judge
from letitcrash_spec.model.world import Profile
from tests.support.findings import make_finding


class Torn(ReferenceSubject):
    """Additions of several clients overwrite each other: read, wait, write."""

    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        if msg[0] != "add":
            return await super().call(to, msg, timeout_ms)
        before = await super().call(to, ["get"], timeout_ms)
        await asyncio.sleep(0)
        now = await super().call(to, ["get"], timeout_ms)
        await super().call(to, ["add", before + msg[1] - now], timeout_ms)
        return before + msg[1]


class Moody(Torn):
    """The same, in every third program only."""

    programs = itertools.count()

    async def reset(self) -> None:
        await super().reset()
        self.is_torn = next(self.programs) % 3 == 0

    async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
        if self.is_torn:
            return await super().call(to, msg, timeout_ms)
        return await ReferenceSubject.call(self, to, msg, timeout_ms)


def do(op: str, **args: Any) -> dict[str, Any]:
    return {"op": op, "args": args}


def add(number: int, to: str = "p1") -> dict[str, Any]:
    return do("call", to=to, msg=["add", number])


def at_once(*clients: list[dict[str, Any]]) -> Operation:
    return Operation("parallel", {"clients": list(clients)})


def stamped(call: int, end: int, answer: Answer) -> dict[str, Any]:
    return {"call": call, "return": end, "answer": answer}


PROGRAM = Program.of(
    [
        Operation("spawn", {"as": "p1", "probe": {}}),
        Operation("spawn", {"as": "p2", "probe": {}}),
        Operation("call", {"to": "p2", "msg": ["add", 1]}),
        Operation("observe", {}),
        at_once(
            [add(1), do("whereis", name="n1"), add(2, "p2"), add(3)],
            [do("cast", to="p2", msg=["add", 5]), add(4), do("call", to="p1", msg=["get"])],
            [do("whereis", name="n2"), add(5), do("exit", to="p2", reason="kill")],
        ),
    ],
    clock="virtual",
)

RACE = at_once([add(5), add(1)], [do("cast", to="p1", msg=["add", 5]), do("exit", to="p1", reason="kill")])
ANSWER: Answer = {
    "ok": [
        [stamped(1, 6, {"ok": 5}), stamped(7, 8, {"fail": {"kind": "noproc"}})],
        [stamped(2, 3, {"ok": None}), stamped(4, 5, {"ok": None})],
    ]
}


def show(operation: Operation, answer: Answer | None, *, marked: Place | None = None, width: int = 100) -> list[str]:
    lines = render_history(operation, answer, head="  >   2. ", is_failing=True, marked=marked, width=width)
    return plain_text(lines).splitlines()


# -- how they are shown ------------------------------------------------------------------------------------------------


def test_clients_stand_side_by_side_with_stamps_and_answers() -> None:
    assert show(RACE, ANSWER, marked=Place(0, 1)) == [
        "  >   2. at the same time, 2 clients, each operation after its stamps:",
        "        client 1                                     | client 2",
        "          1..6 call p1 add 5 -> 5                    |   2..3 cast p1 add 5",
        "                                                     |   4..5 send exit signal kill to p1",
        "        > 7..8 call p1 add 1 -> fails: noproc        |",
    ]


def test_operations_that_had_all_begun_at_one_moment_share_a_row() -> None:
    answer: Answer = {"ok": [[stamped(1, 4, {"ok": 1})], [stamped(2, 6, {"ok": 2})], [stamped(3, 5, {"ok": 3})]]}
    rows = show(at_once([add(1)], [add(1)], [add(1)]), answer, width=110)[2:]
    assert len(rows) == 1
    assert all(stamps in rows[0] for stamps in ("1..4", "2..6", "3..5"))


def test_operations_one_of_which_was_over_before_the_other_began_do_not_share_a_row() -> None:
    answer: Answer = {"ok": [[stamped(1, 2, {"ok": 1})], [stamped(3, 4, {"ok": 2})]]}
    assert len(show(at_once([add(1)], [add(1)]), answer)[2:]) == 2


def test_clients_stand_below_each_other_where_columns_do_not_fit() -> None:
    assert show(RACE, ANSWER, marked=Place(0, 1), width=60)[1:] == [
        "        client 1",
        "            1..6 call p1 add 5 -> 5",
        "          > 7..8 call p1 add 1 -> fails: noproc",
        "        client 2",
        "            2..3 cast p1 add 5",
        "            4..5 send exit signal kill to p1",
    ]


@pytest.mark.parametrize("width", [60, 80, 100, 110])
def test_no_line_is_wider_than_asked_for(width: int) -> None:
    lines = show(PROGRAM.operations[4], None, width=width)
    assert max(map(len, lines)) <= width


def test_a_history_without_answers_is_shown_turn_by_turn() -> None:
    lines = show(RACE, None)
    assert "stamps" not in lines[0]
    assert "call p1 add 5" in lines[2]
    assert "cast p1 add 5" in lines[2]
    assert len(lines) == 4


def test_the_answer_of_a_history_that_was_refused_stands_beside_it() -> None:
    assert show(RACE, {"fail": {"kind": "timeout"}})[0].endswith("-> fails: timeout")


@pytest.mark.parametrize("width", [60, 100])
def test_a_long_history_shows_its_beginning_and_what_differs(width: int) -> None:
    clients = [[add(1)] * 200, [add(1)] * 200]
    history = [[stamped(4 * n + 2 * c + 1, 4 * n + 2 * c + 2, {"ok": n}) for n in range(200)] for c in range(2)]
    lines = show(at_once(*clients), {"ok": history}, marked=Place(1, 120), width=width)
    assert len(lines) < 70
    assert any("> 483..484" in line for line in lines)
    assert any("more" in line for line in lines)


def test_the_report_of_a_violation_marks_the_answer_that_nothing_explains() -> None:
    subject = Torn()
    try:
        outcome = Session(subject).run(PROGRAM)
    finally:
        subject.close()
    violation = outcome.judgement.violation
    assert violation is not None
    place = find_place(violation)
    assert place is not None
    step = violation.operation.args["clients"][place.client][place.turn]
    assert step["args"]["msg"] == ["add", step["args"]["msg"][1]]
    assert words_of_place(violation.operation, place).startswith(f"client {place.client + 1}: call p1 add")
    lines = render_steps(outcome.program.operations, outcome.answers, violation.index, 110, place=place)
    marked = [line for line in lines if line.style == "bad"]
    assert len(marked) == 1
    assert f"> {outcome.answers[4]['ok'][place.client][place.turn]['call']}.." in marked[0].text


# -- how they are written ----------------------------------------------------------------------------------------------


def test_generated_histories_start_only_what_can_be_started() -> None:
    subject = ReferenceSubject()
    setting = Setting.of(subject.hello, "histories", "async")
    session = Session(subject)
    try:
        for seed in range(60):
            program = generate(RandomSource(seed), setting)
            assert has_history(program.operations)
            prefix = list(itertools.takewhile(lambda operation: operation.op != "observe", program.operations))
            answers = session.run(Program.of(prefix, clock="virtual")).answers
            started = [a for o, a in zip(prefix, answers, strict=False) if o.op == "spawn"]
            assert started == [{"ok": "started"}] * len(started)
    finally:
        subject.close()


# -- how they are shrunk -----------------------------------------------------------------------------------------------


def run_and_shrink(subject: ReferenceSubject, program: Program = PROGRAM) -> tuple[Session, Any]:
    session = Session(subject)
    first = session.run(program)
    while first.judgement.violation is None:
        first = session.run(program)
    return session, shrink(session, first, None, [], seconds=20)


def test_a_race_is_shrunk_to_two_clients_with_one_operation_each() -> None:
    subject = Torn()
    try:
        _, shrunk = run_and_shrink(subject)
    finally:
        subject.close()
    assert [operation.op for operation in shrunk.program.operations] == ["spawn", "parallel", "observe"]
    clients = shrunk.program.operations[1].args["clients"]
    assert [len(client) for client in clients] == [1, 1]
    assert all(client[0]["args"]["msg"][0] == "add" for client in clients)


def test_what_fails_without_haste_is_shrunk_to_a_program_without_clients() -> None:
    class Forgetful(ReferenceSubject):
        async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
            return 0 if msg[0] == "add" else await super().call(to, msg, timeout_ms)

    subject = Forgetful()
    try:
        _, shrunk = run_and_shrink(subject, Program.of(PROGRAM.operations[3:], clock="virtual"))
        operations = [operation.op for operation in shrunk.program.operations]
    finally:
        subject.close()
    assert "parallel" not in operations


def test_a_race_that_happens_now_and_then_is_shrunk_as_far_and_repeated_until_enough_is_known() -> None:
    subject = Moody()
    try:
        session, shrunk = run_and_shrink(subject)
        clause = shrunk.judgement.violation.clause
        repeats, tries = confirm_race(session, shrunk.program, clause, tries=3)
        assert confirm(session, shrunk.program, clause, tries=9) == 3
    finally:
        subject.close()
    assert [operation.op for operation in shrunk.program.operations] == ["spawn", "parallel", "observe"]
    assert repeats == 3
    assert 7 <= tries <= 9


def test_what_never_repeats_is_repeated_no_longer_than_it_takes_to_say_so() -> None:
    subject = ReferenceSubject()
    try:
        repeats, tries = confirm_race(Session(subject), PROGRAM, "GS-20", tries=3)
    finally:
        subject.close()
    assert repeats == 0
    assert tries > 3


def test_a_candidate_gets_the_more_tries_the_seldomer_the_failure_is_met() -> None:
    luck = Luck(1)
    assert luck.tries == 1
    luck.measured(6, 6)
    assert luck.tries == 1
    luck.measured(3, 6)
    often = luck.tries
    assert 2 <= often <= 6
    luck.found(10)
    luck.found(10)
    assert luck.tries > often
    luck.measured(1, 1000)
    assert luck.tries == MOST_TRIES


def test_every_candidate_is_smaller_and_keeps_what_came_before_and_after() -> None:
    weight = weight_of(PROGRAM)
    candidates = list(candidates_of(PROGRAM.operations, []))
    assert candidates
    for operations in candidates:
        assert weight_of(Program(tuple(operations))) < weight
        assert operations[:4] == list(PROGRAM.operations[:4])
        assert operations[-1] == PROGRAM.operations[-1]


def test_the_boldest_candidate_does_one_thing_after_the_other_as_they_began() -> None:
    first = next(iter(candidates_of([RACE], [ANSWER])))
    assert [operation.op for operation in first] == ["call", "cast", "exit", "call"]


def test_who_is_not_started_any_more_is_left_out_of_histories_too() -> None:
    kept = without_label(PROGRAM.operations[1:], "p1")
    assert '"p1"' not in str([operation.args for operation in kept]).replace("'", '"')
    assert any(operation.op == "parallel" for operation in kept)


# -- how they are found and reported -----------------------------------------------------------------------------------


def judge_histories(factory: Any, *, examples: int = 40) -> UnitResult:
    def ignore(*_: object) -> None:
        return

    runner = UnitRunner(factory, frozenset(load_clauses()), ignore, ignore)
    try:
        return runner.run(Unit("histories", "async", examples, seed=1))
    finally:
        runner.close()


def test_a_race_is_found_shrunk_and_repeated() -> None:
    findings = judge_histories(Torn).findings
    assert findings
    for finding in findings:
        assert (finding.repeats, finding.tries) == (3, 3)
    assert min(weight_of(finding.program)[0] for finding in findings) <= 5


def test_a_race_that_does_not_happen_every_time_says_how_often_it_does() -> None:
    findings = [finding for finding in judge_histories(Moody, examples=200).findings if not finding.is_flaky]
    assert findings
    for finding in findings:
        assert finding.repeats >= 3
        assert finding.tries > finding.repeats


def test_what_is_seen_once_and_never_again_is_flaky_however_often_it_is_repeated() -> None:
    class Once(ReferenceSubject):
        has_lied = False

        async def call(self, to: Any, msg: list[Any], timeout_ms: int = 5000) -> Any:
            answer = await super().call(to, msg, timeout_ms)
            if msg[0] == "get" and not Once.has_lied:
                Once.has_lied = True
                return answer + 1
            return answer

    findings = judge_histories(Once).findings
    assert [finding.is_flaky for finding in findings] == [True]
    assert findings[0].tries > 3


def test_clauses_about_clients_at_the_same_time_run_the_histories_too() -> None:
    chapters, clauses = choose_clauses(["REG-13"], None)
    assert chapters == ("registry", "histories")
    assert clauses == {"REG-13"}


def test_histories_can_be_run_alone_and_judge_every_clause() -> None:
    chapters, clauses = choose_clauses(None, ["histories"])
    assert chapters == ("histories",)
    assert clauses == frozenset(load_clauses())


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_reference_passes_a_scenario_on_every_backend_and_is_judged_to_its_end(scenario: Scenario) -> None:
    subject = ReferenceSubject()
    session = Session(subject)
    try:
        for backend in (*subject.hello.backends, "mixed"):
            outcome = session.run(scenario.program(Setting.of(subject.hello, "histories", backend), 0))
            assert outcome.judgement.violation is None
            assert outcome.judgement.undecided is None
    finally:
        subject.close()


@pytest.mark.clause("BACK-10")
def test_hundreds_of_additions_by_four_clients_can_be_judged() -> None:
    adds = at_once(*[[add(1)] * 100] * 4)
    program = Program.of([Operation("spawn", {"as": "p1", "probe": {"backend": "thread"}}), adds], clock="virtual")
    subject = ReferenceSubject()
    try:
        outcome = Session(subject).run(program)
        wrong = copy.deepcopy(outcome.answers)
    finally:
        subject.close()
    assert outcome.judgement.violation is None
    assert outcome.judgement.undecided is None
    wrong[1]["ok"][3][60]["answer"]["ok"] += 1
    judgement = judge(Profile.of(subject.hello), program.operations, wrong)
    assert judgement.violation is not None
    assert find_place(judgement.violation) is not None


# -- how they are repeated from a file ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("repeats", "tries"), [(3, 3), (3, 40)])
def test_a_race_that_failed_seldom_is_replayed_the_more_often(tmp_path: Path, repeats: int, tries: int) -> None:
    finding = make_finding(operations=PROGRAM.operations, answers=(), index=4, repeats=repeats, tries=tries)
    hello = ReferenceSubject.HELLO
    path = write_replay(tmp_path, finding, hello=parse_hello(hello), subject="reference")
    replay = read_replay(path)
    assert replay.program.operations == PROGRAM.operations
    verdict = repeat(replay, ReferenceSubject)
    assert verdict.state is State.FIXED
    number = int(verdict.why.split()[-2])
    assert number == 3 if repeats == tries else number > 30


def test_the_report_of_a_replay_shows_the_clients(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    finding = make_finding(operations=PROGRAM.operations, answers=(), index=4)
    path = write_replay(tmp_path, finding, hello=parse_hello(ReferenceSubject.HELLO), subject="reference")
    assert main(["replay", str(path), "--subject", f"{__name__}:Torn"]) == 1
    shown = capsys.readouterr().out
    assert "client 1" in shown
    assert "> " in shown
    assert "at the same time, 3 clients, each operation after its stamps:" in shown
