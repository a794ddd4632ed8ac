"""A tree of three levels that ends in order: the last one started is the first to go, each subtree as a whole."""

from __future__ import annotations

import asyncio

from letitcrash_reference import Backend, ChildSpec, ExitReason, GenServer, Runtime, SupervisorSpec, tree


class Part(GenServer[None, None, None]):
    """Says when it comes and when it goes."""

    def __init__(self, label: str) -> None:
        self.label = label

    async def init(self) -> None:
        self.trap_exit(True)
        print("+", self.label)

    async def terminate(self, reason: ExitReason) -> None:
        print("-", self.label)


def part(label: str, backend: Backend = Backend.ASYNC) -> ChildSpec:
    return ChildSpec(label, lambda: Part(label), backend=backend, name=label)


STORAGE = SupervisorSpec(strategy="one_for_all", children=[part("disk", Backend.THREAD), part("index")])
SESSIONS = SupervisorSpec(children=[part("session 1"), part("session 2", Backend.BLOCKING)])
FRONT = SupervisorSpec(strategy="rest_for_one", children=[part("listener"), ChildSpec("sessions", SESSIONS)])
SHOP = SupervisorSpec(
    strategy="rest_for_one", children=[ChildSpec("storage", STORAGE), ChildSpec("front", FRONT)], name="shop"
)


async def main() -> None:
    async with Runtime() as rt:
        shop = await rt.start_supervisor(SHOP)
        await rt.wait_until_idle()
        print(await tree(shop))
        print("the listener is killed")
        listener = rt.whereis("listener")
        assert listener is not None
        listener.exit(ExitReason.KILL)
        await rt.wait_until_idle()
        print("the runtime is left")


if __name__ == "__main__":
    asyncio.run(main())
