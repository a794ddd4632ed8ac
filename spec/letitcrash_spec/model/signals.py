"""The arrival of one signal: messages join the mailbox, all others act at once, whatever the receiver is doing.

("call", token, action)      ("cast", action)             ("info", payload, clause, not_before)
("stop", token, reason)      ("reply", token, answer)     ("exit", src, reason, linked, optional)
("suspend", token)           ("resume", token)
("admin", token, op, args)   ("host", token, label, spec)  ("hosted",)   ("retry", key)
("link",)   ("unlink",)      ("monitor", ref)             ("demonitor", ref)    ("down", ref, reason, optional)
"""

from __future__ import annotations

from letitcrash_spec.messages import Answer, fail, ok
from letitcrash_spec.model import exits, genserver, links, monitors
from letitcrash_spec.model.tree import why_refused
from letitcrash_spec.model.world import Process, Signal, Unspecified, World

__all__ = ["MESSAGES", "deliver"]

MESSAGES = frozenset({"admin", "call", "cast", "host", "info", "stop"})
"""The kinds of signal that only join the mailbox of a live receiver."""


def _first_of_death(world: World, process: Process, src: str, queue: list[Signal]) -> int:
    """Return which of several news of one death arrives first: nobody promises an order (N-2), so the one seen first.

    A message that was sent before is never overtaken.
    """
    sender = world.processes.get(src)
    if sender is None or sender.status != "dead" or not _is_news(queue[0]):
        return 0
    best, first = 0, _position(world, process, src, queue[0])
    for index in range(1, len(queue)):
        if not _is_news(queue[index]):
            break
        position = _position(world, process, src, queue[index])
        if position < first:
            best, first = index, position
    return best


def _is_news(signal: Signal) -> bool:
    """Say whether a signal tells of its sender's death."""
    return signal[0] == "down" or (signal[0] == "exit" and bool(signal[3]))


def _position(world: World, process: Process, src: str, news: Signal) -> int:
    if news[0] == "down":
        return world.position_of(process.label, ("down", news[1], process.monitors.get(news[1]), news[2]))
    return world.position_of(process.label, ("exit", src, news[2]))


def deliver(world: World, process: Process, src: str) -> None:
    """Let the oldest signal on its way from `src` arrive at `process`, alive or dead."""
    queue = process.inbox[src]
    signal = queue.pop(_first_of_death(world, process, src, queue) if len(queue) > 1 else 0)
    if not queue:
        del process.inbox[src]
    kind = signal[0]
    if process.status == "dead":
        if kind == "call" or kind in ("suspend", "resume", "host"):
            exits.answer(world, process, (src, signal[1]), fail("noproc"), "GS-24")
        elif kind == "admin":
            others = [fail("exit", reason=process.reason)]
            if signal[2] == "start_child" and process.tree and why_refused(process.tree.spec, signal[3]["child"]):
                others.append(fail("bad_spec"))
            exits.answer(world, process, (src, signal[1]), fail("noproc"), "SUP-38", also=tuple(others))
        elif kind == "stop":
            also: list[Answer] = []
            if process.tree is not None:  # it may have been sent while the supervisor was ending by itself
                also = [fail("exit", reason=process.reason)] + [ok()] * (process.reason == signal[2])
            exits.answer(world, process, (src, signal[1]), fail("noproc"), "GS-60", also=tuple(also))
        elif kind == "link":
            links.receive_link(world, process, src)
        elif kind == "monitor":
            monitors.receive_monitor(world, process, src, signal[1])
        elif kind == "reply":
            world.tags.append("GS-35")
        elif kind == "info":
            world.note("info", process.label, signal[1], "EXIT-23")
        elif kind == "cast" and signal[1][0] == "send":
            world.note("info", str(signal[1][1]), signal[1][2], "EXIT-23")
        return
    if kind == "call":
        process.mailbox.append(("call", src, signal[1], signal[2]))
        process.calls.append((src, signal[1]))
    elif kind == "admin" and process.tree is None:
        raise Unspecified("a request to a supervisor that is sent to another process")
    elif kind == "admin" or kind == "host":
        process.mailbox.append((kind, src, *signal[1:]))
        process.calls.append((src, signal[1]))
    elif kind == "hosted":
        process.status = "idle"
        process.task = None
    elif kind == "cast" or kind == "info" or kind == "retry":
        process.mailbox.append(signal)
    elif kind == "stop":
        if process.suspended:
            raise Unspecified("stop of a suspended process")
        process.mailbox.append(signal)
        process.stops.append((signal[1], signal[2], src))
    elif kind == "suspend":
        process.mailbox.append(signal)
        process.calls.append((src, signal[1]))
    elif kind == "resume":
        process.suspended = False
        exits.answer(world, process, (src, signal[1]), ok(), "GS-21")
    elif kind == "reply":
        genserver.receive_reply(world, process, signal[1], signal[2])
    elif kind == "exit":
        exits.receive_exit(world, process, signal, behind=len(queue))
    elif kind == "down":
        monitors.receive_down(world, process, src, signal[1], signal[2], signal[3])
    elif kind == "refused":  # a process may have been there for a moment, and may have been seen to end
        if process.trap:
            process.mailbox += [("EXIT", of, "normal", "GS-9", True) for of in ("", src)]
    elif kind == "link":
        links.receive_link(world, process, src)
    elif kind == "unlink":
        process.links.discard(src)
    elif kind == "monitor":
        monitors.receive_monitor(world, process, src, signal[1])
    elif kind == "demonitor":
        process.watchers.pop(signal[1], None)
