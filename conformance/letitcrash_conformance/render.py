"""The protocol in words: what an operation, an action, a reason, an answer or an event says to a reader."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from letitcrash_spec.messages import Answer, Json, Operation

__all__ = [
    "is_answer",
    "is_event",
    "value_text",
    "words_of",
    "words_of_action",
    "words_of_answer",
    "words_of_event",
    "words_of_probe",
    "words_of_reason",
]

LONGEST = 60
"""How many characters of one value are shown before its middle is left out."""


def words_of(operation: Operation) -> str:
    """Return one operation in words: `"cast p1 add 5"`, `"spawn p1 (traps exits, thread backend)"`.

    Every operation of the protocol has words of its own; nothing that changes its meaning is left out, and arguments
    that have their default value are.
    """
    args = operation.args
    write = _OPERATIONS.get(operation.op)
    words = f"{operation.op} {value_text(args)}" if write is None else write(args)
    return words + _patience(args)


def words_of_action(action: Sequence[Json]) -> str:
    """Return what a probe is told, as words that can follow its label: `"add 5"`, `"link to p2"`."""
    match list(action):
        case ["get"]:
            return "get"
        case ["add", n]:
            return f"add {value_text(n)}"
        case ["sleep", ms]:
            return f"sleep {ms} ms"
        case ["noreply"]:
            return "never reply"
        case ["crash", text]:
            return f"crash with {_quote(text)}"
        case ["stop", reason]:
            return f"stop with {words_of_reason(reason)}"
        case ["call", to, inner, ms]:
            return f"call {_target(to)} {_inner(inner)}, waiting {ms} ms at most"
        case ["cast", to, inner]:
            return f"cast {_target(to)} {_inner(inner)}"
        case ["send", to, payload]:
            return f"send {_target(to)} message {_quote(payload)}"
        case ["link", label]:
            return f"link to {label}"
        case ["unlink", label]:
            return f"unlink from {label}"
        case ["monitor", to, ref]:
            return f"monitor {_target(to)} as {ref}"
        case ["demonitor", ref, flush]:
            return f"demonitor {ref}{' with flush' if flush else ''}"
        case ["trap_exit", flag]:
            return "trap exits" if flag else "stop trapping exits"
        case ["exit", label, reason]:
            return f"send exit signal {words_of_reason(reason)} to {label}"
        case ["register", name]:
            return f"register itself as {_quote(name)}"
        case ["spawn", label, probe, how]:
            return f"spawn {label}{_tie(how)}{_in_brackets(words_of_probe(probe))}"
        case ["send_after", ref, ms, payload]:
            return f"send itself message {_quote(payload)} after {ms} ms, timer {ref}"
        case ["send_interval", ref, ms, payload]:
            return f"send itself message {_quote(payload)} every {ms} ms, timer {ref}"
        case ["cancel_timer", ref]:
            return f"cancel timer {ref}"
        case ["links"]:
            return "list its links"
        case other:
            return value_text(other)


def words_of_reason(reason: Json, *, longest: int = LONGEST) -> str:
    """Return an exit reason in words: `"normal"`, `"error 'boom'"`."""
    match reason:
        case {"shutdown": text}:
            return f"shutdown {_quote(text, longest)}"
        case {"error": text}:
            return f"error {_quote(text, longest)}"
        case other:
            return str(other)


def words_of_probe(probe: Mapping[str, Json]) -> str:
    """Return what is special about a probe, without brackets; empty if nothing is."""
    traits: list[str] = []
    if probe.get("value"):
        traits.append(f"value {value_text(probe['value'])}")
    if probe.get("trap_exit"):
        traits.append("traps exits")
    if "name" in probe:
        traits.append(f"named {_quote(probe['name'])}")
    if "backend" in probe:
        traits.append(f"{probe['backend']} backend")
    entries = probe.get("init", ["ok"])
    if entries != ["ok"]:
        traits.append(f"init {', then '.join(_init_words(entry) for entry in entries)}")
    cleanup = probe.get("terminate", "ok")
    if cleanup != "ok":
        traits.append(f"cleanup {_terminate_words(cleanup)}")
    return ", ".join(traits)


def words_of_answer(answer: Answer, *, longest: int = LONGEST) -> str:
    """Return an answer in words: `"answers 5"`, `"fails: exit, reason error 'boom'"`.

    Args:
        answer: The answer.
        longest: How many characters of one value are shown before its middle is left out.
    """
    if "ok" in answer:
        value = answer["ok"]
        if is_answer(value):
            return f"answers that the inner call {words_of_answer(value, longest=longest)}"
        return f"answers {value_text(value, longest=longest)}"
    if "fail" in answer:
        failure = answer["fail"]
        words = f"fails: {failure.get('kind')}"
        if "reason" in failure:
            words += f", reason {words_of_reason(failure['reason'], longest=longest)}"
        rest = {key: value for key, value in failure.items() if key not in ("kind", "reason")}
        return words + "".join(f", {key} {value_text(value, longest=longest)}" for key, value in rest.items())
    if "error" in answer:
        return f"breaks: {answer['error'].get('message')}"
    return value_text(answer, longest=longest)


def words_of_event(event: Sequence[Json] | Mapping[str, Json], *, longest: int = LONGEST) -> str:
    """Return an event in words, either as the protocol writes it or as the model does: `["dead", "normal"]`.

    Args:
        event: The event.
        longest: How many characters of one value are shown before its middle is left out.
    """
    if isinstance(event, Mapping):
        kind = event.get("ev")
        fields: list[Any] = [event[key] for key in ("ref", "of", "reason", "payload") if key in event]
        return f"{event.get('who')} {words_of_event([kind, *fields], longest=longest)}"
    match list(event):
        case ["init"]:
            return "enters init"
        case ["terminate", reason]:
            return f"enters its cleanup, reason {words_of_reason(reason, longest=longest)}"
        case ["dead", reason]:
            return f"is dead, reason {words_of_reason(reason, longest=longest)}"
        case ["down", ref, of, reason]:
            return f"gets DOWN {ref} of {_target(of)}, reason {words_of_reason(reason, longest=longest)}"
        case ["exit", of, reason]:
            return f"gets EXIT from {of or 'outside'}, reason {words_of_reason(reason, longest=longest)}"
        case ["info", payload]:
            return f"gets message {_quote(payload, longest)}"
        case other:
            return value_text(other, longest=longest)


_EVENT_KINDS = frozenset({"init", "terminate", "dead", "down", "exit", "info"})


def is_answer(value: Json) -> TypeGuard[Answer]:
    """Whether a value is an answer and nothing else."""
    match value:
        case {"ok": _, **rest} | {"fail": _, **rest}:
            return not rest
        case _:
            return False


def is_event(value: Json) -> bool:
    """Whether a value is an event, in either way of writing it."""
    match value:
        case {"ev": kind} | [kind, *_]:
            return isinstance(kind, str) and kind in _EVENT_KINDS
        case _:
            return False


def value_text(value: Json, *, longest: int = LONGEST) -> str:
    """Return a value as JSON on one line, its middle left out if it is longer than `longest` characters."""
    return _cut(json.dumps(value, ensure_ascii=False, default=str), longest)


def _cut(text: str, longest: int) -> str:
    if len(text) <= longest:
        return text
    half = longest // 2 - 8
    return f"{text[:half]}...{text[-half:]} ({len(text)} characters)"


def _quote(text: Json, longest: int = LONGEST) -> str:
    return _cut(repr(text), longest) if isinstance(text, str) else value_text(text, longest=longest)


def _target(target: Json) -> str:
    match target:
        case {"name": name}:
            return f"name {_quote(name)}"
        case label:
            return str(label)


def _patience(args: Mapping[str, Json]) -> str:
    return f", waiting {args['timeout_ms']} ms at most" if "timeout_ms" in args else ""


def _in_brackets(words: str) -> str:
    return f" ({words})" if words else ""


def _init_words(entry: Json) -> str:
    match entry:
        case {"stop": reason}:
            return f"stops with {words_of_reason(reason)}"
        case {"crash": text}:
            return f"crashes with {_quote(text)}"
        case {"sleep": ms, **rest}:
            after = rest.get("then", "ok")
            return f"takes {ms} ms" + ("" if after == "ok" else f" and {_init_words(after)}")
        case "ignore":
            return "declines"
        case "ok":
            return "succeeds"
        case other:
            return value_text(other)


def _terminate_words(entry: Json) -> str:
    match entry:
        case {"sleep": ms}:
            return f"takes {ms} ms"
        case {"crash": text}:
            return f"crashes with {_quote(text)}"
        case "hang":
            return "never returns"
        case other:
            return value_text(other)


def _inner(action: Sequence[Json]) -> str:
    words = words_of_action(action)
    return f"({words})" if action and action[0] in ("call", "cast", "spawn") else words


def _tie(how: Json) -> str:
    match how:
        case "plain":
            return ""
        case "link":
            return " linked to itself"
        case {"monitor": ref}:
            return f" monitored as {ref}"
        case other:
            return f" {value_text(other)}"


# -- operations --------------------------------------------------------------------------------------------------------


def _supervisor(spec: Mapping[str, Any]) -> str:
    traits = [str(spec["strategy"]), f"{spec['max_restarts']} restarts in {spec['max_seconds']} s"]
    if spec.get("name"):
        traits.append(f"named {_quote(spec['name'])}")
    if spec.get("max_children") is not None:
        traits.append(f"{spec['max_children']} children at most")
    if spec.get("auto_shutdown", "never") != "never":
        traits.append(f"auto-shutdown {spec['auto_shutdown']}")
    children = spec.get("children", [])
    if children:
        traits.append("children " + "; ".join(_child(child) for child in children))
    return ", ".join(traits)


def _child(child: Mapping[str, Any]) -> str:
    start = child["start"]
    nested = "supervisor" in start
    what = f"supervisor [{_supervisor(start['supervisor'])}]" if nested else words_of_probe(start)
    shutdown = child["shutdown"]
    traits = [str(child["restart"]), f"shutdown {shutdown} ms" if isinstance(shutdown, int) else f"shutdown {shutdown}"]
    if child.get("type", "worker") != ("supervisor" if nested else "worker"):
        traits.append(f"declared a {child['type']}")
    if child.get("significant"):
        traits.append("significant")
    return f"{child['id']} ({', '.join([*traits, what] if what else traits)})"


def _parallel(args: Mapping[str, Json]) -> str:
    clients = [
        f"client {number}: " + "; ".join(words_of(Operation(step["op"], step["args"])) for step in client)
        for number, client in enumerate(args["clients"], 1)
    ]
    return "at the same time " + " | ".join(clients)


def _message(verb: str, args: Mapping[str, Json]) -> str:
    return f"{verb} {_target(args['to'])} {_inner(args['msg'])}"


def _start_supervisor(args: Mapping[str, Json]) -> str:
    parent = f" linked to {args['link']}" if "link" in args else ""
    return f"start supervisor {args['as']}{parent} ({_supervisor(args['spec'])})"


_OPERATIONS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "hello": lambda args: f"say hello, protocol {args['protocol']}",
    "reset": lambda args: "begin a new world",
    "spawn": lambda args: f"spawn {args['as']}{_in_brackets(words_of_probe(args['probe']))}",
    "call": lambda args: _message("call", args),
    "cast": lambda args: _message("cast", args),
    "send": lambda args: f"send {_target(args['to'])} message {_quote(args['payload'])}",
    "stop": lambda args: f"stop {_target(args['to'])} with {words_of_reason(args['reason'])}",
    "exit": lambda args: f"send exit signal {words_of_reason(args['reason'])} to {args['to']}",
    "register": lambda args: f"register {args['to']} as {_quote(args['name'])}",
    "unregister": lambda args: f"unregister {_quote(args['name'])}",
    "whereis": lambda args: f"look up name {_quote(args['name'])}",
    "name_of": lambda args: f"ask for the name of {args['to']}",
    "start_supervisor": _start_supervisor,
    "start_child": lambda args: f"start a child of {args['sup']}: {_child(args['child'])}",
    "terminate_child": lambda args: f"terminate child {args['child']} of {args['sup']}",
    "restart_child": lambda args: f"restart child {args['child']} of {args['sup']}",
    "delete_child": lambda args: f"delete child {args['child']} of {args['sup']}",
    "which_children": lambda args: f"list the children of {args['sup']}",
    "count_children": lambda args: f"count the children of {args['sup']}",
    "suspend": lambda args: f"suspend {args['to']}",
    "resume": lambda args: f"resume {args['to']}",
    "advance": lambda args: f"let {args['ms']} ms pass",
    "parallel": _parallel,
    "observe": lambda args: "look",
    "bye": lambda args: "say bye",
}
