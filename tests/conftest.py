"""What all tests share."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Heed Ctrl-C even where this was started in the background, so that what tests start heeds it as well."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
