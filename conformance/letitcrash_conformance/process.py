"""The process of a harness and everything that it starts, begun together and ended together.

The harness leads a session and process group of its own, so that one signal reaches the whole group and Ctrl-C in a
terminal reaches only the suite. Whatever left the group is found by a mark in its environment, where `/proc` shows it.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_spec.wording import shorten

__all__ = ["HarnessProcess"]

_TAIL_LINES = 40
_TAIL_WIDTH = 2000
_MARK = "LETITCRASH_HARNESS"
_TERMINATE_S = 1.0
_GONE_S = 2.0
_CHUNK = 1 << 16
_PROC = Path("/proc")


class HarnessProcess:
    """A started command with pipes to its standard streams.

    Attributes:
        pid: Its process id, which is the id of its process group and session too.
        stdin: Descriptor of the pipe to its standard input; writing never blocks. -1 when closed.
        stdout: Descriptor of the pipe from its standard output; reading never blocks. -1 when closed.
    """

    def __init__(self, command: Sequence[str], *, cwd: str | None, env: Mapping[str, str] | None) -> None:
        """Start the command.

        Raises:
            SubjectError: If there is no such command or it cannot be run.
            UsageError: If this machine has no process groups.
        """
        if os.name != "posix":
            raise UsageError(
                f"expected a POSIX system for a subject behind a command, got {sys.platform!r}: "
                "run the suite under WSL, or drive the subject in process"
            )
        self._mark = f"{_MARK}={uuid.uuid4().hex}"
        self._owner = os.getpid()
        self._is_ended = False
        self._status: int | None = None
        try:
            self._popen = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=cwd,
                env={**os.environ, **(env or {}), _MARK: self._mark.partition("=")[2]},
                bufsize=0,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise SubjectError(_explain_start(command, cwd, error)) from error
        stdin, stdout, stderr = self._popen.stdin, self._popen.stdout, self._popen.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        self.pid = self._popen.pid
        self.stdin = stdin.fileno()
        self.stdout = stdout.fileno()
        os.set_blocking(self.stdin, False)
        os.set_blocking(self.stdout, False)
        self._tail = _Tail()
        self._reader = threading.Thread(target=_collect, args=(stderr, self._tail), daemon=True)
        self._reader.start()

    @property
    def stderr(self) -> tuple[str, ...]:
        """The last lines of its standard error so far, oldest first."""
        return self._tail.lines()

    def has_reader(self) -> bool:
        """Whether anybody still holds the other end of its standard input."""
        poll = select.poll()
        poll.register(self.stdin, 0)
        return not poll.poll(0)

    def has_exited(self) -> bool:
        """Whether the command itself has ended; its descendants may live."""
        if self._status is None and not self._is_ended:
            if hasattr(os, "waitid"):
                # The dead leader is not reaped yet: it keeps the id of its group from being given to somebody else.
                flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
                with contextlib.suppress(ChildProcessError):
                    found = os.waitid(os.P_PID, self.pid, flags)
                    if found is not None:
                        is_exit = found.si_code == os.CLD_EXITED
                        self._status = found.si_status if is_exit else -found.si_status
            else:
                self._status = self._popen.poll()
        return self._status is not None

    def wait_exited(self, timeout_s: float) -> bool:
        """Wait until the command has ended, throwing away what it still writes; returns whether it has."""
        deadline = time.monotonic() + timeout_s
        poll = select.poll()
        if self.stdout >= 0:
            poll.register(self.stdout, select.POLLIN)
        nap_ms = 1
        while not self.has_exited():
            if time.monotonic() >= deadline:
                return False
            if poll.poll(nap_ms) and not self._drain():
                poll.unregister(self.stdout)
            nap_ms = min(nap_ms * 2, 20)
        return True

    def describe_exit(self) -> str:
        """Say how the command ended: `exited with code 3`, `was ended by SIGKILL`."""
        status = self._status
        if status is None:
            return "is still running"
        if status >= 0:
            return f"exited with code {status}"
        try:
            return f"was ended by {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by signal {-status}"

    def close_stdin(self) -> None:
        """Close the pipe to its standard input, which a harness takes as the end."""
        if self.stdin >= 0 and self._popen.stdin is not None:
            self.stdin = -1
            with contextlib.suppress(OSError):
                self._popen.stdin.close()

    def end(self, *, patience_s: float = 0.0, terminate_s: float = _TERMINATE_S) -> None:
        """End the command and all that it started: wait, then terminate, then kill. Safe to call twice.

        Args:
            patience_s: How long it may take to end by itself now that its input is closed, in seconds.
            terminate_s: How long it may take to end once it was asked to by SIGTERM, in seconds.
        """
        if self._is_ended or os.getpid() != self._owner:
            return
        self.close_stdin()
        try:
            if not self.wait_exited(patience_s) and terminate_s > 0:
                self._signal_group(signal.SIGTERM)
                self.wait_exited(terminate_s)
        finally:
            self._kill()

    def kill(self) -> None:
        """End the command and all that it started at once."""
        self.end(terminate_s=0.0)

    def _kill(self) -> None:
        self.has_exited()
        self._signal_group(signal.SIGKILL)
        _wait_gone(self.pid, _kill_marked(self._mark.encode()))
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._popen.wait(5.0)
        if self._status is None:
            self._status = self._popen.returncode
        self._is_ended = True
        if threading.current_thread() is not self._reader:
            self._reader.join(1.0)
        self.stdout = -1
        if self._popen.stdout is not None:
            self._popen.stdout.close()

    def _signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def _drain(self) -> bool:
        """Read and forget; returns False at the end of file."""
        try:
            return bool(os.read(self.stdout, _CHUNK))
        except BlockingIOError:
            return True
        except OSError:
            return False


class _Tail:
    """The last lines of a stream of bytes."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=_TAIL_LINES)
        self._rest = b""
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        *lines, rest = (self._rest + chunk).split(b"\n")
        with self._lock:
            self._lines.extend(lines[-_TAIL_LINES:])
            self._rest = rest[:_TAIL_WIDTH]

    def lines(self) -> tuple[str, ...]:
        with self._lock:
            lines = [*self._lines, self._rest] if self._rest else list(self._lines)
        cut = (line[:_TAIL_WIDTH].decode("utf-8", "backslashreplace") for line in lines[-_TAIL_LINES:])
        return tuple(line.rstrip("\r") for line in cut)


