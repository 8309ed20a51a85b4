"""Every figure draws the right numbers, on the axes it is given or on the current ones."""

from __future__ import annotations

import subprocess
import sys

import matplotlib
import numpy as np
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from eqsnn import Network, NeuronGroup, StructuralPlasticity, StructureMonitor, Synapses, errors, ms, nS, second, umetre
from eqsnn.analysis.degrees import degree_probabilities
from eqsnn.analysis.topography import Afferents, gaussian
from eqsnn.analysis.turnover import survival as estimate
from eqsnn.analysis.turnover import turnover
from eqsnn.plot import (
    changes_by_distance,
    changes_over_time,
    connectivity_matrix,
    degree_distribution,
    receptive_field_spread,
    receptive_fields,
    survival,
    synapse_count,
)
from eqsnn.plot.axes import CREATED, REMOVED, scaled

N = 36
MODEL = "w : siemens\nd = abs(x_pre - x_post) : metre"
RULE = """
for each synapse: remove synapse if rand() < 0.1
for each pair in sample(30): create synapse(w=(1 + i)*nS) if not connected and rand() < exp(-d/(50*um))
"""


@pytest.fixture
def watched() -> tuple[Synapses, StructureMonitor]:
    group = NeuronGroup(N, "x : metre", dt=1 * ms)
    group.x = "i*10*um"
    synapses = Synapses(group, group, MODEL, dt=1 * ms)
    synapses.connect(p=0.2)
    synapses.w = "(1 + i)*nS"
    monitor = StructureMonitor(synapses)
    StructuralPlasticity(synapses, RULE, dt=1 * ms)
    Network(group, synapses).run(60 * ms)
    return synapses, monitor


def shown(image) -> np.ndarray:
    """The numbers of an image, zero where it is blank."""
    return np.ma.filled(image.get_array().astype(float), np.nan)


