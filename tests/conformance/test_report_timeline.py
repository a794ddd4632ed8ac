"""The timeline of a program and the supervision trees around a step, as data and as text."""

from __future__ import annotations

from typing import Any

from letitcrash_conformance.render_lines import plain_text
from letitcrash_conformance.render_timeline import render_timeline
from letitcrash_conformance.render_trees import find_trees, render_trees
from letitcrash_conformance.timeline import Timeline, build_timeline
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.diagnose import Violation

LOOK = Operation("observe", {"settle_ms": 1000})
OK: Answer = {"ok": None}


def spawn(label: str, **probe: Any) -> Operation:
    return Operation("spawn", {"as": label, "probe": probe})


def child(key: str, start: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"id": key, "restart": "permanent", "shutdown": 5000, "type": "worker", "start": start or {}}


def supervisor(label: str, *children: dict[str, Any]) -> Operation:
    spec = {"strategy": "one_for_one", "max_restarts": 3, "max_seconds": 5, "children": list(children)}
    return Operation("start_supervisor", {"as": label, "spec": spec})


def seen(*events: dict[str, Any], children: dict[str, Any] | None = None) -> Answer:
    return {"ok": {"quiet": True, "now": 9, "alive": [], "names": {}, "children": children or {}, "events": [*events]}}


def event(kind: str, who: str, **fields: Any) -> dict[str, Any]:
    return {"ev": kind, "who": who, "t": 4, **fields}


LINKED = (
    [spawn("p1", trap_exit=True), spawn("p2"), Operation("call", {"to": "p1", "msg": ["link", "p2"]}), LOOK],
    [
        {"ok": "started"},
        {"ok": "started"},
        OK,
        seen(event("dead", "p2", reason="killed"), event("exit", "p1", of="p2", reason="killed")),
    ],
)


def linked() -> Timeline:
    got = ["exit", "p2", "killed"]
    violation = Violation("LNK-1", 3, LOOK, "what p1 reports: something else", ("nothing",), got)
    return build_timeline(*LINKED, violation)


def test_a_timeline_has_a_lane_for_the_client_and_each_process() -> None:
    assert linked().lanes == ("client", "p1", "p2")


def test_what_a_process_is_told_to_do_to_another_is_drawn_between_the_two() -> None:
    [link] = [mark for mark in linked().marks if mark.source == "p1"]

    assert (link.kind, link.lane, link.words) == ("signal", "p2", "link to p2")


def test_deaths_and_signals_carry_the_time_at_which_the_subject_saw_them() -> None:
    death, signal = linked().marks[-2:]

    assert (death.kind, death.lane, death.time) == ("death", "p2", 4)
    assert (signal.kind, signal.source, signal.lane, signal.time) == ("signal", "p2", "p1", 4)


def test_the_event_that_the_model_refuses_is_marked_and_no_other() -> None:
    assert [mark.words for mark in linked().marks if mark.is_wrong] == ["gets EXIT from p2, reason killed"]


def test_a_timeline_ends_with_the_step_that_failed() -> None:
    violation = Violation("LNK-1", 1, LINKED[0][1], "the answer of spawn", ({"ok": "started"},), {"ok": "ignored"})

    assert [mark.step for mark in build_timeline(*LINKED, violation).marks] == [0, 1]


def test_a_timeline_as_text_draws_lanes_from_birth_to_death() -> None:
    assert plain_text(render_timeline(linked())).splitlines()[1:] == [
        "         client   p1     p2",
        "      1.    +----->o             spawn",
        "      2.    +------------>o      spawn",
        "      3.    +----->|      |      call link to p2",
        "            |      +=====>|      link to p2",
        "  >   4.    |      |      |      look",
        "            |      |      x      is dead, reason killed",
        "  !         |      |<=====+      gets EXIT from p2, reason killed",
    ]


def test_with_one_process_the_steps_say_it_all() -> None:
    assert render_timeline(build_timeline([spawn("p1"), LOOK], [{"ok": "started"}, seen()])) == []


def test_rows_that_are_too_many_lose_their_beginning() -> None:
    casts = [Operation("cast", {"to": "p1", "msg": ["add", n]}) for n in range(30)]
    lines = render_timeline(build_timeline([spawn("p1"), spawn("p2"), *casts], []))

    assert lines[2].text.strip() == "16 rows before these"
    assert lines[-1].text.endswith("cast add 29")


