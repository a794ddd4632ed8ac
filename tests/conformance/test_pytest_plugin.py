"""The pytest plugin, seen from a project that uses it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from letitcrash_conformance import pytest_plugin_items
from tests.support import planted

pytest_plugins = ["pytester"]

HEAVY = pytest_plugin_items  # loaded here, it stays loaded for every session inside this one

ROOT = Path(__file__).parents[2]

FILE = """
    from letitcrash_conformance import suite
    from tests.support import planted
    from letitcrash_conformance.subjects.reference import ReferenceSubject

    conformance = suite({subject}, budget={budget}, {options})

    def test_beside_it():
        assert True
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """An empty project with a plain configuration, from which the subjects of these tests can be imported."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\naddopts = --strict-markers -p no:randomly\nfilterwarnings = error")
    return pytester


def write(project: pytest.Pytester, subject: str, options: str = "", budget: int = 20) -> None:
    project.makepyfile(test_mine=FILE.format(subject=subject, options=options, budget=budget))


ONE = 'chapters="registry", backends="async"'


def test_a_suite_becomes_an_item_for_each_chapter_and_backend(project: pytest.Pytester) -> None:
    write(project, "ReferenceSubject", 'chapters=["links", "registry"]')

    result = project.runpytest("--collect-only", "-q")

    names = [row for row in result.outlines if "::" in row]
    pairs = [(c, b) for b in ("async", "blocking", "thread", "mixed") for c in ("links", "registry")]
    assert names == [*(f"test_mine.py::conformance[{c}-{b}]" for c, b in pairs), "test_mine.py::test_beside_it"]


def test_two_lines_judge_a_subject_that_passes(project: pytest.Pytester) -> None:
    write(project, "ReferenceSubject", ONE)

    result = project.runpytest_subprocess("-v")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["test_mine.py::conformance[[]registry-async[]] PASSED*"])


def test_a_violation_fails_with_its_report_and_without_a_traceback(project: pytest.Pytester) -> None:
    write(project, "planted.Forgetful", ONE)

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*conformance[[]registry-async[]]*",
            "REG-1 MUST: Registering a process under a free name succeeds*",
            '  model    answers "p1"',
            "  subject  answers null",
            "  >   *look up name 'n1'*",
            "repeat it  letitcrash replay .letitcrash/REG-1-*.json",
            "FAILED test_mine.py::conformance[[]registry-async[]] - REG-1 is broken",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin_items.py*")


def test_the_replay_file_of_a_violation_names_the_class(project: pytest.Pytester) -> None:
    write(project, "planted.Forgetful", ONE)
    project.runpytest()

    [path] = (project.path / ".letitcrash").iterdir()

    assert json.loads(path.read_text(encoding="utf-8"))["subject"] == {"name": "tests.support.planted:Forgetful"}
    command = [sys.executable, "-m", "letitcrash_conformance", "replay", str(path)]
    assert subprocess.run(command, cwd=project.path, capture_output=True, check=False).returncode == 1


def test_a_subject_without_a_name_asks_for_one_in_its_command(project: pytest.Pytester) -> None:
    write(project, "lambda: planted.Forgetful()", ONE)

    result = project.runpytest()

    result.stdout.fnmatch_lines(["repeat it  letitcrash replay .letitcrash/*.json --subject module:attribute"])


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("planted.Lame", "*the harness stumbled*"),
        ("planted.stillborn", "subject error: start of the harness: expected a hello*"),
        ('"refrence"', "*did you mean 'reference'?"),
        ('"no_such_module:Subject"', "*found no 'no_such_module'*"),
        ("planted.Forgetful()", "expected a class of subjects or a function that makes one*"),
        ("lambda: 7", "*to make a subject with hello, run and close, got 7"),
        ("command=['no-such-harness']", "*no-such-harness*"),
        ('"reference", command="x"', "expected a subject or a command, got both*"),
    ],
)
def test_a_subject_that_cannot_be_judged_fails_with_the_reason(
    project: pytest.Pytester, subject: str, words: str
) -> None:
    write(project, subject, ONE)

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines([words])
    result.stdout.no_fnmatch_line("*Traceback*")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ('chapters=["link"]', "*did you mean links?"),
        ('clauses="LNK-999"', "expected a clause, a chapter or a pattern*"),
        ('backends="asinc"', "expected a backend of reference*"),
    ],
)
def test_a_wrong_option_fails_with_the_reason(project: pytest.Pytester, options: str, words: str) -> None:
    write(project, "ReferenceSubject", options)

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*conformance[[]setup[]]*", words])


def test_a_chapter_that_is_not_supported_is_skipped_with_the_reason(project: pytest.Pytester) -> None:
    write(project, "planted.Bare", 'chapters=["registry", "genserver"]')

    result = project.runpytest("-rs")

    result.assert_outcomes(passed=2, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED*not supported: the subject does not declare registry"])


def test_a_fault_that_does_not_repeat_is_expected_to_be_looked_at(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted.Flaky, "has_lied", False)
    write(project, "planted.Flaky", ONE)

    result = project.runpytest("-rx")

    result.assert_outcomes(passed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*flaky: REG-1 was broken once, and not again in 3 repeats*"])


def test_a_known_failure_is_expected_and_a_broken_file_of_them_is_refused(project: pytest.Pytester) -> None:
    write(project, "planted.Forgetful", ONE)
    file = project.path / "known.toml"
    file.write_text('[[known]]\nclause = "REG-1"\nkind = "failing"\nreason = "it forgets"\n', encoding="utf-8")

    result = project.runpytest("-rx", "--letitcrash-known", "known.toml")

    result.assert_outcomes(passed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*REG-1 is known to be broken*"])

    write(project, "planted.Forgetful", ONE + ', known="known.toml"')
    file.write_text('[[known]]\nclause = "REG-1"\nkind = "falling"\nreason = "it forgets"\n', encoding="utf-8")

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["expected 'kind' to be 'failing' or 'flaky', got 'falling'*known.toml)"])


def test_a_chapter_that_exercises_nothing_fails(project: pytest.Pytester) -> None:
    write(project, "ReferenceSubject", 'chapters="timers", backends="async", clauses="REG-1"', budget=1)

    result = project.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["nothing was exercised: * programs with * operations demanded none of the*"])


def test_budget_and_seed_can_be_given_on_the_command_line(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from letitcrash_conformance import suite

        conformance = suite("tests.support.planted:Forgetful", chapters="registry", backends="async")
        """
    )

    result = project.runpytest("--letitcrash-budget=1", "--letitcrash-seed=77", "--letitcrash-replay-dir=kept")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["found by*seed 77*", "repeat it  letitcrash replay kept/REG-1-*.json"])


