"""What the tests of the fuzzers share."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from coverage import Coverage


@pytest.fixture
def unmeasured() -> Generator[None]:
    """Measure no coverage: before Python 3.12 lines can be watched by one only."""
    measure = Coverage.current()
    if measure is None:
        yield
        return
    measure.stop()
    try:
        yield
    finally:
        measure.start()
