"""A bank whose teller crashes: the ledger before it lives on, the teller and what depends on it are started again."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from letitcrash_reference import (
    Backend,
    ChildSpec,
    From,
    GenServer,
    ProcessExitedError,
    Runtime,
    SupervisorSpec,
    tree,
)


@dataclass(frozen=True)
class Deposit:
    name: str
    amount: int


class Ledger(GenServer[Deposit, None, int]):
    """Keeps the balances: the state that must survive."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = {}

    async def handle_call(self, message: Deposit, sender: From[int]) -> int:
        self.balances[message.name] = self.balances.get(message.name, 0) + message.amount
        return self.balances[message.name]


class Teller(GenServer[str, None, int]):
    """Reads what customers say, and crashes over what it cannot read."""

    async def handle_call(self, message: str, sender: From[int]) -> int:
        name, amount = message.split()
        balance: int = await self.runtime.call("ledger", Deposit(name, int(amount)))
        return balance


class Printer(GenServer[None, str, None]):
    """Prints receipts, on a thread because printing blocks."""

    async def handle_cast(self, message: str) -> None:
        print("receipt:", message)


BANK = SupervisorSpec(
    strategy="rest_for_one",
    children=[
        ChildSpec("ledger", Ledger, name="ledger"),
        ChildSpec("teller", Teller, name="teller"),
        ChildSpec("printer", Printer, name="printer", backend=Backend.THREAD),
    ],
    name="bank",
)


async def main() -> None:
    logging.disable()  # the crash is on purpose
    async with Runtime() as rt:
        bank = await rt.start_supervisor(BANK)
        for line in ("alice 100", "alice ten", "alice 20"):
            try:
                rt.cast("printer", f"{line} -> {await rt.call('teller', line)}")
            except ProcessExitedError as error:
                print("the teller crashed:", error.reason)
            await rt.wait_until_idle()
        print(await tree(bank))


if __name__ == "__main__":
    asyncio.run(main())
