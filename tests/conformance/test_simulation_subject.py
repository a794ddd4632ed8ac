"""Subjects on drawn schedules: judged like always, shrunk with their schedule, replayed and told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from letitcrash_conformance.cli import main
from letitcrash_conformance.engine import UnitRunner
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.program import Program
from letitcrash_conformance.recorder_fields import Fields
from letitcrash_conformance.recorder_records import dump_finding, load_finding
from letitcrash_conformance.render_finding import Context, render_finding
from letitcrash_conformance.replay import read_replay, write_replay
from letitcrash_conformance.replay_runner import State, repeat
from letitcrash_conformance.results import Finding, Unit
from letitcrash_conformance.simulation import Schedule
from letitcrash_conformance.simulation.choose import draw_schedule
from letitcrash_conformance.simulation.schedule import STRATEGIES
from letitcrash_conformance.simulation.session import ScheduledSession
from letitcrash_conformance.simulation.subject import ScheduledSubject
from letitcrash_conformance.simulation.subject_threads import ThreadedSubject
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.messages import Operation
from tests.support.racy import LateRegister, Overtaking

_RESET = Operation("reset", {})
_LOOK = Operation("observe", {"settle_ms": 10_000})


def _tasks() -> ScheduledSubject:
    return ScheduledSubject(ReferenceSubject)


def _threads() -> ThreadedSubject:
    return ThreadedSubject(ReferenceSubject, ReferenceSubject.SIMULATED_THREADS)


def _judge_many(make: Callable[[], ScheduledSubject | ThreadedSubject], chapter: str, backend: str, count: int) -> None:
    session = ScheduledSession(make())
    setting = Setting.of(session.hello, chapter, backend)
    try:
        for seed in range(count):
            outcome = session.run_on(Schedule.draw(seed), generate(RandomSource(f"{chapter} {seed}"), setting))
            assert outcome.judgement.violation is None, f"{chapter}, {backend}, seed {seed}"
    finally:
        session.subject.close()


@pytest.mark.parametrize("chapter", [chapter for chapter in CHAPTERS if chapter != "histories"])
def test_the_reference_is_right_on_drawn_schedules_of_tasks(chapter: str) -> None:
    _judge_many(_tasks, chapter, "async", 25)


@pytest.mark.parametrize("backend", ["thread", "blocking", "mixed"])
@pytest.mark.parametrize("chapter", ["backends", "supervisor", "world"])
def test_the_reference_is_right_on_drawn_schedules_of_threads(chapter: str, backend: str) -> None:
    _judge_many(_threads, chapter, backend, 10)


def test_about_half_of_the_examples_are_run_on_schedules_of_every_strategy() -> None:
    drawn = [schedule for number in range(400) if (schedule := draw_schedule(f"seed {number}")) is not None]
    assert 150 < len(drawn) < 250
    assert {schedule.strategy for schedule in drawn} == set(STRATEGIES)
    assert {schedule.mode for schedule in drawn} == {"strict", "permute"}


@pytest.fixture(scope="module")
def finding() -> Finding:
    runner = UnitRunner(
        Overtaking, frozenset(load_clauses()), lambda unit, examples, operations: None, lambda found: None
    )
    try:
        for example in range(300):
            unit = Unit("genserver", "async", 1, 11, first=example, has_scenarios=False)
            result = runner.run(unit)
            assert result.trouble is None
            if result.findings:
                return result.findings[0]
    finally:
        runner.close()
    raise AssertionError("expected a finding in 300 examples, got none")


def test_a_race_is_found_by_the_search_shrunk_and_repeated(finding: Finding) -> None:
    schedule = finding.schedule
    assert schedule is not None
    assert (schedule.mode, schedule.strategy) == ("permute", "recorded")
    assert 0 < len(schedule.decisions) <= 4
    assert len(finding.program) <= 6
    assert finding.repeats == finding.tries


def test_a_finding_tells_its_schedule_and_who_ran_when(finding: Finding) -> None:
    text = "\n".join(line.text for line in render_finding(finding, Context("racy", None, "1")))
    assert "The schedule that shows it: 1:1" in text
    assert "permute: asyncio itself keeps another order" in text
    told = [row for row in text.splitlines() if row.startswith("*")]
    assert len(told) == len(finding.schedule.decisions if finding.schedule else ())
    assert "the client" in text
    assert "begins" in text


def test_a_schedule_survives_the_report_of_a_run(finding: Finding) -> None:
    stored = json.loads(json.dumps(dump_finding(finding)))
    again = load_finding(Fields(stored, "a file"))
    assert (again.schedule, again.story) == (finding.schedule, finding.story)


def test_a_replay_file_repeats_the_schedule(finding: Finding, tmp_path: Path) -> None:
    path = write_replay(tmp_path, finding, hello=ReferenceSubject().hello, subject="racy")
    replay = read_replay(path)
    assert replay.schedule == finding.schedule
    failed = repeat(replay, Overtaking)
    assert failed.state is State.STILL_FAILS
    assert failed.finding is not None
    assert failed.finding.story == finding.story
    assert repeat(replay, ReferenceSubject).state is State.FIXED


def test_the_command_line_shows_the_schedule_of_a_replay(
    finding: Finding, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_replay(tmp_path, finding, hello=ReferenceSubject().hello, subject="tests.support.racy:Overtaking")
    assert main(["replay", str(path)]) == 1
    assert "The schedule that shows it: 1:1" in capsys.readouterr().out


def test_a_subject_without_a_simulated_loop_cannot_replay_a_schedule(finding: Finding, tmp_path: Path) -> None:
    class Plain(ReferenceSubject):
        SIMULATED = ()

    path = write_replay(tmp_path, finding, hello=ReferenceSubject().hello, subject="racy")
    verdict = repeat(read_replay(path), Plain)
    assert verdict.state is State.CANNOT_RUN
    assert "drawn schedule" in verdict.why


def test_a_broken_schedule_in_a_replay_file_is_refused(finding: Finding, tmp_path: Path) -> None:
    path = write_replay(tmp_path, finding, hello=ReferenceSubject().hello, subject="racy")
    data = json.loads(path.read_text())
    data["schedule"]["decisions"] = "1:1 one:2"
    path.write_text(json.dumps(data))
    with pytest.raises(UsageError, match="expected decisions such as"):
        read_replay(path)


class _Stuck(InProcessSubject):
    """A subject whose calls wait for each other."""

    HELLO: ClassVar[dict[str, Any]] = {**ReferenceSubject.HELLO, "features": ["genserver"], "backends": ["async"]}
    SIMULATED = ("async",)

    async def reset(self) -> None: ...

    async def call(self, to: str, msg: list[Any], timeout_ms: int = 5000) -> None:
        await asyncio.get_running_loop().create_future()


def test_a_deadlock_of_a_subject_is_told_with_the_operation_and_who_waits() -> None:
    subject = ScheduledSubject(_Stuck)
    with pytest.raises(SubjectError, match="got a deadlock: nobody is ready and no timer is set") as found:
        subject.run([_RESET, Operation("call", {"to": "p1", "msg": ["get"]})])
    assert "call" in str(found.value)
    assert "create_future()" in str(found.value)
    subject.close()


def test_what_breaks_on_a_drawn_schedule_tells_the_schedule() -> None:
    session = ScheduledSession(ScheduledSubject(_Stuck))
    program = Program((Operation("call", {"to": "p1", "msg": ["get"]}),))
    with pytest.raises(SubjectError, match=r"on the drawn schedule permute, .* \(drawn as: permute, PCT 3, seed 4\)"):
        session.run_on(Schedule("permute", "PCT 3", 4), program)
    session.subject.close()


def test_only_subjects_of_this_process_are_simulated() -> None:
    class Elsewhere:
        def close(self) -> None: ...

    def make() -> Subject:
        return Elsewhere()  # type: ignore[return-value]

    with pytest.raises(TypeError, match="expected a subject in this process"):
        ScheduledSubject(make)


_DIGEST = """
import hashlib
from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.simulation import Schedule
from letitcrash_conformance.simulation.session import ScheduledSession
from letitcrash_conformance.simulation.subject import ScheduledSubject
from letitcrash_conformance.simulation.subject_threads import ThreadedSubject
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subjects.reference import ReferenceSubject
told = hashlib.sha256()
for subject, backend in (
    (ScheduledSubject(ReferenceSubject), "async"),
    (ThreadedSubject(ReferenceSubject, ReferenceSubject.SIMULATED_THREADS), "mixed"),
):
    session = ScheduledSession(subject)
    for seed in range(12):
        program = generate(RandomSource(seed), Setting.of(session.hello, "world", backend))
        outcome = session.run_on(Schedule.draw(seed), program)
        judged = outcome.judgement
        told.update(f"{program.to_json()} {outcome.answers} {outcome.schedule}".encode())
        told.update(f"{judged.violation} {judged.undecided} {sorted(judged.exercised.items())}".encode())
    subject.close()
