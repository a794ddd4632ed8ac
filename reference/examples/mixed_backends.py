"""One server class on three backends: blocking work goes to threads, and the rest does not notice."""

from __future__ import annotations

import asyncio
import hashlib
import threading

from letitcrash_reference import Backend, ExitReason, From, GenServer, Handle, ProcessExitedError, Runtime

Hashing = Handle[bytes, None, str]


class Hasher(GenServer[bytes, None, str]):
    """Computes digests, which blocks: put it on a thread."""

    async def handle_call(self, message: bytes, sender: From[str]) -> str:
        return hashlib.pbkdf2_hmac("sha256", message, b"salt", 1000).hex()[:8]


class Front(GenServer[list[bytes], None, list[str]]):
    """Asks hashers of every backend at the same time."""

    def __init__(self, hashers: list[Hashing]) -> None:
        self.hashers = hashers

    async def handle_call(self, message: list[bytes], sender: From[list[str]]) -> list[str]:
        work = zip(self.hashers, message, strict=True)
        return list(await asyncio.gather(*(hasher.call(text) for hasher, text in work)))


class Stuck(GenServer[None, None, None]):
    """Blocks its thread for as long as somebody else likes."""

    def __init__(self, released: threading.Event) -> None:
        self.released = released

    async def handle_call(self, message: None, sender: From[None]) -> None:
        self.released.wait()


async def main() -> None:
    released = threading.Event()
    async with Runtime(pool_threads=4) as rt:
        hashers = [await rt.start(Hasher(), backend=backend) for backend in Backend]
        front = await rt.start(Front(hashers))
        print(await front.call([b"one", b"two", b"three"]))

        stuck = await rt.start(Stuck(released), backend=Backend.THREAD, name="stuck")
        call = asyncio.create_task(stuck.call(None))
        await asyncio.sleep(0)
        stuck.exit(ExitReason.KILL)
        try:
            await call
        except ProcessExitedError as error:
            print("the caller hears at once:", error.reason)
        print("its name is free:", rt.whereis("stuck") is None)
        released.set()
    print("threads left:", rt.statistics().threads)


if __name__ == "__main__":
    asyncio.run(main())
