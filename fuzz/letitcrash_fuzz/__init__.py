"""Fuzzing of runtimes: long searches with the suite's generator, guided by what the programs visit.

The unit of work is `campaign(target, lo, hi, knowledge)`: a plain function of values that can be pickled.
"""

from __future__ import annotations

from letitcrash_fuzz.campaign import campaign
from letitcrash_fuzz.finds import Find
from letitcrash_fuzz.knowledge import Delta, Knowledge
from letitcrash_fuzz.ranges import Range, Trouble
from letitcrash_fuzz.target import Target

__all__ = ["Delta", "Find", "Knowledge", "Range", "Target", "Trouble", "campaign"]
