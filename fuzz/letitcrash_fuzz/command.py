"""The command `letitcrash fuzz`: checks what is asked for, runs the campaign, and shows what it found."""

from __future__ import annotations

import argparse
import json
import random
import re
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from letitcrash_conformance.console import Screen
from letitcrash_conformance.errors import UsageError
from letitcrash_conformance.lookup import SubjectFactory, find_subject
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_lines import Line, count
from letitcrash_conformance.replay import write_replay
from letitcrash_fuzz.against import fuzz_against
from letitcrash_fuzz.cluster import Cluster, load_dask
from letitcrash_fuzz.corpus import minimize, show_input
from letitcrash_fuzz.crew import Crew
from letitcrash_fuzz.display import Display
from letitcrash_fuzz.engines import BEST, refuse_engine
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.fuzzing import Campaign, Fuzzing, Goal
from letitcrash_fuzz.lines import find_folders
from letitcrash_fuzz.report import build_json, render_campaign
from letitcrash_fuzz.share import Share, open_share
from letitcrash_fuzz.store import Store
from letitcrash_fuzz.target import Target, choose_packages, supported
from letitcrash_spec.hello import Hello

__all__ = ["handle"]


@dataclass(slots=True)
class _Keeper:
    """Writes finds as replay files."""

    folder: Path
    hello: Hello
    factory: SubjectFactory
    error: OSError | None = None

    def keep(self, find: Find) -> None:
        try:
            write_replay(
                self.folder,
                find.finding,
                hello=self.hello,
                subject="" if self.factory.command else self.factory.text,
                command=self.factory.command,
            )
        except OSError as error:
            self.error = error

    def repeat(self, name: str) -> str:
        return f"letitcrash replay {shlex.quote(str(self.folder / name))}"


