"""What the suite reads: answers of harnesses, and files. Whatever stands there, the end is a clear error."""

from __future__ import annotations

import contextlib
import io
import json
import random
import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from pathlib import Path

from letitcrash_conformance.cli import main as run_cli
from letitcrash_conformance.config import read_config
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.framing import BadHarnessError, LineBuffer, parse_answer
from letitcrash_conformance.generate import generate
from letitcrash_conformance.known_file import read_known
from letitcrash_conformance.program import Program
from letitcrash_conformance.recorder_fields import dump_hello
from letitcrash_conformance.recorder_reader import read_report
from letitcrash_conformance.replay import read_replay, write_replay
from letitcrash_conformance.results import Finding, Unit
from letitcrash_conformance.session import Session
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import RandomSource
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_fuzz.campaign import campaign
from letitcrash_fuzz.noise import break_bytes, break_json, draw_bytes, dump
from letitcrash_fuzz.store import Store
from letitcrash_fuzz.target import Target
from letitcrash_fuzz.totals import KnownFind, Totals
from letitcrash_spec.clausefile import parse_chapter
from letitcrash_spec.errors import CatalogueError, MessageError
from letitcrash_spec.hello import Hello, HelloError, parse_hello
from letitcrash_spec.messages import Answer, Operation
from letitcrash_spec.model.diagnose import Violation
from letitcrash_spec.operations import PROTOCOL_VERSION
from letitcrash_spec.validator import validate_answer

__all__ = ["READERS", "Attack"]

Attack = Callable[[random.Random], None]
"""One attempt; raises what must not come."""

_CHAPTERS = ("links", "genserver", "supervisor", "histories", "timers")
_KNOWN = """\
[[known]]
clause = "LNK-3"
reason = "not written yet"
kind = "failing"
until = 2999-01-31
where = ["links on thread"]

[[known]]
clause = "GS-21"
reason = "lost under load"
kind = "flaky"
runs = "3 of 5"
budget = 200
"""
_CONFIG = """\
subject = "mine"
budget = "smoke"
seed = 7
chapters = ["links", "monitors"]
backends = ["async"]

[subjects.mine]
command = "./harness --quiet"
timeout = 20.0
env = { MODE = "test" }

[subjects.other]
target = "reference"
"""


@contextlib.contextmanager
def _answers() -> Generator[Attack]:
    """Lines of a harness: random bytes, broken answers, answers to another request."""
    exchanges = [*_exchanges()]

    def attack(chance: random.Random) -> None:
        operation, answer = chance.choice(exchanges)
        line = dump({"id": 7, **answer})
        kind = chance.randrange(4)
        if kind == 0:
            line = draw_bytes(chance)
        elif kind == 1:
            line = break_bytes(line, chance)
        else:
            line = dump(break_json({"id": 7, **answer}, chance))
        lines = LineBuffer()
        with contextlib.suppress(BadHarnessError, MessageError):
            for one in lines.feed(line + b"\n"):
                validate_answer(operation, parse_answer(one, 7, 9))

    yield attack


@contextlib.contextmanager
def _hellos() -> Generator[Attack]:
    """Descriptions of a subject."""
    subject = ReferenceSubject()
    hello = {**dump_hello(subject.hello), "protocol": PROTOCOL_VERSION}
    subject.close()
    parse_hello(hello)

    def attack(chance: random.Random) -> None:
        with contextlib.suppress(HelloError):
            parse_hello(break_json(hello, chance))

    yield attack


class _Liar:
    """The reference, with one answer broken; a broken answer that the protocol allows is for the model to judge."""

    def __init__(self) -> None:
        self._subject = ReferenceSubject()
        self.chance = random.Random(0)

    @property
    def hello(self) -> Hello:
        return self._subject.hello

    def run(self, operations: Sequence[Operation]) -> list[Answer]:
        answers = self._subject.run(operations)
        for _ in range(20):
            place = self.chance.randrange(len(answers))
            broken = break_json(answers[place], self.chance)
            with contextlib.suppress(MessageError, BadHarnessError):
                answer = parse_answer(dump({"id": 1, **broken} if isinstance(broken, dict) else broken), 1, 1)
                validate_answer(operations[place], answer)
                answers[place] = answer
                break
        return answers

    def close(self) -> None:
        self._subject.close()


@contextlib.contextmanager
def _judgements() -> Generator[Attack]:
    """Answers that the protocol allows and no runtime gives: the model judges them all."""
    liar = _Liar()
    session = Session(liar)

    def attack(chance: random.Random) -> None:
        liar.chance = chance
        with contextlib.suppress(SubjectError):
            session.run(_program(liar, chance))

    try:
        yield attack
    finally:
        liar.close()


@contextlib.contextmanager
def _replays() -> Generator[Attack]:
    """Replay files."""
    with _file("replay.json") as path:
        samples = [_replay(path.parent, number) for number in range(8)]
        yield _attack_file(path, samples, lambda: read_replay(path))


