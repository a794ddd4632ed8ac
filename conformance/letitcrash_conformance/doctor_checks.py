"""What a harness is examined for, message by message, before its runtime is judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from letitcrash_conformance.doctor_talk import Talk
from letitcrash_conformance.wire import CommandSubject
from letitcrash_spec.actions import ACTIONS
from letitcrash_spec.messages import Operation
from letitcrash_spec.operations import OPERATIONS

__all__ = ["BYE", "CHECKS", "Check"]

_TEXT = 'é € 😀 \\ " \t end'
_LARGE = 700_000
_PIPELINED = 60
_SPAWN = 'start a probe and answer "started"'
_ANSWER = "hand the action to the probe and answer what it answers"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a harness is examined for.

    Attributes:
        name: What should be so, as a sentence.
        run: Asks for it; raises if it is not so.
        features: Features without which it is left out.
        is_wire: Whether it needs a pipe.
    """

    name: str
    run: Callable[[Talk], None]
    features: tuple[str, ...] = ()
    is_wire: bool = False


def _hello_fits(talk: Talk) -> None:
    features = talk.hello.features
    needs = {"dynamic_supervisor": "supervisor", "auto_shutdown": "supervisor"}
    for feature in sorted(features - {"genserver"}):
        needed = needs.get(feature, "genserver")
        if needed not in features:
            fix = f"declare {needed} too, or leave {feature} out: its clauses cannot run alone"
            talk.complain(f"expected {feature!r} to be declared together with {needed!r}", sorted(features), fix)


def _reset(talk: Talk) -> None:
    talk.want(None, "reset", fix="end all processes, forget all labels, names and events, and answer null")


def _unknown_operation(talk: Talk) -> None:
    fix = 'answer {"error": {"message": ...}} for an operation that the table does not have, also for new ones'
    talk.want_fault("teleport", where="mars", fix=fix)


def _malformed(talk: Talk) -> None:
    fix = "check the arguments before they are used, and answer 'error' if one is missing or of the wrong type"
    talk.want_fault("call", to="p1", fix=fix)
    talk.want_fault("advance", ms="soon", fix=fix)
    talk.want_fault("spawn", as_="p1", probe=["value", 1], fix=fix)


def _start(talk: Talk, label: str = "p1", **probe: Any) -> None:
    talk.want("started", "spawn", as_=label, probe=probe, fix=_SPAWN)


def _values(talk: Talk) -> None:
    _start(talk, value=41)
    talk.want(41, "call", to="p1", msg=["get"], fix="start the probe with the 'value' of its description")
    talk.want(42, "call", to="p1", msg=["add", 1], fix="`add` changes the value of the probe and answers the new one")
    talk.want(42, "call", to="p1", msg=["get"], fix="keep the value of the probe from one message to the next")
    _start(talk, "p2")
    talk.want(0, "call", to="p2", msg=["get"], fix="a probe without 'value' starts with 0, and shares it with nobody")


def _large_number(talk: Talk) -> None:
    large = 2**70 + 1
    _start(talk, value=large)
    fix = "read and write whole numbers of any size: many JSON libraries round them to 53 or 64 bits unless told not to"
    talk.want(large + 1, "call", to="p1", msg=["add", 1], fix=fix)


def _label_twice(talk: Talk) -> None:
    _start(talk)
    fix = "keep the labels given since the last reset, and answer 'error' if one comes again; the first holder stays"
    talk.want_fault("spawn", as_="p1", probe={"value": 9}, fix=fix)
    talk.want(0, "call", to="p1", msg=["get"], fix=fix)


def _unknown_label(talk: Talk) -> None:
    fix = "a label that was not given to a process is `noproc`, which is a 'fail' of the runtime and no 'error'"
    talk.want_fail("noproc", "call", to="p9", msg=["get"], fix=fix)
    talk.want(None, "cast", to="p9", msg=["get"], fix="a cast to nobody is null")


def _backends(talk: Talk) -> None:
    for number, backend in enumerate(talk.hello.backends):
        talk.want("started", "spawn", as_=f"b{number}", probe={"backend": backend}, fix=f"hello lists {backend!r}")


def _unknown_backend(talk: Talk) -> None:
    fix = "answer 'error' for a backend that hello does not list, in place of taking another one"
    talk.want_fault("spawn", as_="p1", probe={"backend": "no such backend"}, fix=fix)


