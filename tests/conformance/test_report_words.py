"""Every operation, action, reason, answer and event of the protocol has words."""

from __future__ import annotations

from typing import Any

import pytest

from letitcrash_conformance.render import (
    value_text,
    words_of,
    words_of_action,
    words_of_answer,
    words_of_event,
    words_of_probe,
    words_of_reason,
)
from letitcrash_spec.messages import Operation
from letitcrash_spec.operations import ACTIONS, OPERATIONS
from letitcrash_spec.validator import validate_action, validate_operation

WORKER: dict[str, Any] = {
    "id": "a",
    "restart": "transient",
    "shutdown": 5000,
    "type": "worker",
    "start": {"value": 3},
}
SUPERVISOR: dict[str, Any] = {
    "strategy": "one_for_all",
    "max_restarts": 3,
    "max_seconds": 5,
    "children": [WORKER],
    "name": "top",
    "auto_shutdown": "any_significant",
}
NESTED: dict[str, Any] = {
    "id": "b",
    "restart": "permanent",
    "shutdown": "infinity",
    "type": "supervisor",
    "start": {"supervisor": {**SUPERVISOR, "children": []}},
    "significant": True,
}

OPERATION_WORDS: list[tuple[str, dict[str, Any], str]] = [
    ("hello", {"protocol": 1}, "say hello, protocol 1"),
    ("reset", {}, "begin a new world"),
    ("spawn", {"as": "p1", "probe": {}}, "spawn p1"),
    (
        "spawn",
        {"as": "p1", "probe": {"value": 3, "trap_exit": True, "backend": "thread"}, "timeout_ms": 50},
        "spawn p1 (value 3, traps exits, thread backend), waiting 50 ms at most",
    ),
    ("call", {"to": "p1", "msg": ["get"]}, "call p1 get"),
    ("call", {"to": {"name": "n1"}, "msg": ["add", 2], "timeout_ms": 9}, "call name 'n1' add 2, waiting 9 ms at most"),
    ("cast", {"to": "p1", "msg": ["add", 5]}, "cast p1 add 5"),
    (
        "call",
        {"to": "p1", "msg": ["call", "p2", ["cast", "p3", ["add", 1]], 40]},
        "call p1 (call p2 (cast p3 add 1), waiting 40 ms at most)",
    ),
    ("send", {"to": "p1", "payload": "hi"}, "send p1 message 'hi'"),
    ("stop", {"to": "p1", "reason": "normal"}, "stop p1 with normal"),
    ("exit", {"to": "p1", "reason": "kill"}, "send exit signal kill to p1"),
    ("register", {"name": "n1", "to": "p1"}, "register p1 as 'n1'"),
    ("unregister", {"name": "n1"}, "unregister 'n1'"),
    ("whereis", {"name": "n1"}, "look up name 'n1'"),
    ("name_of", {"to": "p1"}, "ask for the name of p1"),
    (
        "start_supervisor",
        {"as": "s1", "spec": SUPERVISOR, "link": "p1"},
        (
            "start supervisor s1 linked to p1 (one_for_all, 3 restarts in 5 s, named 'top', "
            "auto-shutdown any_significant, children a (transient, shutdown 5000 ms, value 3))"
        ),
    ),
    (
        "start_supervisor",
        {"as": "s1", "spec": {"strategy": "dynamic", "max_restarts": 1, "max_seconds": 2, "max_children": 4}},
        "start supervisor s1 (dynamic, 1 restarts in 2 s, 4 children at most)",
    ),
    (
        "start_child",
        {"sup": "s1", "child": NESTED},
        (
            "start a child of s1: b (permanent, shutdown infinity, significant, "
            "supervisor [one_for_all, 3 restarts in 5 s, named 'top', auto-shutdown any_significant])"
        ),
    ),
    (
        "start_child",
        {"sup": "s1", "child": {**WORKER, "type": "supervisor", "start": {}}},
        "start a child of s1: a (transient, shutdown 5000 ms, declared a supervisor)",
    ),
    ("terminate_child", {"sup": "s1", "child": "a"}, "terminate child a of s1"),
    ("restart_child", {"sup": "s1", "child": "a"}, "restart child a of s1"),
    ("delete_child", {"sup": "s1", "child": "a"}, "delete child a of s1"),
    ("which_children", {"sup": "s1"}, "list the children of s1"),
    ("count_children", {"sup": "s1", "timeout_ms": 5}, "count the children of s1, waiting 5 ms at most"),
    ("suspend", {"to": "p1"}, "suspend p1"),
    ("resume", {"to": "p1"}, "resume p1"),
    ("advance", {"ms": 30}, "let 30 ms pass"),
    (
        "parallel",
        {
            "clients": [
                [{"op": "call", "args": {"to": "p1", "msg": ["add", 1]}}],
                [{"op": "cast", "args": {"to": "p1", "msg": ["get"]}}, {"op": "advance", "args": {"ms": 1}}],
            ]
        },
        "at the same time client 1: call p1 add 1 | client 2: cast p1 get; let 1 ms pass",
    ),
    ("observe", {"settle_ms": 100}, "look"),
    ("bye", {}, "say bye"),
]

