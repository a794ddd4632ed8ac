"""Writes the files of a new adapter: kit, toy runtime, and the adapter with a marked place for each call."""

from __future__ import annotations

import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from letitcrash_conformance.adapters.calls import STEPS, count_clauses, list_calls
from letitcrash_conformance.adapters.languages import Language
from letitcrash_conformance.adapters.table import render_table
from letitcrash_conformance.errors import UsageError

__all__ = ["count_author_lines", "render_files", "write_adapter"]

_SUFFIX = ".tmpl"
_PLACE = re.compile(r"^.*@@STUBS@@.*\n", re.MULTILINE)
_COUNT = re.compile(r"@@COUNT (\w+)@@")


def write_adapter(language: Language, folder: Path) -> list[Path]:
    """Write a new adapter into a folder, which is made if it is not there.

    Returns:
        The files, sorted.

    Raises:
        UsageError: If the folder holds something already, or cannot be written.
    """
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(
                f"expected a folder that is new or empty, got {str(folder)!r}\n"
                "  name another one: nothing that is there is ever overwritten"
            )
        written: list[Path] = []
        for name, text in render_files(language).items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise UsageError(f"expected a folder to write to, got {str(folder)!r}: {error.strerror}") from error
    return sorted(written)


def render_files(language: Language) -> dict[str, str]:
    """Return the files of a new adapter by their names within its folder, sorted."""
    package = files("letitcrash_conformance")
    templates = _read(package / "adapters" / "templates" / language.name, "")
    found = {name.removesuffix(_SUFFIX): text for name, text in templates.items()}
    found.update({name: package.joinpath(place).read_text(encoding="utf-8") for name, place in language.borrowed})
    found["protocol.json"] = render_table()
    found[language.adapter] = _fill(found[language.adapter], language)
    return dict(sorted(found.items()))


def count_author_lines(language: Language) -> int:
    """Count the lines that the adapter of the toy takes, without blank lines, comments, stubs, kit and toy."""
    template = (
        files("letitcrash_conformance") / "adapters" / "templates" / language.name / f"{language.adapter}{_SUFFIX}"
    )
    text = _PLACE.sub("", template.read_text(encoding="utf-8"))
    text = re.sub(r'"""(?:.|\n)*?"""', "", text) if language.name in ("python", "elixir") else text
    lines = (line.strip() for line in text.splitlines())
    mark = language.comment.strip() if language.comment != "%%" else "%"
    return sum(1 for line in lines if line and not line.startswith(mark))


def _read(folder: Traversable, prefix: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for entry in folder.iterdir():
        if entry.is_dir():
            found.update(_read(entry, f"{prefix}{entry.name}/"))
        elif entry.name.endswith(_SUFFIX):
            found[prefix + entry.name] = entry.read_text(encoding="utf-8")
    return found


def _fill(text: str, language: Language) -> str:
    counts = count_clauses()
    text = _COUNT.sub(lambda match: f"{counts[match[1]]} clauses", text)
    return _PLACE.sub(lambda _: _write_stubs(language), text)


def _write_stubs(language: Language) -> str:
    counts = count_clauses()
    calls = list_calls()
    lines: list[str] = []
    for number, step in enumerate(STEPS, 1):
        if number == 1:
            continue
        more = counts[step.feature]
        gain = f"{more} more clauses" if more else "no clause of its own, finer checks of others"
        lines += ["", f"{language.comment} == {number}. {step.feature}: {gain}"]
        if step.hint:
            lines.append(f"{language.comment} {step.hint}")
        for call in calls:
            if call.feature == step.feature:
                lines += ["", *language.write_stub(call)]
        for name, returns in step.hooks:
            lines += ["", *language.write_hook(name, returns)]
    return "".join(f"{language.indent}{line}".rstrip() + "\n" for line in lines)
