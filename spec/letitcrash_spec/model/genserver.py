"""What a server does with one message: chapter `genserver`.

A busy process holds a task, a tuple whose first item says what it is doing:

    ("reply", caller, answer, clause)        ready to send an answer and go on
    ("sleep", until, next task)              its callback blocks until then
    ("wait", token, deadline, caller, wrap, timeout)   its callback waits for another process
    ("start", spec, starter)                 its init callback is about to act on its entry
    ("ending", reason, clause)               its callback for a plain message is about to fail or to stop
    ("die", reason, clause, reply)           its terminate callback has returned
    ("hang", reply)                          its terminate callback never returns
"""

from __future__ import annotations

from typing import Any

from letitcrash_spec.messages import Answer, Json, fail, ok
from letitcrash_spec.model import exits, links, monitors, registry, shutdown, timers
from letitcrash_spec.model.world import Destination, Expected, Process, Signal, Unspecified, World

__all__ = ["handle", "perform", "ready", "resume", "send_call", "send_cast", "send_info", "terminate", "wake"]

_READY = frozenset({"reply", "die", "ending", "start", "branch"})
BRANCH = "branch"
"""The task of a process whose action has several lawful answers; see explore.py."""


def send_call(world: World, src: str, target: Json, action: Json, token: int) -> Expected | None:
    """Send a request. Returns the answer if it is known at once: nobody holds the name, or it is the caller itself."""
    label = registry.resolve(world, target)
    if label is None:
        return Expected(fail("noproc"), "GS-24")
    if label == src:
        return Expected(fail("exit", reason={"error": None}), "GS-25")
    if label not in world.processes:
        return Expected(fail("noproc"), "GS-24")
    world.signal(src, label, ("call", token, action))
    return None


def send_cast(world: World, src: str, target: Json, action: Json) -> None:
    """Send a cast; whether anybody is there makes no difference to the sender (GS-36)."""
    label = registry.resolve(world, target)
    if label is not None and label in world.processes:
        _tell(world, src, label)
        world.signal(src, label, ("cast", action))


def send_info(world: World, src: str, target: Json, payload: str) -> Expected:
    """Send a plain message; an unknown name is an error, a dead process is not (EXIT-22, REG-14)."""
    label = registry.resolve(world, target)
    if label is None:
        return Expected(fail("noproc"), "REG-14")
    if label in world.processes:
        _tell(world, src, label)
        plain = payload.isascii() and len(payload) < 256
        clause = "REG-16" if isinstance(target, dict) else "GS-37" if plain else "BACK-12"
        world.signal(src, label, ("info", payload, clause, 0))
    return Expected(ok(), "EXIT-22" if world.live(label) is None else "GS-37")


def _tell(world: World, src: str, label: str) -> None:
    if src and src != label and label not in world.processes[src].told:
        world.processes[src].told |= {label}


def handle(world: World, process: Process) -> None:
    """Let an idle server take the oldest message of its mailbox and run the callback for it."""
    if process.tree is not None:
        _supervisor().handle(world, process)
        return
    message: Signal = process.mailbox.pop(0)
    process.served += 1
    kind = message[0]
    label = process.label
    if kind == "call":
        _, src, token, action = message
        if process.served > 1:
            process.value_clause = _later(process.value_clause, "GS-21")
        if not src and (world.open_token is None or world.open_token[0] != token):
            process.value_clause = "GS-30"
            world.tags.append("GS-30")
        perform(world, process, action, (src, token))
    elif kind == "cast":
        process.value_clause = _later(process.value_clause, "GS-21")
        perform(world, process, message[1], None)
    elif kind == "info":
        _, payload, clause, not_before = message
        world.emit(label, ("info", payload), clause, not_before=not_before if world.profile.clock == "wall" else 0)
        if payload in ("!crash", "!stop"):
            process.status = "busy"
            ending = ({"error": "crash"}, "GS-51") if payload == "!crash" else ("normal", "GS-50")
            process.task = ("ending", *ending)
    elif kind == "DOWN":
        _, ref, of, reason, clause, optional = message
        world.emit(label, ("down", ref, of, reason), clause, optional=optional)
    elif kind == "EXIT":
        _, src, reason, clause, optional = message
        if not process.trap:
            clause = "EXIT-20"
        quirk = process.parent is None and (src == label or (src == process.starter and process.born_watched))
        if quirk and not world.foresees(label, ("exit", src, reason)):
            terminate(world, process, reason, "GS-57", None)
        elif src == process.parent and src:
            world.note("exit", label, src, "GS-55")
            terminate(world, process, reason, _ending_clause(world, process, src), None)
        else:
            world.emit(label, ("exit", src or None, reason), clause, optional=optional)
    elif kind == "host":
        _supervisor().host(world, process, message)
    elif kind == "suspend":
        process.suspended = True
        process.calls.remove(("", message[1]))
        exits.answer(world, process, ("", message[1]), ok(), "GS-21")
    elif kind == "stop":
        process.stopped_by = message[1]
        reason = message[2]
        terminate(world, process, reason, "GS-58" if reason == "normal" else "GS-59", None)


