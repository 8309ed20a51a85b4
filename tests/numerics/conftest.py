from __future__ import annotations

from collections.abc import Iterator

import pytest

import eqsnn


@pytest.fixture(autouse=True)
def own_scope() -> Iterator[None]:
    """Each test has its own objects, names, seed and preferences."""
    eqsnn.start_scope()
    eqsnn.seed(1)
    dt = eqsnn.defaultclock.dt
    yield
    eqsnn.start_scope()
    eqsnn.prefs.reset()
    eqsnn.defaultclock.dt = dt
