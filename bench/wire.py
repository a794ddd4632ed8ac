"""The suite over the wire: real Erlang/OTP, beside a program that only gives lines back."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from functools import partial
from importlib.resources import files
from typing import IO, Any

from bench.measure import Stopwatch, Way, compare
from bench.search import programs
from bench.table import goal_words, number_words, print_table, ratio_words
from letitcrash_conformance.session import Session
from letitcrash_conformance.subjects.erlang_otp import erlang_subject
from letitcrash_spec.messages import Operation

__all__ = ["run"]

BATCH = 200
GOAL = 0.5
REQUEST = Operation("call", {"to": "p1", "msg": ["add", 1]})
ECHO = """
    {ok, Module, Code} = compile:file("%s", [binary]),
    {module, Module} = code:load_binary(Module, "echo.erl", Code),
    Module:main().
"""


class Echo:
    """An Erlang program that gives back every line, written to in batches."""

    def __init__(self) -> None:
        source = str(files("bench").joinpath("echo.erl"))
        command = ["erl", "+S", "1:1", "-noinput", "-boot", "start_clean", "-eval", ECHO % source]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, times: int) -> float:
        requests, answers = _pipes(self._process)
        with Stopwatch(time.perf_counter) as watch:
            for _ in range(times // BATCH):
                lines = [json.dumps({"id": index, "op": REQUEST.op, "args": REQUEST.args}) for index in range(BATCH)]
                requests.write(("\n".join(lines) + "\n").encode())
                requests.flush()
                for _ in range(BATCH):
                    json.loads(answers.readline())
        return watch.seconds

    def close(self) -> None:
        """End the program."""
        for pipe in _pipes(self._process):
            pipe.close()
        self._process.wait(timeout=10)


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def run(*, rounds: int, shrink: int) -> None:
    """Measure and print; the arguments are those of the other benchmarks."""
    if shutil.which("erl") is None:
        print("\nThe suite over the wire is left out: there is no erl (Debian: apt-get install erlang-base)")
        return
    echo = Echo()
    session = Session(erlang_subject())
    subject = session.subject

    def call(times: int) -> float:
        subject.run([Operation("reset", {}), Operation("spawn", {"as": "p1", "probe": {}})])
        with Stopwatch(time.perf_counter) as watch:
            for _ in range(times // BATCH):
                subject.run([REQUEST] * BATCH)
        return watch.seconds

    def search(chapter: str, times: int) -> float:
        done = session.operations
        with Stopwatch(time.perf_counter) as watch:
            for program in programs(session, chapter, session.hello.default_backend, times):
                session.run(program)
        return watch.seconds * times / (session.operations - done)

    times = max(2 * BATCH, 10_000 // shrink // BATCH * BATCH)
    ways = [
        Way("floor: lines given back", echo, times),
        Way("calls, pipelined", call, times),
        Way("search, chapter links", partial(search, "links"), times // 5),
        Way("search, chapter world", partial(search, "world"), times // 20),
    ]
    try:
        result = compare(ways, rounds=rounds)
    finally:
        subject.close()
        echo.close()
    rows: list[list[Any]] = []
    for way in ways:
        share = result.ratio(way.name, ways[0].name)
        goal = goal_words(share, GOAL) if way.name.startswith("calls") else ""
        rows.append([way.name, number_words(result.rate(way.name)), ratio_words(share), goal])
    print_table(
        "The suite over the wire: Erlang/OTP",
        ["", "operations/s", "of the floor", "goal"],
        rows,
        [
            f"Operations per second of real time, in batches of {BATCH}; the floor writes and reads the same JSON.",
            "A search settles the world at every look and may let real time pass: shown for its own sake.",
        ],
    )