def _ending_clause(world: World, process: Process, parent: str) -> str:
    """Return why a server whose parent has sent an exit signal, or has died, must end."""
    boss = world.processes[parent]
    if boss.tree is None:
        return "GS-55"
    asked = world.notes.get(("ending", process.label, None))
    if asked is None or boss.status == "dead":
        return "SUP-16"
    world.follow(process, parent)
    world.tags += ("SHUT-11", "SHUT-15")
    return asked


def _supervisor() -> Any:
    from letitcrash_spec.model import supervisor  # the two call each other

    return supervisor


def _later(old: str, new: str) -> str:
    return old if old in ("GS-5", "GS-26", "GS-30", "GS-31") else new


def perform(world: World, process: Process, action: Json, caller: Destination | None) -> None:
    """Run one action of the probe inside its callback."""
    kind = action[0]
    if kind == "get" or kind == "add":
        if kind == "add":
            process.value += action[1]
        clause = process.value_clause
        if clause in ("GS-20", "GS-21") and not -(2**31) <= process.value < 2**31:
            clause = "BACK-12"
        if caller is not None and clause in ("GS-20", "GS-21"):
            clause = world.notes.pop(("crossed", process.label, None), clause)
        if caller is not None and _is_waited_for(world, caller):
            process.value_clause = "GS-20"
        finish(world, process, caller, ok(process.value), clause, quiet=True)
    elif kind == "noreply":
        if caller is None:
            raise Unspecified("a cast of ['noreply']")
        world.tags.append("GS-22")
    elif kind == "sleep":
        _block(process, world, action[1], ("reply", caller, ok(), "GS-20"))
    elif kind == "crash":
        terminate(world, process, {"error": action[1]}, "GS-51", None)
    elif kind == "stop":
        if caller is None:
            terminate(world, process, action[1], "GS-50", None)
        else:
            terminate(world, process, action[1], "GS-50", (caller, ok("stopping")))
    elif kind == "call":
        _nested_call(world, process, action, caller)
    elif kind == "spawn":
        _nested_spawn(world, process, action, caller)
    else:
        _effect(world, process, action, caller)


def _is_waited_for(world: World, caller: Destination) -> bool:
    src, token = caller
    return bool(src) or (world.open_token is not None and world.open_token[0] == token)


def _effect(world: World, process: Process, action: Json, caller: Destination | None) -> None:
    """Run an action that is over at once but tells other processes something."""
    kind = action[0]
    label = process.label
    if kind in ("cast", "send", "unlink") and isinstance(action[1], str) and action[1] not in world.processes:
        _branch(process, caller, [(Expected(ok(), "EXIT-22"), None), (Expected(fail("noproc"), "EXIT-22"), None)])
    elif kind == "cast":
        send_cast(world, label, action[1], action[2])
        _cross(world, process, action[1])
        finish(world, process, caller, ok(), "GS-36")
    elif kind == "send":
        expected = send_info(world, label, action[1], action[2])
        _cross(world, process, action[1])
        finish(world, process, caller, expected.answer, expected.clause)
    elif kind == "link":
        choices = links.link(world, process, action[1])
        if len(choices) > 1:
            _branch(process, caller, [(expected, ("link", action[1]) if sent else None) for expected, sent in choices])
            return
        expected, sent = choices[0]
        if sent:
            links.send_link(world, process, action[1])
            _cross(world, process, action[1])
        finish(world, process, caller, expected.answer, expected.clause)
    elif kind == "unlink":
        finish(world, process, caller, links.unlink(world, process, action[1]), "LNK-14")
    elif kind == "monitor":
        answer = monitors.monitor(world, process, action[1], action[2])
        _cross(world, process, action[1])
        finish(world, process, caller, answer, "MON-1")
    elif kind == "demonitor":
        finish(world, process, caller, monitors.demonitor(world, process, action[1], action[2]), "MON-10")
    elif kind == "trap_exit":
        old, process.trap = process.trap, action[1]
        finish(world, process, caller, ok(old), "EXIT-21", quiet=True)
    elif kind == "exit":
        if action[1] not in world.processes:
            raise Unspecified(f"an exit signal to {action[1]!r}, which was never started")
        exits.send_exit(world, label, action[1], action[2])
        finish(world, process, caller, ok(), "EXIT-5")
    elif kind == "register":
        lawful = registry.register(world, action[1], label)
        if len(lawful) > 1:
            _branch(process, caller, [(expected, None) for expected in lawful])
            return
        finish(world, process, caller, lawful[0].answer, lawful[0].clause)
    elif kind in ("send_after", "send_interval"):
        answer = timers.set_timer(world, process, action[1], action[2], action[3], repeat=kind == "send_interval")
        finish(world, process, caller, answer, "TIM-3" if action[2] == 0 else "TIM-1")
    elif kind == "cancel_timer":
        if timers.is_foreign(world, process, action[1]):  # refs may be known only where they were set
            _branch(
                process,
                caller,
                [(Expected(ok(True), "TIM-6"), ("cancel", action[1])), (Expected(ok(False), "TIM-6"), None)],
            )
            return
        answer, clause = timers.cancel_timer(world, process, action[1])
        finish(world, process, caller, answer, clause)
    elif kind == "links":
        clause = world.notes.get(("links", label, None), "LNK-1")
        finish(world, process, caller, ok(links.linked_labels(world, process)), clause, quiet=True)
    else:
        raise Unspecified(f"the action {kind!r}")


