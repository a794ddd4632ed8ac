"""The one generator of programs.

It keeps a sketch of what exists (labels, names, references), never of what must be answered, and writes operations
with useful odds: what is alive is crashed, what is linked is killed, what is named is looked up while it dies.
"""

from __future__ import annotations

from letitcrash_conformance.generate_histories import generate_history
from letitcrash_conformance.generate_trees import DisturbingWriter
from letitcrash_conformance.odds import ACTIONS, HISTORIES, OPERATIONS, SUPERVISION, Odds, pick
from letitcrash_conformance.program import Program
from letitcrash_conformance.setting import Setting
from letitcrash_conformance.source import Source
from letitcrash_conformance.writer import Sketch, Writer

__all__ = ["Setting", "Sketch", "generate"]

LENGTH = 24


def generate(source: Source, setting: Setting, *, longest: int = LENGTH) -> Program:
    """Write one program with the choices of `source`.

    Args:
        source: Where the choices come from.
        setting: What the program may use.
        longest: How many operations it draws at most; histories have bounds of their own.
    """
    if setting.chapter == HISTORIES:
        return generate_history(source, setting)
    has_trees = setting.chapter in (*SUPERVISION, "world") and "supervisor" in setting.features
    writer = DisturbingWriter(source, setting) if has_trees else Writer(source, setting)
    length = 1 + source.below(longest)
    operation_odds = OPERATIONS[setting.chapter].usable(setting.features)
    writer.actions = ACTIONS[setting.chapter].usable(setting.features, inside=True)
    if source.below(2):
        operation_odds = _swarm(source, operation_odds)
        writer.actions = _swarm(source, writer.actions)
    first = "start_supervisor" if has_trees and setting.chapter in SUPERVISION else "spawn"
    source.begin()
    writer.write(first)
    source.end()
    for _ in range(source.below(2 if first == "start_supervisor" else 4)):
        source.begin()
        writer.write("spawn")
        source.end()
    for _ in range(length):
        source.begin()
        writer.write(pick(source, operation_odds))
        source.end()
    return Program.of(writer.operations, clock=setting.clock)


def _swarm(source: Source, odds: Odds) -> Odds:
    """Leave out about half of the kinds (swarm testing): rare mixes are met more often than with all of them."""
    mask = source.below(1 << len(odds.names))
    kept = [index for index in range(len(odds.names)) if not mask >> index & 1]
    return odds.only(kept) if kept else odds
