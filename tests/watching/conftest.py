from __future__ import annotations

from collections.abc import Iterator

import pytest

import eqsnn


@pytest.fixture(autouse=True)
def own_scope() -> Iterator[None]:
    """Each test has its own objects, names and seed, and begins at time zero: the default clock is one for all."""
    eqsnn.start_scope()
    eqsnn.seed(1)
    eqsnn.defaultclock.seek(0)
    dt = eqsnn.defaultclock.dt
    threads = eqsnn.prefs.threads
    yield
    eqsnn.defaultclock.dt = dt
    eqsnn.prefs.threads = threads
