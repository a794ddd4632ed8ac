"""Two servers that cast to each other until one has had enough; the other, linked to it, hears how it ended."""

from __future__ import annotations

import asyncio

from letitcrash_reference import Exit, ExitReason, GenServer, Handle, Runtime, Stop

Player = Handle[None, tuple[str, int], None]


class Ping(GenServer[None, tuple[str, int], None]):
    def __init__(self, pong: Player, rounds: int) -> None:
        self.pong = pong
        self.rounds = rounds

    async def init(self) -> None:
        self.link(self.pong)
        self.pong.cast(("ping", 1))

    async def handle_cast(self, message: tuple[str, int]) -> Stop[None] | None:
        word, number = message
        print(f"  {word} {number}")
        if number == self.rounds:
            return Stop(ExitReason.shutdown("enough"))
        self.pong.cast(("ping", number + 1))
        return None


class Pong(GenServer[None, tuple[str, int], None]):
    async def init(self) -> None:
        self.trap_exit(True)

    async def handle_cast(self, message: tuple[str, int]) -> None:
        word, number = message
        print(f"{word} {number}")
        self.runtime.cast("ping", ("pong", number))

    async def handle_info(self, message: object) -> Stop[None] | None:
        if isinstance(message, Exit):
            print(f"pong: ping left, {message.reason}")
            return Stop()
        return None


async def main() -> None:
    async with Runtime() as rt:
        pong = await rt.start(Pong())
        await rt.start(Ping(pong, rounds=3), name="ping")
        print("pong ended:", await pong.wait_dead())


if __name__ == "__main__":
    asyncio.run(main())