def test_lanes_that_do_not_fit_are_left_to_the_page() -> None:
    many = build_timeline([spawn(f"a_long_label_{n}") for n in range(9)], [])

    assert "9 processes do not fit into 80 columns" in plain_text(render_timeline(many, 80))


def test_no_row_is_wider_than_the_text() -> None:
    casts = [Operation("cast", {"to": "p1", "msg": ["crash", "word " * 12]}), LOOK]
    lines = render_timeline(build_timeline([spawn("p1"), spawn("p2"), *casts], []), 70)

    assert max(len(line.text) for line in lines[1:]) <= 70


def test_the_attempts_of_a_child_share_a_lane() -> None:
    events = [event("init", "s1/a#1"), event("dead", "s1/a#1", reason="killed"), event("init", "s1/a#2")]
    timeline = build_timeline([supervisor("s1", child("a")), LOOK], [{"ok": "started"}, seen(*events)])

    assert timeline.lanes == ("client", "s1", "s1/a")
    assert [mark.who for mark in timeline.marks if mark.lane == "s1/a"] == ["s1/a#1", "s1/a#1", "s1/a#2"]


def test_in_a_crowd_those_who_only_begin_have_no_lane() -> None:
    children = [child(f"c{n}") for n in range(9)]
    events = [event("init", f"s1/c{n}#1") for n in range(9)]
    kill = Operation("exit", {"to": "s1/c3#1", "reason": "kill"})
    timeline = build_timeline([supervisor("s1", *children), kill, LOOK], [{"ok": "started"}, OK, seen(*events)])

    assert timeline.lanes == ("client", "s1", "s1/c3")
    assert len(timeline.idle) == 8


def test_the_operations_of_several_clients_stand_in_the_order_in_which_they_began() -> None:
    casts = [[{"op": "cast", "args": {"to": "p1", "msg": ["add", client]}}] for client in (1, 2)]
    stamps = [[{"call": 3, "return": 4, "answer": OK}], [{"call": 1, "return": 2, "answer": OK}]]
    timeline = build_timeline(
        [spawn("p1"), Operation("parallel", {"clients": casts})], [{"ok": "started"}, {"ok": stamps}]
    )

    assert [mark.source for mark in timeline.marks[2:]] == ["client 2", "client 1"]


def test_a_name_leads_to_the_lane_of_its_holder() -> None:
    call = Operation("call", {"to": {"name": "n1"}, "msg": ["get"]})

    assert build_timeline([spawn("p1", name="n1"), call], [{"ok": "started"}, OK]).marks[-1].lane == "p1"


def test_trees_stand_beside_each_other_with_what_differs_marked() -> None:
    def listed(attempt: int) -> dict[str, Any]:
        return {"s1": {"list": [["a", f"s1/a#{attempt}", "worker"], ["b", None, "worker"]], "count": {}}}

    answers: list[Answer] = [{"ok": "started"}, seen(children=listed(1)), OK, seen(children=listed(2))]
    kill = Operation("exit", {"to": "s1/a#1", "reason": "kill"})
    trees = find_trees([supervisor("s1", child("a"), child("b")), LOOK, kill, LOOK], answers, 3)

    assert trees is not None
    assert plain_text(render_trees(trees)).splitlines()[1:] == [
        "  before (step 2)        after (step 4)",
        "    s1                     s1",
        "  *    a: s1/a#1         *    a: s1/a#2",
        "       b: not running         b: not running",
    ]
    assert len(render_trees(trees, 40)) == 9


def test_without_an_earlier_look_the_tree_before_is_as_it_was_started() -> None:
    inner = {"strategy": "one_for_one", "max_restarts": 3, "max_seconds": 5, "children": [child("c")]}
    answers: list[Answer] = [{"ok": "started"}, seen()]
    trees = find_trees([supervisor("s1", child("b", {"supervisor": inner})), LOOK], answers, 1)

    assert trees is not None
    assert [(branch.depth, branch.label) for branch in trees.before] == [(0, "s1"), (1, "s1/b#1"), (2, "s1/b#1/c#1")]
    assert "no supervisor" in plain_text(render_trees(trees))


def test_without_supervisors_there_is_no_tree() -> None:
    assert find_trees(*LINKED, 3) is None
