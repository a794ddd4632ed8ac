from __future__ import annotations

import asyncio
from typing import Any

import pytest

from letitcrash_reference import (
    Backend,
    ChildSpec,
    DynamicSupervisorSpec,
    ExitReason,
    Runtime,
    SupervisorSpec,
    tree,
    tree_sync,
)
from tests.reference.servers import Worker, runtime
from tests.reference.trees import Nursery, crash, handle, start


async def test_a_tree_is_drawn_with_all_that_is_below() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        inner = SupervisorSpec(children=[nursery.leaf("ledger", name="ledger")], strategy="one_for_all")
        sup = await start(
            rt,
            nursery.leaf("cache"),
            ChildSpec("bank", inner),
            ChildSpec("tills", DynamicSupervisorSpec(name="tills")),
            nursery.leaf("report", "ignore"),
            nursery.leaf("clock", "ok", (9, "fail")),
            name="shop",
            max_restarts=99,
        )
        tills: Any = rt.whereis("tills")
        await tills.start_child(nursery.leaf("x"))
        for _ in range(2):
            await crash(rt, sup, "cache")
        await crash(rt, await handle(sup, "bank"), "ledger")
        (await handle(sup, "clock")).exit(ExitReason.KILL)
        await rt.wait_until_idle()
        drawing = asyncio.create_task(tree(sup, None))
        await rt.advance(9)
        assert (await drawing).splitlines() == [
            "<0.1> 'shop' one_for_one",
            "├── cache: <0.10> Leaf, idle, restarted 2 times",
            "├── bank: <0.3> one_for_all",
            "│   └── ledger: <0.11> 'ledger' Leaf, idle, restarted once",
            "├── tills: <0.5> 'tills' dynamic",
            "│   └── <0.8> Leaf, idle",
            "├── report: down",
            "└── clock: restarting",
        ]


@pytest.mark.clause("SUP-41")
async def test_who_does_not_answer_is_busy_or_dead() -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a"))
        adding = asyncio.create_task(sup.start_child(nursery.leaf("b", (100, "ok"))))
        drawing = asyncio.create_task(tree(sup))
        await rt.advance(5)
        assert await drawing == "<0.1> one_for_one, busy"
        await rt.advance(95)
        await adding
        await sup.stop()
        assert await tree(sup) == "<0.1> one_for_one, dead"


def test_a_tree_is_drawn_from_a_plain_thread(backend: Backend) -> None:
    with Runtime() as rt:
        inner = SupervisorSpec(children=[ChildSpec("w", Worker, backend=backend)])
        sup = rt.start_supervisor_sync(SupervisorSpec(children=[ChildSpec("i", inner)]))
        assert rt.wait_until_idle_sync()
        assert tree_sync(sup).splitlines() == [
            "<0.1> one_for_one",
            "└── i: <0.2> one_for_one",
            "    └── w: <0.3> Worker, idle",
        ]
        sup.stop_sync()
        assert tree_sync(sup) == "<0.1> one_for_one, dead"
