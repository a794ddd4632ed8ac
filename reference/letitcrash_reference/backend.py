"""Where the callbacks of a server run."""

from __future__ import annotations

import enum

__all__ = ["Backend"]


class Backend(enum.Enum):
    """Where the callbacks of a server run. Every backend runs the same server class, in the same way.

    | | ASYNC | BLOCKING | THREAD |
    |---|---|---|---|
    | runs on | a task of the runtime's loop | a pool's thread, while it has messages | a thread of its own |
    | best for | very many servers that await | many that block now and then | few that block much |
    | one that blocks | stops all other ASYNC servers | occupies one pool thread | stops nobody else |
    | costs | about 3 kB | about 2 kB, and the pool | a thread |
    | killed in a callback | task cancelled at its next await | dead at once, thread goes on | the same |

    "Goes on": everybody else sees the process dead, and what its callback still asks of the runtime is refused; but a
    thread cannot be killed, so it ends when the callback returns. `Runtime.statistics()` counts such threads.

    Source:
        BACK-1 to BACK-9.
    """

    ASYNC = "async"
    """A task of the runtime's event loop; the default.

    Use it for servers whose callbacks await, or compute only briefly. Do not block in a callback: no other server of
    the loop, no timer and no client task can run meanwhile.
    """

    BLOCKING = "blocking"
    """A thread of the runtime's pool, lent to the server while it has messages to handle.

    Use it for many servers that call blocking code now and then. At most `Runtime(pool_threads=...)` of them run at a
    time, the others wait their turn. Servers of the pool that wait for each other occupy a thread each while they wait:
    let fewer of them do so than the pool has threads. Two callbacks of one server may run on different threads, never
    at once.
    """

    THREAD = "thread"
    """A thread of the server's own, from its start to its end.

    Use it for few servers that block for long, or need one fixed thread. Do not use it for thousands.

    On both thread backends a callback may await asyncio's sleep, timeouts, locks, futures and tasks: the thread has a
    small event loop for them. It has no sockets: block on ordinary ones instead. Background tasks progress only while a
    callback awaits.
    """
