"""Requests, answers and events: what is accepted, what is refused, and in which words."""

# ruff: noqa: E501 - a row of a table stays in one line, so that rows can be compared

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import pytest

from letitcrash_spec import (
    FAILURES,
    FEATURES,
    OPERATIONS,
    HelloError,
    MessageError,
    Operation,
    build_schema,
    parse_hello,
    validate_action,
    validate_answer,
    validate_event,
    validate_observation,
    validate_operation,
    validate_probe,
    validate_request,
)
from letitcrash_spec.checkers import find_complaint
from letitcrash_spec.operations import ACTIONS, COMMON_FAILS, SHAPES, ActionSpec, OperationSpec
from letitcrash_spec.shapes import AnswerOf, Field, ListOf, MapOf, Named, Record, Row, Shape, Tagged, Union


@cache
def schema_of(name: str) -> jsonschema.Draft202012Validator:
    schema = {key: value for key, value in build_schema().items() if key != "anyOf"}
    return jsonschema.Draft202012Validator({**schema, "$ref": f"#/$defs/{name}"})


def fits(name: str, value: Any) -> bool:
    return bool(schema_of(name).is_valid(value))  # pyright: ignore[reportUnknownMemberType] - typed in part only


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(build_schema())


PROBE = {
    "value": -3,
    "backend": "thread",
    "trap_exit": True,
    "name": "n1",
    "init": [
        "ok",
        {"stop": {"error": "x"}},
        {"crash": "y"},
        "ignore",
        {"sleep": 3},
        {"sleep": 3, "then": {"sleep": 1}},
    ],
    "terminate": {"sleep": 5},
}
CHILD: dict[str, Any] = {"id": "a", "restart": "permanent", "shutdown": 5000, "type": "worker", "start": {}}
SUPERVISOR: dict[str, Any] = {"strategy": "one_for_all", "max_restarts": 0, "max_seconds": 0.5, "children": [CHILD]}
DYNAMIC = {"strategy": "dynamic", "max_restarts": 3, "max_seconds": 5, "max_children": None}
NESTED: dict[str, Any] = {**CHILD, "type": "supervisor", "shutdown": "infinity", "start": {"supervisor": SUPERVISOR}}
CALL = {"op": "call", "args": {"to": "p1", "msg": ["get"]}}

GOOD_OPERATIONS: list[tuple[str, dict[str, Any]]] = [
    ("hello", {"protocol": 1}),
    ("reset", {}),
    ("spawn", {"as": "p1", "probe": {}}),
    ("spawn", {"as": "p1", "probe": PROBE, "timeout_ms": 0}),
    ("call", {"to": {"name": "n1"}, "msg": ["add", 2**80], "timeout_ms": 1000}),
    ("call", {"to": "p1", "msg": ["call", "p2", ["call", {"name": "n1"}, ["get"], 1], 5]}),
    ("call", {"to": "p1", "msg": ["spawn", "p2", PROBE, {"monitor": "m1"}]}),
    ("call", {"to": "p1", "msg": ["spawn", "p2", {}, "link"]}),
    ("call", {"to": "p1", "msg": ["demonitor", "m1", False]}),
    ("cast", {"to": "p1", "msg": ["send_after", "t1", 0, ""]}),
    ("send", {"to": "p1", "payload": "!crash"}),
    ("stop", {"to": "p1", "reason": {"shutdown": ""}}),
    ("exit", {"to": "p1", "reason": "kill"}),
    ("register", {"name": "n1", "to": "p1"}),
    ("unregister", {"name": "n1"}),
    ("whereis", {"name": "n1"}),
    ("name_of", {"to": "p1"}),
    ("start_supervisor", {"as": "s1", "spec": {**SUPERVISOR, "children": [CHILD, NESTED]}, "link": "p1"}),
    ("start_supervisor", {"as": "s1", "spec": DYNAMIC, "timeout_ms": 7}),
    ("start_supervisor", {"as": "s1", "spec": {**SUPERVISOR, "max_restarts": -1, "name": None}}),
    ("start_child", {"sup": "s1", "child": {**CHILD, "significant": True, "shutdown": "brutal_kill"}}),
    ("terminate_child", {"sup": "s1", "child": "s1/a#1"}),
    ("restart_child", {"sup": "s1", "child": "a"}),
    ("delete_child", {"sup": "s1", "child": "a"}),
    ("which_children", {"sup": "s1"}),
    ("count_children", {"sup": "s1"}),
    ("suspend", {"to": "p1"}),
    ("resume", {"to": "p1"}),
    ("advance", {"ms": 0}),
    ("parallel", {"clients": [[CALL, CALL], []]}),
    ("observe", {"settle_ms": 100}),
    ("bye", {}),
]


