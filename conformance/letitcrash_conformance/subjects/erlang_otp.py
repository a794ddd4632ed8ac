"""Real Erlang/OTP as a subject: compiles the harness that ships as source beside this module, and starts it.

The harness needs `erl` only (Debian: the package erlang-base). It is compiled once for each version of the harness and
of OTP, into the user's cache directory.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.subjects.beams import find_beams, read_sources, run_tool
from letitcrash_conformance.wire import CommandSubject

__all__ = ["erlang_command", "erlang_subject"]

_INSTALL = "install Erlang/OTP 25 or newer so that `erl` is on the PATH (Debian, Ubuntu: apt-get install erlang-base)"
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

    def compile_into(beams: Path, sources: Sequence[Path]) -> str:
        arguments = [str(beams), *(str(source) for source in sources)]
        return _run_erl([erl, "-noinput", "-boot", "no_dot_erlang", "-eval", _COMPILE, "-extra", *arguments])

    return find_beams("Erlang", f"{_read_version(erl)}\0{_COMPILE}", read_sources("erlang", ".erl"), compile_into)


def _read_version(erl: str) -> str:
    """Return what tells one OTP from another: the file of its release if it is where it should be, else ask it."""
    try:
        return Path(erl).resolve().parent.parent.joinpath("releases", "start_erl.data").read_text()
    except (OSError, UnicodeDecodeError):
        ask = "io:put_chars([erlang:system_info(S) ++ [32] || S <- [otp_release, version]]), halt()."
        return _run_erl([erl, "-noinput", "-boot", "no_dot_erlang", "-eval", ask])


def _run_erl(command: list[str]) -> str:
    return run_tool(command, expected="Erlang's `erl` and to compile the harness", install=_INSTALL)
