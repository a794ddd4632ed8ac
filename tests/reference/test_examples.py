from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "reference" / "examples"
OUTPUT = {
    "bank": """\
        deposit 50: 150
        withdraw 30: 120
        withdraw 500: Refused(missing=380)
        auditor: account <0.1> closed: error: expected an amount above zero, got -1
        deposit -1: error: expected an amount above zero, got -1
        alice is None
    """,
    "connection_pool": """\
        no more than 3
        db1 did select
        broken: error: db2 hung up
        db2 did insert
        left: 2
        closed: db1 (shutdown) db2 (error) db2 (shutdown) db3 (shutdown)
    """,
    "crash_storm": """\
           0 s  sensor <0.3> starts
           1 s  sensor <0.4> starts
           2 s  sensor <0.5> starts
           3 s  sensor <0.7> starts
           3 s  the room gives up, the house starts a new one
           4 s  sensor <0.8> starts
           5 s  sensor <0.9> starts
           6 s  the room gives up
           6 s  the house gives up: shutdown
    """,
    "mixed_backends": """\
        ['5d090186', 'f7f53859', 'a122c202']
        the caller hears at once: killed
        its name is free: True
        threads left: 0
    """,
    "name_server": """\
        names: english, french
        Hello, Joe
        Bonjour, Robert
        'english' is taken by <0.1>
        'english' is gone
        Hi, Joe
        broken: error: no such device
        names: english, french
    """,
    "ping_pong": """\
        ping 1
        pong 1
        ping 2
        pong 2
        ping 3
        pong 3
        pong: ping left, shutdown: enough
        pong ended: normal
    """,
    "supervised_bank": """\
        receipt: alice 100 -> 100
        the teller crashed: error: invalid literal for int() with base 10: 'ten'
        receipt: alice 20 -> 120
        <0.1> 'bank' rest_for_one
        ├── ledger: <0.2> 'ledger' Ledger, idle
        ├── teller: <0.5> 'teller' Teller, idle, restarted once
        └── printer: <0.6> 'printer' Printer, idle, restarted once
    """,
    "three_levels": """\
        + disk
        + index
        + listener
        + session 1
        + session 2
        <0.1> 'shop' rest_for_one
        ├── storage: <0.2> one_for_all
        │   ├── disk: <0.3> 'disk' Part, idle
        │   └── index: <0.4> 'index' Part, idle
        └── front: <0.5> rest_for_one
            ├── listener: <0.6> 'listener' Part, idle
            └── sessions: <0.7> one_for_one
                ├── session 1: <0.8> 'session 1' Part, idle
                └── session 2: <0.9> 'session 2' Part, idle
        the listener is killed
        - session 2
        - session 1
        + listener
        + session 1
        + session 2
        the runtime is left
        - session 2
        - session 1
        - listener
        - index
        - disk
    """,
    "updater": """\
        at the start: version 1
        after 59 s: version 1
        after 60 s: version 2
        after 11 min: version 12
        frozen at version 12 (was active: True)
        an hour later: version 12
    """,
}


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


@pytest.mark.parametrize("name", sorted(OUTPUT))
def test_an_example_runs_and_prints_what_it_is_about(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", EXAMPLES / f"{name}.py"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert lines(done.stdout) == lines(OUTPUT[name])


def test_every_example_is_run() -> None:
    assert sorted(OUTPUT) == sorted(path.stem for path in EXAMPLES.glob("*.py"))
