from __future__ import annotations

from collections.abc import Iterator

import pytest

import eqsnn


@pytest.fixture(autouse=True)
def own_scope() -> Iterator[None]:
    """Each test has its own objects, names and seed, and begins at time zero with steps of a millisecond."""
    eqsnn.start_scope()
    eqsnn.seed(1)
    before = eqsnn.defaultclock.dt
    eqsnn.defaultclock.dt = 1 * eqsnn.ms
    eqsnn.defaultclock.seek(0)
    yield
    eqsnn.defaultclock.dt = before
