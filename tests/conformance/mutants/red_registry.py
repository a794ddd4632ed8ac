"""Faults that attackers of the suite thought of without having seen it: names."""

from __future__ import annotations

from tests.conformance.mutants.places import REGISTRY, RUNTIME, SERVING, TABLE
from tests.conformance.mutants.plant import Edit, Mutant
from tests.conformance.mutants.red_tools import Memory

__all__ = ["MUTANTS"]

MUTANTS = (
    Mutant(
        "death_frees_former_names",
        "A death frees all names that the process ever had, whoever has them now.",
        frozenset({"REG-10", "REG-1"}),
        (
            Edit(
                f"{REGISTRY}.add",
                "self.names[name] = process",
                "self.names[name] = process\nmemory(process).setdefault(process, set()).add(name)",
            ),
            Edit(
                f"{REGISTRY}.free",
                "if process.name is not None:",
                "for name in memory(process).get(process, ()):\n    self.names.pop(name, None)\n"
                "if process.name is not None:",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "messages_go_to_the_first_holder",
        "Messages by name go to the first holder that the name had, as long as it lives.",
        frozenset({"GS-37", "REG-16", "REG-10"}),
        (
            Edit(
                f"{TABLE}.find",
                "return self.registry.names.get(target)",
                "holder = self.registry.names.get(target)\n"
                "if holder is None:\n"
                "    return None\n"
                "first = memory(holder).setdefault(target, holder)\n"
                "return first if first.alive else holder",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "registry_holds_four",
        "The registry holds four names: the fifth replaces the oldest.",
        frozenset({"REG-1"}),
        (
            Edit(
                f"{REGISTRY}.add",
                "self.names[name] = process",
                "if len(self.names) >= 4:\n"
                "    oldest = next(iter(self.names))\n"
                "    self.names.pop(oldest).name = None\n"
                "self.names[name] = process",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "name_is_free_when_cleanup_begins",
        "The name of a process is free as soon as its cleanup callback begins.",
        frozenset({"REG-1", "REG-11", "REG-2"}),
        (
            Edit(
                f"{SERVING}_finish",
                "process.phase = Phase.TERMINATING",
                "process.phase = Phase.TERMINATING\nprocess.runtime.table.registry.free(process)\nprocess.name = None",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "name_of_remembers",
        "Asked for the name of a process whose name was taken back, the runtime answers with the one it had.",
        frozenset({"REG-10"}),
        (
            Edit(
                f"{REGISTRY}.remove",
                "process.name = None",
                "memory(process)[process] = name\nprocess.name = None",
            ),
            Edit(
                "letitcrash_reference.actions:ProcessActions.name",
                "return process.name if process.alive else None",
                "return (process.name or memory(process).get(process)) if process.alive else None",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "look_up_hides_the_starting",
        "A process whose init callback runs cannot be found by its name.",
        frozenset({"REG-17", "REG-1"}),
        (
            Edit(
                f"{RUNTIME}.whereis",
                "return None if process is None",
                "return None if process is None or process.phase.name == 'STARTING'",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "name_given_later_outlives_its_holder",
        "A name that was given to a running process stays taken when that ends.",
        frozenset({"REG-11", "REG-1"}),
        (
            Edit(
                f"{RUNTIME}.register",
                "registry.add(name, process)",
                "registry.add(name, process)\nmemory(process)[process] = True",
            ),
            Edit(
                f"{REGISTRY}.free",
                "if process.name is not None:",
                "if process.name is not None and process not in memory(process):",
            ),
        ),
        names={"memory": Memory},
    ),
    Mutant(
        "name_given_again_outlives_its_holder",
        "The second name that a process has in its life stays taken when it ends.",
        frozenset({"REG-11", "REG-10"}),
        (
            Edit(
                f"{REGISTRY}.remove",
                "process.name = None",
                "process.name = None\nmemory(process)[process] = True",
            ),
            Edit(
                f"{REGISTRY}.free",
                "if process.name is not None:",
                "if process.name is not None and process not in memory(process):",
            ),
        ),
        names={"memory": Memory},
        is_hard=True,
    ),
    Mutant(
        "unregistering_drops_the_links",
        "A process whose name is taken back loses its links.",
        frozenset({"REG-10", "LNK-1", "LNK-12"}),
        (
            Edit(
                f"{RUNTIME}.unregister",
                "self.table.registry.remove(name)",
                "holder = self.table.registry.names.get(name)\n"
                "self.table.registry.remove(name)\n"
                "for peer in tuple(holder.links or ()):\n"
                "    self.table.part(holder, peer)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "registering_the_suspended_is_lost",
        "Registering a suspended process has no effect.",
        frozenset({"REG-1"}),
        (
            Edit(
                f"{RUNTIME}.register",
                "registry.add(name, process)",
                "if process.stash is None:\n    registry.add(name, process)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "call_by_name_of_the_terminating_is_noproc",
        "A call by name to a server whose cleanup callback runs finds nobody.",
        frozenset({"MON-15", "GS-26", "REG-1", "GS-24"}),
        (
            Edit(
                f"{TABLE}.find",
                "return self.registry.names.get(target)",
                "holder = self.registry.names.get(target)\n"
                "return None if holder is not None and holder.phase.name == 'TERMINATING' else holder",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "names_differ_by_their_letters_only",
        "A name that differs from a taken one only in capitals is refused.",
        frozenset({"REG-1"}),
        (
            Edit(
                f"{REGISTRY}.add",
                "self.names.get(name)",
                "next((each for key, each in self.names.items() if key.lower() == name.lower()), None)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "names_lose_their_spaces",
        "Looking up a name ignores the spaces around it.",
        frozenset({"REG-1", "REG-12", "REG-16"}),
        (
            Edit(
                f"{RUNTIME}.whereis",
                "self.table.registry.names.get(name)",
                "next((each for key, each in self.table.registry.names.items() if key.strip() == name.strip()), None)",
            ),
        ),
        is_hard=True,
    ),
)
