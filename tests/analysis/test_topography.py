"""Measures of topographic maps: by hand, beside brute force, and of wiring that is known to be random."""

from __future__ import annotations

import sys
from time import process_time

import numpy as np
import pytest
from scipy import stats

from eqsnn import NeuronGroup, Synapses, errors, mV
from eqsnn.analysis.topography import Afferents, gaussian, refinement, wilcoxon

GRID = (16, 16)


def afferents_of_one(points, weights=None, shape=GRID, target=0):
    """One target with afferents at these points (x, y)."""
    x, y = np.array(points).T
    w = np.ones(len(x)) if weights is None else weights
    return Afferents(y * shape[0] + x, np.full(len(x), target), w, shape)


def random_afferents(rng, shape, each, distinct=True, target_shape=None):
    """In-degrees from 0 to ``2*each``, partners and weights at random."""
    targets = (target_shape or shape)[0] * (target_shape or shape)[1]
    j = np.repeat(np.arange(targets), rng.integers(0, 2 * each, targets, endpoint=True))
    i = rng.integers(0, shape[0] * shape[1], len(j))
    return Afferents(i, j, rng.random(len(j)), shape, target_shape, distinct)


def torus(a, b, size):
    return min((a - b) % size, (b - a) % size)


def brute_force(afferents, target, weighted):
    """The smallest spread on a grid of tenths around the best whole position, all of it looked at, one by one."""
    width, height = afferents.shape
    mine = afferents.j == target
    points = [(i % width, i // width) for i in afferents.i[mine]]
    weights = afferents.w[mine] if weighted else np.ones(len(points))

    def spread(c):
        squares = [torus(c[0], x, width) ** 2 + torus(c[1], y, height) ** 2 for x, y in points]
        return np.sqrt(np.dot(weights, squares) / (2 * sum(weights)))

    coarse = min(((x, y) for x in range(width) for y in range(height)), key=spread)
    steps = np.arange(-9, 10) / 10
    best = min((((coarse[0] + a) % width, (coarse[1] + b) % height) for a in steps for b in steps), key=spread)
    return best, spread(best)


# By hand.


def test_one_afferent_is_the_preferred_location():
    fields = afferents_of_one([(3, 14)]).fields()
    assert (fields.x[0], fields.y[0], fields.spread[0], fields.total[0]) == (3, 14, 0, 1)
    assert fields.deviation[0] == pytest.approx(np.hypot(3, 2))  # from (0, 0), the short way over the edge


def test_two_afferents_have_their_middle():
    fields = afferents_of_one([(2, 5), (5, 5)]).fields()
    assert (fields.x[0], fields.y[0]) == (3.5, 5)
    assert fields.spread[0] == pytest.approx(1.5 / np.sqrt(2))


def test_a_square_has_the_spread_of_one_axis():
    """Corners of a square of side 4: two away from the centre along each axis."""
    fields = afferents_of_one([(4, 4), (8, 4), (4, 8), (8, 8)]).fields()
    assert (fields.x[0], fields.y[0], fields.spread[0]) == (6, 6, 2)
    assert fields.deviation[0] == pytest.approx(6 * np.sqrt(2))


def test_fields_go_over_the_edges():
    fields = afferents_of_one([(15, 0), (0, 0), (1, 0), (0, 15), (0, 1)]).fields()
    assert (fields.x[0], fields.y[0], fields.deviation[0]) == (0, 0, 0)
    assert fields.spread[0] == pytest.approx(np.sqrt(4 / 10))
    fields = afferents_of_one([(15, 15), (0, 15)], target=15).fields()
    assert (fields.x[15], fields.y[15]) == (15.5, 15)
    assert fields.deviation[15] == pytest.approx(np.hypot(0.5, 1))  # the target is at (15, 0)


def test_the_location_is_found_to_a_tenth():
    fields = afferents_of_one([(2, 0), (2, 0), (3, 0)]).fields()
    assert fields.x[0] == pytest.approx(2.3)
    assert fields.spread[0] == pytest.approx(np.sqrt((2 * 0.3**2 + 0.7**2) / 6))


def test_weights_pull():
    afferents = afferents_of_one([(2, 7), (6, 7)], [3.0, 1.0])
    fields = afferents.fields(weighted=True)
    assert (fields.x[0], fields.y[0], fields.total[0]) == (3, 7, 4)
    assert fields.spread[0] == pytest.approx(np.sqrt((3 * 1 + 1 * 9) / 8))
    assert (afferents.fields().x[0], afferents.fields().total[0]) == (4, 2)


def test_several_synapses_of_a_pair_count_each():
    twice, heavy = afferents_of_one([(2, 7), (2, 7), (5, 7)]), afferents_of_one([(2, 7), (5, 7)], [2.0, 1.0])
    assert twice.fields().spread[0] == pytest.approx(heavy.fields(weighted=True).spread[0])


def test_a_target_without_afferents_has_no_field():
    fields = afferents_of_one([(2, 7)], [0.0], target=3).fields(weighted=True)
    for values in (fields.x, fields.y, fields.spread, fields.deviation):
        assert np.isnan(values).all()
    assert np.isfinite(afferents_of_one([(2, 7)], target=3).fields().spread).tolist() == [k == 3 for k in range(256)]


def test_layers_of_different_sizes_lie_over_each_other():
    """Four targets over 8 x 4 sources: the last is at (4, 2)."""
    fields = Afferents([2 * 8 + 5], [3], [1.0], (8, 4), (2, 2)).fields()
    assert (fields.x[3], fields.y[3], fields.deviation[3]) == (5, 2, 1)


# Beside brute force.


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(16, 16), (7, 5), (1, 12)])
def test_fields_are_those_of_a_search_of_every_position(shape, weighted):
    afferents = random_afferents(np.random.default_rng(5), shape, each=6)
    fields = afferents.fields(weighted=weighted)
    for target in range(0, shape[0] * shape[1], 7 if shape == GRID else 1):
        if target not in afferents.j:
            assert np.isnan(fields.spread[target])
            continue
        place, spread = brute_force(afferents, target, weighted)
        assert fields.spread[target] == pytest.approx(spread, abs=1e-12)
        if weighted:  # without weights, places are often equally good
            assert (fields.x[target], fields.y[target]) == pytest.approx(place)
            own = target % shape[0], target // shape[0]
            away = np.hypot(torus(place[0], own[0], shape[0]), torus(place[1], own[1], shape[1]))
            assert fields.deviation[target] == pytest.approx(away)


