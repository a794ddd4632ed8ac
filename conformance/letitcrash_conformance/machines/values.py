"""What the rules of the machines draw from. Zero, and the first of several, is always the simplest."""

from __future__ import annotations

from hypothesis import strategies as st

from letitcrash_spec.messages import Json

__all__ = [
    "BACKENDS",
    "DEATHS",
    "FLAGS",
    "INITS",
    "MS",
    "NAMES",
    "NUMBERS",
    "PAYLOADS",
    "PLACES",
    "RAISED_REASONS",
    "REASONS",
    "TARGETS",
    "TERMINATES",
    "TIMEOUTS",
    "VIA",
    "WHICH",
    "WHO",
]

WHO = st.integers(0, 4)
"""Index of a process: the living first, and the youngest first."""

WHICH = st.integers(0, 3)
"""Index of one of several things that a process has."""

BACKENDS = st.integers(0, 3)
"""Index of a backend."""

PLACES = st.integers(0, 7)
"""Index of a child: the first, the last, the middle one, another."""

DEATHS = st.sampled_from(["crash", "kill", "end", "send", "exit", "stop"])
"""How a child of a supervisor ends."""

NAMES = st.sampled_from(["n1", "n2", "n3"])
"""A name for the registry."""

TARGETS: st.SearchStrategy[int | str] = st.one_of(WHO, NAMES)
"""A process, by index or by its registered name."""

VIA = st.sampled_from(["call", "cast"])
"""How a process is told to do something."""

FLAGS = st.booleans()

NUMBERS = st.one_of(st.integers(1, 20), st.sampled_from([-1, 2**31, 2**53 + 1, 2**63, -(2**63) - 1, 2**100 + 3]))
"""A number to add, seldom one that does not fit into a word."""

MS = st.integers(1, 120)
"""A time in milliseconds."""

TIMEOUTS = st.one_of(st.none(), st.integers(1, 150))
"""How long a caller waits, in milliseconds; None for the default."""

RAISED_REASONS: st.SearchStrategy[Json] = st.sampled_from(
    [{"error": "e1"}, "normal", "shutdown", {"shutdown": "s1"}, {"error": "e2"}, "kill"]
)
"""A reason that a process can end itself with."""

REASONS: st.SearchStrategy[Json] = st.one_of(RAISED_REASONS, st.just("killed"))
"""A reason that an exit signal can carry."""

PAYLOADS = st.sampled_from(["", "!crash", "!stop", "héllo", "日本語 ✓", "x" * 300, 'quote " and \\ back\nline'])
"""A plain message; the empty one stands for a text that was not sent before."""

INITS: st.SearchStrategy[Json] = st.sampled_from(
    ["ok", "ignore", {"crash": "early"}, {"stop": "shutdown"}, {"stop": {"error": "e1"}}, {"stop": "normal"}]
)
"""What a probe's init does."""

TERMINATES: st.SearchStrategy[Json] = st.sampled_from(["ok", {"crash": "late"}])
"""What a probe's terminate does."""
