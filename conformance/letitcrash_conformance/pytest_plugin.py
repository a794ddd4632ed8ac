"""The pytest plugin: turns `conformance = suite(MySubject)` in a test file into one item per chapter and backend.

Loaded in every pytest session where the suite is installed, so everything heavy is imported when an item needs it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from letitcrash_conformance.pytest_plugin_suite import Suite

if TYPE_CHECKING:
    from letitcrash_conformance.pytest_plugin_items import SuiteItem

__all__ = ["pytest_addoption", "pytest_configure", "pytest_pycollect_makeitem"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("letitcrash", "conformance of OTP-style runtimes")
    group.addoption(
        "--letitcrash-budget",
        default="default",
        metavar="SIZE",
        help="programs for each chapter and backend: smoke, default, deep, or a number",
    )
    group.addoption("--letitcrash-seed", type=int, default=0, metavar="N", help="where the search begins (default: 0)")
    group.addoption(
        "--letitcrash-known",
        default=None,
        metavar="FILE",
        help="known failures, relative to the root: what they name is expected to fail (`letitcrash baseline`)",
    )
    group.addoption(
        "--letitcrash-replay-dir",
        default=".letitcrash",
        metavar="DIR",
        help="where each finding becomes a replay file, relative to the root (default: .letitcrash)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known, so that `-m letitcrash` chooses the items of the suite."""
    config.addinivalue_line("markers", "letitcrash: an item of the conformance suite (put there by its plugin)")


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> list[SuiteItem] | None:
    """Collect a suite; leave everything else to others."""
    if not isinstance(obj, Suite):
        return None
    from letitcrash_conformance.pytest_plugin_items import collect_suite

    return collect_suite(collector, name, obj)
