from __future__ import annotations

import pytest

import eqsnn


@pytest.fixture(autouse=True)
def long_steps() -> None:
    """Steps of a millisecond."""
    eqsnn.defaultclock.dt = 1 * eqsnn.ms
