"""`letitcrash replay`: runs stored programs again and says whether they still fail."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from letitcrash_conformance.config import Config
from letitcrash_conformance.config_options import add_config_options, find_named
from letitcrash_conformance.console import Screen
from letitcrash_conformance.engine import TRIES
from letitcrash_conformance.errors import SubjectError, UsageError
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.lookup import find_subject
from letitcrash_conformance.render_finding import (
    render_comparison,
    render_headline,
    render_schedule,
    render_steps,
)
from letitcrash_conformance.render_history import find_place
from letitcrash_conformance.render_lines import Line, count, wrap
from letitcrash_conformance.replay import Replay, find_replays, read_replay, refuse_replay, retime
from letitcrash_conformance.session import Outcome, Session
from letitcrash_conformance.shrink_histories import Luck
from letitcrash_conformance.simulation.choose import open_session
from letitcrash_conformance.simulation.schedule import Schedule
from letitcrash_conformance.simulation.session import ScheduledOutcome, ScheduledSession
from letitcrash_conformance.subject import Subject
from letitcrash_spec.hello import Hello

__all__ = ["State", "Verdict", "add_command", "repeat"]

_EXAMPLES = """\
examples:
  letitcrash replay .letitcrash/LNK-7-ab12cd.json
  letitcrash replay .letitcrash                              every file of the folder
  letitcrash replay LNK-7-ab12cd.json --subject mine:Fixed   the same program, another subject

Each file gets one line: FIXED (it holds in every try), STILL FAILS (with what differs), CANNOT RUN (the harness broke,
or the subject lacks what the program uses) or UNDECIDED (the model promises nothing about it).

exit codes:
  0  all fixed      1  one still fails      4  one cannot run      3  one is undecided
  2  a file is broken: the message says what, and where in the file
