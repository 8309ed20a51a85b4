"""What every test relies on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """A process begun in the background by a script ignores Ctrl-C; the tests of it need what a user has."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
