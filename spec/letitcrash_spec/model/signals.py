"""The arrival of one signal: messages join the mailbox, all others act at once, whatever the receiver is doing.

("call", token, action)      ("cast", action)             ("info", payload, clause, not_before)
("stop", token, reason)      ("reply", token, answer)     ("exit", src, reason, linked, optional)
("suspend", token)           ("resume", token)
("link",)   ("unlink",)      ("monitor", ref)             ("demonitor", ref)    ("down", ref, reason, optional)
"""

from __future__ import annotations

from letitcrash_spec.messages import fail, ok
from letitcrash_spec.model import exits, genserver, links, monitors
from letitcrash_spec.model.world import Process, Unspecified, World

__all__ = ["MESSAGES", "deliver"]

MESSAGES = frozenset({"call", "cast", "info", "stop"})
"""The kinds of signal that only join the mailbox of a live receiver."""


def deliver(world: World, process: Process, src: str) -> None:
    """Let the oldest signal on its way from `src` arrive at `process`, alive or dead."""
    queue = process.inbox[src]
    signal = queue.pop(0)
    if not queue:
        del process.inbox[src]
    kind = signal[0]
    if process.status == "dead":
        if kind == "call" or kind in ("suspend", "resume"):
            exits.answer(world, process, (src, signal[1]), fail("noproc"), "GS-24")
        elif kind == "stop":
            exits.answer(world, process, (src, signal[1]), fail("noproc"), "GS-60")
        elif kind == "link":
            links.receive_link(world, process, src)
        elif kind == "monitor":
            monitors.receive_monitor(world, process, src, signal[1])
        elif kind == "reply":
            world.tags.append("GS-35")
        elif kind == "info":
            world.note("info", process.label, signal[1], "EXIT-23")
        return
    if kind == "call":
        process.mailbox.append(("call", src, signal[1], signal[2]))
        process.calls.append((src, signal[1]))
    elif kind == "cast" or kind == "info":
        process.mailbox.append(signal)
    elif kind == "stop":
        if process.suspended:
            raise Unspecified("stop of a suspended process")
        process.mailbox.append(signal)
        process.stops.append((signal[1], signal[2]))
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