"""


class State(Enum):
    """What became of a stored program, with its exit code."""

    FIXED = ("FIXED", 0)
    STILL_FAILS = ("STILL FAILS", 1)
    CANNOT_RUN = ("CANNOT RUN", 4)
    UNDECIDED = ("UNDECIDED", 3)


@dataclass(frozen=True, slots=True)
class Verdict:
    """One file, run again.

    Attributes:
        state: What became of it.
        why: That in words.
        outcome: The run that failed, or None.
        hello: What the subject said of itself, or None if it could not be started.
    """

    state: State
    why: str
    outcome: Outcome | None = None
    hello: Hello | None = None


def add_command(add_parser: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = add_parser(
        "replay",
        help="repeat stored findings",
        description="Run the programs of replay files again.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE|DIR", help="replay files, or folders of them")
    parser.add_argument("--subject", metavar="SUBJECT", help="run on this subject instead of the one in the file")
    parser.add_argument("--command", metavar="WORDS", help="run on this harness instead of the one in the file")
    parser.add_argument("--tries", type=int, metavar="N", help="how often to run a program that does not fail at once")
    add_config_options(parser)
    parser.set_defaults(handler=_handle)


def repeat(replay: Replay, factory: Callable[[], Subject], *, tries: int | None = None) -> Verdict:
    """Run a stored program until it fails, or as often as it takes to believe that it does not.

    Args:
        replay: The file.
        factory: Makes the subject.
        tries: How often to run it; None for as often as a finding is repeated before it is reported.
    """
    try:
        subject = factory()
    except SubjectError as error:
        return Verdict(State.CANNOT_RUN, str(error))
    session: Session | None = None
    try:
        hello = subject.hello
        refusal = refuse_replay(replay, hello) or _refuse_schedule(replay, subject)
        if refusal:
            return Verdict(State.CANNOT_RUN, refusal, hello=hello)
        session = Session(subject) if replay.schedule is None else _open_session(replay, replay.schedule, factory)
        program = replay.program if hello.clock == replay.hello.clock else retime(replay.program, hello.clock)
        number = _tries_of(replay, hello) if tries is None else tries
        for attempt in range(1, number + 1):
            outcome = session.run_thoroughly(program)
            judgement = outcome.judgement
            if judgement.violation is not None:
                if isinstance(session, ScheduledSession) and isinstance(outcome, ScheduledOutcome):
                    outcome = session.tell(outcome)
                now = judgement.violation.clause
                changed = "" if now == replay.clause else f", it was {replay.clause}"
                why = f"{now} is broken{changed} (try {attempt} of {number})"
                return Verdict(State.STILL_FAILS, why, outcome, hello)
            if judgement.undecided is not None:
                return Verdict(State.UNDECIDED, judgement.undecided, outcome, hello)
    except SubjectError as error:
        return Verdict(State.CANNOT_RUN, str(error), hello=subject.hello)
    finally:
        subject.close()
        if session is not None:
            session.subject.close()
    return Verdict(State.FIXED, f"{replay.clause} holds in {number} of {count(number, 'try', 'tries')}", hello=hello)


def _tries_of(replay: Replay, hello: Hello) -> int:
    """Return how often to run a program: the more often, the seldomer it failed when it was found."""
    luck = Luck(TRIES[hello.clock])
    if replay.repeats and replay.tries:
        luck.measured(replay.repeats, replay.tries)
    return luck.tries


def _refuse_schedule(replay: Replay, subject: Subject) -> str:
    """Say why a subject cannot run on the schedule of a file; empty if it can, or if there is none."""
    if replay.schedule is None:
        return ""
    ours = subject if isinstance(subject, InProcessSubject) else None
    if replay.schedule.tier == "tasks":
        if ours is None or not ours.SIMULATED:
            return "the program needs a drawn schedule, and the subject names no backends that run on one (SIMULATED)"
    elif ours is None or not ours.SIMULATED_THREADS:
        return "the program needs a drawn schedule of threads, and the subject names no SIMULATED_THREADS"
    return ""


def _open_session(replay: Replay, schedule: Schedule, factory: Callable[[], Subject]) -> ScheduledSession:
    session = open_session(factory, schedule.tier)
    session.schedule = schedule
    session.wanted = replay.clause  # where the recorded schedule does not show it, others may
    return session


def _handle(arguments: argparse.Namespace) -> int:
    if arguments.tries is not None and arguments.tries < 1:
        raise UsageError(f"expected a number of tries above zero, got {arguments.tries}")
    instead = None
    if arguments.subject is not None or arguments.command is not None:
        instead = find_named(arguments.settings, arguments.subject, arguments.command)
    screen = Screen(sys.stdout, arguments.color)
    codes: list[int] = []
    for path in find_replays(arguments.paths):
        try:
            replay = read_replay(path)
            factory = instead if instead is not None else _find(replay, arguments.settings)
        except UsageError as error:
            print(f"letitcrash: {error}", file=sys.stderr)
            codes.append(2)
            continue
        verdict = repeat(replay, factory, tries=arguments.tries)
        _show(replay, verdict, screen)
        codes.append(verdict.state.value[1])
    return next((code for code in (2, 1, 4, 3) if code in codes), 0)


def _find(replay: Replay, config: Config | None) -> Callable[[], Subject]:
    try:
        is_named = config is not None and replay.subject in config.subjects
        if replay.command and not is_named:
            return find_subject(command=replay.command)
        if not replay.subject:
            raise UsageError("expected the name of a subject in the file, got none")
        return find_named(config, replay.subject)
    except UsageError as error:
        advice = "  name the subject with --subject module:attribute or --command '...'"
        raise UsageError(f"{error} (in {replay.path})\n{advice}") from None


def _show(replay: Replay, verdict: Verdict, screen: Screen) -> None:
    style = {State.FIXED: "good", State.STILL_FAILS: "bad"}.get(verdict.state, "warn")
    first = f"{verdict.state.value[0]:<11}  {replay.path}: "
    why = verdict.why.splitlines()
    lines = [Line(f"{first}{why[0]}", "good" if style == "good" else "bad" if style == "bad" else "warn")]
    lines += [Line(f"    {text}") for text in why[1:]]
    outcome = verdict.outcome
    if verdict.state is State.STILL_FAILS and outcome is not None and verdict.hello is not None:
        violation = outcome.judgement.violation
        assert violation is not None
        hello = verdict.hello
        lines += [Line(""), *render_headline(violation, screen.width), Line("")]
        lines += [*render_comparison(violation, screen.width), Line("")]
        place = find_place(violation)
        lines += render_steps(outcome.program.operations, outcome.answers, violation.index, screen.width, place=place)
        if isinstance(outcome, ScheduledOutcome):
            lines += [Line(""), *render_schedule(outcome.schedule, outcome.story, screen.width)]
        who = f"{hello.name} {hello.version} ({hello.language}), {hello.clock} clock"
        lines += [Line(""), *wrap(who, first="subject    ", width=screen.width), Line("")]
    screen.show(lines)