@pytest.mark.parametrize(("op", "args"), GOOD_OPERATIONS)
def test_a_lawful_operation_is_accepted(op: str, args: dict[str, Any]) -> None:
    validate_operation(Operation(op, args))
    validate_request({"id": 1, "op": op, "args": args})
    assert fits("request", {"id": 1, "op": op, "args": args})
    assert fits("operation", {"op": op, "args": args})


def test_the_table_of_lawful_operations_has_every_operation() -> None:
    assert {op for op, _ in GOOD_OPERATIONS} == {spec.name for spec in OPERATIONS}


BAD_OPERATIONS: list[tuple[str, Any, str]] = [
    ("cal", {}, "expected 'op' to be an operation (hello, reset, "),
    ("call", {"to": "p1", "msg": ["get"], "timeout_ms": "soon"}, "expected 'timeout_ms' to be a whole number of milliseconds, got 'soon' (in call.args)"),
    ("call", {"to": "p1", "msg": ["get"], "timeout_ms": -1}, "a whole number of milliseconds of at least 0, got -1 (in call.args)"),
    ("call", {"to": "p1", "msg": ["get"], "timeout_ms": 1.5}, "expected 'timeout_ms' to be a whole number of milliseconds, got 1.5"),
    ("call", {"to": "p1", "msg": ["get"], "timeout_ms": True}, "got True (in call.args)"),
    ("call", {"to": "p1", "msg": ["get"], "timeout": 5}, "expected the keys to be 'to', 'msg' and 'timeout_ms' and no others, got 'timeout'"),
    ("call", {"to": "p1"}, "expected 'msg' to be there, a probe action, got only 'to' (in call.args)"),
    ("call", {"to": "", "msg": ["get"]}, "expected 'to' to be a target (a label or {'name': name}), got ''"),
    ("call", {"to": {"nome": "n1"}, "msg": ["get"]}, "expected 'to' to be a target (a label or {'name': name}), got {'nome': 'n1'}"),
    ("call", {"to": {"name": 3}, "msg": ["get"]}, "expected 'name' to be a registered name, got 3 (in call.args.to)"),
    ("call", {"to": "p1", "msg": "get"}, "expected 'msg' to be a probe action, a list that begins with its name, got 'get'"),
    ("call", {"to": "p1", "msg": []}, "expected 'msg' to be a probe action, a list that begins with its name, got []"),
    ("call", {"to": "p1", "msg": ["gte"]}, "got 'gte' (in call.args.msg)"),
    ("call", {"to": "p1", "msg": ["add"]}, "expected 'msg' to be ['add', n], 2 items, got ['add']"),
    ("call", {"to": "p1", "msg": ["add", "x"]}, "expected 'n' to be a whole number, got 'x' (in call.args.msg)"),
    ("call", {"to": "p1", "msg": ["call", "p2", ["sleep", None], 5]}, "expected 'ms' to be a whole number of milliseconds, got None (in call.args.msg[2])"),
    ("call", {"to": "p1", "msg": ["spawn", "p2", {}, "monitor"]}, "expected 'how' to be 'plain', 'link' or {'monitor': reference}"),
    ("spawn", {"as": "", "probe": {}}, "expected 'as' to be a label that is not empty, got ''"),
    ("spawn", {"as": "p1", "probe": {"init": []}}, "expected 'init' to be a list of init entries, at least one, got []"),
    ("spawn", {"as": "p1", "probe": {"init": ["nope"]}}, "expected item 1 to be an init entry, got 'nope' (in spawn.args.probe.init)"),
    ("spawn", {"as": "p1", "probe": {"init": [{"sleep": 1, "then": {"stop": "x"}}]}}, "got 'x' (in spawn.args.probe.init[0].then)"),
    ("spawn", {"as": "p1", "probe": {"colour": 1}}, "got 'colour' (in spawn.args.probe)"),
    ("stop", {"to": "p1", "reason": "bored"}, "expected 'reason' to be an exit reason ('normal', "),
    ("stop", {"to": "p1", "reason": {"error": 3}}, "expected 'error' to be a text, got 3 (in stop.args.reason)"),
    ("stop", {"to": "p1", "reason": {"error": "x", "more": 1}}, "got 'more' (in stop.args.reason)"),
    ("exit", {"to": {"name": "n1"}, "reason": "kill"}, "expected 'to' to be a label, got {'name': 'n1'}"),
    ("start_supervisor", {"as": "s1", "spec": {**SUPERVISOR, "strategy": "simple"}}, "expected 'strategy' to be a strategy (one_for_one, "),
    ("start_supervisor", {"as": "s1", "spec": {**DYNAMIC, "children": []}}, "got 'children' (in start_supervisor.args.spec)"),
    ("start_supervisor", {"as": "s1", "spec": {**SUPERVISOR, "max_seconds": float("nan")}}, "expected 'max_seconds' to be a number of seconds, got nan"),
    ("start_child", {"sup": "s1", "child": {**CHILD, "start": {"supervisor": {}}}}, "expected 'strategy' to be there, a strategy, got an empty object"),
    ("start_child", {"sup": "s1", "child": {**CHILD, "restart": "often"}}, "'permanent', 'transient' or 'temporary', got 'often'"),
    ("parallel", {"clients": [[{"op": "observe", "args": {"settle_ms": 1}}]]}, "got 'observe' (in parallel.args.clients[0][0])"),
    ("parallel", {"clients": [[], [CALL, {"op": "call", "args": {}}]]}, "(in parallel.args.clients[1][1].args)"),
    ("parallel", {"clients": CALL}, "expected 'clients' to be a list of clients, each a list of operations"),
    ("reset", {"hard": True}, "expected the keys to be none, got 'hard' (in reset.args)"),
    ("reset", None, "expected 'args' to be the arguments of reset, an object, got None (in reset)"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "args", "message"), BAD_OPERATIONS)
