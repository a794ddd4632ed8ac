"""What a worker of a cluster does: one range at a time, on a subject that it keeps for the next."""

from __future__ import annotations

import contextlib
import pickle
import platform
import threading
from typing import Any

from letitcrash_conformance import interrupts
from letitcrash_conformance.recorder import suite_version
from letitcrash_fuzz.atheris_engine import run_atheris
from letitcrash_fuzz.campaign import execute
from letitcrash_fuzz.executor import Executor
from letitcrash_fuzz.ranges import Onlooker, Range
from letitcrash_fuzz.worker import Job

__all__ = ["close_bench", "dask_setup", "describe_worker", "run_range", "stop_bench"]

CLOSE_S = 5.0
"""How long a subject may take to end, in seconds."""

_NAME = "letitcrash_benches"


class _Bench(Onlooker):
    """The subject of one campaign in one worker, and who may use it: a worker with several threads takes turns."""

    def __init__(self) -> None:
        self.is_stopped = False
        self.lock = threading.Lock()
        self.executor: Executor | None = None

    def run(self, job: Job) -> Range:
        with self.lock:
            if job.target.engine == "atheris" and job.inputs is None:
                return run_atheris(job.target, job.lo, job.hi, job.knowledge, self)
            if self.executor is None:
                self.executor = Executor(job.target)
            self.executor.turn_to(job.target)
            return execute(self.executor, job.lo, job.hi, job.knowledge, self, job.inputs)

    def should_stop(self) -> bool:
        return self.is_stopped

    def close(self) -> None:
        with self.lock, contextlib.suppress(Exception):
            if self.executor is not None:
                self.executor.close()
            self.executor = None


def run_range(packed: bytes, campaign: str) -> Range:
    """Run a range, in a task of dask.

    Args:
        packed: A pickled `Job`.
        campaign: The name of the campaign, which has a subject of its own in each worker.
    """
    from distributed import get_worker

    worker: Any = get_worker()
    benches: dict[str, _Bench] = worker.__dict__.setdefault(_NAME, {})
    return benches.setdefault(campaign, _Bench()).run(pickle.loads(packed))


def stop_bench(campaign: str, dask_worker: Any = None) -> None:
    """Let the range of a campaign end before its next execution, in each worker."""
    bench: _Bench | None = dask_worker.__dict__.get(_NAME, {}).get(campaign)
    if bench is not None:
        bench.is_stopped = True


def close_bench(campaign: str, dask_worker: Any = None) -> None:
    """End the subject of a campaign, in each worker."""
    bench: _Bench | None = dask_worker.__dict__.get(_NAME, {}).pop(campaign, None)
    if bench is not None:  # the thread that runs this has an event loop at work; a subject may need its own
        thread = threading.Thread(target=bench.close, daemon=True)
        thread.start()
        thread.join(CLOSE_S)


def describe_worker() -> tuple[str, str]:
    """Return the versions of the suite and of Python in a worker."""
    return suite_version(), platform.python_version()


def dask_setup(worker: Any) -> None:
    """Leave Ctrl-C to whoever runs the campaign: called in each worker process of a local cluster when it starts."""
    interrupts.ignore()
