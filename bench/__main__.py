"""`python -m bench`: prints what the suite and the reference cost, as ratios. Asserts nothing."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

from bench import fuzzing, histories, schedules, search, servers, supervision, wire

__all__ = ["main"]

BENCHES = {
    "search": search.run,
    "histories": histories.run,
    "schedules": schedules.run,
    "fuzzing": fuzzing.run,
    "wire": wire.run,
    "servers": servers.run,
    "supervision": supervision.run,
}
ROUNDS = 5
QUICK_ROUNDS = 3
QUICK_SHRINK = 8


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmarks that were asked for; all of them if none was."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("benches", nargs="*", metavar="BENCH", help=f"which: {', '.join(BENCHES)}; all if left out")
    parser.add_argument("--quick", action="store_true", help="fewer rounds of fewer operations: a rough picture")
    parser.add_argument("--rounds", type=int, default=None, metavar="N", help=f"turns of each way (default {ROUNDS})")
    options = parser.parse_args(arguments)
    for name in options.benches:
        if name not in BENCHES:
            parser.error(f"expected a bench of {', '.join(BENCHES)}, got {name!r}")
    rounds = options.rounds or (QUICK_ROUNDS if options.quick else ROUNDS)
    if rounds < 1:
        parser.error(f"expected rounds above zero, got {rounds}")
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, medians of {rounds} rounds taken in turns")
    began = time.perf_counter()
    for name, run in BENCHES.items():
        if not options.benches or name in options.benches:
            run(rounds=rounds, shrink=QUICK_SHRINK if options.quick else 1)
            sys.stdout.flush()
    seconds = time.perf_counter() - began
    print(f"\nMeasured in {seconds:.0f} s. Rates move with the machine, ratios hardly; nothing is asserted.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
