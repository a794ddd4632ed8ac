"""Tests may be `async def`: each runs in a fresh event loop, and nothing may be left in it afterwards."""

from __future__ import annotations

import asyncio
import inspect
import threading
from typing import Any

import pytest

from letitcrash_reference import Backend

LIMIT_S = 60  # ends a hang, says nothing about speed


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(_limited(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names})))
    return True


async def _limited(test: Any) -> None:
    async with asyncio.timeout(LIMIT_S):
        await test
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"expected no task left, got {left}"


@pytest.fixture(params=list(Backend), ids=lambda backend: backend.value)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each backend in turn."""
    found: Backend = request.param
    return found


@pytest.fixture(autouse=True)
def _no_thread_left() -> Any:
    before = set(threading.enumerate())
    yield
    left = [thread for thread in threading.enumerate() if thread not in before and "letitcrash" in thread.name]
    assert not left, f"expected no thread left, got {left}"
