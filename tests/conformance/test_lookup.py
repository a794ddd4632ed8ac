"""What a user may write to name a subject, and what is said when it is wrong."""

from __future__ import annotations

import pickle
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.lookup import SHIPPED, SubjectFactory, find_subject
from letitcrash_conformance.wire import CommandSubject
from letitcrash_spec.messages import Operation

GOOD = [sys.executable, str(Path(__file__).parents[1] / "support" / "harnesses" / "good.py")]
RESET = Operation("reset", {})
MODULE = """
from letitcrash_conformance.inprocess import InProcessSubject

class Mine(InProcessSubject):
    HELLO = {"protocol": 1, "name": "mine", "version": "1", "language": "python", "backends": ["task"],
             "clock": "virtual", "features": []}

    def reset(self): pass

class Holder:
    Inner = Mine

class Other: pass

def make(): return Mine()
def make_with(speed, *, colour, size=3): return Mine()
def make_nothing(): return None
def make_trouble(): raise ValueError("no room")
def make_an_end(): raise SystemExit("bye")

one = Mine()
number = 7
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder, with a module of subjects in it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    (tmp_path / "my_runtime.py").write_text(MODULE)
    yield tmp_path
    for name in set(sys.modules) - before:
        if Path(getattr(sys.modules[name], "__file__", None) or "/").is_relative_to(tmp_path):
            del sys.modules[name]


def refuse(text: str | None, command: str | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        find_subject(text, command)
    return str(caught.value)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("attribute", ["Mine", "make", "one", "Holder.Inner"])
def test_a_class_a_function_or_an_instance_of_the_current_folder_is_found(attribute: str) -> None:
    subject = find_subject(f"my_runtime:{attribute}")()
    assert subject.hello.name == "mine"
    assert subject.run([RESET]) == [{"ok": None}]
    subject.close()


@pytest.mark.usefixtures("folder")
def test_a_factory_makes_a_fresh_subject_each_time_but_gives_an_instance_out_itself() -> None:
    make, give = find_subject("my_runtime:Mine"), find_subject("my_runtime:one")
    first, second = make(), make()
    assert first is not second
    assert give() is give()
    for subject in (first, second, give()):
        subject.close()


def test_a_command_is_split_as_a_shell_would_or_taken_as_words(folder: Path) -> None:
    text = " ".join(f"'{word}'" for word in GOOD)
    for factory in (find_subject(command=text), find_subject(command=GOOD)):
        assert factory == SubjectFactory(" ".join(GOOD), command=tuple(GOOD), folder=str(folder))
        subject = factory()
        assert isinstance(subject, CommandSubject)
        assert subject.run([RESET]) == [{"ok": None}]
        subject.close()


def test_a_factory_that_was_pickled_makes_its_subject_in_a_process_elsewhere(folder: Path) -> None:
    data = pickle.dumps([find_subject("my_runtime:Mine"), find_subject(command=GOOD)])
    code = (
        "import pickle, sys\n"
        "for factory in pickle.loads(sys.stdin.buffer.read()):\n"
        "    subject = factory()\n"
        "    print(subject.hello.name)\n"
        "    subject.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=False, cwd=folder.parent, timeout=60
    )
    assert (done.stdout.decode().split(), done.stderr) == (["mine", "good"], b"")


def test_every_shipped_subject_is_where_the_table_says() -> None:
    for name in SHIPPED:
        assert find_subject(name).target == SHIPPED[name]


def test_a_name_that_is_not_shipped_is_answered_with_the_nearest_and_the_forms() -> None:
    assert refuse("erlnag") == (
        "expected a subject, got 'erlnag'; did you mean 'erlang'?\n"
        "  name a shipped subject (elixir, erlang, reference), your own as 'module:attribute', "
        "or a harness with --command 'program arguments'"
    )


@pytest.mark.parametrize("text", ["", None, "module:", ":attribute"])
def test_a_text_that_names_nothing_is_answered_with_the_forms(text: str | None) -> None:
    assert refuse(text).startswith(
        f"expected a subject, got {text!r}\n  name a shipped subject (elixir, erlang, reference)"
    )


def test_a_subject_and_a_command_at_once_are_refused() -> None:
    assert refuse("erlang", "./harness") == "expected a subject or a command, got both: 'erlang' and './harness'"


def test_a_module_that_is_not_there_is_answered_with_the_nearest_of_the_folder(folder: Path) -> None:
    assert refuse("my_runtim:Mine") == (
        f"expected a module, found no 'my_runtim' in {folder} or on the path; did you mean 'my_runtime'?"
    )


@pytest.mark.usefixtures("folder")
def test_a_module_that_is_not_in_its_package_is_answered_with_the_nearest_of_the_package() -> None:
    message = refuse("letitcrash_conformance.lokup:find_subject")
    assert message.startswith("expected a module, found no 'letitcrash_conformance.lokup' in ")
    assert message.endswith("; did you mean 'letitcrash_conformance.lookup'?")


@pytest.mark.usefixtures("folder")
def test_an_attribute_that_is_not_there_is_answered_with_the_nearest_of_the_module() -> None:
    assert refuse("my_runtime:Mien") == (
        "expected 'Mien' in module 'my_runtime', found no 'Mien'; did you mean 'Mine'?"
    )


@pytest.mark.parametrize(
    ("source", "last_line"),
    [
        ("import no_such_dependency\n", "ModuleNotFoundError: No module named 'no_such_dependency'"),
        ("x = 1\nraise ValueError('bad day')\n", "ValueError: bad day"),
        ("raise SystemExit(3)\n", "SystemExit: 3"),
    ],
)
def test_a_module_that_fails_to_import_is_shown_with_its_own_last_line(
    folder: Path, source: str, last_line: str
) -> None:
    (folder / "broken_runtime.py").write_text(textwrap.dedent(source))
    line = source.count("\n")
    assert refuse("broken_runtime:Mine") == (
        f"expected module 'broken_runtime' to import, got {last_line} ({folder / 'broken_runtime.py'}:{line})"
    )


def test_a_module_with_a_syntax_error_is_shown_with_its_place(folder: Path) -> None:
    (folder / "broken_runtime.py").write_text("def (:\n")
    message = refuse("broken_runtime:Mine")
    assert message.startswith("expected module 'broken_runtime' to import, got SyntaxError: ")
    assert message.endswith(f"({folder / 'broken_runtime.py'}:1)")


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("attribute", "message"),
    [
        (
            "make_with",
            (
                "expected 'my_runtime:make_with' to be callable without arguments, it needs speed, colour\n"
                "  name a function that fills them in"
            ),
        ),
        (
            "number",
            (
                "expected 'my_runtime:number' to be a subject, or a class or function that makes one, got 7\n"
                "  a subject has hello, run and close; InProcessSubject and CommandSubject are bases to start from"
            ),
        ),
        (
            "Other",
            (
                "expected 'my_runtime:Other' to be a class of subjects with hello, run and close, "
                "got <class 'my_runtime.Other'>"
            ),
        ),
    ],
)
def test_what_cannot_make_a_subject_is_refused(attribute: str, message: str) -> None:
    assert refuse(f"my_runtime:{attribute}") == message


@pytest.mark.usefixtures("folder")
def test_a_function_that_makes_something_else_is_refused_when_it_is_called() -> None:
    factory = find_subject("my_runtime:make_nothing")
    with pytest.raises(UsageError) as caught:
        factory()
    assert str(caught.value) == (
        "expected 'my_runtime:make_nothing' to make a subject with hello, run and close, got None"
    )


@pytest.mark.parametrize(
    ("attribute", "error", "line"),
    [("make_trouble", "ValueError: no room", 18), ("make_an_end", "SystemExit: bye", 19)],
)
def test_a_maker_that_raises_is_the_subjects_fault_and_told_with_its_place(
    folder: Path, attribute: str, error: str, line: int
) -> None:
    factory = find_subject(f"my_runtime:{attribute}")
    with pytest.raises(SubjectError) as caught:
        factory()
    first, place = str(caught.value).split("\n")
    assert first == f"expected 'my_runtime:{attribute}' to make a subject, got {error}"
    assert place.startswith(f"    {folder / 'my_runtime.py'}:{line} in {attribute}")
