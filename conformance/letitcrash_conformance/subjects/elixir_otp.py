"""Real Elixir as a subject: compiles the harness that ships as source beside this module, and starts it.

The harness needs `elixir` and the `erl` that it runs on (Debian: the package elixir). What is the same in both
languages is written in Erlang: a file of the folder `elixir` takes the place of the file of that stem in the folder
`erlang`.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.subjects.beams import find_beams, read_sources, run_tool
from letitcrash_conformance.wire import CommandSubject

__all__ = ["elixir_command", "elixir_subject"]

_INSTALL = "install Elixir 1.14 or newer so that `elixir` is on the PATH (Debian, Ubuntu: apt-get install elixir)"
_COMPILE = """
    [out | sources] = System.argv()
    {erlang, elixir} = Enum.split_with(sources, &String.ends_with?(&1, ".erl"))
    options = [{:outdir, String.to_charlist(out)}, :deterministic, :return_errors]
    results = Enum.map(erlang, &:compile.file(String.to_charlist(&1), options))
    failed = Enum.filter(results, &(elem(&1, 0) != :ok))
    if failed != [], do: IO.inspect(hd(failed), width: :infinity)
    Code.prepend_path(out)
    compiled = Kernel.ParallelCompiler.compile_to_path(elixir, out, return_diagnostics: true)
    if failed != [] or elem(compiled, 0) != :ok, do: System.halt(1)
"""


def elixir_subject(schedulers: int | None = None) -> CommandSubject:
    """Start real Elixir behind the protocol.

    Args:
        schedulers: On how many schedulers, that is threads that run code of the virtual machine, it shall run; None for
            one. With one the order of events varies least, with more processes run truly at the same time.

    Returns:
        The running subject; close it after use.

    Raises:
        UsageError: If there is no `elixir` or no `erl`, if it cannot compile the harness, or if `schedulers` is not
            above zero.
        SubjectError: If the harness did not start.
    """
    return CommandSubject(elixir_command(schedulers))


def elixir_command(schedulers: int | None = None) -> list[str]:
    """Return the command that starts the harness, compiling it before if that is still to be done.

    Args:
        schedulers: As for `elixir_subject`.

    Returns:
        Program and arguments. The command speaks the protocol on its standard input and output.

    Raises:
        UsageError: As for `elixir_subject`.
    """
    count = 1 if schedulers is None else schedulers
    if count < 1:
        raise UsageError(f"expected at least one scheduler, got {schedulers!r}")
    elixir, erl = shutil.which("elixir"), shutil.which("erl")
    if elixir is None or erl is None:
        missing = "elixir" if elixir is None else "erl"
        raise UsageError(f"expected Elixir's `{missing}` on the PATH, got none: {_INSTALL}")
    library = _find_library(elixir)
    # No file of the user is read, no report is printed, Ctrl-C is left to the suite, and a crash leaves no dump.
    return [
        *(erl, "-noinput", "-boot", "no_dot_erlang", "-kernel", "logger_level", "none"),
        *("-env", "ERL_CRASH_DUMP_SECONDS", "0", "+Bi", "+S", f"{count}:{count}"),
        *("-pa", str(_compiled(elixir, erl, library)), "-pa", str(library), "-s", "lic_main", "start"),
    ]


def _find_library(elixir: str) -> Path:
    """Return the directory with Elixir's own compiled modules: where it should be, else ask for it."""
    library = Path(elixir).resolve().parent.parent / "lib" / "elixir" / "ebin"
    if library.joinpath("elixir.app").is_file():
        return library
    return Path(_run_elixir([elixir, "-e", "IO.write(:code.lib_dir(:elixir))"])) / "ebin"


def _compiled(elixir: str, erl: str, library: Path) -> Path:
    """Return the directory with the compiled harness."""
    sources = read_sources("elixir", ".ex")
    written = {Path(name).stem for name in sources}
    shared = {name: text for name, text in read_sources("erlang", ".erl").items() if Path(name).stem not in written}

    def compile_into(beams: Path, files: Sequence[Path]) -> str:
        return _run_elixir([elixir, "-e", _COMPILE, "--", str(beams), *(str(file) for file in files)])

    return find_beams("Elixir", f"{_read_version(erl, library)}\0{_COMPILE}", shared | sources, compile_into)


def _read_version(erl: str, library: Path) -> str:
    """Return what tells one Elixir, and one OTP below it, from another."""
    release = Path(erl).resolve().parent.parent / "releases" / "start_erl.data"
    parts = (library / "elixir.app", release)
    return "\0".join([str(library), *(part.read_text(errors="replace") for part in parts if part.is_file())])


def _run_elixir(command: list[str]) -> str:
    return run_tool(command, expected="Elixir's `elixir` and to compile the harness", install=_INSTALL)