@contextlib.contextmanager
def _reports() -> Generator[Attack]:
    """Files that `--json` wrote, for `letitcrash report`."""
    with _file("run.jsonl") as path, contextlib.redirect_stdout(io.StringIO()):
        run_cli(["run", "reference", "--chapter", "registry,links", "--budget", "3", "--json", str(path), "-q"])
        sample = path.read_bytes()

        def read() -> None:
            read_report(path)

        yield _attack_file(path, [sample], read, is_lines=True)


@contextlib.contextmanager
def _configs() -> Generator[Attack]:
    """Configuration files."""
    with _file("letitcrash.toml") as path:
        yield _attack_file(path, [_CONFIG.encode()], lambda: read_config(path), is_json=False)


@contextlib.contextmanager
def _knowns() -> Generator[Attack]:
    """Lists of what is known to fail."""
    with _file("known.toml") as path:
        yield _attack_file(path, [_KNOWN.encode()], lambda: read_known(path), is_json=False)


@contextlib.contextmanager
def _states() -> Generator[Attack]:
    """The kept state of a campaign."""
    with _file("links-async/state.json") as path:
        store = Store(path.parent.parent)
        totals = Totals()
        totals.add(campaign(Target(ReferenceSubject, "links", "async", "random", 1), 0, 5))
        totals.finds["LNK-1-aaaaaa.json"] = KnownFind("LNK-1", "LNK-1-aaaaaa.json", "it differs", 7)
        store.save("links-async", totals)
        try:
            yield _attack_file(path, [path.read_bytes()], lambda: store.load("links-async"))
        finally:
            store.close()


@contextlib.contextmanager
def _clauses() -> Generator[Attack]:
    """Clause files."""
    from importlib.resources import files

    sample = files("letitcrash_spec").joinpath("clauses", "links.toml").read_bytes()

    def attack(chance: random.Random) -> None:
        text = break_bytes(sample, chance).decode("utf-8", "replace")
        with contextlib.suppress(CatalogueError):
            parse_chapter("links", text)

    yield attack


READERS: dict[str, Callable[[], contextlib.AbstractContextManager[Attack]]] = {
    "answers": _answers,
    "clauses": _clauses,
    "configs": _configs,
    "hellos": _hellos,
    "judgements": _judgements,
    "knowns": _knowns,
    "replays": _replays,
    "reports": _reports,
    "states": _states,
}
"""What is attacked in this process, by name."""


@contextlib.contextmanager
def _file(name: str) -> Generator[Path]:
    with tempfile.TemporaryDirectory(prefix="letitcrash-hostile-") as folder:
        path = Path(folder, name)
        path.parent.mkdir(exist_ok=True)
        yield path


def _attack_file(
    path: Path, samples: Sequence[bytes], read: Callable[[], object], *, is_json: bool = True, is_lines: bool = False
) -> Attack:
    """Return what writes a broken file and reads it."""

    def attack(chance: random.Random) -> None:
        sample = chance.choice(samples)
        kind = chance.randrange(4)
        if kind == 0:
            data = draw_bytes(chance) if chance.random() < 0.1 else break_bytes(sample, chance)
        elif not is_json:
            data = break_bytes(sample, chance)
        elif is_lines:
            lines = sample.splitlines()
            place = chance.randrange(len(lines))
            lines[place] = dump(break_json(json.loads(lines[place]), chance))
            data = b"\n".join(lines) + b"\n"
        else:
            data = dump(break_json(json.loads(sample), chance))
        path.write_bytes(data)
        with contextlib.suppress(UsageError):
            read()

    return attack


def _program(subject: Subject, chance: random.Random) -> Program:
    hello = subject.hello
    return generate(RandomSource(chance.randrange(1 << 40)), Setting.of(hello, chance.choice(_CHAPTERS), "async"))


def _exchanges() -> Iterator[tuple[Operation, Answer]]:
    """Give operations of every kind with what the reference answers."""
    subject = ReferenceSubject()
    try:
        for number in range(30):
            program = _program(subject, random.Random(number))
            yield from zip(program.operations, Session(subject).run(program).answers, strict=False)
    finally:
        subject.close()


def _replay(folder: Path, number: int) -> bytes:
    """Return a replay file as the suite writes it."""
    subject = ReferenceSubject()
    try:
        program = _program(subject, random.Random(number))
        answers = Session(subject).run(program).answers
        violation = Violation("GS-21", 0, program.operations[0], "it differs", ("one", "other"), None)
        unit = Unit("links", "async", 20, 7)
        finding = Finding(violation, program, tuple(answers), unit, 3, len(program.operations), 2, 2)
        path = write_replay(folder, finding, hello=subject.hello, subject="reference")
        return path.read_bytes()
    finally:
        subject.close()
