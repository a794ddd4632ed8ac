"""Finds a subject by what a user writes: a shipped name, `module:attribute`, or a command."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import inspect
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

from letitcrash_conformance.errors import LetItCrashError, SubjectError, UsageError
from letitcrash_conformance.inprocess_stack import describe_calls
from letitcrash_conformance.subject import Subject
from letitcrash_conformance.wire import CommandSubject, split_command

__all__ = ["SHIPPED", "SubjectFactory", "find_subject"]

SHIPPED: Mapping[str, str] = MappingProxyType(
    {
        "elixir": "letitcrash_conformance.subjects.elixir_otp:elixir_subject",
        "erlang": "letitcrash_conformance.subjects.erlang_otp:erlang_subject",
        "reference": "letitcrash_conformance.subjects.reference:ReferenceSubject",
    }
)
"""The subjects that come with the suite: their names, and where they are, sorted."""

_FORMS = (
    "  name a shipped subject (" + ", ".join(SHIPPED) + "), your own as 'module:attribute', "
    "or a harness with --command 'program arguments'"
)


@dataclass(frozen=True, slots=True)
class SubjectFactory:
    """Makes subjects, as often as one is needed, also in another process: it can be pickled.

    Attributes:
        text: What the user wrote, for messages; for a command its words in one line.
        target: Where the subject is, as `module:attribute`; empty for a command.
        command: The words of a command; empty for a target.
        folder: The folder from which modules are imported and in which a command runs.
        start_timeout_s: How long a command may take to answer hello, in seconds of real time.
        silence_s: How long a command may stay silent, in seconds of real time, as `CommandSubject` counts it.
        env: Variables for a command, on top of the environment.
    """

    text: str
    target: str = ""
    command: tuple[str, ...] = ()
    folder: str = ""
    start_timeout_s: float = 30.0
    silence_s: float = 30.0
    env: tuple[tuple[str, str], ...] = ()

    def __call__(self) -> Subject:
        """Make a subject; a target that is a subject already is given out itself.

        Raises:
            SubjectError: If it cannot be started or breaks while it starts.
            UsageError: If the target is not there any more, or makes something that is no subject.
        """
        if self.command:
            return CommandSubject(
                self.command,
                cwd=self.folder or None,
                env=dict(self.env),
                start_timeout_s=self.start_timeout_s,
                silence_s=self.silence_s,
            )
        found = _load(self.target, self.folder)
        made = _make(self.target, cast("Callable[[], object]", found)) if _is_maker(found) else found
        if not _is_subject(made):
            raise UsageError(f"expected {self.target!r} to make a subject with hello, run and close, got {made!r}")
        return cast("Subject", made)


def find_subject(
    text: str | None = None,
    command: Sequence[str] | str | None = None,
    *,
    start_timeout_s: float = 30.0,
    silence_s: float = 30.0,
    folder: Path | None = None,
) -> SubjectFactory:
    """Find a subject by name, by `module:attribute` or by command.

    A module is imported here, once, so that a mistake shows at once; nothing is started.

    Args:
        text: A name of `SHIPPED`, or a module and in it a class, a function without required parameters, or a
            subject. Modules of the current folder can be named too.
        command: A harness to start instead: its words, or one text that is split as a shell would.
        start_timeout_s: How long a command may take to answer hello, in seconds of real time.
        silence_s: How long a command may stay silent, in seconds of real time.
        folder: Where a command runs and modules are found; the current folder if left out.

    Raises:
        UsageError: If both or neither were given, or what was named is not there or is no subject.
    """
    place = str(Path.cwd() if folder is None else folder.resolve())
    if command is not None:
        if text is not None:
            raise UsageError(f"expected a subject or a command, got both: {text!r} and {command!r}")
        words = split_command(command)
        return SubjectFactory(
            " ".join(words), command=words, folder=place, start_timeout_s=start_timeout_s, silence_s=silence_s
        )
    if not text:
        raise UsageError(f"expected a subject, got {text!r}\n{_FORMS}")
    target = SHIPPED.get(text, text)
    module, colon, attribute = target.partition(":")
    if not colon or not module or not attribute:
        raise UsageError(f"expected a subject, got {text!r}{_nearest(text, SHIPPED)}\n{_FORMS}")
    found = _load(target, place)
    if not _is_maker(found) and not _is_subject(found):
        raise UsageError(
            f"expected {target!r} to be a subject, or a class or function that makes one, got {found!r}\n"
            "  a subject has hello, run and close; InProcessSubject and CommandSubject are bases to start from"
        )
    if _is_maker(found):
        _refuse_parameters(target, cast("Callable[..., object]", found))
    return SubjectFactory(text, target=target, folder=place)


def _make(target: str, maker: Callable[[], object]) -> object:
    try:
        return maker()
    except LetItCrashError:
        raise
    except (Exception, SystemExit) as error:
        last = traceback.format_exception_only(error)[-1].strip()
        calls = describe_calls(traceback.extract_tb(error.__traceback__)[1:])
        raise SubjectError(f"expected {target!r} to make a subject, got {last}\n{calls}".rstrip()) from error


def _load(target: str, folder: str) -> object:
    name, _, path = target.partition(":")
    if folder and folder not in sys.path:
        sys.path.insert(0, folder)
    found: object = _import(name, folder)
    for step in path.split("."):
        try:
            found = getattr(found, step)
        except AttributeError:
            near = _nearest(step, [key for key in dir(found) if not key.startswith("_")])
            raise UsageError(f"expected {path!r} in module {name!r}, found no {step!r}{near}") from None
    return found


def _import(name: str, folder: str) -> object:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if missing and (name == missing or name.startswith(f"{missing}.")):
            near = _nearest(name, _list_modules(missing, folder))
            raise UsageError(
                f"expected a module, found no {missing!r} in {folder or '.'} or on the path{near}"
            ) from None
        raise _explain_import(name, error) from error
    except (Exception, SystemExit) as error:
        raise _explain_import(name, error) from error


def _explain_import(name: str, error: BaseException) -> UsageError:
    last = traceback.format_exception_only(error)[-1].strip()
    if isinstance(error, SyntaxError):
        place = f" ({error.filename}:{error.lineno})"
    else:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
        place = f" ({frames[-1].filename}:{frames[-1].lineno})" if len(frames) > 1 else ""
    return UsageError(f"expected module {name!r} to import, got {last}{place}")


def _list_modules(missing: str, folder: str) -> list[str]:
    parent = missing.rpartition(".")[0]
    if parent:
        with contextlib.suppress(Exception):
            package = importlib.import_module(parent)
            return [f"{parent}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]
    return [module.name for module in pkgutil.iter_modules([folder or str(Path.cwd())])]


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _is_maker(found: object) -> bool:
    return inspect.isclass(found) or (callable(found) and not _is_subject(found))


def _is_subject(found: object) -> bool:
    kind: Any = type(found)
    return not inspect.isclass(found) and all(hasattr(kind, name) for name in ("hello", "run", "close"))


def _refuse_parameters(target: str, maker: Callable[..., object]) -> None:
    try:
        parameters = inspect.signature(maker).parameters.values()
    except (TypeError, ValueError):
        return
    variadic = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]
    if needed:
        raise UsageError(
            f"expected {target!r} to be callable without arguments, it needs {', '.join(needed)}\n"
            "  name a function that fills them in"
        )
    if inspect.isclass(maker) and not all(hasattr(maker, name) for name in ("hello", "run", "close")):
        raise UsageError(f"expected {target!r} to be a class of subjects with hello, run and close, got {maker!r}")
