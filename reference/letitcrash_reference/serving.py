"""The one server loop that all backends share: take a message, run its callback, do what the callback returned.

A driver calls `serve` whenever its process has something to do and waits in its own way in between.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from letitcrash_reference.errors import Killed, ProcessExit
from letitcrash_reference.process import CALL, CAST, DOWN, EXIT, INFO, RESUME, STOP, SUSPEND, Phase, Process
from letitcrash_reference.reasons import ExitReason
from letitcrash_reference.results import NO_REPLY, Continue, Ignore, NoReply, Reply, Stop

if TYPE_CHECKING:
    from letitcrash_reference.replies import From
    from letitcrash_reference.server import GenServer

__all__ = ["serve"]

_Result: TypeAlias = Continue | Reply[Any] | Stop[Any] | NoReply | None
_CONTROL: Final[frozenset[type]] = frozenset((NoReply, Continue, Reply, Stop))
_CALLBACKS = {
    CAST: "handle_cast",
    CALL: "handle_call",
    INFO: "handle_info",
    DOWN: "handle_info",
    EXIT: "handle_info",
    STOP: "terminate",
    SUSPEND: "suspend",
    RESUME: "resume",
}


async def serve(process: Process, limit: int) -> bool:
    """Handle queued messages of a process, its start first.

    Args:
        process: Whose.
        limit: Return after this many messages at the latest, so that others get their turn.

    Returns:
        Whether the process is still alive.
    """
    server = process.server
    if process.phase is Phase.NEW and not await _start(process, server):
        return False
    if process.stash is not None and not await _serve_suspended(process, server):
        return process.alive
    mailbox = process.mailbox
    for _ in range(limit):
        if not mailbox:
            break
        try:
            item = mailbox[0]
            kind = item[0]
            if kind == CALL:  # a death, from another thread, finds a call in the mailbox or here, and fails it at once
                process.current = item[2]
            taken = mailbox.popleft()
        except IndexError:  # its death has just emptied it
            break
        if taken is not item:  # its death is emptying it
            if len(taken) == 3:
                process.drop_call(taken[2])
            break
        result: Any
        try:
            if kind == CAST:
                if not process.alive:
                    return False
                result = await server.handle_cast(item[1])
                if result is None and process.alive:
                    continue
            elif kind == CALL:
                token = item[2]
                if not process.alive:
                    process.drop_call(token)
                    return False
                result = await server.handle_call(item[1], token)
                if not process.alive:
                    process.drop_call(token)
                    return False
                if result.__class__ not in _CONTROL:
                    process.current = None
                    if not token.done:
                        token.resolve(result)
                    continue
            else:
                if not process.alive:
                    if len(item) == 3:
                        process.drop_call(item[2])
                    return False
                if not await _handle_other(process, server, item):
                    return process.alive
                continue
        except BaseException as error:
            await _crash(process, server, _CALLBACKS[kind], error)
            return False
        if not process.alive:
            return False
        if not await _act(process, server, kind, result):
            return False
    return process.alive


async def _start(process: Process, server: GenServer[Any, Any, Any]) -> bool:
    if not process.alive:
        return False
    process.phase = Phase.STARTING
    try:
        result: Any = await server.init()
    except BaseException as error:
        if process.alive:
            reason = ExitReason.from_exception(error)
            _log_crash(process, "init", error, reason)
            process.runtime.table.die(process, reason)
        _raise_if_fatal(error)
        return False
    if not process.alive:
        return False
    if isinstance(result, Ignore) or result is Ignore:
        process.runtime.table.die(process, ExitReason.NORMAL, ignored=True)
        return False
    if isinstance(result, Stop):
        process.runtime.table.die(process, result.reason)
        return False
    if result is not None and not isinstance(result, Continue):
        process.runtime.table.die(process, _bad_return("init", result))
        return False
    with process.runtime.table.lock:
        if not process.alive:
            return False
        process.phase = Phase.RUNNING
        token, process.start_token = process.start_token, None
        process.start_ref = None
    if token is not None:
        token.resolve(None)
    return result is None or await _act(process, server, CAST, result)


async def _handle_other(process: Process, server: GenServer[Any, Any, Any], item: tuple[Any, ...]) -> bool:
    """Handle anything but a call and a cast; return whether the loop may go on."""
    kind = item[0]
    message: Any = item[1]
    if kind == STOP:
        await _finish(process, server, message)
        return False
    if kind == EXIT and process.parent is not None and message.pid is process.parent.pid:
        await _finish(process, server, message.reason)
        return False
    if kind == SUSPEND:
        process.stash = deque()
        item[2].resolve(None)
        return await _serve_suspended(process, server)
    if kind == RESUME:
        item[2].resolve(None)
        return True
    if kind == DOWN and message.ref.flushed:
        return True
    result: Any = await server.handle_info(message)
    if not process.alive:
        return False
    return result is None or await _act(process, server, kind, result)


async def _serve_suspended(process: Process, server: GenServer[Any, Any, Any]) -> bool:
    """Keep messages back until resumed; return whether the loop may go on.

    As in OTP a suspended server still obeys a stop request and its parent's exit.
    """
    mailbox, stash = process.mailbox, process.stash
    while mailbox and process.alive and stash is not None:
        try:
            item = mailbox.popleft()
        except IndexError:  # its death, from another thread, has just emptied it
            break
        kind = item[0]
        if kind == RESUME:
            with process.runtime.table.lock:  # a death takes what is in the stash or in the mailbox, not in between
                if process.alive:
                    process.stash = None
                    mailbox.extendleft(reversed(stash))
            item[2].resolve(None)
            return process.alive
        if kind == SUSPEND:
            item[2].resolve(None)
        elif kind == STOP or (kind == EXIT and process.parent is not None and item[1].pid is process.parent.pid):
            return await _handle_other(process, server, item)
        else:
            stash.append(item)
            if not process.alive and len(item) == 3:
                process.drop_call(item[2])
    return False


async def _act(process: Process, server: GenServer[Any, Any, Any], kind: int, result: _Result) -> bool:
    """Do what a callback returned, and what the callbacks that follow from it return; return whether to go on."""
    callback = _CALLBACKS[kind]
    while True:
        if kind == CALL:
            token = process.current
            if isinstance(result, Reply):
                process.current = None
                if token is not None and not token.done:
                    token.resolve(result.value)
                result = result.then
            elif not isinstance(result, Stop):  # the answer comes later
                process.current = None
                if token is not None and not token.done:
                    process.defer(token)
                if result is NO_REPLY:
                    result = None
        if result is None:
            return True
        if isinstance(result, Stop):
            reply = result.reply if kind == CALL and result.has_reply else NO_REPLY
            await _finish(process, server, result.reason, reply)
            return False
        if not isinstance(result, Continue):
            await _finish(process, server, _bad_return(callback, result))
            return False
        kind, callback = CAST, "handle_continue"
        try:
            result = await server.handle_continue(result.message)
        except BaseException as error:
            await _crash(process, server, callback, error)
            return False
        if not process.alive:
            return False


async def _crash(process: Process, server: GenServer[Any, Any, Any], callback: str, error: BaseException) -> None:
    """End a process whose callback raised."""
    if process.alive:
        if isinstance(error, asyncio.CancelledError) and process.task is not None and process.task.cancelling():
            process.runtime.table.die(process, ExitReason.KILLED)  # somebody cancelled the server's own task
        elif isinstance(error, Killed):  # it asked for something on behalf of another, dead process
            await _finish(process, server, ExitReason.error("killed"))
        else:
            reason = ExitReason.from_exception(error)
            _log_crash(process, callback, error, reason)
            await _finish(process, server, reason)
    _raise_if_fatal(error)


async def _finish(
    process: Process, server: GenServer[Any, Any, Any], reason: ExitReason, reply: Any = NO_REPLY
) -> None:
    """Run `terminate`, answer the last caller, die. Source: GS-33, GS-50, GS-51, GS-53."""
    process.phase = Phase.TERMINATING
    fatal: BaseException | None = None
    try:
        await server.terminate(reason)
    except BaseException as error:
        fatal = error
        if process.alive:
            if isinstance(error, asyncio.CancelledError) and process.task is not None and process.task.cancelling():
                reason = ExitReason.KILLED
            else:
                reason = ExitReason.from_exception(error)
                _log_crash(process, "terminate", error, reason)
    if process.alive:
        token: From[Any] | None = process.current
        if reply is not NO_REPLY and token is not None and not token.done:
            token.resolve(reply)
        process.runtime.table.die(process, reason)
    if fatal is not None:
        _raise_if_fatal(fatal)


def _bad_return(callback: str, value: object) -> ExitReason:
    return ExitReason.error(
        f"expected {callback} to return a result of letitcrash_reference.results or None, got {value!r}"
    )


def _log_crash(process: Process, callback: str, error: BaseException, reason: ExitReason) -> None:
    if isinstance(error, ProcessExit) and reason.is_normal:
        return
    process.runtime.log_crash(process, callback, error, reason)


def _raise_if_fatal(error: BaseException) -> None:
    """Let Ctrl-C and sys.exit through to the event loop."""
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        raise error
