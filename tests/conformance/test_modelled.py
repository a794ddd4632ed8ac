"""Whatever the model does step by step, by chance, the judge must explain: its short cuts leave no lawful order out."""

from __future__ import annotations

import pytest

from letitcrash_conformance.generate import Setting, generate
from letitcrash_conformance.odds import CHAPTERS
from letitcrash_conformance.source import RandomSource
from letitcrash_spec.model.judge import judge
from letitcrash_spec.model.world import Profile, Unspecified
from tests.support.modelled import HELLO, ModelledSubject

EXAMPLES = 150


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_walk_of_the_model_is_lawful(chapter: str) -> None:
    setting = Setting.of(HELLO, chapter, "mixed")
    profile = Profile.of(HELLO)
    judged = 0
    for seed in range(EXAMPLES):
        program = generate(RandomSource(f"{chapter} {seed}"), setting)
        try:
            answers = ModelledSubject(seed).run(program.operations)
        except Unspecified:
            continue
        judgement = judge(profile, program.operations, answers)
        assert judgement.violation is None, (seed, judgement.violation)
        judged += judgement.undecided is None
    assert judged > EXAMPLES * 0.9
