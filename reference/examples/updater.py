"""A server that refreshes a value with a timer, tested without waiting: its clock is moved by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from letitcrash_reference import From, GenServer, ManualClock, Runtime, Stop, Timer


class Updater(GenServer[str, None, str]):
    def __init__(self, fetch: Callable[[], str], period: float) -> None:
        self.fetch = fetch
        self.period = period
        self.value = ""
        self.timer: Timer | None = None

    async def init(self) -> None:
        self.value = self.fetch()
        self.timer = self.send_interval(self.period, "refresh")

    async def handle_call(self, message: str, sender: From[str]) -> str | Stop[str]:
        if message == "freeze" and self.timer is not None:
            was_active = self.timer.cancel()
            return f"frozen at {self.value} (was active: {was_active})"
        return self.value

    async def handle_info(self, message: object) -> None:
        if message == "refresh":
            self.value = self.fetch()


async def main() -> None:
    versions = iter(range(1, 100))
    async with Runtime(clock=ManualClock()) as rt:
        updater = await rt.start(Updater(lambda: f"version {next(versions)}", period=60))
        print("at the start:", await updater.call("get"))
        await rt.advance(59)
        print("after 59 s:", await updater.call("get"))
        await rt.advance(1)
        print("after 60 s:", await updater.call("get"))
        await rt.advance(600)
        print("after 11 min:", await updater.call("get"))
        print(await updater.call("freeze"))
        await rt.advance(3600)
        print("an hour later:", await updater.call("get"))


if __name__ == "__main__":
    asyncio.run(main())
