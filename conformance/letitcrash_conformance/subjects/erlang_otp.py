"""Real Erlang/OTP as a subject: compiles the harness that ships as source beside this module, and starts it.

The harness needs `erl` only (Debian: the package erlang-base). It is compiled once for each version of the harness and
of OTP, into the user's cache directory. Several processes may start subjects at the same time: each compiles into a
directory of its own and moves it into place as a whole.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import tempfile
from importlib.resources import files
from pathlib import Path

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.wire import CommandSubject

__all__ = ["erlang_command", "erlang_subject"]

_INSTALL = "install Erlang/OTP 25 or newer so that `erl` is on the PATH (Debian, Ubuntu: apt-get install erlang-base)"
_TIMEOUT_S = 120.0
_COMPILE = """
    [Out | Sources] = init:get_plain_arguments(),
    Failed = [Result || Source <- Sources,
                        Result <- [compile:file(Source, [{outdir, Out}, deterministic, return_errors])],
                        element(1, Result) =/= ok],
    Failed =:= [] orelse io:format("~0tp~n", [hd(Failed)]),
    halt(length(Failed)).
"""


def erlang_subject(schedulers: int | None = None) -> CommandSubject:
    """Start real Erlang/OTP behind the protocol.

    Args:
        schedulers: On how many schedulers, that is threads that run Erlang code, the virtual machine shall run; None
            for one. With one the order of events varies least, with more processes run truly at the same time.

    Returns:
        The running subject; close it after use.

    Raises:
        UsageError: If there is no `erl`, if it cannot compile the harness, or if `schedulers` is not above zero.
        SubjectError: If the harness did not start.
    """
    return CommandSubject(erlang_command(schedulers))


def erlang_command(schedulers: int | None = None) -> list[str]:
    """Return the command that starts the harness, compiling it before if that is still to be done.

    Args:
        schedulers: As for `erlang_subject`.

    Returns:
        Program and arguments. The command speaks the protocol on its standard input and output.

    Raises:
        UsageError: As for `erlang_subject`.
    """
    count = 1 if schedulers is None else schedulers
    if count < 1:
        raise UsageError(f"expected at least one scheduler, got {schedulers!r}")
    erl = shutil.which("erl")
    if erl is None:
        raise UsageError(f"expected Erlang's `erl` on the PATH, got none: {_INSTALL}")
    # No file of the user is read, no report is printed, Ctrl-C is left to the suite, and a crash leaves no dump.
    return [
        *(erl, "-noinput", "-boot", "no_dot_erlang", "-kernel", "logger_level", "none"),
        *("-env", "ERL_CRASH_DUMP_SECONDS", "0", "+Bi", "+S", f"{count}:{count}"),
        *("-pa", str(_compiled(erl)), "-s", "lic_main", "start"),
    ]


def _compiled(erl: str) -> Path:
    """Return the directory with the compiled harness."""
    sources = _read_sources()
    version = _read_version(erl)
    digest = hashlib.sha256(f"{version}\0{_COMPILE}".encode())
    for name, text in sources.items():
        digest.update(f"\0{name}\0".encode() + text)
    place = f"otp-{digest.hexdigest()[:20]}"
    refusals: list[str] = []
    for find_root in (_user_cache, _temporary_cache):
        try:
            root = find_root()
            _make_private(root)
            target = root / place
            if not all((target / name).with_suffix(".beam").is_file() for name in sources):
                _compile(erl, sources, target)
            return target
        except (OSError, RuntimeError) as error:
            refusals.append(str(error))
    raise UsageError(
        f"expected a place to keep the compiled Erlang harness, got {'; '.join(refusals)}\n"
        "  set XDG_CACHE_HOME to a directory that you may write to"
    )


def _read_sources() -> dict[str, bytes]:
    folder = files("letitcrash_conformance.subjects") / "erlang"
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(folder.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".erl")
    }


def _read_version(erl: str) -> str:
    """Return what tells one OTP from another: the file of its release if it is where it should be, else ask it."""
    try:
        return Path(erl).resolve().parent.parent.joinpath("releases", "start_erl.data").read_text()
    except (OSError, UnicodeDecodeError):
        ask = "io:put_chars([erlang:system_info(S) ++ [32] || S <- [otp_release, version]]), halt()."
        return _run_erl([erl, "-noinput", "-boot", "no_dot_erlang", "-eval", ask])


def _compile(erl: str, sources: dict[str, bytes], target: Path) -> None:
    """Compile into a fresh directory beside the target and move the result there as a whole."""
    with tempfile.TemporaryDirectory(prefix="making-", dir=target.parent, ignore_cleanup_errors=True) as fresh:
        source, beams = Path(fresh, "src"), Path(fresh, "ebin")
        source.mkdir()
        beams.mkdir()
        for name, text in sources.items():
            source.joinpath(name).write_bytes(text)
        arguments = [str(beams), *(str(source / name) for name in sources)]
        _run_erl([erl, "-noinput", "-boot", "no_dot_erlang", "-eval", _COMPILE, "-extra", *arguments])
        try:
            beams.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            # Somebody was faster, or a part of an older one is left; then each file is put into its place.
            for beam in beams.iterdir():
                beam.replace(target / beam.name)


def _run_erl(command: list[str]) -> str:
    try:
        done = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"expected {command[0]} to end within {_TIMEOUT_S:.0f} s, got nothing: {_INSTALL}") from None
    except OSError as error:
        raise UsageError(f"expected {command[0]} to be Erlang's `erl`, got {error}: {_INSTALL}") from None
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip().splitlines() or [f"exit code {done.returncode}"]
        raise UsageError(f"expected {command[0]} to compile the Erlang harness, got {said[0][:300]}: {_INSTALL}")
    return done.stdout


def _user_cache() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "letitcrash" / "erlang"


def _temporary_cache() -> Path:
    return Path(tempfile.gettempdir(), f"letitcrash-erlang-{os.getuid() if hasattr(os, 'getuid') else 'user'}")


def _make_private(root: Path) -> None:
    """Create the directory, and refuse one that somebody else could put code into."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not hasattr(os, "getuid"):
        return
    about = root.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise PermissionError(f"{root} belongs to somebody else or may be written by others")
