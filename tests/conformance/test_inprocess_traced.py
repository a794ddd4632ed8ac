"""A silent subject is noticed in every thread also while functions are traced, as coverage and debuggers do."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, threading
from letitcrash_conformance.errors import SubjectError
from letitcrash_conformance.inprocess import InProcessSubject
from letitcrash_conformance.subjects.reference import ReferenceSubject
from letitcrash_spec.messages import Operation

class Silent(InProcessSubject):
    HELLO = ReferenceSubject.HELLO

    async def whereis(self, name):
        if name == "awaits":
            await asyncio.Event().wait()
        while True:
            pass

def trace(frame, event, argument):
    return None

def drive(kind):
    sys.settrace(trace)
    try:
        Silent(silence_s=0.1).run([Operation("whereis", {"name": kind})])
    except SubjectError as error:
        said.append("got no progress for 0.1 s" in error.what)
    later()

def later():
    return [len(str(number)) for number in range(1000)]

said = []
for kind in ("awaits", "spins"):
    drive(kind)
    thread = threading.Thread(target=drive, args=(kind,))
    thread.start()
    thread.join()
sys.settrace(None)
print(said)
"""


@pytest.mark.parametrize("options", [(), ("-X", "dev")])
def test_a_silent_subject_is_noticed_while_functions_are_traced(options: tuple[str, ...]) -> None:
    done = subprocess.run(
        [sys.executable, *options, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout == "[True, True, True, True]\n", done.stderr