def test_an_unlawful_operation_is_refused_in_precise_words(op: str, args: Any, message: str) -> None:
    with pytest.raises(MessageError) as caught:
        validate_operation(Operation(op, args))
    with pytest.raises(MessageError):
        validate_request({"id": 1, "op": op, "args": args})

    assert message in str(caught.value)
    assert str(caught.value).startswith("expected ")
    assert str(caught.value).endswith(f"(in {caught.value.where})")


@pytest.mark.parametrize(("op", "args"), [(op, args) for op, args, _ in BAD_OPERATIONS if "nan" not in repr(args)])
def test_the_schema_refuses_what_the_validator_refuses(op: str, args: Any) -> None:
    assert not fits("request", {"id": 1, "op": op, "args": args})


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (17, "expected the request to be a request, an object, got 17 (in request)"),
        ({"id": 1, "op": "bye"}, "expected 'args' to be there, the arguments of bye, got only 'id', 'op' (in bye)"),
        ({"op": "bye", "args": {}}, "expected 'id' to be there, a whole number"),
        ({"id": "1", "op": "bye", "args": {}}, "expected 'id' to be a whole number, got '1' (in bye)"),
        ({"id": True, "op": "bye", "args": {}}, "expected 'id' to be a whole number, got True"),
        ({"id": 1, "op": "bye", "args": {}, "extra": 1}, "expected the keys to be 'id', 'op' and 'args' and no others"),
        ({"id": 1, "op": ["bye"], "args": {}}, "expected 'op' to be an operation"),
        ({"id": 1, "args": {}}, "expected 'op' to be there, an operation, got only 'id', 'args' (in request)"),
    ],
)
def test_a_malformed_request_is_refused(request_: Any, message: str) -> None:
    with pytest.raises(MessageError) as caught:
        validate_request(request_)

    assert message in str(caught.value)
    assert not fits("request", request_)


HELLO = {
    "protocol": 1,
    "name": "toy",
    "version": "1",
    "language": "python",
    "backends": ["async", "thread"],
    "clock": "virtual",
    "features": ["genserver"],
}
OBSERVATION: dict[str, Any] = {
    "quiet": None,
    "now": 12,
    "alive": ["p1", "s1"],
    "names": {"n1": "p1"},
    "children": {
        "s1": {
            "list": [["a", "s1/a#1", "worker"], ["b", None, "supervisor"], [None, "restarting", "worker"]],
            "count": {"specs": 1, "active": 1, "supervisors": 0, "workers": 1},
        },
        "s2": None,
    },
    "events": [],
}