def _cross(world: World, process: Process, target: Json) -> None:
    label = registry.resolve(world, target)
    other = world.processes.get(label) if label is not None else None
    if other is not None and other.backend != process.backend:
        world.tags.append("BACK-4")
        world.note("crossed", other.label, None, "BACK-4")


def finish(
    world: World, process: Process, caller: Destination | None, answer: Answer, clause: str, *, quiet: bool = False
) -> None:
    """End a callback with an answer.

    Args:
        world: The world that changes.
        process: The server.
        caller: Who waits for the answer; None for a cast.
        answer: The answer.
        clause: The clause that demands it.
        quiet: Whether the callback told nobody anything, so that nothing can come between it and its answer.
    """
    if caller is None:
        process.status = "idle"
        process.task = None
    elif quiet:
        process.status = "idle"
        process.task = None
        process.calls.remove(caller)
        exits.answer(world, process, caller, answer, clause)
    else:
        process.status = "busy"
        process.task = ("reply", caller, answer, clause)


def _block(process: Process, world: World, ms: int, then: tuple[Any, ...]) -> None:
    process.status = "busy"
    process.task = ("sleep", world.now + ms, then)


def _nested_call(world: World, process: Process, action: Json, caller: Destination | None) -> None:
    _, target, inner, timeout_ms = action
    token = world.next_token()
    _cross(world, process, target)
    at_once = send_call(world, process.label, target, inner, token)
    if at_once is not None:
        finish(world, process, caller, ok(at_once.answer), at_once.clause)
        return
    process.status = "busy"
    process.task = ("wait", token, world.now + timeout_ms, caller, True, timeout_ms)


def _nested_spawn(world: World, process: Process, action: Json, caller: Destination | None) -> None:
    from letitcrash_spec.model import starting  # the two call each other

    _, label, probe, how = action
    token = world.next_token()
    refusal = starting.start(world, label, probe, (process.label, token), how)
    if refusal is not None:
        world.tags += ("GS-12", "LNK-21") if how == "link" else ("GS-12",)
        if how == "link":
            world.note("links", process.label, None, "LNK-21")
            world.note("exit", process.label, world.names.get(probe.get("name")), "LNK-21")
            world.note("dead", process.label, None, "LNK-21")
        finish(world, process, caller, refusal.answer, refusal.clause)
        return
    process.status = "busy"
    process.task = ("wait", token, None, caller, False, None)


def ready(process: Process) -> bool:
    """Say whether a busy process can go on by itself, without a message and without time passing."""
    task = process.task
    return task is not None and (task[0] in _READY or (task[0] == "sup" and not task[2]))


def resume(world: World, process: Process) -> None:
    """Let a busy process that is ready go on."""
    task = process.task
    assert task is not None
    kind = task[0]
    if kind == "reply":
        _, caller, answer, clause = task
        process.status = "idle"
        process.task = None
        if caller is not None:
            process.calls.remove(caller)
            exits.answer(world, process, caller, answer, clause)
    elif kind == "die":
        _, reason, clause, reply = task
        if reply is None:
            exits.die(world, process, reason, clause)
        else:
            caller, answer = reply
            process.task = ("die", reason, clause, None)
            process.calls.remove(caller)
            exits.answer(world, process, caller, answer, "GS-33")
    elif kind == "start":
        from letitcrash_spec.model import starting

        starting.act(world, process, task[1], task[2])
    elif kind == "ending":
        terminate(world, process, task[1], task[2], None)
    elif kind == "sup":
        _supervisor().run(world, process)


