"""Compiles harnesses for Erlang's virtual machine, once for each version of harness and compiler.

What is compiled is kept in the user's cache directory. Several processes may start subjects at the same time: each
compiles into a directory of its own and moves it into place as a whole.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from letitcrash_conformance.errors import UsageError

__all__ = ["find_beams", "read_sources", "run_tool"]

_TIMEOUT_S = 120.0


def read_sources(folder: str, suffix: str) -> dict[str, bytes]:
    """Read the sources that ship in a folder beside this module.

    Args:
        folder: The name of the folder.
        suffix: How the names of the sources end, such as ".erl".

    Returns:
        The contents by file name, sorted by name.
    """
    place = files("letitcrash_conformance.subjects") / folder
    return {
        entry.name: entry.read_bytes()
        for entry in sorted(place.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(suffix)
    }


def find_beams(
    language: str, version: str, sources: Mapping[str, bytes], compile_into: Callable[[Path, Sequence[Path]], object]
) -> Path:
    """Return the directory with the compiled harness, compiling it before if that is still to be done.

    Args:
        language: The name of the language, for messages and for the place in the cache.
        version: What tells one compiler, and one way to call it, from another.
        sources: The contents of the sources by file name; each gives a module of its own, named like the file.
        compile_into: Compiles the sources, given as files, into a directory; both exist.

    Raises:
        UsageError: If there is no place to keep the result, or if `compile_into` raises it.
    """
    digest = hashlib.sha256(version.encode())
    for name, text in sources.items():
        digest.update(f"\0{name}\0".encode() + text)
    refusals: list[str] = []
    for find_root in (_user_cache, _temporary_cache):
        try:
            root = find_root(language.lower())
            _make_private(root)
            target = root / f"beams-{digest.hexdigest()[:20]}"
            if not all((target / name).with_suffix(".beam").is_file() for name in sources):
                _compile(sources, target, compile_into)
            return target
        except (OSError, RuntimeError) as error:
            refusals.append(str(error))
    raise UsageError(
        f"expected a place to keep the compiled {language} harness, got {'; '.join(refusals)}\n"
        "  set XDG_CACHE_HOME to a directory that you may write to"
    )


def run_tool(command: Sequence[str], *, expected: str, install: str) -> str:
    """Run a tool of the language to its end.

    Args:
        command: Program and arguments.
        expected: What the tool is to be and to do, for messages: "Erlang's `erl` and to compile the harness".
        install: How to install it, for messages.

    Returns:
        What it wrote to its standard output.

    Raises:
        UsageError: If it cannot be run, does not end within two minutes, or ends with another exit code than 0.
    """
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
        raise UsageError(f"expected {command[0]} to end within {_TIMEOUT_S:.0f} s, got nothing: {install}") from None
    except OSError as error:
        raise UsageError(f"expected {command[0]} to be {expected}, got {error}: {install}") from None
    if done.returncode != 0:
        said = " ".join((done.stdout + done.stderr).split()) or f"exit code {done.returncode}"
        raise UsageError(f"expected {command[0]} to be {expected}, got {said[:300]}: {install}")
    return done.stdout


def _compile(
    sources: Mapping[str, bytes], target: Path, compile_into: Callable[[Path, Sequence[Path]], object]
) -> None:
    """Compile into a fresh directory beside the target and move the result there as a whole."""
    with tempfile.TemporaryDirectory(prefix="making-", dir=target.parent, ignore_cleanup_errors=True) as fresh:
        source, beams = Path(fresh, "src"), Path(fresh, "ebin")
        source.mkdir()
        beams.mkdir()
        for name, text in sources.items():
            source.joinpath(name).write_bytes(text)
        compile_into(beams, [source / name for name in sources])
        try:
            beams.rename(target)
        except OSError:
            if not target.is_dir():
                raise
            # Somebody was faster, or a part of an older one is left; then each file is put into its place.
            for beam in beams.iterdir():
                beam.replace(target / beam.name)


def _user_cache(language: str) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path("~/.cache").expanduser()) / "letitcrash" / language


def _temporary_cache(language: str) -> Path:
    return Path(tempfile.gettempdir(), f"letitcrash-{language}-{os.getuid() if hasattr(os, 'getuid') else 'user'}")


def _make_private(root: Path) -> None:
    """Create the directory, and refuse one that somebody else could put code into."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not hasattr(os, "getuid"):
        return
    about = root.lstat()
    if not stat.S_ISDIR(about.st_mode) or about.st_uid != os.getuid() or about.st_mode & 0o022:
        raise PermissionError(f"{root} belongs to somebody else or may be written by others")
