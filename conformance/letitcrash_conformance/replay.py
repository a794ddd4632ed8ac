"""Replay files: a finding as readable JSON that can be edited, sent to somebody, and run again."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.needs import features_of
from letitcrash_conformance.program import Program
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.recorder_fields import Fields, dump_hello
from letitcrash_conformance.results import Finding, Unit
from letitcrash_conformance.simulation.schedule import Schedule
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Json, Operation

__all__ = ["FORMAT", "Replay", "find_replays", "name_replay", "read_replay", "refuse_replay", "retime", "write_replay"]

FORMAT = "letitcrash-replay 1"

MAX_BYTES = 4_000_000
"""How big a file may be: far bigger than any program."""

_ADVICE = "  a replay file is what `letitcrash run` writes for a violation; see the example in its folder, or run again"


_NOWHERE = Unit("world", "", 0, 0)


@dataclass(frozen=True, slots=True)
class Replay:
    """A replay file.

    Attributes:
        path: The file.
        subject: How the subject was named; empty if it cannot be named.
        command: The words of the subject's command, if it is one.
        hello: What the subject said of itself.
        clause: The clause that was broken.
        program: The program that shows it.
        suite: Version of the suite that wrote the file.
        schedule: The drawn schedule that shows it; None for the ordinary event loop.
        repeats: How often it failed when it was repeated,
        tries: and how often it was repeated; 0 if the file does not say.
        unit: The chapter, backend and seed that found it,
        example: the number of the example in it, from 0; -1 for a scenario, and if the file does not say,
        origin: and what made the program.
    """

    path: Path
    subject: str
    command: tuple[str, ...]
    hello: Hello
    clause: str
    program: Program
    suite: str
    schedule: Schedule | None = None
    repeats: int = 0
    tries: int = 0
    unit: Unit = _NOWHERE
    example: int = -1
    origin: str = ""


def name_replay(finding: Finding) -> str:
    """Return the name of a finding's file, the same for the same program: `"LNK-7-ab12cd.json"`."""
    schedule = finding.schedule
    extra = [] if schedule is None else [schedule.to_json()]
    told = json.dumps([finding.found_in.backend, finding.program.to_json(), *extra], sort_keys=True)
    return f"{finding.violation.clause}-{hashlib.sha256(told.encode()).hexdigest()[:6]}.json"


def write_replay(folder: Path, finding: Finding, *, hello: Hello, subject: str, command: Sequence[str] = ()) -> Path:
    """Write a finding into a folder, which is made if it is missing, and return the file.

    Args:
        folder: The folder.
        finding: The finding.
        hello: What the subject said of itself.
        subject: How the subject was named; empty if it cannot be named.
        command: The words of its command, if it is one.

    Raises:
        OSError: If the file cannot be written.
    """
    violation = finding.violation
    unit = finding.found_in
    head: dict[str, Json] = {
        "format": FORMAT,
        "suite": suite_version(),
        "subject": _dump_subject(subject, command),
        "hello": dump_hello(hello),
        "clause": violation.clause,
        "backend": unit.backend,
        "chapter": unit.chapter,
        "seed": unit.seed,
        "example": finding.example,
        "origin": finding.program.origin,
    }
    if finding.repeats < finding.tries:
        head["repeated"] = {"failed": finding.repeats, "runs": finding.tries}
    if finding.schedule is not None:
        head["schedule"] = dict(finding.schedule.to_json())
    tail: dict[str, Json] = {
        "for your information": {
            "step": violation.index + 1,
            "what": violation.what,
            "expected": list(violation.expected),
            "got": violation.got,
            "differences": list(violation.differences),
            **({"who ran when": list(finding.story)} if finding.story else {}),
        }
    }
    steps = ",\n".join(f"    {_json(step)}" for step in finding.program.to_json())
    rows = [f"  {_json(key)}: {_json(value)}" for key, value in head.items()]
    rows.append(f'  "program": [\n{steps}\n  ]')
    rows += [f"  {_json(key)}: {_json(value)}" for key, value in tail.items()]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name_replay(finding)
    path.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")
    return path


def _dump_subject(subject: str, command: Sequence[str]) -> dict[str, Json]:
    """Return how the subject is found again: by its name, its command, or both if a command has a name of its own."""
    if not command:
        return {"name": subject or None}
    is_named = subject and subject != shlex.join(command)
    return {**({"name": subject} if is_named else {}), "command": list(command)}


