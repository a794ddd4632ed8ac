"""Faults, and how they are planted: single lines of the reference are replaced while a test runs.

A fault is written as a difference, the way a careless patch would have made it. The code of the function is exchanged
in place, so that it acts wherever the function was imported to, and comes back afterwards. A fragment that is not there
any more fails loudly: the reference has changed, and the mutant must follow.
"""

from __future__ import annotations
import __future__

import ast
import contextlib
import inspect
import pkgutil
import textwrap
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from types import CodeType, FunctionType
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["EVERYWHERE", "Count", "Edit", "Mutant"]

EVERYWHERE = ("async", "blocking", "thread", "mixed")
"""The backends of the reference, and their mix."""

_ANNOTATIONS = __future__.annotations.compiler_flag


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement in the text of one function.

    Attributes:
        where: The function, the method, or the property, whose getter is meant, as `pkgutil.resolve_name` reads it.
        before: A piece of its text that occurs once.
        after: What stands there instead. Further lines are indented like the line in which `before` begins.
    """

    where: str
    before: str
    after: str

    def find(self) -> FunctionType:
        """Return the plain function whose code is exchanged."""
        found: object = pkgutil.resolve_name(self.where)
        found = found.fget if isinstance(found, property) else getattr(found, "__func__", found)
        assert isinstance(found, FunctionType)
        return found

    def apply(self, source: str) -> str:
        """Return the text of the function with the replacement made.

        Raises:
            LookupError: If `before` does not occur exactly once.
        """
        count = source.count(self.before)
        if count != 1:
            raise LookupError(
                f"expected {self.before!r} once in {self.find().__qualname__}, found it {count} times\n"
                "  the reference has changed: let the mutant follow"
            )
        start = source.index(self.before)
        line = source[source.rfind("\n", 0, start) + 1 :]
        indent = line[: len(line) - len(line.lstrip())]
        return source.replace(self.before, self.after.replace("\n", f"\n{indent}"))


class Count:
    """Counts, for each process of each world on its own, how often it was asked."""

    def __init__(self) -> None:
        self._counts: WeakKeyDictionary[Any, Counter[int]] = WeakKeyDictionary()

    def __call__(self, process: Any) -> int:
        """Return 1 for the first time with this process, 2 for the second, and so on."""
        counts = self._counts.setdefault(process.runtime, Counter())
        counts[process.pid.number] += 1
        return counts[process.pid.number]


def _nothing() -> dict[str, Callable[[], Any]]:
    return {}


@dataclass(frozen=True, slots=True)
class Mutant:
    """The reference with one fault.

    Attributes:
        name: A short name, unique among all.
        fault: What is wrong, in one sentence.
        clauses: Each of these names the fault; one of them must be what the suite reports.
        edits: The replacements that make it.
        backends: Where it can show: backends of the reference, and `"mixed"`.
        names: Names that the edited functions see beside their own, each with a function that makes its value.
        is_hard: Whether it shows on one backend, after a while, for one reason or in one order only.
        survives: Why the suite does not catch it yet; empty if it does.
    """

    name: str
    fault: str
    clauses: frozenset[str]
    edits: tuple[Edit, ...]
    backends: tuple[str, ...] = EVERYWHERE
    names: Mapping[str, Callable[[], Any]] = field(default_factory=_nothing)
    is_hard: bool = False
    survives: str = ""

    @contextlib.contextmanager
    def plant(self) -> Generator[None]:
        """Let the reference be faulty inside the block.

        Raises:
            LookupError: If the reference has changed where the fault belongs.
        """
        sources: dict[FunctionType, str] = {}
        for edit in self.edits:
            function = edit.find()
            source = sources.get(function)
            if source is None:
                source = textwrap.dedent(inspect.getsource(function))
            sources[function] = edit.apply(source)
        codes = {function: _compile(function, source, self.name) for function, source in sources.items()}
        honest = {function: function.__code__ for function in codes}
        values = {name: make() for name, make in self.names.items()}
        try:
            for function, code in codes.items():
                function.__globals__.update(values)
                function.__code__ = code
            yield
        finally:
            for function, code in honest.items():
                function.__code__ = code
                for name in values:
                    function.__globals__.pop(name, None)


def _compile(function: FunctionType, source: str, name: str) -> CodeType:
    tree = ast.parse(source)
    node = tree.body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    node.decorator_list = []
    scope: dict[str, Any] = {}
    exec(  # the text is that of the reference and of this folder
        compile(tree, f"<mutant {name}>", "exec", flags=_ANNOTATIONS, dont_inherit=True),
        dict(function.__globals__),
        scope,
    )
    code: CodeType = scope[function.__name__].__code__
    return code
