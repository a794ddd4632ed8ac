"""A storm of crashes that climbs the tree: each supervisor stands so many, then leaves it to the one above.

Time is a manual clock's, so that the storm of a minute is over at once.
"""

from __future__ import annotations

import asyncio
import logging

from letitcrash_reference import ChildSpec, GenServer, ManualClock, Runtime, SupervisorSpec


class Sensor(GenServer[None, None, None]):
    """Works for a second, then breaks."""

    async def init(self) -> None:
        print(f"{self.runtime.clock.now():4.0f} s  sensor {self.pid} starts")
        self.send_after(1, "break")

    async def handle_info(self, message: object) -> None:
        raise OSError("no reading")


ROOM = SupervisorSpec(children=[ChildSpec("sensor", Sensor)], max_restarts=2, max_seconds=10, name="room")
HOUSE = SupervisorSpec(children=[ChildSpec("room", ROOM)], max_restarts=1, max_seconds=60, name="house")


async def main() -> None:
    logging.disable()  # the crashes are on purpose
    async with Runtime(clock=ManualClock()) as rt:
        house = await rt.start_supervisor(HOUSE)
        room = rt.whereis("room")
        while house.is_alive:
            await rt.advance(1)
            if rt.whereis("room") is not room:
                room = rt.whereis("room")
                told = "gives up" if room is None else "gives up, the house starts a new one"
                print(f"{rt.clock.now():4.0f} s  the room {told}")
        print(f"{rt.clock.now():4.0f} s  the house gives up: {await house.wait_dead()}")


if __name__ == "__main__":
    asyncio.run(main())