def handle(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code.

    Raises:
        UsageError: If something asked for does not exist.
        SubjectError: If the subject cannot be started.
    """
    _check(arguments)
    factory = find_subject(arguments.subject, command=arguments.command)
    if arguments.against is not None:
        return fuzz_against(arguments, factory)
    share = None if arguments.share is None else open_share(arguments.share)
    subject = shlex.join(factory.command) if factory.command else factory.text
    screen = Screen(sys.stdout, arguments.color)
    hello, targets = _choose_targets(arguments, factory)
    folder: Path = arguments.corpus or Path(".letitcrash", "fuzz", re.sub(r"[^\w.-]+", "-", subject)[:60] or "subject")
    if arguments.input is not None:
        return show_input(arguments.input, targets, screen, subject)
    store = Store(folder)
    try:
        if arguments.minimize:
            screen.show(minimize(store, targets))
            return 0
        return _fuzz(arguments, factory, subject, screen, hello, targets, store, share)
    finally:
        store.close()


def _fuzz(
    arguments: argparse.Namespace,
    factory: SubjectFactory,
    subject: str,
    screen: Screen,
    hello: Hello,
    targets: list[Target],
    store: Store,
    share: Share | None,
) -> int:
    goal = Goal(arguments.minutes * 60, arguments.runs)
    keeper = _Keeper(arguments.replay_dir, hello, factory)
    display = Display(screen, keeper.keep, is_quiet=arguments.quiet)
    crew: Callable[[Path], Crew] | None = None
    if arguments.cluster is not None:
        crew = partial(Cluster, arguments.cluster, arguments.processes)
    fuzzing = Fuzzing(factory, targets, store, display, arguments.processes, crew, share)
    if not arguments.quiet:
        screen.show(_describe(subject, targets, arguments, store, fuzzing.campaign))
    try:
        campaign = fuzzing.run(goal)
    finally:
        if share is not None:
            share.close()
        display.close()
    screen.show([Line("")] if not arguments.quiet else [])
    screen.show(
        render_campaign(campaign, subject=subject, folder=store.folder, repeat=keeper.repeat, width=screen.width)
    )
    if share is not None and not arguments.quiet:
        screen.show([Line(f"shared    {count(share.taken, 'input')} read, {share.given} written")])
    code = campaign.exit_code
    for error, what in ((store.error, f"the folder {str(store.folder)!r}"), (keeper.error, "replay files")):
        if error is not None:
            _warn(f"{what} could not be written: {error.strerror}\n  make room or name another folder, and run again")
            code = code or 2
    if arguments.json is not None:
        data = build_json(campaign, subject=subject, folder=store.folder, replay_dir=arguments.replay_dir)
        try:
            arguments.json.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", "utf-8")
        except OSError as error:
            _warn(f"the report {str(arguments.json)!r} could not be written: {error.strerror}")
            code = code or 2
    return code


def _check(arguments: argparse.Namespace) -> None:
    """Refuse numbers and files that make no sense, before anything is started.

    Raises:
        UsageError: If there are any.
    """
    if not 0 < arguments.minutes < float("inf"):
        raise UsageError(f"expected a number of minutes above zero with --minutes, got {arguments.minutes!r}")
    if arguments.runs is not None and arguments.runs < 1:
        raise UsageError(f"expected a number of programs above zero with --runs, got {arguments.runs}")
    if arguments.processes < 1:
        raise UsageError(f"expected a number of processes above zero with -n, got {arguments.processes}")
    if arguments.share is not None:
        for word, is_given in (
            ("--against", arguments.against is not None),
            ("--minimize", arguments.minimize),
            ("--input", arguments.input is not None),
        ):
            if is_given:
                raise UsageError(f"expected --share without {word}: inputs are shared by campaigns alone")
    if arguments.cluster is not None:
        load_dask()
    if arguments.engine is not None:
        refuse_engine(arguments.engine)
    path: Path | None = arguments.json
    if path is not None and (path.is_dir() or not path.parent.is_dir()):
        raise UsageError(
            f"expected a file to write to with --json, got {str(path)!r}: it is a folder, or its is missing"
        )


def _choose_targets(arguments: argparse.Namespace, factory: SubjectFactory) -> tuple[Hello, list[Target]]:
    """Return what the subject said, and what to search.

    Raises:
        UsageError: If a chapter, a backend or a package does not exist.
        SubjectError: If the subject cannot be started.
    """
    first = factory()
    try:
        hello = first.hello
        packages = choose_packages(first, _words(arguments.instrument))
    finally:
        first.close()
    find_folders(packages)
    known = supported(hello)
    chapters = _words(arguments.chapter)
    for chapter in chapters:
        if chapter not in CHAPTERS:
            raise UsageError(f"expected a chapter ({', '.join(CHAPTERS)}), got {chapter!r}")
        if chapter not in known:
            raise UsageError(f"expected a chapter that {hello.name} supports ({', '.join(known)}), got {chapter!r}")
    if not known:
        raise UsageError(f"expected a subject with servers to fuzz, got {hello.name}, which declares none")
    everything = [*hello.backends, "mixed"] if len(hello.backends) > 1 else list(hello.backends)
    backends = _words(arguments.backend) or [hello.default_backend]
    if "all" in backends:
        backends = everything
    for backend in backends:
        if backend not in everything:
            raise UsageError(f"expected a backend of {hello.name}: {', '.join(everything)}, got {backend!r}")
    seed = random.SystemRandom().randrange(1_000_000) if arguments.seed is None else arguments.seed
    one = Target(factory, "", "", arguments.engine or BEST, seed, packages)
    pairs = [(chapter, backend) for backend in backends for chapter in chapters or known]
    return hello, [replace(one, chapter=chapter, backend=backend) for chapter, backend in dict.fromkeys(pairs)]


def _describe(
    subject: str, targets: list[Target], arguments: argparse.Namespace, store: Store, campaign: Campaign
) -> list[Line]:
    first = targets[0]
    backends = ", ".join(dict.fromkeys(target.backend for target in targets))
    chapters = list(dict.fromkeys(target.chapter for target in targets))
    what = chapters[0] if len(chapters) == 1 else count(len(chapters), "chapter")
    limit = f"{arguments.minutes:g} min" + ("" if arguments.runs is None else f" or {arguments.runs:,} programs")
    lines = [
        Line(
            f"letitcrash {suite_version()} fuzzing {subject}: {what} on {backends}, engine {first.engine}, "
            f"{limit}, {_describe_crew(arguments)}, seed {first.seed}"
        )
    ]
    before = sum(totals.executions for totals in campaign.totals.values())
    if before:
        finds = sum(len(totals.finds) for totals in campaign.totals.values())
        lines.append(
            Line(f"goes on in {store.folder}: {count(before, 'program')}, {count(finds, 'find')} so far", "dim")
        )
    return lines


def _describe_crew(arguments: argparse.Namespace) -> str:
    if arguments.cluster:
        return f"the cluster at {arguments.cluster}"
    where = "" if arguments.cluster is None else " in a dask cluster of this machine"
    return count(arguments.processes, "process", "processes") + where


def _words(values: list[str] | None) -> list[str]:
    return [word.strip() for value in values or () for word in value.split(",") if word.strip()]


def _warn(text: str) -> None:
    print(f"letitcrash: {text}", file=sys.stderr)