def _pipelined(talk: Talk) -> None:
    _start(talk)
    add = Operation("call", {"to": "p1", "msg": ["add", 1], "timeout_ms": 2000})
    answers = talk.ask_all([add] * _PIPELINED)
    expected = [{"ok": number} for number in range(1, _PIPELINED + 1)]
    if answers != expected:
        fix = "read requests line by line, lose none that came together, and finish each before the next"
        talk.complain(f"expected the answers 1 to {_PIPELINED} for as many requests at once", answers, fix)


def _texts(talk: Talk) -> None:
    _start(talk)
    for payload in (_TEXT, "x" * _LARGE):
        talk.want(None, "send", to="p1", payload=payload, fix="send a plain message to the process and answer null")
        talk.look(
            lambda seen, payload=payload: _has(seen, "info", "p1", payload=payload),  # type: ignore[misc]
            "the event 'info' with the text that was sent" + (f" ({len(payload)} bytes)" if len(payload) > 99 else ""),
            fix="read and write UTF-8 in lines of up to 1 MiB, and log each plain message with its text",
        )


def _has(seen: dict[str, Any], ev: str, who: str, **fields: Any) -> bool:
    wanted = {"ev": ev, "who": who, **fields}
    return any(all(event.get(key) == value for key, value in wanted.items()) for event in seen["events"])


def _observes(talk: Talk) -> None:
    _start(talk)
    seen = talk.look(
        lambda seen: _has(seen, "init", "p1") and "p1" in seen["alive"],
        "the event 'init' of p1, and p1 alive,",
        fix="log 'init' when a probe enters its init, and list every live process in 'alive'",
    )
    if talk.hello.settle and seen["quiet"] is None:
        talk.complain(
            "expected 'quiet' to be true or false, as 'settle' of hello promises",
            seen["quiet"],
            "declare 'settle' only if observe can tell",
        )
    again = talk.get("observe", settle_ms=1000, fix="`observe` always takes place")
    if again["events"]:
        talk.complain(
            "expected every event in one observation only", again["events"], "empty the log when it is observed"
        )
    if "p1" not in again["alive"]:
        talk.complain("expected p1 to be alive still", again["alive"], "'alive' tells the state, not what has changed")


def _time_passes(talk: Talk) -> None:
    before = talk.get("observe", settle_ms=0, fix="`observe` always takes place")["now"]
    talk.want(None, "advance", ms=50, fix="let that much time pass, and answer null")
    after = talk.get("observe", settle_ms=0, fix="`observe` always takes place")["now"]
    if after - before < 50:
        fix = "'now' counts milliseconds since reset, and `advance` returns when that many have passed"
        talk.complain("expected 'now' to grow by 50 or more while `advance` lets 50 ms pass", [before, after], fix)


def _stops(talk: Talk) -> None:
    _start(talk)
    talk.want(
        None, "stop", to="p1", reason="shutdown", fix="end the process in good order and answer null once it is dead"
    )
    talk.want_fail("noproc", "call", to="p1", msg=["get"], fix="a call to a dead process is `noproc`")
    talk.look(
        lambda seen: (
            _has(seen, "terminate", "p1", reason="shutdown")
            and _has(seen, "dead", "p1", reason="shutdown")
            and "p1" not in seen["alive"]
        ),
        "the events 'terminate' and 'dead' of p1 with reason shutdown, and p1 not alive,",
        fix="log 'terminate' when the cleanup is entered and 'dead' when the process is gone, each with its reason",
    )
    if talk.is_wire:
        talk.want_fault("spawn", as_="p1", probe={}, fix="a label stays bound after the death of its process")


def _crashes(talk: Talk) -> None:
    _start(talk)
    fix = "let the probe raise inside the runtime; the caller gets 'exit' with the reason {'error': text}"
    answer = talk.want_fail("exit", "call", to="p1", msg=["crash", "boom"], fix=fix)
    reason = answer["fail"]["reason"]
    expected = {"error": "boom"} if "error_text" in talk.hello.features else reason
    if not isinstance(reason, dict) or "error" not in reason or reason != expected:
        talk.complain("expected the reason {'error': 'boom'}", reason, fix)
    talk.look(
        lambda seen: any(e["ev"] == "dead" and e["who"] == "p1" and "error" in e["reason"] for e in seen["events"]),
        "the event 'dead' of p1 with an 'error' as its reason",
        fix="a process that crashes dies with the reason {'error': text}",
    )


