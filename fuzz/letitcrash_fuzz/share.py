"""What campaigns tell each other: inputs worth keeping, through databases of Hypothesis.

A database may be a folder that several machines see, or a Redis server. An entry is the bytes of an input; any bytes
are an input, so that a broken or foreign entry is a program like any other: it brings something, or it is forgotten.
"""

from __future__ import annotations

import importlib
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis.database
from hypothesis.database import DirectoryBasedExampleDatabase, ExampleDatabase, MultiplexedDatabase

from letitcrash_conformance.errors import UsageError

__all__ = ["VERSION", "Share", "make_key", "open_share"]

VERSION = "letitcrash-fuzz-inputs 1"
"""Begins every key; another number where the same bytes stand for other programs."""

LONGEST = 1 << 16
"""Entries of more bytes are left alone; an input has some hundred."""

MOST = 400
"""How many entries of a target are taken at once; the others have their turn later."""

PAUSE_S = 15.0
"""How long a database that failed is left alone, in seconds."""

ANSWER_S = 5.0
"""How long a server may take to answer, in seconds."""

_FIND, _INPUT = "find", "input"


def make_key(kind: str, subject: str, chapter: str, backend: str) -> bytes:
    """Return the key of what is shared: `find` or `input`, kind of subject, chapter and backend."""
    return "/".join((VERSION, kind, subject, chapter, backend)).encode()


class _Careful(ExampleDatabase):
    """A database that may fail: it is left alone for a while, and what was to be saved is saved later."""

    def __init__(self, inner: ExampleDatabase, name: str) -> None:
        super().__init__()
        self._inner = inner
        self.name = name
        self.error = ""
        self._back_at = 0.0
        self._missed: list[tuple[bytes, bytes]] = []

    def save(self, key: bytes, value: bytes) -> None:
        if time.monotonic() < self._back_at or not self._save(key, value):
            self._missed.append((key, value))

    def fetch(self, key: bytes) -> Iterable[bytes]:
        if time.monotonic() < self._back_at:
            return []
        try:
            found = list(self._inner.fetch(key))
        except Exception as error:  # whatever it is, the campaign goes on
            self._fail(error)
            return []
        while self._missed and self._save(*self._missed[-1]):
            self._missed.pop()
        return found

    def delete(self, key: bytes, value: bytes) -> None:
        """Keep it: what brings nothing here may bring something to others."""

    def _save(self, key: bytes, value: bytes) -> bool:
        try:
            self._inner.save(key, value)
        except Exception as error:  # as above; an error would end the thread that writes
            self._fail(error)
            return False
        return True

    def _fail(self, error: Exception) -> None:
        self.error = str(error) or type(error).__name__
        self._back_at = time.monotonic() + PAUSE_S


class Share:
    """The databases of a campaign. Used by one thread.

    Attributes:
        taken: How many entries of others were given to the campaign.
        given: How many inputs of its own were saved.
    """

    def __init__(self, databases: Sequence[tuple[str, ExampleDatabase]]) -> None:
        """Read from and write to all of them, each with the name that is shown for it."""
        self.taken = 0
        self.given = 0
        self._careful: list[_Careful] = []
        for name, database in databases:
            careful: Any = _Careful(database, name)  # to a type checker a metaclass hides its class
            self._careful.append(careful)
        in_background: Any = getattr(hypothesis.database, "BackgroundWriteDatabase", None)
        self._all = MultiplexedDatabase(*(in_background(each) if in_background else each for each in self._careful))
        self._seen: dict[tuple[str, ...], set[bytes]] = {}
        self._saved: set[tuple[bytes, bytes]] = set()
        self._told: set[str] = set()

    def take(self, subject: str, chapter: str, backend: str) -> list[bytes]:
        """Return entries that were not returned before, finds first, `MOST` of them at most."""
        seen = self._seen.setdefault((subject, chapter, backend), set())
        new: list[bytes] = []
        for kind in (_FIND, _INPUT):
            entries: Iterable[Any] = self._all.fetch(make_key(kind, subject, chapter, backend))
            usable = {entry for entry in entries if isinstance(entry, bytes) and len(entry) <= LONGEST} - seen
            new += sorted(usable - set(new), key=lambda entry: (len(entry), entry))
        del new[MOST:]
        seen.update(new)
        self.taken += len(new)
        return new

    def give(self, data: bytes, subject: str, chapter: str, backend: str, *, is_find: bool = False) -> None:
        """Save an input, once."""
        seen = self._seen.setdefault((subject, chapter, backend), set())
        key = make_key(_FIND if is_find else _INPUT, subject, chapter, backend)
        if (key, data) not in self._saved and len(data) <= LONGEST:
            self._saved.add((key, data))
            self._all.save(key, data)
            self.given += data not in seen  # what came from one database is given to the others as well
        seen.add(data)

    def complaints(self) -> list[str]:
        """Return what to tell of databases that failed, each once."""
        found: list[str] = []
        for each in self._careful:
            if each.error and each.name not in self._told:
                self._told.add(each.name)
                found.append(f"what is shared in {each.name} cannot be reached ({each.error}); it is tried again")
        return found

    def close(self) -> None:
        """Wait until everything is written, or cannot be."""
        for _ in self._all.fetch(VERSION.encode()):
            pass  # reading waits for what is being written


def open_share(places: Sequence[str]) -> Share:
    """Open databases: folders, or `redis://host:port/number`.

    Raises:
        UsageError: If a folder cannot be written to, a server does not answer, or its package is not installed.
    """
    return Share([_open(place) for place in places])


def _open(place: str) -> tuple[str, ExampleDatabase]:
    if place.startswith(("redis://", "rediss://")):
        return _open_redis(place)
    if "://" in place or not place:
        raise UsageError(f"expected a folder or redis://host:port/number with --share, got {place!r}")
    folder = Path(place)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(
            f"expected a folder to write to with --share, got {place!r}: {error.strerror or error}"
        ) from None
    return repr(place), DirectoryBasedExampleDatabase(folder)


def _open_redis(place: str) -> tuple[str, ExampleDatabase]:
    try:
        redis: Any = importlib.import_module("redis")
        extra: Any = importlib.import_module("hypothesis.extra.redis")
    except ImportError:
        raise UsageError(
            'expected the package redis for --share redis://..., found none: pip install "letitcrash[redis]"'
        ) from None
    name = repr(_without_password(place))
    try:
        client = redis.Redis.from_url(place, socket_connect_timeout=ANSWER_S, socket_timeout=ANSWER_S)
        client.ping()
    except Exception as error:  # redis has many
        raise UsageError(f"expected a Redis server that answers at {name} for --share, got: {error}") from None
    return name, extra.RedisExampleDatabase(client)


def _without_password(place: str) -> str:
    parts = urlsplit(place)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
