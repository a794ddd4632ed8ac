"""The event loop of a runtime that is used from plain threads: it runs in a thread of the runtime's own."""

from __future__ import annotations

import asyncio
import threading

__all__ = ["HomeThread"]


class HomeThread:
    """Runs an event loop in a background thread.

    Attributes:
        loop: The loop; usable at once through `call_soon_threadsafe`.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="letitcrash loop", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            tasks = asyncio.all_tasks(self.loop)
            for task in tasks:
                task.cancel()
            if tasks:
                self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
            self.loop.close()

    def close(self) -> None:
        """End the loop and wait for its thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
