"""What a harness is examined for because its hello declares it: each feature is tried once."""

from __future__ import annotations

from typing import Any

from letitcrash_conformance.doctor_checks import Check
from letitcrash_conformance.doctor_talk import Talk

__all__ = ["FEATURE_CHECKS"]

_DECLARED = "hello declares {0!r}: write it, or do not declare it"


def _two(talk: Talk) -> None:
    for label in ("p1", "p2"):
        talk.want("started", "spawn", as_=label, probe={}, fix='start a probe and answer "started"')


def _act(talk: Talk, feature: str, expected: object, *msg: Any) -> None:
    talk.want(expected, "call", to="p1", msg=list(msg), fix=_DECLARED.format(feature))


def _links(talk: Talk) -> None:
    _two(talk)
    _act(talk, "links", None, "link", "p2")
    _act(talk, "links", ["p2"], "links")
    _act(talk, "links", None, "unlink", "p2")
    _act(talk, "links", [], "links")


def _monitors(talk: Talk) -> None:
    _two(talk)
    _act(talk, "monitors", None, "monitor", "p2", "m1")
    talk.want(None, "stop", to="p2", reason="shutdown", fix="end the process and answer null once it is dead")
    talk.look(
        lambda seen: any(
            e["ev"] == "down" and (e["who"], e["ref"], e["of"], e["reason"]) == ("p1", "m1", "p2", "shutdown")
            for e in seen["events"]
        ),
        "the event 'down' of p1 with ref m1, of p2, reason shutdown",
        fix="log 'down' when a monitor message arrives, with the reference and the target that the request gave",
    )
    _act(talk, "monitors", None, "demonitor", "m1", True)


def _exit_signals(talk: Talk) -> None:
    _two(talk)
    _act(talk, "exit_signals", False, "trap_exit", True)
    fix = _DECLARED.format("exit_signals")
    talk.want(None, "exit", to="p1", reason="shutdown", fix=fix)
    talk.look(
        lambda seen: any((e["ev"], e["who"], e.get("of", "")) == ("exit", "p1", None) for e in seen["events"]),
        "the event 'exit' of p1, which traps exits, of null",
        fix="log 'exit' when a trapped signal arrives; 'of' is null if it came from the suite",
    )
    talk.want(None, "exit", to="p2", reason="kill", fix=fix)
    talk.look(
        lambda seen: any((e["ev"], e["who"], e.get("reason")) == ("dead", "p2", "killed") for e in seen["events"]),
        "the event 'dead' of p2 with reason killed",
        fix="the signal `kill` ends a process with the reason killed",
    )


def _registry(talk: Talk) -> None:
    _two(talk)
    fix = _DECLARED.format("registry")
    talk.want(None, "register", name="n1", to="p1", fix=fix)
    talk.want("p1", "whereis", name="n1", fix="answer the label of the holder")
    talk.want("n1", "name_of", to="p1", fix="answer the name")
    talk.want(0, "call", to={"name": "n1"}, msg=["get"], fix="a target {'name': name} goes through the registry")
    talk.want_fail("already_registered", "register", name="n1", to="p2", fix=fix)
    talk.look(lambda seen: seen["names"] == {"n1": "p1"}, "'names' with n1 of p1", fix="list every name and its holder")
    talk.want(None, "unregister", name="n1", fix=fix)
    talk.want(None, "whereis", name="n1", fix="answer null for a name that nobody holds")
    talk.want_fail("not_registered", "unregister", name="n1", fix=fix)


def _timers(talk: Talk) -> None:
    _two(talk)
    _act(talk, "timers", None, "send_after", "t1", 30, "tick")
    _act(talk, "timers", None, "send_interval", "t2", 60_000, "tock")
    _act(talk, "timers", True, "cancel_timer", "t2")
    talk.want(None, "advance", ms=60, fix="let that much time pass")
    talk.look(
        lambda seen: any((e["ev"], e["who"], e.get("payload")) == ("info", "p1", "tick") for e in seen["events"]),
        "the event 'info' of p1 with the payload of its timer",
        fix="a timer sends its payload as a plain message, once its time has come",
    )


_CHILD = {"id": "a", "restart": "permanent", "shutdown": 1000, "type": "worker", "start": {"value": 3}}
_SUPERVISOR = {"strategy": "one_for_one", "max_restarts": 3, "max_seconds": 5, "name": None, "auto_shutdown": "never"}


