"""Streams that feed a server: each item of an async iterator becomes a message."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any

from letitcrash_reference.context import current_process
from letitcrash_reference.process import CAST, INFO, Process

if TYPE_CHECKING:
    from letitcrash_reference.runtime import Runtime

__all__ = ["Feed"]


class Feed:
    """A running stream into one server. It ends with the stream, with the server, or when cancelled.

    Attributes:
        done: Whether it has ended.
        error: What the stream raised, if it did.
    """

    def __init__(self, runtime: Runtime, process: Process, source: AsyncIterable[Any], as_info: bool) -> None:
        self._runtime = runtime
        self._process = process
        self._source = source
        self._kind = INFO if as_info else CAST
        self._task: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.error: BaseException | None = None
        self.done = False

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin to run on an event loop; called once, by the runtime."""
        self._loop = loop
        with self._runtime.table.lock:
            if not self._process.alive:
                self.done = True
                return
            self._runtime.feeds.add(self)
            if self._process.attachments is None:
                self._process.attachments = set()
            self._process.attachments.add(self)
        if asyncio._get_running_loop() is loop:  # pyright: ignore[reportPrivateUsage]
            self._begin()
        else:
            loop.call_soon_threadsafe(self._begin)

    def cancel(self) -> bool:
        """Stop feeding, from anywhere; an item that was sent already stays sent.

        Returns:
            Whether it was still feeding.
        """
        if self.done:
            return False
        self.detach()
        return True

    def detach(self) -> None:
        """End, because the process did."""
        if self.done:
            return
        self.done = True
        assert self._loop is not None
        if asyncio._get_running_loop() is self._loop:  # pyright: ignore[reportPrivateUsage]
            self._cancel_task()
        else:
            with contextlib.suppress(RuntimeError):  # its loop is closed, and its task with it
                self._loop.call_soon_threadsafe(self._cancel_task)

    async def wait(self) -> None:
        """Wait, on the loop that feeds, until the stream has ended.

        Raises:
            Exception: What the stream raised, if it did.
        """
        if self._task is not None:
            await asyncio.wait([self._task])
        if self.error is not None:
            raise self.error

    def _begin(self) -> None:
        if self.done:
            self._runtime.feeds.discard(self)
            return
        assert self._loop is not None
        self._task = self._loop.create_task(self._run())
        self._task.add_done_callback(self._forget)

    def _cancel_task(self) -> None:
        if self._task is not None and self._task is not asyncio.current_task():
            self._task.cancel()

    async def _run(self) -> None:
        current_process.set(None)
        try:
            async for item in self._source:
                if self.done:
                    break
                self._process.post((self._kind, item))
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.error = error
            self._runtime.logger.error(
                "the stream that feeds process %r raised %r", self._process, error, exc_info=error
            )

    def _forget(self, task: asyncio.Task[None]) -> None:
        self.done = True
        self._runtime.feeds.discard(self)
        attachments = self._process.attachments  # once: a death, from another thread, may take it away
        if attachments:
            attachments.discard(self)

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task that feeds, once it has begun."""
        return self._task
