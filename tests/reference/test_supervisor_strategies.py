from __future__ import annotations

import asyncio
from typing import Any

import pytest

from letitcrash_reference import Backend, ChildSpec, ExitReason, SupervisorSpec
from letitcrash_reference.strategies import needs_restart
from tests.reference.servers import runtime
from tests.reference.trees import Nursery, crash, handle, start, states

QUIET = (ExitReason.NORMAL, ExitReason.SHUTDOWN, ExitReason.shutdown("x"))
LOUD = (ExitReason.error("e"), ExitReason.KILL, ExitReason.KILLED, ExitReason.NOPROC)


@pytest.mark.clause("STR-1", "STR-2", "STR-3", "EXIT-26", "EXIT-27")
@pytest.mark.parametrize("reason", QUIET + LOUD, ids=str)
def test_the_restart_type_and_the_reason_decide(reason: ExitReason) -> None:
    assert needs_restart("permanent", reason)
    assert needs_restart("transient", reason) is (reason in LOUD)
    assert not needs_restart("temporary", reason)


@pytest.mark.clause("STR-1", "STR-2", "STR-3", "STR-4", "STR-5", "STR-6", "INT-7")
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
@pytest.mark.parametrize("reason", [ExitReason.NORMAL, ExitReason.shutdown("x"), ExitReason.error("e")], ids=str)
async def test_an_end_that_needs_no_restart_concerns_nobody(strategy: Any, reason: ExitReason) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("a"),
            nursery.leaf("p", restart="temporary"),
            nursery.leaf("t", restart="transient"),
            nursery.leaf("z"),
            strategy=strategy,
            max_restarts=1 if reason.is_abnormal else 0,
        )
        await (await handle(sup, "p")).stop(reason)
        assert await states(sup) == {"a": "up", "t": "up", "z": "up"}
        assert nursery.take() == "+a +p +t +z -p"
        await (await handle(sup, "t")).stop(reason)
        await rt.wait_until_idle()
        assert (await states(sup))["t"] == ("down" if reason.is_normal else "up")
        if reason.is_normal:
            assert nursery.take() == "-t"


@pytest.mark.clause("STR-5", "STR-6")
async def test_one_for_one_restarts_only_who_ended(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abc"), strategy="one_for_one")
        before = {child.id: child.handle for child in await sup.which_children()}
        await crash(rt, sup, "b")
        after = {child.id: child.handle for child in await sup.which_children()}
        assert list(after) == list("abc")
        assert [label for label in "abc" if after[label] is before[label]] == ["a", "c"]
        assert nursery.take() == "+a +b +c +b"


@pytest.mark.clause("STR-7", "STR-8", "SHUT-15")
@pytest.mark.parametrize(
    ("strategy", "story"), [("one_for_all", "-d -c -a +a +b +c +d"), ("rest_for_one", "-d -c +b +c +d")]
)
async def test_a_group_is_ended_in_reverse_and_started_in_order(backend: Backend, strategy: Any, story: str) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abcd"), strategy=strategy)
        nursery.take()
        await crash(rt, sup, "b")
        assert nursery.take() == story


@pytest.mark.clause("STR-9")
@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
async def test_temporary_siblings_of_a_group_vanish(strategy: Any) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a"), nursery.leaf("t", restart="temporary"), strategy=strategy)
        await crash(rt, sup, "a")
        assert await states(sup) == {"a": "up"}
        assert nursery.take() == "+a +t -t +a"


@pytest.mark.clause("STR-10", "STR-11")
@pytest.mark.parametrize(
    ("strategy", "crashed", "up"),
    [("one_for_all", "d", "abcde"), ("rest_for_one", "b", "bcde"), ("rest_for_one", "d", "de")],
)
async def test_a_group_restart_brings_back_its_members_that_were_down(strategy: Any, crashed: str, up: str) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("a"),
            nursery.leaf("b"),
            nursery.leaf("c", restart="transient"),
            nursery.leaf("d"),
            nursery.leaf("e", "ignore", "ok"),
            strategy=strategy,
        )
        await sup.terminate_child("a")
        await (await handle(sup, "c")).stop()
        assert await states(sup) == {"a": "down", "b": "up", "c": "down", "d": "up", "e": "down"}
        await crash(rt, sup, crashed)
        found = await states(sup)
        assert [label for label in "acde" if found[label] == "up"] == [label for label in up if label != "b"]