def _supervisor(talk: Talk) -> None:
    fix = _DECLARED.format("supervisor")
    spec = {**_SUPERVISOR, "children": [_CHILD]}
    talk.want("started", "start_supervisor", as_="s1", spec=spec, fix=fix)
    labels = "the label of a child is <supervisor>/<id>#<n>; n counts the calls of its start function from 1"
    talk.want([["a", "s1/a#1", "worker"]], "which_children", sup="s1", fix=labels)
    counts = {"specs": 1, "active": 1, "supervisors": 0, "workers": 1}
    talk.want(counts, "count_children", sup="s1", fix=fix)
    talk.want(3, "call", to="s1/a#1", msg=["get"], fix="the label of a child is bound when its init is entered")
    talk.look(
        lambda seen: bool(seen["children"].get("s1")) and seen["children"]["s1"]["count"] == counts,
        "'children' with the list and the count of s1",
        fix="'children' has an entry for every live supervisor",
    )
    talk.want(None, "terminate_child", sup="s1", child="a", fix=fix)
    talk.want("s1/a#2", "restart_child", sup="s1", child="a", fix=labels)
    talk.want(None, "terminate_child", sup="s1", child="a", fix=fix)
    talk.want(None, "delete_child", sup="s1", child="a", fix=fix)
    talk.want("s1/a#3", "start_child", sup="s1", child=_CHILD, fix=f"{labels} and goes on after delete_child")
    talk.want(None, "stop", to="s1", reason="shutdown", fix="stop works on supervisors too")


def _dynamic(talk: Talk) -> None:
    spec = {"strategy": "dynamic", "max_restarts": 3, "max_seconds": 5, "max_children": 1, "name": None}
    fix = _DECLARED.format("dynamic_supervisor")
    talk.want("started", "start_supervisor", as_="s1", spec=spec, fix=fix)
    talk.want("s1/a#1", "start_child", sup="s1", child=_CHILD, fix=fix)
    talk.want_fail("max_children", "start_child", sup="s1", child={**_CHILD, "id": "b"}, fix=fix)
    talk.want(
        None,
        "terminate_child",
        sup="s1",
        child="s1/a#1",
        fix="under a dynamic supervisor a child is named by its label",
    )


def _auto_shutdown(talk: Talk) -> None:
    child = {**_CHILD, "restart": "transient", "significant": True}
    spec = {**_SUPERVISOR, "auto_shutdown": "any_significant", "children": [child]}
    fix = _DECLARED.format("auto_shutdown")
    talk.want("started", "start_supervisor", as_="s1", spec=spec, fix=fix)
    talk.want(None, "stop", to="s1/a#1", reason="normal", fix="end the process and answer null once it is dead")
    talk.look(
        lambda seen: any((e["ev"], e["who"]) == ("dead", "s1") for e in seen["events"]),
        "the event 'dead' of s1, whose significant child has ended,",
        fix=fix,
    )


def _suspend(talk: Talk) -> None:
    _two(talk)
    fix = _DECLARED.format("suspend")
    talk.want(None, "suspend", to="p1", fix=fix)
    talk.want_fail("timeout", "call", to="p1", msg=["get"], timeout_ms=50, fix="a suspended process handles no message")
    talk.want(None, "resume", to="p1", fix=fix)
    talk.want(0, "call", to="p1", msg=["get"], fix="a process that was resumed handles what waits for it")


def _nested_call(talk: Talk) -> None:
    _two(talk)
    fix = "the action `call` wraps: its value is the inner answer, so that it is {'ok': {'ok': 0}}"
    talk.want({"ok": 0}, "call", to="p1", msg=["call", "p2", ["get"], 1000], fix=fix)
    inner = talk.get("call", to="p1", msg=["call", "p1", ["get"], 1000], fix=fix)
    if inner.get("fail", {}).get("kind") != "exit":
        talk.complain(
            "expected {'fail': {'kind': 'exit', ...}} inside 'ok'", inner, "a probe that calls itself fails at once"
        )


def _parallel(talk: Talk) -> None:
    _two(talk)
    step = {"op": "call", "args": {"to": "p1", "msg": ["add", 1]}}
    histories = talk.get("parallel", clients=[[step, step], [step]], fix=_DECLARED.format("parallel"))
    values = sorted(entry["answer"].get("ok", -1) for history in histories for entry in history)
    if values != [1, 2, 3]:
        talk.complain("expected the values 1, 2 and 3 among the answers", histories, "perform every operation once")


FEATURE_CHECKS: tuple[Check, ...] = (
    Check("nested_call works", _nested_call, ("genserver", "nested_call")),
    Check("links work", _links, ("genserver", "links")),
    Check("monitors work", _monitors, ("genserver", "monitors")),
    Check("exit signals work", _exit_signals, ("genserver", "exit_signals")),
    Check("the registry works", _registry, ("genserver", "registry")),
    Check("timers work", _timers, ("genserver", "timers")),
    Check("supervisors work", _supervisor, ("genserver", "supervisor")),
    Check("dynamic supervisors work", _dynamic, ("genserver", "dynamic_supervisor")),
    Check("auto_shutdown works", _auto_shutdown, ("genserver", "supervisor", "auto_shutdown")),
    Check("suspend works", _suspend, ("genserver", "suspend")),
    Check("parallel works", _parallel, ("genserver", "parallel")),
)
"""What a harness is examined for because of its features, in the order in which they are best written."""
