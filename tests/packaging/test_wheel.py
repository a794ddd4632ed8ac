"""What is built holds everything that the checkout holds, and nothing that belongs to development."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("spec", "reference", "conformance", "fuzz")
GENERATED = ("__pycache__", ".pyc", "_cache/")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=150,
    )
    return folder


def files_of_packages() -> set[str]:
    """Return every file of the packages as a wheel names it."""
    return {
        path.relative_to(ROOT / folder).as_posix()
        for folder in FOLDERS
        for package in (ROOT / folder).glob("letitcrash_*")
        for path in package.rglob("*")
        if path.is_file() and not any(mark in path.as_posix() for mark in GENERATED)
    }


@pytest.fixture(scope="module")
def wheel(dist: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(next(dist.glob("*.whl")))


def test_the_wheel_holds_every_file_of_the_packages_and_no_other(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert held == files_of_packages()


@pytest.mark.parametrize(
    "pattern",
    [
        "letitcrash_spec/clauses/*.toml",
        "letitcrash_conformance/subjects/erlang/*.erl",
        "letitcrash_conformance/subjects/elixir/*.ex",
        "*/py.typed",
    ],
)
def test_the_wheel_holds_the_data(wheel: zipfile.ZipFile, pattern: str) -> None:
    assert [name for name in wheel.namelist() if Path(name).match(pattern)]


def test_every_package_says_that_it_is_typed(wheel: zipfile.ZipFile) -> None:
    packages = {name.partition("/")[0] for name in files_of_packages()}

    assert [package for package in sorted(packages) if f"{package}/py.typed" not in wheel.namelist()] == []


def test_the_wheel_installs_the_command_the_plugin_and_the_license(wheel: zipfile.ZipFile) -> None:
    info = next(name for name in wheel.namelist() if name.endswith("/METADATA")).rpartition("/")[0]
    points = wheel.read(f"{info}/entry_points.txt").decode()
    metadata = message_from_bytes(wheel.read(f"{info}/METADATA"))

    assert "letitcrash = letitcrash_conformance.__main__:main" in points
    assert "letitcrash = letitcrash_conformance.pytest_plugin" in points
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "Apache-2.0"
    assert f"{info}/licenses/LICENSE" in wheel.namelist()


def test_the_sources_hold_what_it_takes_to_build_and_to_test(dist: Path) -> None:
    with tarfile.open(next(dist.glob("*.tar.gz"))) as sources:
        held = {name.partition("/")[2] for name in sources.getnames()}

    folders = {"spec", "reference", "conformance", "tests", "bench", "docs"}
    assert folders <= {name.partition("/")[0] for name in held}
    assert {"pyproject.toml", "Makefile", "README.md", "LICENSE", ".ci/run", ".ci/venv"} <= held
    assert files_of_packages() <= {name.partition("/")[2] for name in held}


def test_the_version_is_the_same_everywhere() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = subprocess.run(
        [sys.executable, "-m", "letitcrash_conformance", "--version"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout

    assert project["version"] in said
