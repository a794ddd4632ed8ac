"""What a callback may return besides a plain value."""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, final

from letitcrash_reference.reasons import ExitReason

__all__ = ["NO_REPLY", "Continue", "Ignore", "NoReply", "Reply", "Stop"]

ReplyT = TypeVar("ReplyT")


class _Unset:
    """Stands for an answer that was not given."""

    __slots__ = ()


UNSET: Final[Any] = _Unset()


@final
class Ignore:
    """Returned by `init`: do not start, which is no fault. Source: GS-3."""

    __slots__ = ()


@final
class NoReply:
    """The class of `NO_REPLY`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "NO_REPLY"


NO_REPLY: Final = NoReply()
"""Returned by `handle_call`: the answer comes later, through `sender.reply(value)`. Source: GS-22."""


@final
class Continue:
    """Run `handle_continue(message)` next, before any queued message.

    Returned by `init`, `handle_cast`, `handle_info` and `handle_continue`; by `handle_call` it means that the answer
    comes later.

    Source:
        GS-39, GS-40.
    """

    __slots__ = ("message",)

    def __init__(self, message: object) -> None:
        self.message = message

    def __repr__(self) -> str:
        return f"Continue({self.message!r})"


@final
class Reply(Generic[ReplyT]):
    """Returned by `handle_call`: answer `value`, then run `handle_continue(then.message)`.

    Without `then` it is the same as returning the plain value.

    Source:
        GS-20, GS-23.
    """

    __slots__ = ("then", "value")

    def __init__(self, value: ReplyT, then: Continue | None = None) -> None:
        self.value = value
        self.then = then

    def __repr__(self) -> str:
        return f"Reply({self.value!r}, then={self.then!r})"


@final
class Stop(Generic[ReplyT]):
    """Stop the server: `terminate(reason)` runs, then `reply` (if given) is sent, then the process ends with `reason`.

    Returned by any callback; by `init` it means that the start failed, and neither `terminate` nor `reply` applies.

    Args:
        reason: Why; `normal` unless given.
        reply: The answer to the call being handled. Only in `handle_call`; without it the caller gets the exit reason.

    Source:
        GS-4, GS-33, GS-34, GS-50.
    """

    __slots__ = ("reason", "reply")

    def __init__(self, reason: ExitReason = ExitReason.NORMAL, *, reply: ReplyT = UNSET) -> None:
        self.reason = reason
        self.reply = reply

    @property
    def has_reply(self) -> bool:
        """Whether an answer was given."""
        return self.reply is not UNSET

    def __repr__(self) -> str:
        return f"Stop({self.reason!r}, reply={self.reply!r})" if self.has_reply else f"Stop({self.reason!r})"
