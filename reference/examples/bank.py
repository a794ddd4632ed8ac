"""A bank account as a server: typed messages, refusals as answers, and a crash that its watcher hears of."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from letitcrash_reference import Down, From, GenServer, ProcessExitedError, Runtime


@dataclass(frozen=True)
class Deposit:
    amount: int


@dataclass(frozen=True)
class Withdraw:
    amount: int


@dataclass(frozen=True)
class Refused:
    missing: int


class Account(GenServer[Deposit | Withdraw, None, int | Refused]):
    def __init__(self, balance: int) -> None:
        self.balance = balance

    async def handle_call(self, message: Deposit | Withdraw, sender: From[int | Refused]) -> int | Refused:
        if message.amount <= 0:
            raise ValueError(f"expected an amount above zero, got {message.amount}")
        match message:
            case Deposit(amount):
                self.balance += amount
            case Withdraw(amount):
                if amount > self.balance:
                    return Refused(missing=amount - self.balance)
                self.balance -= amount
        return self.balance


class Auditor(GenServer[None, None, None]):
    async def handle_info(self, message: object) -> None:
        if isinstance(message, Down):
            print(f"auditor: account {message.pid} closed: {message.reason}")


async def main() -> None:
    async with Runtime() as rt:
        account = await rt.start(Account(100), name="alice")
        auditor = await rt.start(Auditor())
        auditor.monitor(account)
        print("deposit 50:", await account.call(Deposit(50)))
        print("withdraw 30:", await account.call(Withdraw(30)))
        print("withdraw 500:", await account.call(Withdraw(500)))
        try:
            await account.call(Deposit(-1))
        except ProcessExitedError as error:
            print("deposit -1:", error.reason)
        await rt.wait_until_idle()
        print("alice is", rt.whereis("alice"))


if __name__ == "__main__":
    asyncio.run(main())