@pytest.mark.clause("STR-13", "STR-12")
async def test_one_for_all_begins_again_with_all_when_one_does_not_start(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(
            rt, nursery.leaf("a"), nursery.leaf("b", "ok", (5, "fail"), "ok"), nursery.leaf("c"), strategy="one_for_all"
        )
        (await handle(sup, "a")).exit(ExitReason.KILL)
        await rt.wait_until_idle()
        looking = asyncio.create_task(states(sup))
        await rt.advance(5)
        assert await looking == {"a": "up", "b": "restarting", "c": "down"}
        assert nursery.take() == "+a +b +c -c -b +a +b -a +a +b +c"


@pytest.mark.clause("STR-14")
async def test_rest_for_one_goes_on_from_the_one_that_did_not_start(backend: Backend) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(
            rt,
            *nursery.leaves("ab"),
            nursery.leaf("c", "ok", "fail", "raise", "ok"),
            nursery.leaf("d"),
            strategy="rest_for_one",
        )
        nursery.take()
        await crash(rt, sup, "b")
        assert nursery.take() == "-d -c +b +c +c +c +d"


@pytest.mark.clause("STR-15", "SUP-30")
@pytest.mark.parametrize(
    ("strategy", "left"),
    [
        ("one_for_all", {"a": "up", "b": "down", "c": "down"}),
        ("rest_for_one", {"a": "up", "b": "down", "c": "down"}),
    ],
)
async def test_calling_a_retry_off_leaves_those_behind_it_down(strategy: Any, left: dict[str, str]) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(
            rt, nursery.leaf("a"), nursery.leaf("b", "ok", (5, "fail"), "ok"), nursery.leaf("c"), strategy=strategy
        )
        (await handle(sup, "b")).exit(ExitReason.KILL)
        await rt.wait_until_idle()
        ending = asyncio.create_task(sup.terminate_child("b"))
        await rt.advance(5)
        await ending
        await rt.wait_until_idle()
        assert await states(sup) == left
        await crash(rt, sup, "a")
        assert await states(sup) == {"a": "up", "b": "up", "c": "up"}


@pytest.mark.clause("STR-16", "STR-18", "INT-4")
@pytest.mark.parametrize(("strategy", "lives"), [("one_for_all", True), ("one_for_one", False)])
async def test_two_deaths_met_at_once_are_one_group_restart_or_two_restarts(
    backend: Backend, strategy: Any, lives: bool
) -> None:
    nursery = Nursery(backend)
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abc"), strategy=strategy, max_restarts=1)
        victims = [await handle(sup, label) for label in "ca"]
        await sup.suspend()
        for victim in victims:
            victim.exit(ExitReason.KILL)
        await sup.resume()
        await rt.wait_until_idle()
        assert sup.is_alive is lives


@pytest.mark.clause("STR-17")
@pytest.mark.parametrize(("order", "story"), [("ac", "-b +a +b +c"), ("ca", "+c -c -b +a +b +c")])
async def test_rest_for_one_absorbs_a_later_death_only_if_it_is_met_later(order: str, story: str) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, *nursery.leaves("abc"), strategy="rest_for_one")
        victims = [await handle(sup, label) for label in order]
        nursery.take()
        await sup.suspend()
        for victim in victims:
            victim.exit(ExitReason.KILL)
        await sup.resume()
        await rt.wait_until_idle()
        assert nursery.take() == story


@pytest.mark.clause("STR-19")
@pytest.mark.parametrize("strategy", ["one_for_one", "one_for_all", "rest_for_one"])
async def test_a_restart_that_declines_leaves_the_child_down(strategy: Any) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(rt, nursery.leaf("a", "ok", "ignore"), nursery.leaf("b"), strategy=strategy)
        await crash(rt, sup, "a")
        assert await states(sup) == {"a": "down", "b": "up"}
        assert await sup.restart_child("a") is None


