"""Faults in the time that children are given to end: chapter `shutdown`."""

from __future__ import annotations

from tests.conformance.mutants.places import CHILD_SPEC, ENDING
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_END = f"{ENDING}end_children"
_TIMED = "if isinstance(shutdown, (int, float)):"
_PATIENCE = "patience.setdefault(shutdown, []).append(process)"
_EXPECT = "farewell.expect(process)"

MUTANTS = (
    # -- time ---------------------------------------------------------------------------------------------------------
    Mutant(
        "time_is_never_over",
        "A child that does not end in its time is waited for on.",
        frozenset({"SHUT-2", "SHUT-7", "SHUT-14"}),
        (Edit(_END, _TIMED, "if False:"),),
    ),
    Mutant(
        "time_is_half_as_long",
        "A child is killed after half of its time.",
        frozenset({"SHUT-2", "SHUT-7"}),
        (Edit(_END, _PATIENCE, "patience.setdefault(shutdown / 2, []).append(process)"),),
        is_hard=True,
    ),
    Mutant(
        "time_is_twice_as_long",
        "A child is killed after twice its time.",
        frozenset({"SHUT-2", "SHUT-7", "SHUT-10"}),
        (Edit(_END, _PATIENCE, "patience.setdefault(shutdown * 2, []).append(process)"),),
        is_hard=True,
    ),
    Mutant(
        "time_is_always_five_seconds",
        "A child that does not end is killed after five seconds, whatever its time.",
        frozenset({"SHUT-2", "SHUT-7", "SHUT-14"}),
        (Edit(_END, _PATIENCE, "patience.setdefault(5.0, []).append(process)"),),
        is_hard=True,
    ),
    Mutant(
        "time_is_two_milliseconds_longer",
        "A child is killed two milliseconds after its time.",
        frozenset({"SHUT-2", "SHUT-7", "SHUT-10"}),
        (Edit(_END, _PATIENCE, "patience.setdefault(shutdown + 0.002, []).append(process)"),),
        is_hard=True,
    ),
    Mutant(
        "time_is_shared_by_the_children",
        "A supervisor that ends gives its children one common time.",
        frozenset({"SHUT-10", "SHUT-2"}),
        (
            Edit(
                _END,
                "start = clock.now()",
                'is_last = supervisor.phase.name == "TERMINATING"\n'
                'start = supervisor.server.__dict__.setdefault("since", clock.now()) if is_last else clock.now()',
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "no_limit_is_five_seconds",
        "A child without a limit is killed after five seconds.",
        frozenset({"SHUT-6"}),
        (
            Edit(
                _END,
                f"{_TIMED}\n                    {_PATIENCE}",
                'if shutdown != "brutal_kill":\n'
                '    seconds = 5.0 if shutdown == "infinity" else shutdown\n'
                "    patience.setdefault(seconds, []).append(process)",
            ),
        ),
    ),
    Mutant(
        "worker_without_limit_is_killed",
        "A worker without a limit is killed after five seconds; supervisors are waited for.",
        frozenset({"SHUT-6"}),
        (
            Edit(
                _END,
                f"{_TIMED}\n                    {_PATIENCE}",
                'if shutdown != "brutal_kill" and not (shutdown == "infinity" and child.spec.type == "supervisor"):\n'
                '    seconds = 5.0 if shutdown == "infinity" else shutdown\n'
                "    patience.setdefault(seconds, []).append(process)",
            ),
        ),
    ),
    Mutant(
        "no_limit_is_not_awaited",
        "A child without a limit is asked to end, but not waited for.",
        frozenset({"SHUT-6", "SHUT-12"}),
        (
            Edit(
                _END,
                _EXPECT,
                'if shutdown == "infinity":\n    _ask(supervisor, process, shutdown)\n    continue\n' + _EXPECT,
            ),
        ),
    ),
    Mutant(
        "time_of_zero_is_no_limit",
        "A child with a shutdown time of zero is waited for without limit.",
        frozenset({"SHUT-14", "SHUT-2", "SHUT-7"}),
        (Edit(_END, _TIMED, "if isinstance(shutdown, (int, float)) and shutdown > 0:"),),
        is_hard=True,
    ),
    Mutant(
        "time_of_zero_is_refused",
        "A shutdown time of zero is refused.",
        frozenset({"SHUT-14", "SUP-1", "SUP-20"}),
        (
            Edit(
                f"{CHILD_SPEC}.__post_init__",
                "not _is_time(self.shutdown):",
                "(not _is_time(self.shutdown) or not self.shutdown):",
            ),
        ),
        is_hard=True,
    ),
)