GOOD_ANSWERS: list[tuple[str, dict[str, Any]]] = [
    ("hello", {"ok": HELLO}),
    ("hello", {"ok": {**HELLO, "motto": "let it crash"}}),
    ("reset", {"ok": None}),
    ("spawn", {"ok": "started"}),
    ("spawn", {"ok": "ignored"}),
    ("spawn", {"fail": {"kind": "start_failed", "reason": {"error": "x"}}}),
    ("spawn", {"error": {"message": "no such backend", "trace": "..."}}),
    *(
        ("call", {"ok": v})
        for v in (None, 0, -(2**70), True, "stopping", ["p1"], [], {"ok": {"fail": {"kind": "noproc"}}})
    ),
    ("call", {"fail": {"kind": "exit", "reason": "killed"}, "id": 7, "took_ms": 3}),
    ("call", {"fail": {"kind": "max_children"}}),
    ("whereis", {"ok": None}),
    ("whereis", {"ok": "p1"}),
    ("start_child", {"ok": None}),
    ("start_child", {"fail": {"kind": "already_started", "child": "s1/a#1", "since": 3}}),
    ("which_children", {"ok": OBSERVATION["children"]["s1"]["list"]}),
    ("count_children", {"ok": {"specs": 1, "active": 1, "supervisors": 0, "workers": 1, "more": "x"}}),
    ("observe", {"ok": OBSERVATION}),
    ("observe", {"ok": {**OBSERVATION, "load": 0.5}}),
    ("bye", {"ok": None}),
]


@pytest.mark.parametrize(("op", "answer"), GOOD_ANSWERS)
def test_a_lawful_answer_is_accepted(op: str, answer: dict[str, Any]) -> None:
    validate_answer(Operation(op, {}), answer)
    assert fits(f"{op}_answer", answer)


BAD_ANSWERS: list[tuple[str, Any, str]] = [
    ("spawn", {"ok": None}, "expected 'ok' to be 'started' or 'ignored', got None (in the answer of spawn)"),
    ("spawn", None, "expected the answer to be an answer with exactly one of 'ok', 'fail' and 'error', got None"),
    ("spawn", {}, "got an empty object (in the answer of spawn)"),
    ("spawn", {"id": 3}, "got only 'id' (in the answer of spawn)"),
    ("spawn", {"ok": "started", "fail": {"kind": "noproc"}}, "exactly one of 'ok', 'fail' and 'error', got only 'ok', 'fail'"),
    ("spawn", {"fail": {"kind": "noproc"}, "error": {"message": "x"}}, "exactly one of"),
    ("call", {"ok": 2.5}, "expected 'ok' to be null, a number, a truth value"),
    ("call", {"ok": ["p1", 3]}, "expected item 2 to be a label, got 3 (in the answer of call.ok)"),
    ("call", {"ok": {"ok": 1, "fail": {"kind": "noproc"}}}, "exactly one of"),
    ("call", {"fail": "noproc"}, "expected 'fail' to be an object with 'kind', got 'noproc' (in the answer of call)"),
    ("call", {"fail": {"kind": "nope"}}, "expected 'kind' to be a kind of failure (noproc, "),
    ("call", {"fail": {"kind": ["exit"]}}, "expected 'kind' to be a kind of failure"),
    ("call", {"fail": {}}, "expected 'kind' to be there, a kind of failure, got an empty object"),
    ("call", {"fail": {"kind": "exit"}}, "expected 'reason' to be there, an exit reason"),
    ("call", {"fail": {"kind": "exit", "reason": "tired"}}, "got 'tired' (in the answer of call.fail)"),
    ("start_child", {"fail": {"kind": "already_started"}}, "expected 'child' to be there, a label"),
    ("cast", {"ok": True}, "expected 'ok' to be null, got True"),
    ("cast", {"error": "broken"}, "expected 'error' to be an object with 'message', got 'broken'"),
    ("cast", {"error": {"message": None}}, "expected 'message' to be a text, got None"),
    ("whereis", {"ok": ""}, "expected 'ok' to be a label or null, got ''"),
    ("which_children", {"ok": [["a", None]]}, "expected item 1 to be [id, process, type], 3 items"),
    ("observe", {"ok": {**OBSERVATION, "now": 1.5}}, "expected 'now' to be a whole number of milliseconds, got 1.5"),
    ("observe", {"ok": {**OBSERVATION, "names": {"n1": None}}}, "expected 'n1' to be a label, got None (in the answer of observe.ok.names)"),
    ("observe", {"ok": {**OBSERVATION, "names": ["n1"]}}, "expected 'names' to be an object from names to labels"),
    ("observe", {"ok": {**OBSERVATION, "children": {"s1": {"list": []}}}}, "expected 'count' to be there"),
    ("observe", {"ok": {**OBSERVATION, "events": [{"ev": "ded"}]}}, "expected 'ev' to be an event (init, "),
    ("hello", {"ok": {**HELLO, "protocol": 2}}, "expected 'protocol' to be 1, got 2"),
    ("hello", {"ok": {**HELLO, "protocol": True}}, "expected 'protocol' to be 1, got True"),
    ("hello", {"ok": {**HELLO, "features": ["magic"]}}, "expected item 1 to be a feature, got 'magic'"),
]  # fmt: skip


