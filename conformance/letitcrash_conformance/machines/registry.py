"""Machine of the chapter registry: names, their holders, and what becomes of them."""

from __future__ import annotations

from hypothesis.stateful import precondition, rule

from letitcrash_conformance.machines.base import SessionMachine, when
from letitcrash_conformance.machines.values import BACKENDS, NAMES, NUMBERS, VIA, WHO

__all__ = ["RegistryMachine"]


class RegistryMachine(SessionMachine):
    """Processes that take, lose and are found by names, while they end."""

    needs = SessionMachine.needs | {"registry"}

    @when("registry")
    @rule(who=WHO, name=NAMES)
    def register(self, who: int, name: str) -> None:
        """Give a process a name."""
        self.step("register", name=name, to=self.label(who))

    @when("registry")
    @rule(who=WHO, name=NAMES, via=VIA)
    def register_itself(self, who: int, name: str, via: str) -> None:
        """Have a process take a name."""
        self.tell(who, ["register", name], via)

    @when("registry")
    @rule(name=NAMES)
    def unregister(self, name: str) -> None:
        """Take a name back."""
        self.step("unregister", name=name)

    @when("registry")
    @rule(name=NAMES)
    def whereis(self, name: str) -> None:
        """Ask who holds a name."""
        self.step("whereis", name=name)

    @when("registry")
    @rule(who=WHO)
    def name_of(self, who: int) -> None:
        """Ask for the name of a process."""
        self.step("name_of", to=self.label(who))

    @precondition(lambda machine: machine.offers("registry"))
    @rule(backend=BACKENDS, name=NAMES)
    def spawn_named(self, backend: int, name: str) -> None:
        """Start a process under a name, taken or not."""
        self.start(backend, name=name)

    @when("registry")
    @rule(name=NAMES, number=NUMBERS, via=VIA)
    def add_by_name(self, name: str, number: int, via: str) -> None:
        """Change the value of whoever holds a name."""
        self.step(via, to={"name": name}, msg=["add", number])

    @when("registry")
    @rule(name=NAMES)
    def send_by_name(self, name: str) -> None:
        """Send a plain message to whoever holds a name."""
        self.step("send", to={"name": name}, payload=self.fresh("i"))