def _start_fails(talk: Talk) -> None:
    fix = "answer 'start_failed' with the reason for which init refused"
    refused = {"init": [{"stop": "shutdown"}]}
    answer = talk.want_fail("start_failed", "spawn", as_="p1", probe=refused, fix=fix)
    if answer["fail"].get("reason") != "shutdown":
        talk.complain("expected the reason 'shutdown'", answer, fix)
    talk.want("ignored", "spawn", as_="p2", probe={"init": ["ignore"]}, fix="a start that init ignores is 'ignored'")
    talk.want_fail("start_failed", "spawn", as_="p3", probe={"init": [{"crash": "boom"}]}, fix=fix)


def _times_out(talk: Talk) -> None:
    _start(talk)
    fix = "give up after `timeout_ms` and answer `timeout`; the harness must not wait for a process that never answers"
    talk.want_fail("timeout", "call", to="p1", msg=["noreply"], timeout_ms=50, fix=fix)
    talk.want(0, "call", to="p1", msg=["get"], fix="a process that did not answer one call answers the next")


def _survives_hanging(talk: Talk) -> None:
    _start(talk, terminate="hang")
    fix = "`stop` gives up after `timeout_ms`, and `reset` ends or leaves behind what hangs without waiting for it"
    talk.want_fail("timeout", "stop", to="p1", reason="normal", timeout_ms=50, fix=fix)
    talk.want(None, "reset", fix=fix)
    _start(talk)
    talk.want(0, "call", to="p1", msg=["get"], fix=fix)


def _resets(talk: Talk) -> None:
    _start(talk, value=5)
    talk.want(5, "call", to="p1", msg=["get"], fix=_ANSWER)
    if "registry" in talk.hello.features:
        talk.want(None, "register", name="n1", to="p1", fix="register the process")
    talk.want(None, "advance", ms=150, fix="let that much time pass, and answer null")
    _reset(talk)
    fix = "`reset` begins a new world: no process, no label, no name, no event of the old one is seen again"
    seen = talk.get("observe", settle_ms=0, fix="`observe` always takes place")
    for key in ("alive", "names", "events", "children"):
        if seen[key]:
            talk.complain(f"expected {key!r} to be empty after `reset`", seen[key], fix)
    if seen["now"] >= 150:
        talk.complain("expected 'now' to begin at 0 after `reset`", seen["now"], fix)
    talk.want_fail("noproc", "call", to="p1", msg=["get"], fix=fix)
    talk.want("started", "spawn", as_="p1", probe={}, fix=f"{fix}; labels are free")
    if "registry" in talk.hello.features:
        talk.want(None, "whereis", name="n1", fix=f"{fix}; names are free")
    talk.want(0, "call", to="p1", msg=["get"], fix=fix)


_EXAMPLES: dict[str, dict[str, Any]] = {
    "exit": {"to": "p1", "reason": "shutdown"},
    "parallel": {"clients": [[{"op": "cast", "args": {"to": "p1", "msg": ["get"]}}]]},
    "register": {"name": "n1", "to": "p1"},
    "resume": {"to": "p1"},
    "start_supervisor": {
        "as_": "s1",
        "spec": {"strategy": "one_for_one", "max_restarts": 1, "max_seconds": 5, "children": []},
    },
    "suspend": {"to": "p1"},
    "unregister": {"name": "n1"},
    "whereis": {"name": "n1"},
    "name_of": {"to": "p1"},
    "which_children": {"sup": "s1"},
    "count_children": {"sup": "s1"},
    "start_child": {
        "sup": "s1",
        "child": {"id": "a", "restart": "permanent", "shutdown": 100, "type": "worker", "start": {}},
    },
    "terminate_child": {"sup": "s1", "child": "a"},
    "restart_child": {"sup": "s1", "child": "a"},
    "delete_child": {"sup": "s1", "child": "a"},
}

_ACTION_EXAMPLES: dict[str, list[Any]] = {
    "call": ["p2", ["get"], 100],
    "cancel_timer": ["t1"],
    "demonitor": ["m1", False],
    "exit": ["p2", "shutdown"],
    "link": ["p2"],
    "links": [],
    "monitor": ["p2", "m1"],
    "register": ["n1"],
    "send_after": ["t1", 1000, "tick"],
    "send_interval": ["t1", 1000, "tick"],
    "trap_exit": [True],
    "unlink": ["p2"],
}


