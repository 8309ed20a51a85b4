"""Random sets of data, and plain references for what is done with them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from eqsnn.data import SpikeData


def random_data(seed, n=12, n_units=5, duration=0.02, each=6, n_classes=3, groups=None, targets=None):
    """Examples of 0 to ``each`` spikes at random, in no order."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, each + 1, n)
    total = lengths.sum()
    return SpikeData(
        rng.integers(0, n_units, total),
        rng.random(total) * duration,
        np.concatenate([[0], np.cumsum(lengths)]),
        rng.integers(0, n_classes, n) if targets is None else rng.normal(size=(n, *targets)),
        n_units,
        duration,
        groups=None if groups is None else rng.integers(0, groups, n),
        n_classes=n_classes if targets is None else None,
    )


sets = st.builds(
    random_data,
    seed=st.integers(0, 2**32),
    n=st.integers(0, 20),
    n_units=st.integers(1, 6),
    each=st.integers(0, 9),
    groups=st.sampled_from([None, 4]),
    targets=st.sampled_from([None, (2,), (3, 2)]),
)


def events(data, k):
    units, times = data.example(k)
    return list(zip(units.tolist(), times.tolist(), strict=True))


def same(first, second):
    """Whether two sets of data are alike in every field, to the bit."""
    for name in first.__slots__:
        a, b = getattr(first, name), getattr(second, name)
        if isinstance(a, np.ndarray) != isinstance(b, np.ndarray):
            return False
        if isinstance(a, np.ndarray) and not (a.dtype == b.dtype and np.array_equal(a, b)):
            return False
        if not isinstance(a, np.ndarray) and a != b:
            return False
    return True