ACTION_WORDS: list[tuple[list[Any], str]] = [
    (["get"], "get"),
    (["add", -2], "add -2"),
    (["sleep", 30], "sleep 30 ms"),
    (["noreply"], "never reply"),
    (["crash", "c1"], "crash with 'c1'"),
    (["stop", {"shutdown": "s1"}], "stop with shutdown 's1'"),
    (["call", "p2", ["add", 5], 40], "call p2 add 5, waiting 40 ms at most"),
    (["cast", {"name": "n1"}, ["get"]], "cast name 'n1' get"),
    (["send", "p2", "i1"], "send p2 message 'i1'"),
    (["link", "p2"], "link to p2"),
    (["unlink", "p2"], "unlink from p2"),
    (["monitor", {"name": "n1"}, "m1"], "monitor name 'n1' as m1"),
    (["demonitor", "m1", True], "demonitor m1 with flush"),
    (["demonitor", "m1", False], "demonitor m1"),
    (["trap_exit", True], "trap exits"),
    (["trap_exit", False], "stop trapping exits"),
    (["exit", "p2", {"error": "e1"}], "send exit signal error 'e1' to p2"),
    (["register", "n1"], "register itself as 'n1'"),
    (["spawn", "q1", {}, "plain"], "spawn q1"),
    (["spawn", "q1", {"value": 2}, "link"], "spawn q1 linked to itself (value 2)"),
    (["spawn", "q1", {}, {"monitor": "m1"}], "spawn q1 monitored as m1"),
    (["send_after", "t1", 30, "i1"], "send itself message 'i1' after 30 ms, timer t1"),
    (["send_interval", "t1", 30, "i1"], "send itself message 'i1' every 30 ms, timer t1"),
    (["cancel_timer", "t1"], "cancel timer t1"),
    (["links"], "list its links"),
]


@pytest.mark.parametrize(("op", "args", "words"), OPERATION_WORDS)
def test_an_operation_is_said_in_words(op: str, args: dict[str, Any], words: str) -> None:
    operation = Operation(op, args)
    validate_operation(operation)

    assert words_of(operation) == words


def test_every_operation_of_the_protocol_stands_in_the_table() -> None:
    assert {op for op, _, _ in OPERATION_WORDS} == {spec.name for spec in OPERATIONS}


@pytest.mark.parametrize(("action", "words"), ACTION_WORDS)
def test_an_action_is_said_in_words(action: list[Any], words: str) -> None:
    validate_action(action)

    assert words_of_action(action) == words


def test_every_action_of_the_protocol_stands_in_the_table() -> None:
    assert {action[0] for action, _ in ACTION_WORDS} == {spec.name for spec in ACTIONS}


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        ({}, ""),
        ({"value": 0, "trap_exit": False, "init": ["ok"], "terminate": "ok"}, ""),
        ({"name": "n1"}, "named 'n1'"),
        ({"init": ["ignore"]}, "init declines"),
        (
            {"init": [{"crash": "x"}, {"stop": "shutdown"}, "ok"]},
            "init crashes with 'x', then stops with shutdown, then succeeds",
        ),
        ({"init": [{"sleep": 30}]}, "init takes 30 ms"),
        ({"init": [{"sleep": 30, "then": {"crash": "x"}}]}, "init takes 30 ms and crashes with 'x'"),
        ({"terminate": "hang"}, "cleanup never returns"),
        ({"terminate": {"sleep": 5}}, "cleanup takes 5 ms"),
        ({"terminate": {"crash": "x"}}, "cleanup crashes with 'x'"),
    ],
)
def test_a_probe_is_described_by_what_is_special_about_it(probe: dict[str, Any], words: str) -> None:
    assert words_of_probe(probe) == words


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("normal", "normal"),
        ("killed", "killed"),
        ({"shutdown": "bye"}, "shutdown 'bye'"),
        ({"error": "it's"}, 'error "it\'s"'),
    ],
)
def test_a_reason_is_said_in_words(reason: Any, words: str) -> None:
    assert words_of_reason(reason) == words


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"ok": 5}, "answers 5"),
        ({"ok": "5"}, 'answers "5"'),
        ({"ok": None}, "answers null"),
        ({"ok": ["p1", "p2"]}, 'answers ["p1", "p2"]'),
        ({"ok": {"ok": 5}}, "answers that the inner call answers 5"),
        ({"ok": {"fail": {"kind": "noproc"}}}, "answers that the inner call fails: noproc"),
        ({"fail": {"kind": "timeout"}}, "fails: timeout"),
        ({"fail": {"kind": "exit", "reason": {"error": "boom"}}}, "fails: exit, reason error 'boom'"),
        ({"fail": {"kind": "already_started", "child": "s1/a#1"}}, 'fails: already_started, child "s1/a#1"'),
        ({"error": {"message": "unknown op"}}, "breaks: unknown op"),
    ],
)
def test_an_answer_is_said_in_words(answer: Any, words: str) -> None:
    assert words_of_answer(answer) == words


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (["init"], "enters init"),
        (["terminate", "normal"], "enters its cleanup, reason normal"),
        (("dead", {"error": "x"}), "is dead, reason error 'x'"),
        (["down", "m1", {"name": "n1"}, "noproc"], "gets DOWN m1 of name 'n1', reason noproc"),
        (["exit", "p2", "kill"], "gets EXIT from p2, reason kill"),
        (["exit", None, "kill"], "gets EXIT from outside, reason kill"),
        (["info", "hi"], "gets message 'hi'"),
        ({"ev": "init", "who": "p1", "t": 3}, "p1 enters init"),
        (
            {"ev": "down", "who": "p1", "ref": "m1", "of": "p2", "reason": "killed"},
            "p1 gets DOWN m1 of p2, reason killed",
        ),
    ],
)
def test_an_event_is_said_in_words(event: Any, words: str) -> None:
    assert words_of_event(event) == words


def test_a_long_value_keeps_its_ends_and_says_its_length() -> None:
    text = value_text("a" * 200 + "b" * 200)

    assert text.startswith('"aaa')
    assert text.endswith('bbb" (402 characters)')
    assert len(text) < 90