@pytest.mark.parametrize(("op", "answer", "message"), BAD_ANSWERS)
def test_an_unlawful_answer_is_refused_in_precise_words(op: str, answer: Any, message: str) -> None:
    with pytest.raises(MessageError) as caught:
        validate_answer(Operation(op, {}), answer)

    assert message in str(caught.value)
    assert not fits(f"{op}_answer", answer)


def test_the_answer_of_an_unknown_operation_is_refused() -> None:
    with pytest.raises(MessageError, match="expected 'op' to be an operation"):
        validate_answer(Operation("cal", {}), {"ok": None})


EVENTS: list[dict[str, Any]] = [
    {"ev": "init", "t": 0, "who": "p1"},
    {"ev": "terminate", "t": 1, "who": "p1", "reason": "normal"},
    {"ev": "dead", "t": 1, "who": "p1", "reason": {"error": "x"}, "thread": 12},
    {"ev": "down", "t": 2, "who": "p2", "ref": "m1", "of": {"name": "n1"}, "reason": "noproc"},
    {"ev": "exit", "t": 2, "who": "p2", "of": None, "reason": "shutdown"},
    {"ev": "info", "t": 3, "who": "p2", "payload": ""},
]


@pytest.mark.parametrize("event", EVENTS)
def test_a_lawful_event_is_accepted_alone_and_within_an_observation(event: dict[str, Any]) -> None:
    validate_event(event)
    validate_observation({**OBSERVATION, "events": [event, event]})
    assert fits("event", event)


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_that_lacks_a_key_is_refused(event: dict[str, Any]) -> None:
    for key in event.keys() - {"thread"}:
        broken = {k: v for k, v in event.items() if k != key}
        with pytest.raises(MessageError, match=f"expected '{key}' to be there"):
            validate_event(broken)
        assert not fits("event", broken)


def test_actions_and_probes_are_checked_alone() -> None:
    validate_action(["links"])
    validate_probe(PROBE)
    with pytest.raises(
        MessageError, match=r"expected the action to be \['links'\], 1 items, got \['links', 1\] \(in action\)"
    ):
        validate_action(["links", 1])
    with pytest.raises(MessageError, match=r"expected 'value' to be a whole number, got '1' \(in probe\)"):
        validate_probe({"value": "1"})


PARALLEL = Operation("parallel", {"clients": [[CALL, {"op": "cast", "args": CALL["args"]}], [CALL]]})


def stamped(call: int, end: int, answer: Any) -> dict[str, Any]:
    return {"call": call, "return": end, "answer": answer}