def test_maps_may_be_moved_over_the_torus():
    """Nothing changes for a map of which sources and targets are moved alike."""
    rng = np.random.default_rng(6)
    drawn = random_afferents(rng, GRID, each=8).regenerated(gaussian(2), rng)  # uniform, two places may be equally good
    afferents = Afferents(drawn.i, drawn.j, rng.random(len(drawn.i)), GRID)
    before = afferents.fields(weighted=True)
    i, j = (((k // 16 + 5) % 16) * 16 + (k % 16 + 11) % 16 for k in (afferents.i, afferents.j))
    after = Afferents(i, j, afferents.w, GRID).fields(weighted=True)
    new = ((np.arange(256) // 16 + 5) % 16) * 16 + (np.arange(256) % 16 + 11) % 16
    np.testing.assert_allclose(after.spread[new], before.spread)
    np.testing.assert_allclose(after.deviation[new], before.deviation, atol=1e-12)


# Wiring by chance.


@pytest.mark.parametrize("distinct", [False, True])
def test_regenerated_afferents_are_as_many_and_follow_the_kernel(distinct):
    rng = np.random.default_rng(7)
    each = 1 if distinct else 12  # the first of distinct draws follows the kernel exactly
    j = np.repeat(np.arange(256), each)
    wiring = Afferents(np.zeros_like(j), j, np.ones(len(j)), GRID, distinct=distinct)
    drawn = [wiring.regenerated(gaussian(2.5), rng) for _ in range(40)]
    assert all(np.array_equal(d.j, j) and np.all(d.w == 1) for d in drawn)
    offset = np.concatenate([(d.i % 16 - j % 16) % 16 + 16 * ((d.i // 16 - j // 16) % 16) for d in drawn])
    axis = np.minimum(np.arange(16), 16 - np.arange(16))
    expected = np.exp(-(axis[:, None] ** 2 + axis**2) / (2 * 2.5**2)).ravel()
    expected *= len(offset) / expected.sum()
    often = expected > 5
    statistic = np.sum((np.bincount(offset, minlength=256) - expected)[often] ** 2 / expected[often])
    assert stats.chi2.sf(statistic, np.count_nonzero(often) - 1) > 1e-4


def test_distinct_afferents_are_those_of_successive_draws():
    """Three of four partners with weights 4, 3, 2, 1: the probability of each to be left out, by hand."""
    weights = np.array([4.0, 3.0, 2.0, 1.0])
    left_out = np.zeros(4)
    for a, b, c in [(a, b, c) for a in range(4) for b in range(4) for c in range(4) if len({a, b, c}) == 3]:
        p = weights[a] / 10 * weights[b] / (10 - weights[a]) * weights[c] / (10 - weights[a] - weights[b])
        left_out[6 - a - b - c] += p
    j = np.repeat(np.arange(4000), 3)
    wiring = Afferents(np.zeros_like(j), j, np.ones(len(j)), (4, 1), (4000, 1))
    by_place = wiring.regenerated(lambda d2: np.broadcast_to(weights, d2.shape), np.random.default_rng(8))
    missing = 6 - by_place.i.reshape(-1, 3).sum(axis=1)
    assert np.all(np.diff(np.sort(by_place.i.reshape(-1, 3))) > 0)
    assert stats.chisquare(np.bincount(missing, minlength=4), 4000 * left_out).pvalue > 1e-4


def test_regenerated_keeps_unequal_degrees_and_never_repeats_a_pair():
    afferents = random_afferents(np.random.default_rng(9), (12, 9), each=5, target_shape=(6, 7))
    drawn = afferents.regenerated(gaussian(2), np.random.default_rng(1))
    assert np.array_equal(drawn.in_degrees, afferents.in_degrees)
    assert len(np.unique(drawn.i * 42 + drawn.j)) == len(drawn.i)
    assert (drawn.fields().deviation[drawn.in_degrees > 5] < 3).all()  # around their own places


def test_shuffled_weights_stay_with_their_targets():
    afferents = random_afferents(np.random.default_rng(10), GRID, each=8)
    order = np.random.default_rng(0).permutation(len(afferents.j))  # synapses in no order
    afferents = Afferents(afferents.i[order], afferents.j[order], afferents.w[order], GRID)
    shuffled = afferents.shuffled(np.random.default_rng(2))
    assert np.array_equal(shuffled.i, afferents.i)
    assert np.array_equal(shuffled.j, afferents.j)
    assert np.mean(shuffled.w == afferents.w) < 0.25
    for target in range(256):
        mine = afferents.j == target
        assert np.array_equal(np.sort(shuffled.w[mine]), np.sort(afferents.w[mine]))


def test_shuffles_are_uniform():
    w = np.tile([1.0, 2.0, 3.0], 6000)
    j = np.repeat(np.arange(6000), 3)
    orders = Afferents(np.zeros_like(j), j, w, (1, 1), (6000, 1)).shuffled(np.random.default_rng(3)).w.reshape(-1, 3)
    counts = np.unique(orders @ [9, 3, 1], return_counts=True)[1]
    assert len(counts) == 6
    assert stats.chisquare(counts).pvalue > 1e-4


@pytest.mark.parametrize("distinct", [False, True])
def test_wiring_by_chance_is_not_refined(distinct):
    """Under the null, p is uniform: of 60 maps, few are told from it, for each of the four comparisons."""
    rng = np.random.default_rng(11)
    start = random_afferents(rng, GRID, each=10, distinct=distinct)
    found = []
    for _ in range(60):
        drawn = start.regenerated(gaussian(2.5), rng)
        weighted = Afferents(drawn.i, drawn.j, rng.random(len(drawn.i)), GRID, distinct=distinct)
        r = refinement(weighted, gaussian(2.5), rng)
        found.append([r.spread.p, r.deviation.p, r.weighted_spread.p, r.weighted_deviation.p])
        assert r.spread.found == pytest.approx(r.spread.expected, rel=0.06)
    for p in np.array(found).T:
        assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_the_null_has_the_spread_of_its_kernel():
    """With k afferents, a variance along an axis of sigma**2*(1 - 1/k), a little less on a torus; AD as of a mean."""
    j = np.repeat(np.arange(32 * 32), 40)
    wiring = Afferents(np.zeros_like(j), j, np.ones(len(j)), (32, 32), distinct=False)
    fields = wiring.regenerated(gaussian(2.5), np.random.default_rng(12)).fields()
    assert np.mean(fields.spread**2) == pytest.approx(2.5**2 * (1 - 1 / 40), rel=0.01)
    assert np.mean(fields.deviation**2) == pytest.approx(2 * 2.5**2 / 40, rel=0.1)


def test_a_refined_map_is_told_from_chance():
    """Afferents drawn with a narrower kernel, and weights that fall with distance: both comparisons find it."""
    rng = np.random.default_rng(13)
    j = np.repeat(np.arange(256), 16)
    narrow = Afferents(np.zeros_like(j), j, np.ones(len(j)), GRID).regenerated(gaussian(2.0), rng)
    d2 = sum(np.minimum(d % 16, -d % 16) ** 2 for d in (narrow.i % 16 - j % 16, narrow.i // 16 - j // 16))
    refined = Afferents(narrow.i, j, np.exp(-d2 / 8), GRID)
    r = refinement(refined, gaussian(2.5), rng)
    assert r.spread.found < 0.9 * r.spread.expected
    assert r.weighted_spread.found < 0.9 * r.weighted_spread.expected
    assert r.deviation.found < r.deviation.expected
    assert r.spread.p < 1e-20
    assert r.weighted_spread.p < 1e-20
    assert r.in_degree == 16


def test_wilcoxon_leaves_out_what_is_missing():
    a, b = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, np.nan]), np.array([0.0, 0, 0, 0, 0, 0, 9])
    assert wilcoxon(a, b) == pytest.approx(2 / 2**6)  # all six of one sign, exactly
    assert wilcoxon(a, a) == 1


# Projections, errors, speed.


def test_a_projection_is_read_as_it_is():
    G = NeuronGroup(12, "v : volt")
    S = Synapses(G, G, "g : volt")
    S.connect("i == (j + 1) % 12")
    S.g = "i*mV"
    afferents = Afferents.of(S, (4, 3), weight="g")
    assert afferents.distinct
    assert np.array_equal(afferents.w * 1000, S.g[:] / mV)
    assert afferents.fields().deviation[0] == 1
    many = Synapses(G, G, "w : 1", multisynaptic_index="k")
    many.connect(i=[1, 1], j=[0, 0])
    assert not Afferents.of(many, (4, 3)).distinct
    with pytest.raises(errors.StructureError, match=r"has 12 neurons, and a grid of 4 x 4 has not.*E870"):
        Afferents.of(S, (4, 4), weight="g")
    with pytest.raises(errors.StructureError, match=r"target of .*2 x 2 has not.*E870"):
        Afferents.of(S, (4, 3), (2, 2), weight="g")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (([0], [0], [1.0], (0, 4)), "E870"),
        (([0, 1], [0], [1.0], GRID), "E871"),
        (([256], [0], [1.0], GRID), "E871"),
        (([0], [4], [1.0], GRID, (2, 2)), "E871"),
        (([0], [-1], [1.0], GRID), "E871"),
        (([0], [0], [-1.0], GRID), "E873"),
        (([0], [0], [np.nan], GRID), "E873"),
    ],
)
def test_what_describes_no_projection_is_told(arguments, code):
    with pytest.raises(errors.EqsnnError) as error:
        Afferents(*arguments)
    assert error.value.code == code


@pytest.mark.parametrize("distinct", [False, True])
def test_more_afferents_than_partners(distinct):
    near = Afferents(np.zeros(6), np.full(6, 2), np.ones(6), GRID, distinct=distinct)
    with pytest.raises(errors.StructureError, match=r"target 2 has 6 afferents, and [05] partners in reach"):
        near.regenerated(lambda d2: np.where(d2 <= 1, 1.0 * distinct, 0), np.random.default_rng(0))


def test_without_scipy_the_measures_remain(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    afferents = random_afferents(np.random.default_rng(14), GRID, each=3)
    assert np.isfinite(afferents.fields().spread).any()
    with pytest.raises(errors.BuildError, match="Wilcoxon's test needs scipy"):
        refinement(afferents, gaussian(2.5), np.random.default_rng(0))


def test_ten_thousand_targets_take_a_moment():
    rng = np.random.default_rng(15)
    afferents = random_afferents(rng, (100, 100), each=20)
    start = process_time()
    afferents.fields(weighted=True)
    assert process_time() - start < 1.5  # 0.1 s where nothing else runs
