"""Which process is running: set once in each server's task or thread, inherited by the tasks it makes."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from letitcrash_reference.process import Process

__all__ = ["current_process"]

current_process: ContextVar[Process | None] = ContextVar("letitcrash_current_process", default=None)
"""The process whose callback is running here; None in a client, outside all processes."""
