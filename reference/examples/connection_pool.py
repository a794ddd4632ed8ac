"""A pool of connections on a dynamic supervisor: opened on demand, replaced when they break, closed all at once."""

from __future__ import annotations

import asyncio
import logging

from letitcrash_reference import (
    Backend,
    ChildSpec,
    DynamicSupervisorSpec,
    ExitReason,
    From,
    GenServer,
    Handle,
    MaxChildrenError,
    ProcessExitedError,
    Runtime,
)

CLOSED: list[str] = []


class Connection(GenServer[str, None, str]):
    """One connection. It trusts nothing: an answer it does not understand ends it."""

    def __init__(self, host: str) -> None:
        self.host = host

    async def init(self) -> None:
        self.trap_exit(True)  # so that it is told to close

    async def handle_call(self, message: str, sender: From[str]) -> str:
        if message == "garbage":
            raise ConnectionError(f"{self.host} hung up")
        return f"{self.host} did {message}"

    async def terminate(self, reason: ExitReason) -> None:
        CLOSED.append(f"{self.host} ({reason.kind.value})")


def connection(host: str) -> ChildSpec:
    return ChildSpec(host, lambda: Connection(host), backend=Backend.BLOCKING, shutdown=2)


async def main() -> None:
    logging.disable()  # the crash is on purpose
    async with Runtime(pool_threads=2) as rt:
        pool = await rt.start_supervisor(DynamicSupervisorSpec(max_children=3, name="pool"))
        opened = [await pool.start_child(connection(host)) for host in ("db1", "db2", "db3")]
        try:
            await pool.start_child(connection("db4"))
        except MaxChildrenError as error:
            print("no more than", error.limit)

        first, second, third = [conn for conn in opened if conn is not None]
        print(await first.call("select"))
        try:
            await second.call("garbage")
        except ProcessExitedError as error:
            print("broken:", error.reason)
        await rt.wait_until_idle()

        fresh: list[Handle[str, None, str]] = [
            row.handle for row in await pool.which_children() if row.handle is not None and row.restarts
        ]
        print(await fresh[0].call("insert"))
        await pool.terminate_child(third)
        print("left:", (await pool.count_children()).active)
        await pool.stop()
    print("closed:", *sorted(CLOSED))


if __name__ == "__main__":
    asyncio.run(main())