def curve(ax, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Values and edges of the steps with a label that begins so."""
    (patch,) = [p for p in ax.patches if str(p.get_label()).startswith(label)]
    return patch.get_data().values, patch.get_data().edges


# ---- wiring ---------------------------------------------------------------------------------------------------------


def test_matrix_of_synapses(watched) -> None:
    synapses, _ = watched
    _, axes = plt.subplots()
    assert connectivity_matrix(synapses, ax=axes) is axes
    drawn = shown(axes.images[0])
    there = np.zeros((N, N), bool)
    there[np.asarray(synapses.i), np.asarray(synapses.j)] = True
    assert np.array_equal(~np.isnan(drawn), there)
    assert (drawn[there] == 1).all()
    assert axes.images[0].get_extent() == [-0.5, N - 0.5, N - 0.5, -0.5]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("target neuron", "source neuron")
    assert axes.get_title() == f"{len(synapses)} synapses"


def test_matrix_of_weights_and_of_the_past(watched) -> None:
    synapses, _ = watched
    ax = connectivity_matrix(synapses, "w")
    drawn = shown(ax.images[0])
    i, j = np.asarray(synapses.i), np.asarray(synapses.j)
    assert drawn[i, j] == pytest.approx(1 + i)
    assert ax.images[0].colorbar.ax.get_ylabel() == "w (nS)"
    ax = connectivity_matrix(synapses, "d", ax=plt.figure().gca())
    assert shown(ax.images[0])[i, j] == pytest.approx(10.0 * abs(i - j))
    assert ax.images[0].colorbar.ax.get_ylabel() == "d (um)"

    past = synapses.history_at(20 * ms)
    drawn = shown(connectivity_matrix(past, ax=plt.figure().gca()).images[0])
    assert np.array_equal(np.nan_to_num(drawn), past.matrix())
    with pytest.raises(errors.StateError, match="not known of the past") as error:
        connectivity_matrix(past, "w")
    assert error.value.code == "E867"


def test_matrix_of_several_synapses_and_of_many_neurons() -> None:
    few, many = NeuronGroup(3, ""), NeuronGroup(2500, "")
    synapses = Synapses(few, few, "w : 1", multisynaptic_index="k")
    synapses.connect(i=[0, 0, 2], j=[1, 1, 0])
    synapses.w = [2, 3, 7]
    nan = np.nan
    count = shown(connectivity_matrix(synapses).images[0])
    assert np.array_equal(count, [[nan, 2, nan], [nan, nan, nan], [1, nan, nan]], equal_nan=True)
    weight = shown(connectivity_matrix(synapses, "w", ax=plt.figure().gca()).images[0])
    assert np.array_equal(weight, [[nan, 5, nan], [nan, nan, nan], [7, nan, nan]], equal_nan=True)

    synapses = Synapses(few, many, "")
    synapses.connect(i=[0, 0, 1], j=[0, 2, 2499])
    drawn = shown(connectivity_matrix(synapses, ax=plt.figure().gca()).images[0])
    assert drawn.shape == (3, 834)  # blocks of three columns
    assert (drawn[0, 0], drawn[1, 833], np.nansum(drawn)) == pytest.approx((2 / 3, 1 / 3, 1))


def test_degrees_and_what_is_expected_of_them(watched) -> None:
    synapses, _ = watched
    for side, degree in (("post", synapses.N_incoming_post), ("pre", synapses.N_outgoing_pre)):
        ax = degree_distribution(synapses, side, ax=plt.figure().gca())
        bars = {round(b.get_x() + b.get_width() / 2): b.get_height() for b in ax.patches}
        assert sum(bars.values()) == N
        assert [bars.get(k, 0) for k in range(40)] == [(degree == k).sum() for k in range(40)]
        assert ax.get_legend_handles_labels()[1] == [f"mean {degree.mean():.1f}"]
    past = synapses.history_at(0 * ms)
    probability = degree_probabilities([0.2] * N)
    ax = degree_distribution(past, expected=probability, label="start", ax=plt.figure().gca())
    x, y = ax.lines[0].get_data()
    assert y == pytest.approx(N * probability[x.astype(int)])
    assert y.sum() == pytest.approx(N, rel=1e-2)
    assert ax.get_legend_handles_labels()[1] == [f"expected: mean {0.2 * N:.1f}", "start"]
    with pytest.raises(errors.StructureError) as error:
        degree_distribution(synapses, "both")
    assert error.value.code == "E868"


# ---- changes --------------------------------------------------------------------------------------------------------


def test_changes_by_distance(watched) -> None:
    """However distances are given."""
    _, monitor = watched
    distance = 10.0 * np.abs(monitor.i - monitor.j)
    edges = np.arange(-5, 360, 40)  # no distance lies on one of them
    table = np.abs(np.subtract.outer(np.arange(N), np.arange(N))) * 10 * umetre
    ways = ["d", "abs(x_pre - x_post)", lambda i, j: abs(i - j) * 10 * umetre, table, distance * umetre]
    for way in ways:
        ax = changes_by_distance(monitor, way, bins=edges * umetre, ax=plt.figure().gca())
        for sign, label in ((1, "created"), (-1, "removed")):
            chosen = distance[monitor.change == sign]
            values, drawn = curve(ax, label)
            assert drawn == pytest.approx(edges)
            assert values.tolist() == np.histogram(chosen, edges)[0].tolist()
            assert f"{label}: {len(chosen)}" in ax.get_legend_handles_labels()[1]
        assert ax.get_xlabel() == "distance (um)"
    ax = changes_by_distance(monitor, "abs(i - j)", bins=7, ax=plt.figure().gca())
    values, drawn = curve(ax, "created")
    assert (len(values), values.sum(), ax.get_xlabel()) == (7, monitor.created, "distance")
    with pytest.raises(errors.StateError) as error:
        changes_by_distance(monitor, distance[:-1])
    assert error.value.code == "E869"
    with pytest.raises(errors.StructureError, match="w"):
        changes_by_distance(monitor, "w")


def test_changes_over_time(watched) -> None:
    _, monitor = watched
    ax = changes_over_time(monitor, bin=25 * ms)
    assert ax is plt.gca()
    for sign, label in ((1, "created"), (-1, "removed")):
        values, edges = curve(ax, label)
        assert edges == pytest.approx([0, 25, 50, 60])
        t = (monitor.t / ms)[monitor.change == sign]
        counts = np.histogram(t, [-0.5, 24.5, 49.5, 59.5])[0]
        assert values == pytest.approx(counts / [0.025, 0.025, 0.010])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("time (ms)", "synapses per second")
    assert ax.patches[0].get_edgecolor() == matplotlib.colors.to_rgba(CREATED)
    assert ax.patches[1].get_edgecolor() == matplotlib.colors.to_rgba(REMOVED)
    ax = changes_over_time(monitor, ax=plt.figure().gca())
    assert len(curve(ax, "created")[0]) == 50
    found = turnover(monitor, 60 * ms / 50)
    assert curve(ax, "removed")[0] == pytest.approx(found.lost / 0.0012)


def test_number_of_synapses(watched) -> None:
    synapses, monitor = watched
    ax = synapse_count(monitor, color="red")
    x, y = ax.lines[0].get_data()
    assert ax.lines[0].get_drawstyle() == "steps-post"
    assert (x[0], x[-1]) == (0, 60)
    assert y.tolist() == [synapses.history_at(t * ms).N for t in x]
    assert ax.lines[0].get_color() == "red"
    assert ax.get_xlabel() == "time (ms)"


def test_survival(watched) -> None:
    _, monitor = watched
    for arguments in ({}, {"initial": True}, {"born": [0, 30] * ms}):
        found = estimate(monitor, **arguments)
        for given in (found, monitor):
            ax = survival(given, ax=plt.figure().gca(), label="all", **({} if given is found else arguments))
            x, y = ax.lines[0].get_data()
            assert x == pytest.approx(found.t / ms)
            assert y == pytest.approx(found.S)
            assert ax.lines[0].get_label() == "all"
            band = ax.collections[0].get_paths()[0].vertices
            assert band[:, 1].min() == pytest.approx(np.clip(found.S - 1.96 * found.std, 0, 1).min())


# ---- receptive fields -----------------------------------------------------------------------------------------------


def test_receptive_fields_on_a_torus() -> None:
    width, height = 6, 4
    source, target = NeuronGroup(24, ""), NeuronGroup(24, "")
    synapses = Synapses(source, target, "w : siemens", multisynaptic_index="k")
    # Each target k is connected to itself, and to the neuron one to the right and one above, twice.
    k = np.arange(24)
    other = (k % width + 1) % width + ((k // width + 1) % height) * width
    synapses.connect(i=np.concatenate([k, other, other]), j=np.concatenate([k, k, k]))
    synapses.w = np.repeat([1, 2, 4], 24) * nS
    field = np.zeros((height, width))
    field[2, 3], field[3, 4] = 1, 2
    ax = receptive_fields(synapses, (width, height))
    assert np.array_equal(shown(ax.images[0]), field)
    assert ax.images[0].get_extent() == [-3.5, 2.5, -2.5, 1.5]
    assert ax.lines[0].get_data() == ([0], [0])
    field[3, 4] = 6
    ax = receptive_fields(synapses, (width, height), weight="w", ax=plt.figure().gca())
    assert shown(ax.images[0]) == pytest.approx(field)
    assert ax.images[0].colorbar.ax.get_ylabel() == "w per pair (nS)"
    with pytest.raises(errors.StructureError) as error:
        receptive_fields(synapses)
    assert error.value.code == "E868"


def test_spread_of_receptive_fields() -> None:
    n = 16
    rng = np.random.default_rng(1)
    empty = Afferents([], [], [], (n, n))
    narrow = Afferents(np.arange(256).repeat(10), np.arange(256).repeat(10), np.ones(2560), (n, n), distinct=False)
    drawn = narrow.regenerated(gaussian(1.5), rng)
    for ax in (
        receptive_field_spread(drawn, kernel=gaussian(2.5), seed=3, bins=np.arange(0, 5, 0.25)),
        receptive_field_spread(drawn, kernel=gaussian(2.5), seed=3, bins=np.arange(0, 5, 0.25), ax=plt.figure().gca()),
    ):
        bars = np.array([b.get_height() for b in ax.patches]).reshape(2, -1)
        spread = drawn.fields().spread
        again = drawn.regenerated(gaussian(2.5), np.random.default_rng(3)).fields().spread
        for row, values in zip(bars, (spread, again), strict=True):
            assert row.tolist() == np.histogram(values, np.arange(0, 5, 0.25))[0].tolist()
        labels = ax.get_legend_handles_labels()[1]
        assert labels == [f"mean {spread.mean():.2f}", f"drawn anew, mean {again.mean():.2f}"]
        assert spread.mean() < again.mean() - 0.5
    receptive_field_spread(empty, ax=plt.figure().gca())


# ---- units, and without matplotlib ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "numbers", "symbol"),
    [
        ([0.002, 0.005] * nS, [2, 5], "pS"),
        ([3, -4000] * umetre, [3e-3, -4], "mm"),
        (5000 * second, 5000, "s"),
        ([0, 0] * second, [0, 0], "s"),
        (20e-3 * second, 20, "ms"),
        ([1, 2], [1, 2], ""),
    ],
)
def test_units_suit_the_numbers(values, numbers, symbol) -> None:
    found, unit = scaled(values)
    assert found == pytest.approx(np.asarray(numbers))
    assert unit == symbol


def test_without_matplotlib_a_sentence_tells_what_to_install() -> None:
    script = """
import sys
sys.modules["matplotlib"] = sys.modules["matplotlib.pyplot"] = None
from eqsnn import *
from eqsnn import errors
import eqsnn.plot
G = NeuronGroup(2, "")
S = Synapses(G, G, "")
S.connect()
try:
    eqsnn.plot.connectivity_matrix(S)
except errors.BuildError as error:
    print(error.code, error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert "E875" in done.stdout, done.stderr
    assert "install matplotlib" in done.stdout


def test_importing_plots_does_not_import_matplotlib() -> None:
    script = "import sys, eqsnn.plot, eqsnn.analysis.turnover; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