def read_replay(path: Path) -> Replay:
    """Read a replay file and check everything in it.

    The observations that every program needs are added where they were edited away.

    Raises:
        UsageError: If it cannot be read or is no replay file; the message says where in the file, and why.
    """
    text, value = _read_json(path)
    fields = Fields(value, str(path))
    if fields.data.get("format") != FORMAT:
        raise UsageError(f"{fields.broken('format', repr(FORMAT))}\n{_ADVICE}")
    hello = fields.hello("hello")
    clause = fields.text("clause")
    if clause not in load_clauses():
        raise fields.broken("clause", "a clause of the catalogue (`letitcrash spec` lists them)")
    operations = fields.operations("program", _operation_lines(text))
    if not operations:
        raise fields.broken("program", "a list of operations, at least one")
    who = fields.inner("subject")
    repeated = fields.inner("repeated") if fields.has("repeated") else None
    return Replay(
        path=path,
        subject=who.text("name") if who.has("name") else "",
        command=who.texts("command") if who.has("command") else (),
        hello=hello,
        clause=clause,
        program=_observed(operations, hello.clock, f"replay:{path}"),
        suite=fields.text("suite"),
        schedule=fields.schedule("schedule"),
        repeats=0 if repeated is None else repeated.whole("failed"),
        tries=0 if repeated is None else repeated.whole("runs"),
        unit=Unit(
            fields.text("chapter") if fields.has("chapter") else load_clauses()[clause].chapter,
            fields.text("backend") if fields.has("backend") else hello.default_backend,
            examples=1,
            seed=fields.whole("seed", least=None) if fields.has("seed") else 0,
            has_scenarios=False,
        ),
        example=fields.whole("example", least=-1) if fields.has("example") else -1,
        origin=fields.text("origin") if fields.has("origin") else f"replay:{path}",
    )


def find_replays(paths: Iterable[Path], on_missing: Callable[[UsageError], object] | None = None) -> Iterator[Path]:
    """Yield the replay files that are meant: files as they are, and for a folder its `*.json`, sorted by name.

    Args:
        paths: Files and folders.
        on_missing: Called, instead of raising, with the complaint about each path that is wrong.

    Raises:
        UsageError: If a path is not there, or a folder holds none.
    """
    for path in paths:
        try:
            inside = sorted(path.glob("*.json")) if path.is_dir() else [path] if path.exists() else []
            if not inside:
                got = f"in folder {str(path)!r}, got none" if path.is_dir() else f"or a folder, found no {str(path)!r}"
                raise UsageError(f"expected replay files (*.json) {got}")
        except UsageError as error:
            if on_missing is None:
                raise
            on_missing(error)
        else:
            yield from inside


def refuse_replay(replay: Replay, hello: Hello) -> str:
    """Say why a subject cannot run a program: features or backends that it does not have; empty if it can."""
    if missing := sorted(features_of(replay.program.operations) - hello.features):
        return f"the program needs {', '.join(missing)}, which {hello.name} does not declare"
    if strange := sorted(_backends_of(replay.program) - set(hello.backends)):
        return (
            f"the program uses backend {strange[0]!r}, and {hello.name} has {', '.join(hello.backends)}\n"
            f"edit 'backend' in {replay.path} to run it there"
        )
    return ""


def retime(program: Program, clock: str) -> Program:
    """Return a program with observations that fit a clock."""
    return Program.of(program.operations, clock=clock, origin=program.origin)


def _observed(operations: tuple[Operation, ...], clock: str, origin: str) -> Program:
    """Return the operations as they are if they have the observations that every program needs, else with them."""
    whole = Program.of(operations, clock=clock, origin=origin)
    if [operation.op for operation in whole.operations] == [operation.op for operation in operations]:
        return Program(operations, origin)
    return whole


def _backends_of(program: Program) -> set[str]:
    found: set[str] = set()

    def note(inside: dict[str, Json]) -> dict[str, Json]:
        if isinstance(inside.get("backend"), str):
            found.add(inside["backend"])
        return inside

    # A probe stands at any depth of actions and supervisors; the decoder visits every object.
    json.loads(json.dumps(program.to_json()), object_hook=note)
    return found


def _read_json(path: Path) -> tuple[str, Json]:
    try:
        if not path.is_file():
            raise UsageError(f"expected a replay file in {str(path)!r}, got something that is no file\n{_ADVICE}")
        if path.stat().st_size > MAX_BYTES:
            size = f"{path.stat().st_size:,} bytes"
            raise UsageError(f"expected at most {MAX_BYTES:,} bytes in {str(path)!r}, got {size}\n{_ADVICE}")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        what = f"expected a replay file in {str(path)!r}, could not read it: {error.strerror or error}"
        raise UsageError(what) from None
    except UnicodeDecodeError as error:
        what = f"expected UTF-8 text in {str(path)!r}, got byte {error.start} that is none"
        raise UsageError(f"{what}\n{_ADVICE}") from None
    try:
        return text, json.loads(text)
    except json.JSONDecodeError as error:
        rows = text.splitlines()
        row = rows[error.lineno - 1].strip() if error.lineno <= len(rows) else ""
        got = f"got {row[:80]!r}" if row else "got the end of the file"
        raise UsageError(
            f"expected JSON in {path}, line {error.lineno}, column {error.colno}, {got}: {error.msg}\n{_ADVICE}"
        ) from None
    except (RecursionError, ValueError) as error:
        what = "lists in lists without end" if isinstance(error, RecursionError) else "a number without end"
        raise UsageError(f"expected JSON that can be read in {path}, got {what}\n{_ADVICE}") from None


def _operation_lines(text: str) -> list[int]:
    """Return the lines on which operations begin, if each still has a line of its own."""
    return [number for number, row in enumerate(text.splitlines(), 1) if row.lstrip().startswith('{"op":')]


def _json(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)
