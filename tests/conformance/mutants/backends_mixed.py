"""Faults that show only between two backends: chapter `backends`."""

from __future__ import annotations

from letitcrash_reference.context import current_process
from tests.conformance.mutants.places import RUNTIME, SERVING, TABLE, TIMER
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]

_FAR = "caller is not None and caller.backend is not process.backend"
_ANSWER = "if not token.done:\n                        token.resolve(result)"

MUTANTS = (
    Mutant(
        "casts_stay_on_their_backend",
        "A cast from a callback to a server of another backend is lost.",
        frozenset({"BACK-4", "GS-21"}),
        (
            Edit(
                f"{RUNTIME}.cast",
                "if process is not None:",
                f"caller = current_process.get()\nif process is not None and not ({_FAR}):",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "replies_stay_on_their_backend",
        "The answer of a server on a thread of its own is lost if the caller is a server on the event loop.",
        frozenset({"BACK-4", "GS-20"}),
        (
            Edit(
                f"{SERVING}serve",
                _ANSWER,
                'if not token.done and not (process.backend.value == "thread" and hasattr(token, "loop")):\n'
                "    token.resolve(result)",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "links_between_backends_are_one_way",
        "A link between servers of different backends is known to the caller only.",
        frozenset({"BACK-4", "LNK-1", "LNK-12"}),
        (
            Edit(
                f"{TABLE}.join",
                "process.links.add(peer)",
                "if process.backend is peer.backend:\n    process.links.add(peer)",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "monitors_between_backends_are_silent",
        "A monitor of a server in the pool on one of the event loop never fires.",
        frozenset({"BACK-4", "MON-1", "MON-5", "MON-15", "MON-16"}),
        (
            Edit(
                f"{TABLE}._signal_watcher",
                "if watcher.alive:",
                'if watcher.alive and (watcher.backend.value, victim.backend.value) != ("blocking", "async"):',
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "exits_stay_on_their_backend",
        "An exit signal from a callback to a server of another backend is lost.",
        frozenset({"BACK-4", "EXIT-6", "EXIT-7"}),
        (
            Edit(
                f"{TABLE}.exit",
                "if not target.alive:",
                "if not target.alive or (sender is not None and sender.backend is not target.backend):",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "names_stay_on_their_backend",
        "A callback cannot find a server of another backend by its name.",
        frozenset({"BACK-4", "REG-1", "REG-16"}),
        (
            Edit(
                f"{TABLE}.find",
                "return self.registry.names.get(target)",
                f"process = self.registry.names.get(target)\n"
                f"caller = current_process.get()\n"
                f"return None if process is not None and {_FAR} else process",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "timers_of_others_cannot_be_cancelled_across_backends",
        "Cancelling a timer of a server on another backend says that it worked, but the timer fires.",
        frozenset({"BACK-4", "TIM-4", "TIM-6"}),
        (
            Edit(
                f"{TIMER}.cancel",
                "self._end()",
                "caller, process = current_process.get(), self._process\n"
                f"if process is not None and {_FAR}:\n"
                "    return True\n"
                "self._end()",
            ),
        ),
        names={"current_process": lambda: current_process},
        backends=("mixed",),
        is_hard=True,
    ),
    Mutant(
        "children_on_other_backends_are_not_linked",
        "A server started linked on another backend than its parent's is not linked with it.",
        frozenset({"BACK-4", "LNK-1", "LNK-9", "LNK-12", "GS-56"}),
        (
            Edit(
                f"{RUNTIME}.begin_start",
                "table.join(parent, process)",
                "if parent.backend is backend:\n    table.join(parent, process)",
            ),
        ),
        backends=("mixed",),
        is_hard=True,
    ),
)