def test_the_answers_of_parallel_are_checked_against_its_operations() -> None:
    validate_answer(
        PARALLEL, {"ok": [[stamped(1, 3, {"ok": 1}), stamped(5, 6, {"ok": None})], [stamped(2, 4, {"ok": 2})]]}
    )
    validate_answer(PARALLEL, {"fail": {"kind": "unsupported"}})


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ([], "expected 'ok' to be a list of 2 clients"),
        ([[], [stamped(1, 2, {"ok": 1})]], "2 answers long, one for each operation, got [] (in the answer of parallel, client 1)"),
        ([[stamped(1, 3, {"ok": 1}), stamped(5, 6, {"ok": 7})], [stamped(2, 4, {"ok": 2})]], "expected 'ok' to be null, got 7 (in the answer of parallel, client 1, step 2, cast)"),
        ([[stamped(1, 3, {"ok": 1}), stamped(2, 6, {"ok": None})], [stamped(4, 5, {"ok": 2})]], "expected the stamps to be increasing"),
        ([[stamped(1, 3, {"ok": 1}), stamped(5, 6, {"ok": None})], [stamped(2, 3, {"ok": 2})]], "expected the stamps to be unique"),
        ([[{"call": 1, "answer": {"ok": 1}}, stamped(5, 6, {"ok": None})], [stamped(2, 3, {"ok": 2})]], "expected 'return' to be there"),
        ([[stamped(1, 3, {}), stamped(5, 6, {"ok": None})], [stamped(2, 4, {"ok": 2})]], "exactly one of"),
        ({}, "expected 'ok' to be a list with the stamped answers of each client"),
    ],
)  # fmt: skip
def test_a_history_that_cannot_be_is_refused(histories: Any, message: str) -> None:
    with pytest.raises(MessageError) as caught:
        validate_answer(PARALLEL, {"ok": histories})

    assert message in str(caught.value)


def test_an_error_keeps_its_parts() -> None:
    with pytest.raises(MessageError) as caught:
        validate_operation(Operation("advance", {"ms": "soon"}))

    assert (caught.value.where, caught.value.got) == ("advance.args", "soon")
    assert caught.value.expected == "a whole number of milliseconds"


def test_a_long_value_is_cut_in_a_message() -> None:
    with pytest.raises(MessageError) as caught:
        validate_operation(Operation("advance", {"ms": "x" * 100_000}))

    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"default_backend": "thread", "time_unit_ms": 1000, "wall_grain_ms": 20, "settle": True},
        {"features": list(FEATURES)},
        {"protocol": 2},
        {"name": ""},
        {"backends": []},
        {"backends": [""]},
        {"clock": "sun"},
        {"time_unit_ms": 0},
        {"wall_grain_ms": "1"},
        {"settle": None},
        {"features": ["magic"]},
        {"features": None},
    ],
)
def test_the_table_and_the_reader_of_hello_agree(changes: dict[str, Any]) -> None:
    hello = {**HELLO, **changes}

    def is_accepted(check: Any, *args: Any) -> bool:
        try:
            check(*args)
        except (MessageError, HelloError):
            return False
        return True

    assert is_accepted(validate_answer, Operation("hello", {}), {"ok": hello}) == is_accepted(parse_hello, hello)


def test_the_table_names_only_known_failures_and_features() -> None:
    kinds = {failure.kind for failure in FAILURES}
    rows: list[OperationSpec | ActionSpec] = [*OPERATIONS, *ACTIONS]

    assert {kind for row in rows for kind in row.fails} | set(COMMON_FAILS) <= kinds
    assert {row.feature for row in rows if row.feature} <= set(FEATURES)


def test_every_named_shape_exists_and_is_used() -> None:
    names: set[str] = set()

    def collect(shape: Shape) -> None:
        match shape:
            case Named():
                names.add(shape.name)
            case ListOf():
                collect(shape.item)
            case MapOf():
                collect(shape.value)
            case Record() | Row():
                for field in shape.fields:
                    collect(field.shape)
            case Union():
                for choice in shape.choices:
                    collect(choice)
            case Tagged():
                for _, case in shape.cases:
                    collect(case)
            case AnswerOf():
                names.update(("failure", "harness_error"))
                collect(shape.ok)
            case _:
                pass

    for shape in SHAPES.values():
        collect(shape)

    assert names <= set(SHAPES)
    entrances = {"request", "operation", *(f"{spec.name}_answer" for spec in OPERATIONS)}
    assert set(SHAPES) - names == entrances


def test_defaults_have_the_shape_of_their_field() -> None:
    fields: list[Field] = []
    for shape in SHAPES.values():
        cases = [case for _, case in shape.cases] if isinstance(shape, Tagged) else [shape]
        fields += [field for case in cases if isinstance(case, Record) for field in case.fields]

    defaults = [field for field in fields if field.default is not None]
    assert len(defaults) > 10
    for field in defaults:
        assert find_complaint(field.shape, field.default, SHAPES, subject=field.name, where="default") is None