print(told.hexdigest())
"""


def test_a_seed_means_the_same_program_schedule_and_verdict_in_every_process() -> None:
    told = {
        subprocess.run(
            [sys.executable, "-c", _DIGEST], env={**os.environ, "PYTHONHASHSEED": salt}, capture_output=True, check=True
        ).stdout
        for salt in ("1", "2")
    }
    assert len(told) == 1


def _clients(backend: str) -> list[Operation]:
    def call(to: str, *msg: Any) -> dict[str, Any]:
        return {"op": "call", "args": {"to": to, "msg": list(msg)}}

    def advance(ms: int) -> dict[str, Any]:
        return {"op": "advance", "args": {"ms": ms}}

    clients = [
        [call("p1", "add", 1), call("p2", "sleep", 500), advance(100)],
        [{"op": "cast", "args": {"to": "p1", "msg": ["add", 10]}}, call("p1", "get")],
        [advance(200), {"op": "exit", "args": {"to": "p2", "reason": "kill"}}, call("p1", "noreply")],
    ]
    spawn = [Operation("spawn", {"as": label, "probe": {"backend": backend}}) for label in ("p1", "p2")]
    return [_RESET, *spawn, Operation("parallel", {"clients": clients}), _LOOK]


def _check_history(answers: list[dict[str, Any]]) -> None:
    first, second, third = answers[3]["ok"]
    assert second[0]["answer"] == {"ok": None}
    assert second[1]["answer"]["ok"] in (10, 11)
    assert first[1]["answer"] == {"fail": {"kind": "exit", "reason": "killed"}}
    assert third[2]["answer"] == {"fail": {"kind": "timeout"}}
    stamps = [step[key] for client in (first, second, third) for step in client for key in ("call", "return")]
    assert sorted(stamps) == list(range(1, len(stamps) + 1))
    assert answers[4]["ok"]["now"] == 5200  # the kill at 200 ms, and 5 s without a reply after it


@pytest.mark.parametrize("backend", ["async", "blocking", "thread"])
def test_clients_of_parallel_run_at_the_same_time_and_time_waits_for_all_of_them(backend: str) -> None:
    subject = ReferenceSubject()
    _check_history(subject.run(_clients(backend)))
    subject.close()


def test_a_seed_means_the_same_schedule_and_answers_on_every_version_of_python() -> None:
    told = hashlib.sha256()
    for subject, backend in ((_tasks(), "async"), (_threads(), "thread"), (_threads(), "blocking")):
        session = ScheduledSession(subject)
        for seed in range(20):
            outcome = session.run_on(Schedule.draw(seed), Program(tuple(_clients(backend))))
            told.update(f"{outcome.answers} {outcome.schedule} {outcome.judgement.violation}".encode())
        subject.close()
    # Another number on all versions at once: the reference takes other steps than before. On one alone: find out why.
    assert told.hexdigest()[:16] == "7ca11b47a5cb59b2"


def test_schedules_vary_the_histories_of_clients() -> None:
    for subject, backend in ((_tasks(), "async"), (_threads(), "thread")):
        histories: set[str] = set()
        for seed in range(40):
            subject.schedule = Schedule.draw(seed)
            answers = subject.run(_clients(backend))
            _check_history(answers)
            histories.add(json.dumps(answers))
        assert len(histories) > 5
        subject.close()


def test_a_run_can_draw_schedules_of_threads(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "run reference --chapter backends --budget 12 -n 1 --seed 5 --schedules"
    for tier in ("threads", "lines"):
        assert main([*arguments.split(), tier]) == 0
    assert "conformant" in capsys.readouterr().out


def test_a_schedule_of_threads_is_replayed_as_one(finding: Finding, tmp_path: Path) -> None:
    threads = replace(finding, schedule=Schedule("permute", "recorded", 0, ((3, 1),), "threads"))
    path = write_replay(tmp_path, threads, hello=ReferenceSubject().hello, subject="racy")
    replay = read_replay(path)
    assert replay.schedule == threads.schedule
    assert repeat(replay, ReferenceSubject).state is State.FIXED

    class Plain(ReferenceSubject):
        SIMULATED_THREADS = ()

    assert repeat(replay, Plain).state is State.CANNOT_RUN


def test_timeouts_race_with_replies_on_a_wall_clock_that_runs_ahead() -> None:
    def make() -> ReferenceSubject:
        return ReferenceSubject(clock="wall")

    session = ScheduledSession(ThreadedSubject(make, ReferenceSubject.SIMULATED_THREADS))
    setting = Setting.of(session.hello, "timers", "mixed")
    for seed in range(25):
        outcome = session.run_on(Schedule.draw(seed), generate(RandomSource(seed), setting))
        assert outcome.judgement.violation is None
    session.subject.close()


def test_histories_on_drawn_schedules_find_a_register_that_looks_before_it_acts() -> None:
    session = ScheduledSession(ScheduledSubject(LateRegister))
    setting = Setting.of(session.hello, "histories", "async")
    try:
        for seed in range(800):
            outcome = session.run_on(Schedule.draw(seed), generate(RandomSource(f"histories {seed}"), setting))
            if outcome.judgement.violation is not None:
                assert outcome.judgement.violation.clause.startswith("REG-")
                return
    finally:
        session.subject.close()
    pytest.fail("not found in 800 histories")