def test_items_are_chosen_by_words_and_by_mark_and_by_their_last_failure(project: pytest.Pytester) -> None:
    write(project, "planted.Forgetful", 'chapters=["links", "registry"], backends=["async", "thread"]')

    project.runpytest("-k", "links and async").assert_outcomes(passed=1, deselected=4)
    project.runpytest("-m", "letitcrash").assert_outcomes(passed=2, failed=2, deselected=1)
    project.runpytest("--lf").assert_outcomes(failed=2)


def test_items_are_shared_among_workers(project: pytest.Pytester) -> None:
    write(project, "planted.Forgetful", 'chapters=["links", "registry"], backends="async"')

    result = project.runpytest_subprocess("-n", "2")

    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["REG-1 MUST: *"])


def test_a_junit_report_holds_the_text_of_a_violation(project: pytest.Pytester) -> None:
    write(project, "planted.Forgetful", ONE)

    project.runpytest("--junitxml=report.xml")

    [failure] = ElementTree.parse(project.path / "report.xml").iter("failure")
    assert failure.get("message") == "REG-1 is broken"
    assert "look up name 'n1'" in (failure.text or "")


def test_a_suite_may_stand_in_a_class(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        from letitcrash_conformance import suite

        class TestMine:
            conformance = suite("reference", chapters="registry", backends="async", budget=5)
        """
    )

    result = project.runpytest("-v")

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*::TestMine::conformance[[]registry-async[]] PASSED*"])


def test_the_plugin_loads_nothing_heavy_where_it_is_not_used(project: pytest.Pytester) -> None:
    project.makepyfile(
        """
        import sys

        def test_it():
            loaded = [name for name in sys.modules if name.startswith(("letitcrash_", "rich"))]
            assert sorted(loaded) == [
                "letitcrash_conformance",
                "letitcrash_conformance.pytest_plugin",
                "letitcrash_conformance.pytest_plugin_suite",
            ]
        """
    )

    project.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_package_exports_what_it_lists() -> None:
    import letitcrash_conformance

    assert letitcrash_conformance.__all__ == sorted(letitcrash_conformance.__all__)
    assert all(hasattr(letitcrash_conformance, name) for name in letitcrash_conformance.__all__)
    assert set(letitcrash_conformance.__all__) <= set(dir(letitcrash_conformance))
    with pytest.raises(AttributeError, match="no attribute 'suit'"):
        letitcrash_conformance.suit  # noqa: B018
