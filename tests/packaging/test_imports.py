"""Who imports whom: what the specification and the reference stand on, and where the suite may know a runtime."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "letitcrash_spec": ROOT / "spec",
    "letitcrash_reference": ROOT / "reference",
    "letitcrash_conformance": ROOT / "conformance",
    "letitcrash_fuzz": ROOT / "fuzz",
}
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[2])
package = importlib.import_module(sys.argv[1])
names = [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]
for name in names:
    if not name.endswith("__main__"):
        importlib.import_module(name)
print(len(names))
"""


def imports_of(folder: Path) -> Iterator[tuple[Path, str]]:
    """Return each file with each module that it imports, wherever in it."""
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((path, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                yield path, node.module


@pytest.mark.parametrize("package", ["letitcrash_spec", "letitcrash_reference"])
def test_a_package_that_stands_alone_imports_itself_and_the_standard_library(package: str) -> None:
    allowed = {*sys.stdlib_module_names, package}
    foreign = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in imports_of(PACKAGES[package])
        if name.partition(".")[0] not in allowed
    ]

    assert foreign == []


@pytest.mark.parametrize("package", ["letitcrash_spec", "letitcrash_reference"])
def test_a_package_that_stands_alone_imports_where_nothing_is_installed(package: str) -> None:
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-W", "error", "-c", IMPORT_ALL, package, str(PACKAGES[package])],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_the_model_has_no_clock_no_thread_and_no_chance() -> None:
    impure = {"asyncio", "os", "pathlib", "random", "secrets", "socket", "subprocess", "sys", "threading", "time"}
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, name in imports_of(PACKAGES["letitcrash_spec"] / "letitcrash_spec" / "model")
        if name.partition(".")[0] in impure
    ]

    assert found == []


def test_the_suite_knows_the_reference_only_as_a_subject() -> None:
    places = {
        path.relative_to(ROOT / "conformance" / "letitcrash_conformance").as_posix()
        for path, name in imports_of(PACKAGES["letitcrash_conformance"])
        if name.partition(".")[0] == "letitcrash_reference"
    }

    assert places
    assert [place for place in sorted(places) if not place.startswith("subjects/reference")] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_no_package_imports_tests_or_benchmarks(package: str) -> None:
    tops = {name.partition(".")[0] for _, name in imports_of(PACKAGES[package])}

    assert tops.isdisjoint({"tests", "bench", "spec", "reference", "conformance", "fuzz"})
