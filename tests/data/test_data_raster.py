"""The figure of an example shows its spikes and its class."""

from __future__ import annotations

import matplotlib
import numpy as np
import pytest
from data_sets import random_data

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from eqsnn import errors
from eqsnn.data import yin_yang
from eqsnn.plot import raster


def test_every_spike_is_drawn_within_the_trial():
    data = yin_yang(5, seed=1)
    _, own = plt.subplots()
    ax = raster(data, 3, ax=own)
    assert ax is own
    (marks,) = ax.get_lines()
    units, times = data.example(3)
    assert np.array_equal(marks.get_xdata(), times * 1e3)
    assert np.array_equal(marks.get_ydata(), units)
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 40), (-0.5, 4.5))
    assert ax.get_title() == f"example 3: {data.names[data.labels[3]]}"


def test_targets_and_classes_without_names():
    assert raster(random_data(1, targets=(2,))).get_title() == "example 0"
    data = random_data(1)
    assert raster(data, 2, ax=plt.gca()).get_title() == f"example 2: {data.labels[2]}"
    with pytest.raises(errors.StateError):
        raster(data, 99)
