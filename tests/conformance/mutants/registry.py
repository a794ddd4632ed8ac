"""Faults in the registration of names: chapter `registry`."""

from __future__ import annotations

from collections import Counter

from tests.conformance.mutants.places import ACTIONS, REGISTRY, RUNTIME, SERVING, STARTING, TABLE
from tests.conformance.mutants.plant import Edit, Mutant

__all__ = ["MUTANTS"]


_TAKEN = "raise AlreadyRegisteredError(name, holder.pid)"

MUTANTS = (
    Mutant(
        "register_takes_over",
        "Registering a name that is taken gives it to the new process.",
        frozenset({"REG-2"}),
        (Edit(f"{REGISTRY}.add", "if holder is not None:", "if holder is process:"),),
    ),
    Mutant(
        "register_again_is_fine",
        "Registering a process under the name it has already is no error.",
        frozenset({"REG-3"}),
        (
            Edit(
                f"{REGISTRY}.add", "if holder is not None:", "if holder is process:\n    return\nif holder is not None:"
            ),
        ),
    ),
    Mutant(
        "two_names",
        "A process can have two names.",
        frozenset({"REG-4"}),
        (Edit(f"{REGISTRY}.add", "if process.name is not None:", "if False:"),),
    ),
    Mutant(
        "register_the_dead",
        "Registering a dead process is no error.",
        frozenset({"REG-5"}),
        (Edit(f"{RUNTIME}.register", "raise NoProcessError(target.pid)", "return"),),
    ),
    Mutant(
        "unregister_the_unknown",
        "Unregistering a name that nobody has is no error.",
        frozenset({"REG-8"}),
        (Edit(f"{REGISTRY}.remove", "raise NotRegisteredError(name)", "return"),),
    ),
    Mutant(
        "unregister_is_half_done",
        "A process whose name was taken back still thinks it has it.",
        frozenset({"REG-10"}),
        (Edit(f"{REGISTRY}.remove", "process.name = None", "pass"),),
    ),
    Mutant(
        "unregistered_names_stay_taken",
        "A name that was taken back cannot be given to a process again.",
        frozenset({"REG-10"}),
        (
            Edit(f"{REGISTRY}.remove", "process.name = None", "process.name = None\ngone.add((self, name))"),
            Edit(
                f"{REGISTRY}.add",
                "if holder is not None:",
                "if (self, name) in gone:\n    raise AlreadyRegisteredError(name, process.pid)\nif holder is not None:",
            ),
        ),
        names={"gone": set},
        is_hard=True,
    ),
    Mutant(
        "names_outlive_their_holders",
        "The name of a dead process stays taken.",
        frozenset({"REG-11", "EXIT-25", "GS-64"}),
        (Edit(f"{TABLE}._bury", "self.registry.free(victim)", "pass"),),
    ),
    Mutant(
        "kill_keeps_the_name",
        "The name of a process stays taken if it was killed.",
        frozenset({"REG-11", "EXIT-25", "GS-64"}),
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                "if reason.kind is not ExitKind.KILLED:\n    self.registry.free(victim)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "failed_start_keeps_the_name",
        "The name of a process whose init callback failed or declined stays taken.",
        frozenset({"REG-19"}),
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                "if victim.start_token is None:\n    self.registry.free(victim)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "ignored_start_keeps_the_name",
        "The name of a process whose init callback declined stays taken.",
        frozenset({"REG-19"}),
        (
            Edit(
                f"{TABLE}._bury",
                "self.registry.free(victim)",
                "if not ignored:\n    self.registry.free(victim)",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "crash_in_terminate_keeps_the_name",
        "The name of a process whose cleanup callback raised stays taken.",
        frozenset({"REG-11", "EXIT-25", "GS-64"}),
        (Edit(f"{SERVING}_finish", "fatal = error", "fatal = error\nprocess.name = None"),),
        is_hard=True,
    ),
    Mutant(
        "lookups_are_cached",
        "A look-up goes on answering with a holder that it has answered with before.",
        frozenset({"REG-10", "REG-11", "REG-12"}),
        (
            Edit(
                f"{RUNTIME}.whereis",
                "return None if process is None else process.handle",
                "if process is not None:\n"
                "    cache[self, name] = process\n"
                "process = cache.get((self, name))\n"
                "return None if process is None else process.handle",
            ),
        ),
        names={"cache": dict},
        is_hard=True,
    ),
    Mutant(
        "the_dead_have_names",
        "Asked for the name of a dead process, the runtime answers with the one it had.",
        frozenset({"REG-11"}),
        (Edit(f"{ACTIONS}.name", "process.name if process.alive else None", "process.name"),),
    ),
    Mutant(
        "named_start_takes_over",
        "A named start whose name is taken takes the name over.",
        frozenset({"REG-17"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "table.registry.add(name, process)",
                "table.registry.names[name] = process\nprocess.name = name",
            ),
        ),
    ),
    Mutant(
        "refused_start_runs_init",
        "A named start whose name is taken is refused, but the process has been started without a name.",
        frozenset({"REG-17"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "table.registry.add(name, process)",
                "if name in table.registry.names:\n"
                "    asyncio.get_running_loop().call_soon(driver.launch, process)\n"
                "    process.handle = Handle(process)\n"
                "    server.process_record = process\n"
                "    table.processes[process.pid] = process\n"
                "table.registry.add(name, process)",
            ),
        ),
        backends=("async",),
    ),
    Mutant(
        "named_start_registers_late",
        "A named start registers the name only when the init callback has returned.",
        frozenset({"REG-17"}),
        (
            Edit(
                f"{STARTING}.begin_start",
                "table.registry.add(name, process)",
                "table.registry.add(name, process)\ndel table.registry.names[name]",
            ),
            Edit(
                f"{SERVING}_start",
                "process.phase = Phase.RUNNING",
                "process.phase = Phase.RUNNING\n"
                "if process.name is not None:\n"
                "    process.runtime.table.registry.names[process.name] = process",
            ),
        ),
        is_hard=True,
    ),
    Mutant(
        "third_use_of_a_name_fails",
        "The third process that gets a name cannot be found under it.",
        frozenset({"REG-1"}),
        (
            Edit(
                f"{REGISTRY}.add",
                "process.name = name",
                "process.name = name\nuses[self, name] += 1\nif uses[self, name] == 3:\n    del self.names[name]",
            ),
            Edit(
                f"{REGISTRY}.free",
                "self.names.pop(process.name, None)",
                "self.names.pop(process.name, None) if self.names.get(process.name) is process else None",
            ),
        ),
        names={"uses": Counter},
        is_hard=True,
    ),
)
