"""The model: what it must accept, and by which clause it refuses the rest.

The cases under "what OTP does" were false alarms of an earlier model: real OTP 25 did exactly this.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from letitcrash_spec.messages import Answer, Operation, fail, ok
from letitcrash_spec.model.judge import Judgement, judge
from letitcrash_spec.model.world import Profile

VIRTUAL = Profile("virtual", 1, True, ("one", "two"), "one")
WALL = Profile("wall", 100, True, ("process",), "process")
Step = tuple[Operation, Answer]
Report = dict[str, Any]


def spawn(label: str, answer: Answer | None = None, **probe: Any) -> Step:
    return Operation("spawn", {"as": label, "probe": probe}), answer or ok("started")


def call(to: Any, action: list[Any], answer: Answer, timeout_ms: int = 5000) -> Step:
    return Operation("call", {"to": to, "msg": action, "timeout_ms": timeout_ms}), answer


def cast(to: Any, action: list[Any]) -> Step:
    return Operation("cast", {"to": to, "msg": action}), ok()


def send(to: Any, payload: str) -> Step:
    return Operation("send", {"to": to, "payload": payload}), ok()


def exit_(to: str, reason: Any) -> Step:
    return Operation("exit", {"to": to, "reason": reason}), ok()


def advance(ms: int) -> Step:
    return Operation("advance", {"ms": ms}), ok()


def other(op: str, answer: Answer, **args: Any) -> Step:
    return Operation(op, args), answer


def look(alive: Sequence[str], *events: Report, names: dict[str, str] | None = None, now: int = 0) -> Step:
    value = {"quiet": True, "now": now, "alive": list(alive), "names": names or {}, "children": {}}
    return Operation("observe", {"settle_ms": 5000}), ok({**value, "events": list(events)})


def ev(who: str, kind: str, **fields: Any) -> Report:
    return {"ev": kind, "who": who, "t": fields.pop("t", 0), **fields}


def ended(who: str, reason: Any) -> list[Report]:
    return [ev(who, "terminate", reason=reason), ev(who, "dead", reason=reason)]


def verdict(steps: Sequence[Step], profile: Profile = VIRTUAL) -> Judgement:
    return judge(profile, [step[0] for step in steps], [step[1] for step in steps])


def clause_of(steps: Sequence[Step], profile: Profile = VIRTUAL) -> str | None:
    violation = verdict(steps, profile).violation
    return None if violation is None else violation.clause


E1 = {"error": "e1"}
BOOM = {"error": "boom"}
TWO = [spawn("p1"), spawn("p2")]
BORN = [ev("p1", "init"), ev("p2", "init")]
TRAPPING = [spawn("p1", trap_exit=True), spawn("p2", trap_exit=True)]
MONITORED = [*TWO, call("p1", ["monitor", "p2", "m1"], ok()), look(["p1", "p2"], *BORN)]
LINKED = [*TWO, call("p1", ["link", "p2"], ok()), look(["p1", "p2"], *BORN)]
LINKED_TRAPPING = [*TRAPPING, call("p1", ["link", "p2"], ok()), look(["p1", "p2"], *BORN)]

LAWFUL: dict[str, list[Step]] = {
    "a cast before a kill may be handled": [
        spawn("p1"),
        send("p1", "a"),
        exit_("p1", "kill"),
        look([], ev("p1", "init"), ev("p1", "info", payload="a"), ev("p1", "dead", reason="killed")),
    ],
    "a cast before a kill may be lost": [
        spawn("p1"),
        send("p1", "a"),
        exit_("p1", "kill"),
        look([], ev("p1", "init"), ev("p1", "dead", reason="killed")),
    ],
    "messages of two senders may arrive in any order": [
        *TWO,
        cast("p1", ["send", "p2", "from p1"]),
        send("p2", "from outside"),
        look(["p1", "p2"], *BORN, *(ev("p2", "info", payload=text) for text in ("from outside", "from p1"))),
    ],
    "a call after a crash may say why or only that nobody is there": [
        spawn("p1"),
        cast("p1", ["crash", "boom"]),
        call("p1", ["get"], fail("noproc")),
        look([], ev("p1", "init"), *ended("p1", BOOM)),
    ],
    "EXIT and DOWN of one death may come in any order": [
        *LINKED_TRAPPING,
        call("p1", ["monitor", "p2", "m1"], ok()),
        look(["p1", "p2"]),
        exit_("p2", "kill"),
        look(
            ["p1"],
            ev("p2", "dead", reason="killed"),
            ev("p1", "down", ref="m1", of="p2", reason="killed"),
            ev("p1", "exit", of="p2", reason="killed"),
        ),
    ],
    "a monitor set beside a crash reports the reason or noproc": [
        *TWO,
        cast("p2", ["crash", "boom"]),
        cast("p1", ["monitor", "p2", "m1"]),
        look(["p1"], *BORN, *ended("p2", BOOM), ev("p1", "down", ref="m1", of="p2", reason="noproc")),
    ],
}

UNLAWFUL: dict[str, tuple[str, list[Step]]] = {
    "a value that lost a cast": (
        "GS-21",
        [spawn("p1"), cast("p1", ["add", 2]), call("p1", ["add", 3], ok(3))],
    ),
    "a message handled after a lethal signal": (
        "EXIT-23",
        [
            spawn("p1"),
            exit_("p1", E1),
            send("p1", "late"),
            look([], ev("p1", "init"), ev("p1", "info", payload="late"), ev("p1", "dead", reason=E1)),
        ],
    ),
    "messages of one sender in the wrong order": (
        "GS-37",
        [
            spawn("p1"),
            send("p1", "a"),
            send("p1", "b"),
            look(["p1"], ev("p1", "init"), ev("p1", "info", payload="b"), ev("p1", "info", payload="a")),
        ],
    ),
    "kill reported as kill": (
        "EXIT-12",
        [spawn("p1"), exit_("p1", "kill"), look([], ev("p1", "init"), ev("p1", "dead", reason="kill"))],
    ),
    "kill that cleans up": (
        "EXIT-12",
        [spawn("p1"), exit_("p1", "kill"), look([], ev("p1", "init"), *ended("p1", "killed"))],
    ),
    "a normal signal that kills": (
        "EXIT-8",
        [spawn("p1"), exit_("p1", "normal"), look([], ev("p1", "init"), ev("p1", "dead", reason="normal"))],
    ),
    "a link that a normal end pulls": (
        "LNK-11",
        [
            *LINKED,
            other("stop", ok(), to="p2", reason="normal"),
            look([], *ended("p2", "normal"), ev("p1", "dead", reason="normal")),
        ],
    ),
    "a link that does not hold": (
        "LNK-12",
        [*LINKED, exit_("p2", E1), look(["p1"], ev("p2", "dead", reason=E1))],
    ),
    "an EXIT too many": (
        "LNK-18",
        [
            *LINKED_TRAPPING,
            exit_("p2", "kill"),
            look(
                ["p1"],
                ev("p2", "dead", reason="killed"),
                *([ev("p1", "exit", of="p2", reason="killed")] * 2),
            ),
        ],
    ),
    "an unlink without effect": (
        "LNK-15",
        [
            *LINKED,
            call("p1", ["unlink", "p2"], ok()),
            exit_("p2", E1),
            look([], ev("p2", "dead", reason=E1), ev("p1", "dead", reason=E1)),
        ],
    ),
    "a DOWN that never comes": ("MON-1", [*MONITORED, exit_("p2", E1), look(["p1"], ev("p2", "dead", reason=E1))]),
    "a DOWN that comes twice": (
        "MON-7",
        [
            *MONITORED,
            exit_("p2", E1),
            look(["p1"], ev("p2", "dead", reason=E1), *([ev("p1", "down", ref="m1", of="p2", reason=E1)] * 2)),
        ],
    ),
    "a DOWN after demonitor": (
        "MON-8",
        [
            *MONITORED,
            call("p1", ["demonitor", "m1", False], ok()),
            exit_("p2", E1),
            look(["p1"], ev("p2", "dead", reason=E1), ev("p1", "down", ref="m1", of="p2", reason=E1)),
        ],
    ),
    "a name that outlives its owner": (
        "REG-11",
        [
            spawn("p1", name="n1"),
            exit_("p1", E1),
            look([], ev("p1", "init"), ev("p1", "dead", reason=E1), names={"n1": "p1"}),
        ],
    ),
    "a name given twice": (
        "REG-2",
        [
            *TWO,
            other("register", ok(), name="n1", to="p1"),
            other("register", ok(), name="n1", to="p2"),
        ],
    ),
    "a stop that swallows the cleanup": (
        "GS-58",
        [
            spawn("p1"),
            other("stop", ok(), to="p1", reason="normal"),
            look([], ev("p1", "init"), ev("p1", "dead", reason="normal")),
        ],
    ),
    "a timer that comes early": (
        "TIM-1",
        [
            spawn("p1"),
            call("p1", ["send_after", "t1", 100, "soon"], ok()),
            look(["p1"], ev("p1", "init")),
            advance(99),
            look(["p1"], ev("p1", "info", payload="soon", t=99), now=99),
        ],
    ),
    "a cancelled timer that fires": (
        "TIM-4",
        [
            spawn("p1"),
            call("p1", ["send_after", "t1", 100, "soon"], ok()),
            call("p1", ["cancel_timer", "t1"], ok(True)),
            look(["p1"], ev("p1", "init")),
            advance(200),
            look(["p1"], ev("p1", "info", payload="soon", t=100), now=200),
        ],
    ),
}

OTP: dict[str, tuple[Profile, list[Step]]] = {
    "a trapping server without a parent ends on its own exit signal: gen_server takes it for its parent's": (
        WALL,
        [
            spawn("p1", trap_exit=True),
            call("p1", ["exit", "p1", E1], ok()),
            call("p1", ["send", "p1", "a"], fail("noproc")),
            look([], ev("p1", "init"), *ended("p1", E1)),
        ],
    ),
    "a trapping server started with a monitor takes its starter's exit signal for its parent's": (
        WALL,
        [
            spawn("p1"),
            call("p1", ["spawn", "p2", {"trap_exit": True}, {"monitor": "m1"}], ok("started")),
            call("p1", ["exit", "p2", E1], ok()),
            look(["p1"], *BORN, *ended("p2", E1), ev("p1", "down", ref="m1", of="p2", reason=E1)),
        ],
    ),
    "a linked start whose name is taken at the last moment may leave an EXIT of nobody": (
        WALL,
        [
            spawn("p1", trap_exit=True),
            cast("p1", ["spawn", "p3", {"name": "n1"}, "link"]),
            spawn("p2", name="n1"),
            look(["p1", "p2"], *BORN, ev("p1", "exit", of=None, reason="normal"), names={"n1": "p2"}),
        ],
    ),
    "stop may name the reason of a server that dies by itself, also if it is the reason asked for": (
        WALL,
        [
            spawn("p1"),
            cast("p1", ["stop", "shutdown"]),
            other("stop", fail("exit", reason="shutdown"), to="p1", reason="shutdown"),
            look([], ev("p1", "init"), *ended("p1", "shutdown")),
        ],
    ),
    "a call cannot tell a death of noproc from nobody there": (
        WALL,
        [
            *TWO,
            call("p1", ["call", "p2", ["stop", {"error": "e1"}], 1000], ok(ok("stopping"))),
            look(["p1"], *BORN, *ended("p2", E1)),
            spawn("p3"),
            exit_("p3", "noproc"),
            call("p3", ["get"], fail("noproc")),
            look(["p1"], ev("p3", "init"), ev("p3", "dead", reason="noproc")),
        ],
    ),
    "a start with a name may be refused just before its holder dies": (
        WALL,
        [
            spawn("p1", name="n1"),
            spawn("p2"),
            spawn("p3"),
            cast("p2", ["exit", "p1", "kill"]),
            cast("p3", ["spawn", "p4", {"name": "n1"}, "plain"]),
            look(["p2", "p3"], *BORN, ev("p3", "init"), ev("p1", "dead", reason="killed")),
        ],
    ),
    "a server that calls a sleeping one need not time out on a wall clock": (
        WALL,
        [*TWO, call("p1", ["call", "p2", ["sleep", 5], 4000], ok(ok())), look(["p1", "p2"], *BORN, now=6)],
    ),
    "a server that waits no time at all for a sleeping one is told so on a wall clock": (
        WALL,
        [
            *TWO,
            call("p1", ["call", "p2", ["sleep", 200], 0], ok(fail("timeout"))),
            look(["p1", "p2"], *BORN, now=201),
        ],
    ),
    "an interval goes on ticking in later observations of a wall clock": (
        WALL,
        [
            spawn("p1"),
            call("p1", ["send_interval", "t1", 50, "i"], ok()),
            look(["p1"], ev("p1", "init")),
            advance(200),
            look(["p1"], *(ev("p1", "info", payload="i", t=t) for t in (52, 102, 152, 202)), now=207),
            advance(150),
            look(["p1"], *(ev("p1", "info", payload="i", t=t) for t in (252, 302, 352)), now=358),
        ],
    ),
    "a label whose named start was refused is unknown to unlink": (
        WALL,
        [
            spawn("p1", name="n1"),
            spawn("p2", fail("already_registered"), name="n1"),
            call("p1", ["unlink", "p2"], fail("noproc")),
            look(["p1"], ev("p1", "init"), names={"n1": "p1"}),
        ],
    ),
    "a server that dies before it is suspended says why": (
        VIRTUAL,
        [
            spawn("p1"),
            cast("p1", ["crash", "boom"]),
            other("suspend", fail("exit", reason=BOOM), to="p1"),
            look([], ev("p1", "init"), *ended("p1", BOOM)),
        ],
    ),
    "a harness may know a timer's reference only inside the probe that set it": (
        WALL,
        [
            *TWO,
            call("p1", ["send_after", "t1", 5000, "i"], ok()),
            call("p2", ["cancel_timer", "t1"], ok(False)),
            call("p1", ["cancel_timer", "t1"], ok(True)),
            look(["p1", "p2"], *BORN),
        ],
    ),
    "a monitor on a failed start may find it dying or dead": (
        VIRTUAL,
        [
            spawn("p1"),
            spawn("p2", fail("start_failed", reason="normal"), init=[{"stop": "normal"}]),
            cast("p1", ["monitor", "p2", "m1"]),
            cast("p1", ["demonitor", "m1", False]),
            look(
                ["p1"],
                *BORN,
                ev("p2", "dead", reason="normal"),
                ev("p1", "down", ref="m1", of="p2", reason="noproc"),
            ),
        ],
    ),
}


@pytest.mark.parametrize("name", LAWFUL)
def test_lawful_orders_are_accepted(name: str) -> None:
    judgement = verdict(LAWFUL[name])
    assert judgement.violation is None
    assert judgement.undecided is None


@pytest.mark.parametrize("name", UNLAWFUL)
def test_unlawful_runs_break_the_clause_that_forbids_them(name: str) -> None:
    clause, steps = UNLAWFUL[name]
    assert clause_of(steps) == clause


@pytest.mark.parametrize("name", OTP)
def test_what_otp_does_is_accepted(name: str) -> None:
    profile, steps = OTP[name]
    judgement = verdict(steps, profile)
    assert judgement.violation is None
    assert judgement.undecided is None


def test_a_violation_says_what_was_expected_and_what_came() -> None:
    violation = verdict([spawn("p1", value=3), call("p1", ["add", 4], ok(8))]).violation
    assert violation is not None
    assert (violation.clause, violation.index, violation.expected, violation.got) == ("GS-20", 1, (ok(7),), ok(8))


def test_the_text_of_an_error_counts_only_where_the_subject_declares_it() -> None:
    steps = [spawn("p1"), call("p1", ["crash", "boom"], fail("exit", reason={"error": "other"}))]
    assert clause_of(steps) == "GS-26"
    assert clause_of(steps, Profile("virtual", 1, False, ("one",), "one")) is None


def test_true_is_not_one() -> None:
    assert clause_of([spawn("p1"), call("p1", ["add", 1], ok(True))]) == "GS-20"


def test_an_event_of_somebody_who_never_was_is_no_accident() -> None:
    assert verdict([spawn("p1"), look(["p1"], ev("p1", "init"), ev("p9", "init"))]).violation is not None


def test_nothing_is_said_once_the_specification_promises_nothing() -> None:
    judgement = verdict([spawn("p1"), call("p1", ["link", "p9"], ok()), look(["p1"], ev("p1", "init"))])
    assert judgement.violation is None
    assert judgement.undecided is not None
