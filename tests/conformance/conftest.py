"""What all tests of the suite share."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from coverage import Coverage

LONG_HUNTS = ("test_histories", "test_machines", "test_modelled", "test_mutants")
"""Modules that search for a long time through code that others cover as well: measuring it takes most of their time."""


@pytest.fixture(autouse=True)
def _unmeasured(request: pytest.FixtureRequest) -> Generator[None]:
    """Measure no coverage while a search goes on."""
    module = request.node.nodeid.partition("::")[0].rpartition("/")[2]
    measure = Coverage.current() if module.startswith(LONG_HUNTS) else None
    if measure is None:
        yield
        return
    measure.stop()
    try:
        yield
    finally:
        measure.start()
