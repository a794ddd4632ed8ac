"""A campaign on a cluster of dask.distributed: one here, or one that is there already.

A range is a task. Where its worker dies, dask gives it to another one; each range is counted once, when its result
arrives. A range that takes several workers with it is halved, until the input that does it is known.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import pickle
import queue
import time
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from letitcrash_conformance.errors import LetItCrashError, SubjectError, SuiteError, UsageError
from letitcrash_conformance.recorder import suite_version
from letitcrash_fuzz.cluster_here import ClusterHere
from letitcrash_fuzz.cluster_range import close_bench, describe_worker, run_range, stop_bench
from letitcrash_fuzz.crew import Message, Place
from letitcrash_fuzz.worker import Job

__all__ = ["LOCAL", "Cluster", "load_dask"]

LOCAL = ""
"""Stands for a cluster of this machine, started and ended with the campaign."""

RETRIES = 2
"""How often a range is run again that failed in its worker for whatever reason."""

CONNECT_S = 15.0
"""How long a scheduler may take to answer and to have a worker, in seconds."""

CLOSE_S = 5.0
"""How long a cluster may take to let go, in seconds."""

AWAY_S = 20.0
"""After how many seconds without any worker that is said."""

COUNT_S = 3.0
"""How often the workers are counted, in seconds."""


def load_dask() -> Any:
    """Return the module `distributed`.

    Raises:
        UsageError: If it is not installed.
    """
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise UsageError(
            f"expected dask.distributed to be installed for --cluster, found none ({error})\n"
            '  pip install "letitcrash[cluster]", or leave --cluster out: -n N uses N processes of this machine'
        ) from None


class Cluster:
    """The workers of a cluster. Used by one thread."""

    def __init__(self, address: str, count: int, folder: Path) -> None:
        """Reach it.

        Args:
            address: Of the scheduler, as dask writes it; `LOCAL` for a cluster of this machine.
            count: How many worker processes a local one has.
            folder: Where a local one may put files.

        Raises:
            UsageError: If dask is not installed, nobody answers, or the workers have another version of the suite.
        """
        self._dask = load_dask()
        self._name = f"letitcrash-fuzz-{uuid.uuid4().hex[:12]}"
        self._address = address
        self._here: ClusterHere | None = None
        self._client: Any = None
        self._ended: queue.SimpleQueue[tuple[Place, Any]] = queue.SimpleQueue()
        self._futures: dict[Place, Any] = {}
        self._counted = 0.0
        self._count = 0
        self._present = time.monotonic()
        self._is_away = False
        self._notes: list[str] = []
        self._places: list[Place] = []
        for name in ("distributed", "tornado.application"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._connect(count, folder)
        except (OSError, TimeoutError, ValueError, RuntimeError) as error:
            self.close()
            where = f"at {address!r}" if address else "on this machine"
            raise UsageError(
                f"expected a dask cluster {where} with a worker that answers within {CONNECT_S:.0f} s, got: {error}"
            ) from None
        except BaseException:
            self.close()
            raise
        self._recount()

    def _connect(self, count: int, folder: Path) -> None:
        if self._address == LOCAL:
            self._here = ClusterHere(self._dask, count, folder)
        else:
            self._dask.comm.registry.get_backend(self._address.partition("://")[0] if "://" in self._address else "tcp")
        self._client = self._dask.Client(
            self._here.inner if self._here else self._address, timeout=CONNECT_S, set_as_default=False
        )
        self._client.wait_for_workers(1, timeout=CONNECT_S)
        if self._here is not None:
            return
        try:
            versions = self._client.run(describe_worker)
        except Exception as error:
            raise UsageError(
                f"expected letitcrash {suite_version()} on the workers of {self._address!r}, got "
                f"{type(error).__name__}: {error}\n  install the same version there, and what the subject needs"
            ) from None
        for place, (suite, python) in versions.items():
            if suite != suite_version():
                raise UsageError(
                    f"expected letitcrash {suite_version()} on every worker, got {suite} (Python {python}) on {place}"
                )

    @property
    def workers(self) -> list[Place]:
        """A place for each worker and one more, so that there is always a range that waits."""
        return self._places

    @property
    def idle(self) -> list[Place]:
        """The places that can take a range now."""
        if time.monotonic() - self._counted > COUNT_S:
            self._recount()
        return [place for place in self._places[: self._count] if place.job is None]

    @property
    def busy(self) -> list[Place]:
        """The places with a range."""
        return [place for place in self._places if place.job is not None]

    def _recount(self) -> None:
        self._counted = time.monotonic()
        with contextlib.suppress(OSError, TimeoutError):  # who listens hears of it
            workers = len(self._client.nthreads())
            self._count = max(workers, 1) + 1
            self._watch(workers)
            if self._here is not None:
                self._here.mend()
        while len(self._places) < self._count:
            self._places.append(Place(len(self._places)))

    def _watch(self, workers: int) -> None:
        """Remember to say that there is no worker, and that there is one again."""
        if workers:
            if self._is_away:
                self._notes.append("the cluster has workers again")
            self._present, self._is_away = self._counted, False
        elif not self._is_away and self._counted - self._present > AWAY_S:
            self._is_away = True
            self._notes.append("the cluster has no worker; this waits for one (Ctrl-C ends it, nothing is lost)")

    def give(self, worker: Place, job: Job) -> None:
        """Give a place a range."""
        worker.job = job
        worker.progress = (0, 0)
        future = self._client.submit(run_range, pickle.dumps(job), self._name, pure=False, retries=RETRIES)
        self._follow(worker, future)

    def _follow(self, place: Place, future: Any) -> None:
        self._futures[place] = future
        future.add_done_callback(partial(self._note, place))

    def _note(self, place: Place, future: Any) -> None:
        """Called in a thread of dask."""
        self._ended.put((place, future))

    def listen(self, timeout_s: float) -> Iterator[Message]:
        """Give the ranges that have ended; wait for one for a while.

        Raises:
            SubjectError: If the scheduler is gone.
            SuiteError: If a range failed by a mistake of the suite or of the command line.
        """
        while self._notes:
            yield Place(-1), "note", self._notes.pop(0)
        try:
            place, future = self._ended.get(timeout=timeout_s)
        except queue.Empty:
            return
        while True:
            if self._futures.get(place) is future:
                yield from self._end(place, future)
            try:
                place, future = self._ended.get_nowait()
            except queue.Empty:
                return

    def _end(self, place: Place, future: Any) -> Iterator[Message]:
        if future.status == "error":
            del self._futures[place]
            error = future.exception()
            if type(error).__name__ == "KilledWorker":
                yield place, "died", "of the cluster was lost, and others after it"
                return
            words = str(error) if isinstance(error, LetItCrashError) else f"{type(error).__name__}: {error}"
            raise SuiteError(f"a worker of the cluster failed; its own words:\n{words}")
        if future.status == "cancelled":
            raise SubjectError(f"the scheduler {self._address or 'of this machine'} is gone; what was done is kept")
        try:
            result = future.result(timeout=CONNECT_S)
        except (OSError, TimeoutError):
            self._follow(place, future)  # its worker died before it was fetched, and another one does it again
            return
        del self._futures[place]
        yield place, "done", result

    def stop(self, patience_s: float) -> Iterator[Message]:
        """Let the ranges under way end early, call the others back, and give what they still bring."""
        with contextlib.suppress(Exception):
            self._client.run(stop_bench, self._name, on_error="ignore")
            begun = {key for keys in self._client.processing().values() for key in keys}
            for place, future in list(self._futures.items()):
                if future.status == "pending" and future.key not in begun:
                    del self._futures[place]
                    place.job = None
                    future.cancel()
        deadline = time.monotonic() + patience_s
        while self.busy and time.monotonic() < deadline:
            for message in self.listen(0.2):
                yield message
                message[0].job = None

    def close(self) -> None:
        """Call all ranges back, and end the subjects, and the cluster if it is ours."""
        client, here = self._client, self._here
        self._client = self._here = None
        if client is not None:
            with contextlib.suppress(Exception):
                client.cancel(list(self._futures.values()), force=True)
                client.run(close_bench, self._name, on_error="ignore")
            with contextlib.suppress(Exception):
                client.close(timeout=CLOSE_S)
        if here is not None:
            here.close()
