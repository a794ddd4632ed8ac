"""The end of a campaign: what was visited, what was hardly ever visited, and what was found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from letitcrash_conformance.recorder import suite_version
from letitcrash_conformance.render_finding import Context, render_finding
from letitcrash_conformance.render_lines import Line, count, wrap
from letitcrash_fuzz.fuzzing import Campaign
from letitcrash_fuzz.states import KINDS
from letitcrash_fuzz.totals import Totals
from letitcrash_spec.catalogue import load_clauses

__all__ = ["FORMAT", "build_json", "render_campaign"]

FORMAT = "letitcrash-fuzz-report 1"
MOST_RARE = 6
_RARE = {"state": "states", "pair": "operations in states", "step": "steps"}


def render_campaign(
    campaign: Campaign, *, subject: str, folder: Path, repeat: Callable[[str], str], width: int
) -> list[Line]:
    """Return the report of a campaign.

    Args:
        campaign: The campaign.
        subject: How the subject was named.
        folder: Where it is kept.
        repeat: Returns the command that repeats a find, by the name of its replay file.
        width: Columns of the text.
    """
    lines: list[Line] = []
    for _, find in campaign.finds:
        context = Context(subject, campaign.hello, suite_version(), repeat(find.name), width)
        lines += [*render_finding(find.finding, context), Line("")]
        if not find.is_shrunk:
            lines[-1:] = [Line("It was neither shrunk nor repeated: the campaign ended first.", "warn"), Line("")]
    lines += _render_numbers(campaign, folder, width)
    lines += _render_rare(campaign, width)
    for known in campaign.again:
        lines += wrap(f"{known.clause}: {repeat(known.name)}", first="again     ", width=width, style="bad")
    return [*lines, Line(""), *_render_verdict(campaign, width)]


def _render_numbers(campaign: Campaign, folder: Path, width: int) -> list[Line]:
    seconds = max(campaign.seconds, 0.001)
    before = sum(totals.executions for totals in campaign.totals.values()) - campaign.executions
    earlier = f"; {before:,} in earlier runs" if before > 0 else ""
    runs = (
        f"{count(campaign.executions, 'program')} ({campaign.executions / seconds:,.0f} a second), "
        f"{count(campaign.operations, 'operation')} in {seconds:,.0f} s{earlier}"
    )
    exercised: Counter[str] = Counter()
    undecided = 0
    for totals in campaign.totals.values():
        exercised.update(totals.exercised)
        undecided += sum(totals.undecided.values())
    checked = sum(1 for clause in load_clauses().values() if clause.is_checked)
    visited = (
        f"{campaign.count('state'):,} states of the model, {campaign.count('step'):,} steps between them, "
        f"{campaign.count('pair'):,} pairs of operation and state, {campaign.count('world'):,} shapes of the world; "
        f"{len(exercised)} of {checked} clauses"
    )
    if campaign.count("code"):
        visited += f"; {count(campaign.count('code'), 'line')} of the subject"
    corpus = sum(len(totals.knowledge.corpus) for totals in campaign.totals.values())
    lines = wrap(runs, first="ran       ", width=width)
    lines += wrap(visited, first="visited   ", width=width)
    lines += wrap(f"{count(corpus, 'input')} in {folder}", first="corpus    ", width=width)
    if undecided:
        text = f"{count(undecided, 'program')}, where nothing is promised or the lawful orders are too many"
        lines += wrap(text, first="unjudged  ", width=width)
    if campaign.troubles:
        text = f"the harness broke or a worker died {count(campaign.troubles, 'time')}; the inputs are in 'troubles'"
        lines += wrap(text, first="broken    ", width=width, style="warn")
    return lines


def _render_rare(campaign: Campaign, width: int) -> list[Line]:
    """Return what was hardly ever visited, a few of each kind."""
    lines: list[Line] = []
    for kind, word in _RARE.items():
        rare: list[tuple[int, str, str]] = []
        for name, totals in campaign.totals.items():
            rare += [(hits, name, feature) for feature, hits in totals.knowledge.rare(kind, MOST_RARE)]
        if not rare:
            continue
        lines.append(Line(f"rare {word}:", "dim"))
        for hits, name, feature in sorted(rare)[:MOST_RARE]:
            text = feature.removeprefix(f"{kind} ")
            lines += wrap(f"{text} ({name})", first=f"  {hits}x  ", width=width, style="dim")
    return lines


def _render_verdict(campaign: Campaign, width: int) -> list[Line]:
    finds = [find for _, find in campaign.finds if not find.finding.is_flaky]
    flaky = len(campaign.finds) - len(finds)
    clauses = sorted({find.clause for find in finds})
    lines: list[Line] = []
    if campaign.error:
        lines += wrap(f"given up: {campaign.error}", width=width, style="bad")
    if finds:
        text = f"found {count(len(finds), 'new violation')} of {', '.join(clauses)}"
        lines += wrap(text, width=width, style="bad")
    elif campaign.again:
        lines.append(Line(f"found nothing new; {count(len(campaign.again), 'known violation')} is there still", "bad"))
    elif not campaign.executions:
        lines.append(Line("nothing was run: give it more time", "warn"))
    else:
        lines.append(Line("found nothing", "good"))
    if flaky:
        lines.append(Line(f"{count(flaky, 'violation')} seen once and never again (flaky)", "warn"))
    if campaign.is_interrupted:
        lines.append(Line("interrupted; the same command goes on from here", "warn"))
    return lines


def build_json(campaign: Campaign, *, subject: str, folder: Path, replay_dir: Path) -> dict[str, Any]:
    """Return everything as JSON-shaped data."""
    hello = campaign.hello
    first = campaign.targets[0]
    return {
        "format": FORMAT,
        "suite": suite_version(),
        "subject": subject,
        "implementation": {"name": hello.name, "version": hello.version, "language": hello.language},
        "engine": first.engine,
        "seed": first.seed,
        "folder": str(folder),
        "replay_dir": str(replay_dir),
        "seconds": round(campaign.seconds, 3),
        "executions": campaign.executions,
        "operations": campaign.operations,
        "is_interrupted": campaign.is_interrupted,
        "error": campaign.error or None,
        "exit_code": campaign.exit_code,
        "finds": [
            {
                "target": target.name,
                "clause": find.clause,
                "replay": find.name,
                "steps": len(find.finding.program),
                "found_by": find.number,
                "repeats": find.finding.repeats,
                "tries": find.finding.tries,
                "is_shrunk": find.is_shrunk,
                "what": find.finding.violation.what,
            }
            for target, find in campaign.finds
        ],
        "again": [{"clause": find.clause, "replay": find.name} for find in campaign.again],
        "targets": {name: _target_json(totals) for name, totals in campaign.totals.items()},
    }


def _target_json(totals: Totals) -> dict[str, Any]:
    knowledge = totals.knowledge
    return {
        "executions": totals.executions,
        "operations": totals.operations,
        "seconds": round(totals.seconds, 3),
        "corpus": len(knowledge.corpus),
        "troubles": totals.troubles,
        "visited": {kind: knowledge.count(kind) for kind in KINDS},
        "rare": {kind: [[name, hits] for name, hits in knowledge.rare(kind, 50)] for kind in KINDS if kind != "code"},
        "hits": dict(sorted(knowledge.hits.items())),
        "clauses": dict(sorted(totals.exercised.items())),
        "undecided": dict(totals.undecided),
        "violations": dict(totals.violations),
    }
