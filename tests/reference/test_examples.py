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