@pytest.mark.clause("STR-20", "STR-21", "SUP-26", "INT-13")
@pytest.mark.parametrize(("restart", "state"), [("permanent", "up"), ("transient", "down"), ("temporary", None)])
async def test_a_supervisor_that_gives_up_is_restarted_as_its_own_spec_says(restart: Any, state: str | None) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        inner = SupervisorSpec(children=[nursery.leaf("a")], max_restarts=1)
        top = await start(rt, ChildSpec("i", inner, restart=restart), max_restarts=1)
        branch: Any = await handle(top, "i")
        await branch.start_child(nursery.leaf("x"))
        nursery.take()
        await crash(rt, branch, "a")
        assert nursery.take() == "+a"
        await crash(rt, branch, "a")
        assert await branch.wait_dead() == ExitReason.SHUTDOWN
        assert (await states(top)).get("i") == state
        assert nursery.take() == ("-x +a" if state == "up" else "-x")
        if state == "up":
            await crash(rt, await handle(top, "i"), "a")
            assert nursery.take() == "+a"


@pytest.mark.clause("STR-30", "STR-31", "STR-34", "SHUT-13")
@pytest.mark.parametrize("restart", ["transient", "temporary"])
async def test_any_significant_child_that_is_not_restarted_ends_the_supervisor(restart: Any) -> None:
    nursery = Nursery()
    key: dict[str, Any] = {"restart": restart, "significant": True}
    async with runtime() as rt:
        for reason in (ExitReason.NORMAL, ExitReason.SHUTDOWN, ExitReason.error("e")):
            sup = await start(
                rt,
                nursery.leaf("a"),
                nursery.leaf("k", **key),
                nursery.leaf("p", restart="temporary"),
                nursery.leaf("z"),
                auto_shutdown="any_significant",
            )
            await (await handle(sup, "p")).stop(reason)
            await rt.wait_until_idle()
            nursery.take()
            await (await handle(sup, "k")).stop(reason)
            await rt.wait_until_idle()
            if reason.is_abnormal and restart == "transient":
                assert nursery.take() == "-k +k"
                await sup.stop()
            else:
                assert await sup.wait_dead() == ExitReason.SHUTDOWN
                assert nursery.take() == "-k -z -a"


@pytest.mark.clause("STR-32", "STR-33")
async def test_all_significant_waits_for_the_last_one_that_ends_by_itself() -> None:
    nursery = Nursery()
    key: dict[str, Any] = {"restart": "transient", "significant": True}
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("j", **key),
            nursery.leaf("k", **key),
            nursery.leaf("l", "ignore", **key),
            nursery.leaf("z"),
            auto_shutdown="all_significant",
        )
        await (await handle(sup, "j")).stop()
        await sup.terminate_child("k")
        await rt.wait_until_idle()
        assert await states(sup) == {"j": "down", "k": "down", "l": "down", "z": "up"}
        await sup.restart_child("j")
        await (await handle(sup, "j")).stop()
        assert await sup.wait_dead() == ExitReason.SHUTDOWN


@pytest.mark.clause("STR-33")
@pytest.mark.parametrize("strategy", ["one_for_all", "rest_for_one"])
async def test_significant_children_that_a_group_restart_ends_do_not_end_the_supervisor(strategy: Any) -> None:
    nursery = Nursery()
    async with runtime() as rt:
        sup = await start(
            rt,
            nursery.leaf("a"),
            nursery.leaf("k", restart="temporary", significant=True),
            strategy=strategy,
            auto_shutdown="any_significant",
        )
        await crash(rt, sup, "a")
        assert await states(sup) == {"a": "up"}


@pytest.mark.clause("STR-36")
@pytest.mark.parametrize("significant", [True, False])
async def test_auto_shutdown_escalates_through_significant_supervisors(significant: bool) -> None:
    nursery = Nursery()
    leaf = nursery.leaf("c", restart="transient", significant=True)
    inner = SupervisorSpec(children=[leaf], auto_shutdown="any_significant")
    async with runtime() as rt:
        top = await start(
            rt,
            ChildSpec("b", inner, restart="transient", significant=significant),
            nursery.leaf("z"),
            auto_shutdown="any_significant",
        )
        branch: Any = await handle(top, "b")
        await (await handle(branch, "c")).stop()
        await rt.wait_until_idle()
        assert branch.is_alive is False
        assert top.is_alive is not significant