def _undeclared(talk: Talk) -> None:
    features = talk.hello.features
    for spec in OPERATIONS:
        if spec.feature is not None and spec.feature not in features and spec.name in _EXAMPLES:
            fix = f"answer 'unsupported' as long as hello does not declare {spec.feature!r}; declare it if it works"
            talk.want_fail("unsupported", spec.name, fix=fix, **_EXAMPLES[spec.name])


def _probe_acts(talk: Talk) -> None:
    _start(talk)
    _start(talk, "p2")
    fix = "let the probe cast to another process: the operation `cast`, in the name of the probe"
    talk.want(None, "call", to="p1", msg=["cast", "p2", ["add", 3]], fix=fix)
    fix = "let the probe send a plain message to another process: the operation `send`, in the name of the probe"
    talk.want(None, "call", to="p1", msg=["send", "p2", "hi"], fix=fix)
    talk.look(
        lambda seen: _has(seen, "info", "p2", payload="hi"),
        "the event 'info' of p2 with the payload 'hi'",
        fix="log 'info' when a plain message arrives; one that a probe sends arrives as one of the suite does",
    )
    talk.want(3, "call", to="p2", msg=["get"], fix="what one process casts to another is handled there like any cast")
    fix = "let the probe spawn another one: the operation `spawn`, whose answer is the answer of the action"
    talk.want("started", "call", to="p1", msg=["spawn", "q1", {"value": 5}, "plain"], fix=fix)
    talk.want(5, "call", to="q1", msg=["get"], fix="a label that a probe gives is bound like any other")


def _undeclared_actions(talk: Talk) -> None:
    _start(talk)
    _start(talk, "p2")
    for action in ACTIONS:
        if action.feature is not None and action.feature not in talk.hello.features:
            fix = f"let the probe answer 'unsupported' as long as hello does not declare {action.feature!r}"
            msg = [action.name, *_ACTION_EXAMPLES[action.name]]
            talk.want_fail("unsupported", "call", to="p1", msg=msg, fix=fix)


def _ends(talk: Talk) -> None:
    talk.want(None, "bye", fix="answer bye with null, and then exit")
    subject = talk.subject
    if not isinstance(subject, CommandSubject):
        return
    if not subject.process.wait_exited(talk.patience_s):
        fix = "exit after bye: do not wait for processes of the runtime, end them or leave them to the system"
        talk.complain(
            f"expected the harness to exit within {talk.patience_s:g} s after bye", "a harness that runs on", fix
        )
    how = subject.process.describe_exit()
    if how != "exited with code 0":
        talk.complain("expected exit code 0 after bye", f"a harness that {how}", "exit with 0 after bye")


_GENSERVER = ("genserver",)

CHECKS: tuple[Check, ...] = (
    Check("the features of hello fit together", _hello_fits),
    Check("reset is answered with null", _reset),
    Check("an unknown operation is an error", _unknown_operation, is_wire=True),
    Check("malformed arguments are an error", _malformed, is_wire=True),
    Check("an operation of an undeclared feature is unsupported", _undeclared),
    Check("time passes, and 'now' tells it", _time_passes),
    Check("a probe holds its value", _values, _GENSERVER),
    Check("a whole number of 71 bits passes unchanged", _large_number, _GENSERVER),
    Check("a label bound twice is an error", _label_twice, _GENSERVER, is_wire=True),
    Check("an unknown label is noproc", _unknown_label, _GENSERVER),
    Check("every backend of hello starts a probe", _backends, _GENSERVER),
    Check("an unknown backend is an error", _unknown_backend, _GENSERVER, is_wire=True),
    Check("requests that come together are answered in order", _pipelined, _GENSERVER),
    Check("texts of every kind and length arrive", _texts, _GENSERVER),
    Check("observe tells who is alive, and each event once", _observes, _GENSERVER),
    Check("stop ends a process, and the log tells it", _stops, _GENSERVER),
    Check("a crash reaches the caller and the log", _crashes, _GENSERVER),
    Check("a start that fails is told with its reason", _start_fails, _GENSERVER),
    Check("a call that is never answered times out", _times_out, _GENSERVER),
    Check("a process that hangs does not hang the harness", _survives_hanging, _GENSERVER),
    Check("a probe casts, sends and spawns", _probe_acts, _GENSERVER),
    Check("an action of an undeclared feature is unsupported", _undeclared_actions, _GENSERVER),
    Check("reset leaves nothing of the old world", _resets, _GENSERVER),
)
"""What a harness of any features is examined for, in this order."""

BYE = Check("bye is answered, and the harness exits with 0", _ends, is_wire=True)
"""What comes last."""