def _branch(
    process: Process, caller: Destination | None, choices: list[tuple[Expected, tuple[str, Any] | None]]
) -> None:
    """Leave it open which of several lawful answers an action gives, and what it does with it."""
    process.status = "busy"
    process.task = (BRANCH, caller, choices)


def choose(world: World, process: Process, index: int) -> None:
    """Follow one of the lawful answers of an action that has several."""
    assert process.task is not None
    if process.tree is not None:
        _supervisor().choose(world, process, index)
        return
    _, caller, choices = process.task
    expected, effect = choices[index]
    if effect is not None and effect[0] == "link":
        links.send_link(world, process, effect[1])
    elif effect is not None and effect[1] in world.timers:
        timers.cancel_timer(world, process, effect[1])
    finish(world, process, caller, expected.answer, expected.clause)


def wake(world: World, process: Process) -> None:
    """Let the time come that a sleeping callback, or one that waits with a deadline, has waited for."""
    task = process.task
    assert task is not None
    if process.client is not None:
        from letitcrash_spec.model import clients  # the two call each other

        clients.run_out(world, process)
        return
    if task[0] == "sleep":
        process.task = task[2]
    elif task[0] == "sup":
        shutdown.run_out(world, process)
    else:
        caller = task[3]
        clause = silence_clause(world, (process.label, task[1]))
        world.tags.append(clause)
        process.task = ("reply", caller, ok(fail("timeout")), clause)


def silence_clause(world: World, caller: Destination) -> str:
    """Return why a caller has no answer yet: a server that stops cleans up before it replies (GS-33), say."""
    for process in world.processes.values():
        if caller not in process.calls:
            continue
        task = process.task
        if process.tree is not None:
            is_ending = task is not None and task[0] == "sup" and bool(task[2]) and task[2][0] == "end"
            return "SUP-31" if is_ending else "SUP-56"
        if task is None and process.status == "idle" and not process.mailbox:
            return "GS-22"
        while task is not None and task[0] == "sleep":
            task = task[2]
        if task is not None and task[0] in ("die", "hang") and task[-1] is not None and task[-1][0] == caller:
            return "GS-33"
    return "GS-28"


def receive_reply(world: World, process: Process, token: int, answer: Answer) -> None:
    """Let an answer arrive; one that is not waited for any more is dropped (GS-31)."""
    if process.tree is not None:
        _supervisor().receive_start(world, process, token, answer)
        return
    task = process.task
    if task is not None and task[0] == "wait" and task[1] == token:
        if "fail" in answer:
            world.tags.append("GS-27")
            if answer["fail"]["kind"] == "exit":
                process.value_clause = "GS-26"  # else it would wait for ever
        caller, wrap = task[3], task[4]
        clause = world.notes.pop(("late reply", process.label, None), "GS-20") if wrap else "GS-1"
        process.task = ("reply", caller, ok(answer) if wrap else answer, clause)
    else:
        world.tags.append("GS-31")
        world.note("late reply", process.label, None, "GS-31")
        world.note("terminate", process.label, None, "GS-31")
        world.note("dead", process.label, None, "GS-31")


def terminate(
    world: World, process: Process, reason: Json, clause: str, reply: tuple[Destination, Answer] | None
) -> None:
    """Run the cleanup callback, then send the reply if there is one, then end with the reason (GS-33, GS-50..53)."""
    process.status = "busy"
    world.emit(process.label, ("terminate", reason), clause)
    world.tags.append("BACK-3")
    world.note("terminate", process.label, None, clause)
    if reason == "kill":
        clause = "EXIT-14"
    elif clause == "GS-51":
        clause = "EXIT-3"
    elif clause == "GS-50":
        clause = "EXIT-1" if reason == "normal" else "EXIT-2"
    elif not clause.startswith("GS-"):
        clause = "SHUT-4"
    script = process.terminate
    if script == "ok":
        process.task = ("die", reason, clause, reply)
    elif script == "hang":
        process.task = ("hang", reply)
    elif "sleep" in script:
        _block(process, world, script["sleep"], ("die", reason, clause, reply))
    else:
        process.task = ("die", {"error": script["crash"]}, "GS-53", reply)
