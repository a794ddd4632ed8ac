"""Hostile suites: the adapters that `letitcrash new-adapter` begins, and requests that no suite sends."""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

from letitcrash_conformance.adapters import LANGUAGES, write_adapter
from letitcrash_conformance.errors import UsageError
from letitcrash_fuzz.noise import break_bytes, break_json, draw_bytes, dump
from letitcrash_spec.operations import PROTOCOL_VERSION

__all__ = ["attack", "attack_kit", "list_kits", "open_kit", "write_stream"]

BUILD_S = 300.0
PATIENCE_S = 60.0
"""How long a harness may take to end after the end of its input, in seconds."""

MOST = 10
_LONG = re.compile(rb'"(ms|timeout_ms|settle_ms|sleep)": ?[0-9.e+]{6,}')
"""A request to wait for ages, for which a harness may lawfully take ages."""

_TRACES = (b"Traceback (most recent", b"goroutine ", b"panicked at", b"    at ", b"RUST_BACKTRACE", b"init terminating")
_CHILD: dict[str, Any] = {"id": "a", "restart": "permanent", "shutdown": 5, "type": "worker", "start": {}}
_REQUESTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("spawn", {"as": "p1", "probe": {"trap_exit": True, "name": "n1"}}),
    ("call", {"to": "p1", "msg": ["add", 5]}),
    ("call", {"to": {"name": "n1"}, "msg": ["call", "p1", ["add", -(2**80)], 5]}),
    ("cast", {"to": "p1", "msg": ["spawn", "p2", {"init": [{"sleep": 1, "then": "ok"}]}, {"monitor": "m1"}]}),
    ("stop", {"to": "p1", "reason": {"shutdown": "x"}, "timeout_ms": 10}),
    ("exit", {"to": "p1", "reason": "kill"}),
    ("register", {"to": "p1", "name": "n2"}),
    ("observe", {"settle_ms": 10}),
    ("advance", {"ms": 5}),
    ("reset", {}),
    ("start_supervisor", {"as": "s1", "spec": {"strategy": "one_for_one", "children": [_CHILD]}}),
    ("parallel", {"clients": [[{"op": "advance", "args": {"ms": 0}}], []]}),
)


def list_kits() -> list[str]:
    """Return the languages of the kits."""
    return list(LANGUAGES)


@contextlib.contextmanager
def open_kit(name: str) -> Generator[Path]:
    """Write and build an adapter, in a folder that goes away.

    Raises:
        UsageError: If the tools of the language are missing or cannot build it.
    """
    language = LANGUAGES[name]
    for tool in language.tools:
        if shutil.which(tool) is None:
            raise UsageError(f"{tool} is not installed")
    with tempfile.TemporaryDirectory(prefix="letitcrash-hostile-") as text:
        folder = Path(text, "adapter")
        write_adapter(language, folder)
        if language.build:
            built = subprocess.run(
                language.build, cwd=folder, capture_output=True, text=True, timeout=BUILD_S, check=False
            )
            if built.returncode:
                raise UsageError(f"it cannot be built: {built.stderr.strip()[-300:]}")
        yield folder


def attack_kit(name: str, *, seed: int, attempts: int, seconds: float) -> tuple[int, list[tuple[int, str]]]:
    """Attack the kit of a language: each attempt is a harness of its own and a stream of requests.

    Returns:
        How many attempts were made, and the numbers and stories of those that went wrong.

    Raises:
        UsageError: If it cannot be built here.
    """
    found: list[tuple[int, str]] = []
    number = 0
    with open_kit(name) as folder:
        deadline = time.monotonic() + seconds
        while number < attempts and len(found) < MOST and (number == 0 or time.monotonic() < deadline):
            wrong = attack(folder, LANGUAGES[name].command, write_stream(random.Random(f"{seed} {name} {number}")))
            if wrong:
                found.append((number, wrong))
            number += 1
    return number, found


def write_stream(chance: random.Random) -> bytes:
    """Return a stream of requests, most of them nearly right."""
    lines = [dump({"id": 1, "op": "hello", "args": {"protocol": PROTOCOL_VERSION}})]
    for number in range(2, 2 + chance.choice((1, 3, 10, 30))):
        op, args = chance.choice(_REQUESTS)
        request = {"id": number, "op": op, "args": args}
        kind = chance.randrange(6)
        if kind == 0:
            lines.append(break_bytes(dump(request), chance))
        elif kind == 1:
            lines.append(draw_bytes(chance))
        elif kind < 5:
            lines.append(dump(break_json(request, chance)))
        else:
            lines.append(dump(request))
    if chance.random() < 0.2:
        lines[0] = dump(break_json(json.loads(lines[0]), chance))
    lines = [line for line in lines if not _LONG.search(line)]
    data = b"\n".join(lines) + b"\n"
    return data[: chance.randrange(len(data))] if chance.random() < 0.3 else data


def attack(folder: Path, command: tuple[str, ...], data: bytes) -> str:
    """Send a stream to a fresh harness. Returns what went wrong; empty if nothing did."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, errors = process.communicate(data, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        return f"expected it to end within {PATIENCE_S:.0f} s after its input, it did not"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    for trace in _TRACES:
        if trace in errors:
            return f"expected a clear message, got a trace: {errors[-300:].decode('utf-8', 'replace')}"
    if process.returncode < 0:
        return f"expected it to end by itself, it died of signal {-process.returncode}"
    if process.returncode and not errors.strip():
        return f"expected a message with status {process.returncode}, got none"
    *lines, rest = out.split(b"\n")
    if rest:
        return f"expected whole lines, got {rest[:80]!r} at the end"
    for line in lines:
        try:
            answer = json.loads(line, parse_int=str)  # of any length
        except ValueError:
            return f"expected JSON on standard output, got {line[:80]!r}"
        if not isinstance(answer, dict) or "id" not in answer:
            return f"expected answers with an id, got {line[:80]!r}"
    return ""
