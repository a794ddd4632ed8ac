"""`python -m letitcrash_fuzz.hostile`: broken answers, files and requests, and what becomes of those who read them.

Nobody may crash, hang or grow: every attempt ends with an answer or a clear error.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

from letitcrash_conformance.errors import UsageError
from letitcrash_fuzz.hostile_kits import attack_kit, list_kits
from letitcrash_fuzz.hostile_readers import READERS, Attack

__all__ = ["Breach", "attack_reader", "main"]

SLOW_S = 20.0
"""How long one attempt may take, in seconds, on a busy machine."""

GROWTH = 200 << 20
"""By how many bytes the attempts may drive the memory of this process up."""

MOST = 10


@dataclass(frozen=True, slots=True)
class Breach:
    """An attempt that ended as it must not.

    Attributes:
        where: Who read it.
        number: Number of the attempt; with the seed it gives the same bytes again.
        what: What happened.
    """

    where: str
    number: int
    what: str


def attack_reader(name: str, *, seed: int, attempts: int, seconds: float) -> tuple[int, list[Breach]]:
    """Attack one reader of this process.

    Args:
        name: One of `READERS`.
        seed: The same seed gives the same attempts.
        attempts: How many at most.
        seconds: How long at most.

    Returns:
        How many attempts were made, and those that went wrong, at most ten.
    """
    breaches: list[Breach] = []
    number = 0
    with READERS[name]() as attack:
        deadline = time.monotonic() + seconds
        before = _peak()
        while number < attempts and time.monotonic() < deadline and len(breaches) < MOST:
            breaches += _try(attack, name, seed, number)
            number += 1
        growth = _peak() - before
        if growth > GROWTH:
            breaches.append(Breach(name, number, f"expected no growth, got {growth >> 20} MB in {number} attempts"))
    return number, breaches


def _try(attack: Attack, name: str, seed: int, number: int) -> list[Breach]:
    started = time.monotonic()
    try:
        attack(random.Random(f"{seed} {name} {number}"))
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return [Breach(name, number, f"{type(error).__name__}: {error} ({last.filename}:{last.lineno})"[:400])]
    took = time.monotonic() - started
    return [Breach(name, number, f"expected an end within {SLOW_S:.0f} s, it took {took:.1f} s")] * (took > SLOW_S)


def _peak() -> int:
    """Return how much memory this process had at most so far, in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(argv: Sequence[str] | None = None) -> int:
    """Attack what was asked for. Returns 0 if all held, 1 if something broke, 2 for wrong usage, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m letitcrash_fuzz.hostile", description=__doc__)
    kits = [f"kit:{name}" for name in list_kits()]
    everything = [*READERS, *kits]
    parser.add_argument("who", nargs="*", metavar="WHO", help=f"{', '.join(everything)}; all if left out")
    parser.add_argument("--seconds", type=float, default=5.0, metavar="N", help="how long each, at most (default: 5)")
    parser.add_argument("--attempts", type=int, default=1_000_000, metavar="N", help="how many each, at most")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed gives the same attempts")
    options = parser.parse_args(argv)
    for name in options.who:
        if name not in everything:
            parser.error(f"expected one of {', '.join(everything)}, got {name!r}")
    is_broken = False
    for name in options.who or everything:
        try:
            if name in READERS:
                number, breaches = attack_reader(
                    name, seed=options.seed, attempts=options.attempts, seconds=options.seconds
                )
                found = [(each.number, each.what) for each in breaches]
            else:
                number, found = attack_kit(
                    name.partition(":")[2], seed=options.seed, attempts=options.attempts, seconds=options.seconds
                )
        except UsageError as error:
            print(f"{name:<16} not attacked: {error}")
            continue
        except KeyboardInterrupt:
            print(f"{name:<16} interrupted")
            return 130
        print(f"{name:<16} {number:>8,} attempts, {'held' if not found else 'BROKEN'}", flush=True)
        for attempt, what in found:
            print(f"    attempt {attempt} of seed {options.seed}: {what}")
        is_broken |= bool(found)
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
