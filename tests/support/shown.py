"""Runs to show: reports as they would be read from files, up to six subjects with every clause and hostile words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from letitcrash_conformance.recorder_reader import Report
from letitcrash_conformance.report_shown import Shown, prepare
from letitcrash_conformance.results import Finding, RunResult, Unit, UnitResult
from letitcrash_spec.catalogue import load_clauses
from letitcrash_spec.hello import Hello
from letitcrash_spec.messages import Answer, Operation
from tests.support.findings import HELLO, make_finding, make_result, make_unit

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`${a}&lt;\x00\x1b[2J\u202e\ud800]]>"
"""What a subject might say to break out of a page, an XML file, a table or a terminal."""

ALL_FEATURES = frozenset(feature for clause in load_clauses().values() for feature in clause.features)
CHECKED = [clause.id for clause in load_clauses().values() if clause.is_checked]
MIXED = Unit("world", "mixed", examples=20, seed=7)


def make_report(result: RunResult, file: str = "run.jsonl", *, error: str | None = None) -> Report:
    """Return a result as if it had been read from a file."""
    return Report(
        path=Path("reports") / file,
        result=result,
        suite="0.1.0",
        started="2026-01-02T03:04:05+00:00",
        replay_dir=".letitcrash",
        is_complete=not result.is_interrupted,
        error=error,
    )


def show(*results: RunResult) -> list[Shown]:
    """Return results, prepared to be shown."""
    return prepare([make_report(result, f"run{number}.jsonl") for number, result in enumerate(results, 1)])


def make_hello(name: str = "fake", version: str = "1.2") -> Hello:
    """Return the hello of a subject that offers everything."""
    return replace(HELLO, name=name, version=version, features=ALL_FEATURES)


def make_supervised_finding(clause: str = "STR-5", text: str = "c1") -> Finding:
    """Return a finding with a supervisor, two children, messages, signals and deaths."""
    children: list[dict[str, Any]] = [
        {"id": key, "restart": "permanent", "shutdown": 5000, "type": "worker", "start": {}} for key in ("a", "b")
    ]
    spec = {"strategy": "one_for_one", "max_restarts": 3, "max_seconds": 5, "children": children}
    operations = (
        Operation("start_supervisor", {"as": "s1", "spec": spec}),
        Operation("spawn", {"as": "p1", "probe": {"trap_exit": True}}),
        Operation("call", {"to": "p1", "msg": ["monitor", "s1/a#1", "m1"]}),
        Operation("cast", {"to": "s1/a#1", "msg": ["crash", text]}),
        Operation("observe", {"settle_ms": 1000}),
    )
    reason = {"error": text}
    events: list[dict[str, Any]] = [
        {"ev": "init", "who": "s1/a#1", "t": 0},
        {"ev": "init", "who": "s1/b#1", "t": 0},
        {"ev": "dead", "who": "s1/a#1", "reason": reason, "t": 1},
        {"ev": "down", "who": "p1", "ref": "m1", "of": "s1/a#1", "reason": reason, "t": 1},
        {"ev": "exit", "who": "p1", "of": "s1/b#1", "reason": "killed", "t": 1},
        {"ev": "init", "who": "s1/a#2", "t": 2},
        {"ev": "init", "who": "s1/b#2", "t": 2},
    ]
    told: dict[str, Any] = {"s1": {"list": [["a", "s1/a#2", "worker"], ["b", "s1/b#2", "worker"]], "count": {}}}
    seen: dict[str, Any] = {"quiet": True, "now": 3, "alive": ["p1"], "names": {}, "children": told, "events": events}
    answers: Sequence[Answer] = ({"ok": "started"}, {"ok": "started"}, {"ok": None}, {"ok": None}, {"ok": seen})
    return make_finding(
        clause,
        operations=operations,
        answers=answers,
        index=4,
        what=f"what s1/b#2 reports: nothing expected, init seen {text}",
        expected=[None],
        got=["init"],
        differences=["s1/b#1 is gone", text],
    )


def make_full_unit(findings: Sequence[Finding] = (), *, trouble: str | None = None) -> UnitResult:
    """Return the result of a unit that exercised every clause that is checked."""
    return make_unit(*CHECKED, findings=findings, trouble=trouble, unit=MIXED)


def make_six() -> list[Shown]:
    """Return six runs over all clauses: two hold, others break clauses, broke off, or speak to deceive."""
    broken = [make_supervised_finding(clause) for clause in ("LNK-1", "STR-5", "SUP-13", "SHUT-2", "MON-1", "GS-21")]
    hostile = replace(make_hello(HOSTILE, HOSTILE), language=HOSTILE)
    return show(
        make_result(make_full_unit(), hello=make_hello("reference", "0.1.0")),
        make_result(make_full_unit(), hello=make_hello("erlang-otp", "25.3")),
        make_result(make_full_unit(broken), hello=make_hello("older", "1.0")),
        make_result(make_full_unit(broken[:2]), hello=make_hello("newer", "1.1")),
        make_result(make_unit("LNK-1", "EXIT-1"), hello=make_hello("slow", "3"), is_interrupted=True),
        make_result(make_full_unit([make_supervised_finding("INT-1", HOSTILE)], trouble=HOSTILE), hello=hostile),
    )
