"""The reference beside its floors and peers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench import floor, reference
from bench.measure import Way, compare, one_processor
from bench.memory import bytes_each
from bench.peers import Peer, find_peers
from bench.table import goal_words, number_words, print_table, ratio_words

__all__ = ["run"]


@dataclass(frozen=True, slots=True)
class Measure:
    """One row: what the reference does, beside its floor and, where they do the same, the peers.

    Attributes:
        name: What is measured.
        ours: The reference doing it.
        base: The floor doing it.
        times: How often in a round.
        goal: The least share of the floor's rate.
        peer: What the peers' modules call it; empty if they have no such thing.
        peer_goals: The least multiple of a peer's rate, by its name.
    """

    name: str
    ours: Callable[[int], float]
    base: Callable[[int], float]
    times: int
    goal: float
    peer: str = ""
    peer_goals: tuple[tuple[str, float], ...] = ()


MEASURES = (
    Measure("call, timeout 5 s", reference.call, floor.call, 20_000, 0.65, "call", (("async-pykka", 2.0),)),
    Measure("100 callers", reference.callers, floor.callers, 20_000, 0.45, "callers"),
    Measure("cast", reference.cast, floor.cast, 100_000, 0.20, "cast", (("pykka", 2.3), ("async-pykka", 2.3))),
    Measure("spawn + stop", reference.spawn, floor.spawn, 5_000, 0.30, "spawn"),
    Measure("thread call", reference.thread_call, floor.thread_call, 10_000, 0.65, "call", (("pykka", 1.9),)),
    Measure("pool call", reference.pool_call, floor.call, 10_000, 0.16),
    Measure("loop to thread", reference.loop_to_thread, floor.call, 10_000, 0.185),
    Measure("from another loop", reference.from_other_loop, floor.call, 10_000, 0.145),
)
"""The goals of the last three are rates of 20k, 23k and 18k a second on a machine whose floor does 124k."""

IDLE_GOAL = 4000
PEER_SHARE = 10
"""How many times fewer times the peers do it: they are slower."""


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print.

    Args:
        rounds: How many turns of each way.
        shrink: By how much fewer times than usual.
    """
    peers, missing = find_peers()
    with one_processor() as is_pinned:
        rows = [_row(measure, peers, rounds, shrink) for measure in MEASURES]
        rows.append(_idle_row(peers, max(100, 2000 // shrink)))
    header = ["", "reference", "floor", "of the floor", "goal"]
    for peer in peers:
        header += [peer.name, "against it", "goal"]
    notes = [
        "Rates are times per second of CPU time, of all threads of the process; compare them only within one run.",
        f"The process is {'kept on one processor' if is_pinned else 'free to use several processors'} meanwhile.",
        "The floor of a thread call is a SimpleQueue with a fresh reply queue, of all others one bare asyncio task.",
        *missing,
    ]
    print_table("The reference, its floors and its peers", header, rows, notes)


def _row(measure: Measure, peers: list[Peer], rounds: int, shrink: int) -> list[str]:
    times = max(200, measure.times // shrink)
    ways = [Way("reference", measure.ours, times), Way("floor", measure.base, times)]
    if measure.peer:
        fewer = max(200, times // PEER_SHARE)
        ways += [Way(peer.name, getattr(peer.module, measure.peer), fewer) for peer in _fit(measure, peers)]
    result = compare(ways, rounds=rounds)
    share = result.ratio("reference", "floor")
    row = [
        measure.name,
        number_words(result.rate("reference")),
        number_words(result.rate("floor")),
        ratio_words(share),
        goal_words(share, measure.goal),
    ]
    goals = dict(measure.peer_goals)
    for peer in peers:
        if peer.name not in result.rates:
            row += ["", "", ""]
            continue
        multiple = result.ratio("reference", peer.name)
        goal = goals.get(peer.name)
        row += [
            number_words(result.rate(peer.name)),
            ratio_words(multiple),
            "" if goal is None else goal_words(multiple, goal),
        ]
    return row


def _fit(measure: Measure, peers: list[Peer]) -> list[Peer]:
    """Return the peers that do the same: calls from a thread have no match among tasks."""
    return [peer for peer in peers if not (measure.name == "thread call" and peer.is_async)]


def _idle_row(peers: list[Peer], count: int) -> list[str]:
    sizes = bytes_each(peers, count)
    ours = sizes["reference"]
    row = [
        "bytes per idle process",
        number_words(ours),
        number_words(sizes["floor"]),
        ratio_words(ours / sizes["floor"]),
        goal_words(ours, IDLE_GOAL, at_most=True),
    ]
    for peer in peers:
        row += [number_words(sizes[peer.name]), ratio_words(ours / sizes[peer.name]), ""]
    return row
