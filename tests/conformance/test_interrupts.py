"""An interrupt ends a run, also where Python drops its exception."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Generator

import pytest

import letitcrash_conformance
from letitcrash_conformance import interrupts
from letitcrash_conformance.__main__ import main
from letitcrash_conformance.run import run
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.catalogue import load_clauses
from tests.support.deaf import Deaf


class Late:
    """Is interrupted while it is destroyed."""

    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):  # the handler runs between two instructions of the main thread
            pass


@pytest.fixture(autouse=True)
def handlers() -> Generator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_is_raised_at_once(number: signal.Signals) -> None:
    interrupts.listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_one_that_a_destructor_dropped_is_raised_by_the_next_check() -> None:
    interrupts.listen()
    Late()
    with pytest.raises(KeyboardInterrupt):
        interrupts.check()
    interrupts.check()


def test_a_new_command_knows_nothing_of_earlier_interrupts() -> None:
    interrupts.listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    interrupts.listen()
    interrupts.check()


def test_a_run_knows_nothing_of_interrupts_that_came_before_it() -> None:
    interrupts.listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    clauses = frozenset(load_clauses())
    chapters = ["genserver"]
    result = run(ReferenceSubject, subject="reference", selected=clauses, listener=Deaf(), chapters=chapters, budget=1)
    assert not result.is_interrupted


def test_one_that_is_held_waits_for_the_next_check() -> None:
    with interrupts.held():
        signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_one_that_is_held_is_raised_at_the_end_at_the_latest() -> None:
    with pytest.raises(KeyboardInterrupt), interrupts.held():
        signal.raise_signal(signal.SIGINT)


def test_a_second_one_does_not_wait() -> None:
    with interrupts.held():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()


def test_handlers_are_as_before_when_nothing_is_held_any_more() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    with interrupts.held():
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    assert signal.signal(signal.SIGINT, before) is signal.SIG_IGN


def test_other_threads_leave_signals_alone() -> None:
    done = list[bool]()

    def work() -> None:
        interrupts.listen()
        with interrupts.held():
            done.append(True)

    before = signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot wait here")
def test_one_that_is_postponed_comes_afterwards() -> None:
    interrupts.listen()
    steps = list[str]()

    def interrupt() -> None:
        with interrupts.postponed():
            signal.pthread_kill(threading.get_ident(), signal.SIGINT)
            steps.append("inside")
        steps.append("outside")

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert steps == ["inside"]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals cannot wait here")
def test_a_process_that_ignores_a_postponed_one_never_hears_of_it() -> None:
    with interrupts.postponed():
        signal.pthread_kill(threading.get_ident(), signal.SIGINT)
        interrupts.ignore()
        assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())


def test_an_interrupt_while_the_command_is_loaded_ends_it_in_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def find_spec(self, name: str, path: object, target: object = None) -> None:
            if name == "letitcrash_conformance.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "letitcrash_conformance.cli", raising=False)
    monkeypatch.delattr(letitcrash_conformance, "cli", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Interrupted(), *sys.meta_path])

    assert main() == 130
    assert capsys.readouterr().err == "letitcrash: interrupted\n"