def _collect(stderr: IO[bytes], tail: _Tail) -> None:
    with stderr:
        while chunk := os.read(stderr.fileno(), _CHUNK):
            tail.add(chunk)


def _kill_marked(mark: bytes) -> set[int]:
    """Kill every process whose environment carries the mark, and whatever those start meanwhile; returns their ids."""
    killed: set[int] = set()
    for _ in range(10):
        found = _find_marked(mark)
        if not found:
            break
        for pid in found:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        killed.update(found)
        time.sleep(0.001)
    return killed


def _wait_gone(group: int, pids: set[int]) -> None:
    """Wait until what was killed has ended: SIGKILL only asks, and a busy machine takes its time. Bounded."""
    deadline = time.monotonic() + _GONE_S
    while _is_any_alive(group, pids) and time.monotonic() < deadline:
        time.sleep(0.002)


def _is_any_alive(group: int, pids: set[int]) -> bool:
    with contextlib.suppress(OSError):
        for entry in _PROC.iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    state, _, its_group = (entry / "stat").read_text().rpartition(")")[2].split()[:3]
                    if state not in "ZX" and (int(its_group) == group or int(entry.name) in pids):
                        return True
    return False


def _find_marked(mark: bytes) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):
        for entry in _PROC.iterdir():
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if mark in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
    return found


def _explain_start(command: Sequence[str], cwd: str | None, error: OSError | ValueError) -> str:
    shown = shorten(list(command))
    if isinstance(error, FileNotFoundError | NotADirectoryError) and cwd is not None and not Path(cwd).is_dir():
        return f"start of {shown}: expected a folder to start it in, got {cwd!r}"
    if isinstance(error, FileNotFoundError):
        if Path(command[0]).exists():
            return f"start of {shown}: expected {command[0]!r} to be runnable, its interpreter was not found"
        return f"start of {shown}: expected a command, found no {command[0]!r}; is it installed and on the PATH?"
    if isinstance(error, PermissionError):
        return f"start of {shown}: expected {command[0]!r} to be executable, got permission denied"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"start of {shown}: expected {command[0]!r} to be runnable, got: {reason}"
