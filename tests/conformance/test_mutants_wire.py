"""Faulty implementations are caught over the wire as they are in process."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from letitcrash_conformance.session import Session
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_conformance.wire import CommandSubject
from letitcrash_spec.messages import Operation
from tests.conformance.mutants import ALL
from tests.conformance.mutants.hunt import hunt_with
from tests.conformance.mutants.plant import Mutant

ROOT = Path(__file__).parents[2]
NAMES = {
    "kill_reported_as_kill",
    "raised_kill_becomes_killed",
    "unlink_does_nothing",
    "named_monitor_needs_the_name_at_death",
    "kill_keeps_the_name",
    "mailbox_is_a_stack",
    "cancelled_timer_fires",
    "exits_stay_on_their_backend",
    "children_start_in_reverse_order",
    "one_for_all_misses_the_last",
    "one_restart_more_is_tolerated",
    "brutal_kill_asks",
    "one_child_more_is_accepted",
}
"""At least one of each chapter, one that needs haste, one that needs two backends."""

SERVED = [mutant for mutant in ALL if mutant.name in NAMES]


def serve(module: str, word: str) -> CommandSubject:
    return CommandSubject([sys.executable, "-m", module, word], cwd=ROOT)


@pytest.fixture
def served_reference() -> Iterator[CommandSubject]:
    subject = serve("tests.support.serve", "letitcrash_conformance.subjects.reference:ReferenceSubject")
    yield subject
    subject.close()


def test_every_mutant_to_serve_exists() -> None:
    assert {mutant.name for mutant in SERVED} == NAMES


def test_a_served_subject_answers_as_it_does_in_process(served_reference: CommandSubject) -> None:
    operations = [
        Operation("reset", {}),
        Operation("spawn", {"as": "p1", "probe": {"trap_exit": True, "name": "n1"}}),
        Operation("cast", {"to": {"name": "n1"}, "msg": ["add", 2]}),
        Operation("call", {"to": "p1", "msg": ["add", 3]}),
        Operation("call", {"to": "p2", "msg": ["get"]}),
        Operation("exit", {"to": "p1", "reason": {"error": "é"}}),
        Operation("observe", {"settle_ms": 1000}),
    ]
    local = ReferenceSubject()
    try:
        assert served_reference.run(operations) == local.run(operations)
        assert served_reference.hello == local.hello
    finally:
        local.close()


@pytest.mark.parametrize("mutant", [pytest.param(m, id=m.name) for m in SERVED])
def test_a_faulty_implementation_is_caught_over_the_wire(mutant: Mutant, served_reference: CommandSubject) -> None:
    catch = hunt_with(mutant, lambda: serve("tests.conformance.mutants.served", mutant.name))
    finding = catch.finding
    assert finding is not None, [other.violation.clause for other in catch.others]
    assert finding.repeats == finding.tries
    assert Session(served_reference).run(finding.program).judgement.violation is None
