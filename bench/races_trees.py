"""More planted races: of calls, names and supervisors. `bench.races` says what a scenario is."""

from __future__ import annotations

import asyncio

from bench.races import Race, Wrong, hop

__all__ = ["TREE_RACES"]


async def _swapped_answers(is_planted: bool) -> None:
    """A server that answers calls side by side gives each answer to the caller that has waited longest."""
    waiting: list[asyncio.Future[int]] = []

    async def double(number: int, reply: asyncio.Future[int]) -> None:
        await hop(2)
        receiver = waiting.pop(0)
        (receiver if is_planted else reply).set_result(2 * number)

    async def client(number: int, delay: int) -> None:
        await hop(delay)
        reply: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        waiting.append(reply)
        handling = asyncio.ensure_future(double(number, reply))
        answer = await reply
        await handling
        if answer != 2 * number:
            raise Wrong(f"the double of {number} is {answer}")

    await asyncio.gather(client(1, 0), client(2, 4))


async def _duplicate_child(is_planted: bool) -> None:
    """Two clients add a child with the same id; the supervisor knows a child only when it has started."""
    children: dict[str, str] = {}
    started: list[str] = []

    async def start_child(who: str) -> None:
        if "c" in children:
            return
        if not is_planted:
            children["c"] = "starting"
        await hop()
        started.append(who)
        children["c"] = who

    async def client(who: str, delay: int) -> None:
        await hop(delay)
        await start_child(who)

    await asyncio.gather(client("a", 0), client("b", 5))
    if len(started) != 1:
        raise Wrong("two children have one id")


async def _live_orphan(is_planted: bool) -> None:
    """A child is ended by hand while it is being restarted, and comes to life all the same."""
    wanted, alive = {"c"}, set[str]()

    async def restart() -> None:
        await hop(2)
        if is_planted or "c" in wanted:
            alive.add("c")

    async def terminate() -> None:
        await hop(6)
        wanted.discard("c")
        alive.discard("c")

    await asyncio.gather(restart(), terminate())
    if alive:
        raise Wrong("a child that was ended is alive")


async def _lost_casts(is_planted: bool) -> None:
    """A request to stop a server is a flag, which it sees before the casts that wait."""
    mailbox: asyncio.Queue[int] = asyncio.Queue()
    is_stopping = False
    served: list[int] = []

    async def serve() -> None:
        while not is_stopping:
            number = await mailbox.get()
            if number < 0:
                return
            served.append(number)

    async def client() -> None:
        nonlocal is_stopping
        for _ in range(3):
            mailbox.put_nowait(1)
        await hop(3)
        is_stopping = is_planted
        mailbox.put_nowait(-1)

    await asyncio.gather(serve(), client())
    if len(served) != 3:
        raise Wrong(f"of 3 casts before a stop {len(served)} were served")


async def _name_freed_twice(is_planted: bool) -> None:
    """A death frees a name once more, when a successor may have it."""
    names = {"n": "old"}
    down = asyncio.get_running_loop().create_future()

    async def die() -> None:
        del names["n"]
        down.set_result(None)
        if is_planted:
            await hop()
            names.pop("n", None)

    async def succeed() -> None:
        await down
        await hop(4)
        names["n"] = "new"

    await asyncio.gather(die(), succeed())
    if "n" not in names:
        raise Wrong("the name of a live process is free")


async def _fired_after_cancel(is_planted: bool) -> None:
    """A timer that is about to fire is cancelled: its owner is told that it will not, and it does."""
    is_cancelled = is_sent = False

    async def fire() -> None:
        nonlocal is_sent
        await hop()
        if is_planted and not is_cancelled:
            await hop()
            is_sent = True
        elif not is_cancelled:
            is_sent = True

    async def cancel() -> bool:
        nonlocal is_cancelled
        await hop(5)
        is_cancelled = True
        return not is_sent

    _, was_active = await asyncio.gather(fire(), cancel())
    if was_active and is_sent:
        raise Wrong("a cancelled timer has fired")


async def _overwritten_message(is_planted: bool) -> None:
    """A server with room for one message empties it a moment after it has looked, with what has come meanwhile."""
    room: list[int] = []
    seen: list[int] = []

    async def serve() -> None:
        for _ in range(20):
            if room:
                seen.append(room[0])
                if is_planted:
                    await hop()
                    room.clear()
                else:
                    room.pop(0)
            await hop()

    async def send(number: int, delay: int) -> None:
        await hop(delay)
        room.append(number)

    await asyncio.gather(serve(), send(1, 1), send(2, 6))
    if len(seen) + len(room) != 2:
        raise Wrong(f"of two messages {len(seen)} arrived")


async def _double_restart(is_planted: bool) -> None:
    """A death is noticed twice, by a link and by somebody who looks, and both restart the child."""
    is_down = True
    starts: list[int] = []

    async def notice(delay: int) -> None:
        nonlocal is_down
        await hop(delay)
        if not is_down:
            return
        if not is_planted:
            is_down = False
        await hop()
        starts.append(delay)
        is_down = False

    await asyncio.gather(notice(0), notice(5))
    if len(starts) != 1:
        raise Wrong(f"one death, {len(starts)} restarts")


TREE_RACES: tuple[Race, ...] = (
    Race("answer of another caller", _swapped_answers),
    Race("start_child admits a duplicate", _duplicate_child),
    Race("terminate_child and a restart: live orphan", _live_orphan),
    Race("stop that loses queued casts", _lost_casts),
    Race("name freed twice", _name_freed_twice),
    Race("timer fires after its cancel", _fired_after_cancel),
    Race("message overwritten", _overwritten_message),
    Race("one death restarted twice", _double_restart),
)
"""All of them."""
