"""What every test relies on."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import eqsnn
from eqsnn.units import ms

COMPILED_FAST = {"api", "cuda", "errors", "structure", "training", "watching"}


def pytest_configure() -> None:
    """A process begun in the background by a script ignores Ctrl-C; the tests of it need what a user has."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def as_a_script_begins(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test has its own objects and names, begins at time zero with one seed, and finds nothing changed by others.

    What a test leaves is put right before the next one, so that the order of tests does not matter.
    """
    _begin()
    eqsnn.prefs.optimise = _is_optimised(request.node)
    yield
    _begin()
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def _is_optimised(test: pytest.Item) -> bool:
    """Whether a test runs networks as users do: -O3 takes twice as long to compile as -O1, and much is the same with both."""
    folder = test.path.relative_to(Path(__file__).parent).parts[0]
    return folder not in COMPILED_FAST or test.get_closest_marker("optimised") is not None


def _begin() -> None:
    eqsnn.start_scope()
    eqsnn.seed(1)
    eqsnn.prefs.reset()
    eqsnn.defaultclock.dt, eqsnn.defaultclock.step = 0.1 * ms, 0
    eqsnn.device("cpp")
