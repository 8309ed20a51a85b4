"""The rules of the language reference, word for word: each runs, and keeps what its authors' models keep."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import pytest
from scipy.stats import binom, chi2, kstest

import eqsnn
from eqsnn import (
    Network,
    NeuronGroup,
    SpikeGeneratorGroup,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    ms,
    mV,
    second,
)

Array: TypeAlias = np.ndarray[Any, Any]
Pair: TypeAlias = tuple[int, int]
BY_HAND = pytest.mark.parametrize("by_hand", [False, True])


def pairs_of(s: Synapses) -> set[Pair]:
    found = list(zip(s.i[:].tolist(), s.j[:].tolist(), strict=True))
    assert len(set(found)) == len(found)
    return set(found)


def steps_of(log: StructureMonitor, n: int, first: int = 0) -> Iterator[tuple[Array, Array]]:
    """For each of the first ``n`` milliseconds, which entries of a log are its removals and its creations."""
    step = np.round(np.asarray(log.t[first:] / ms)).astype(int)
    for t in range(n):
        mine = first + np.flatnonzero(step == t)
        yield mine[log.change[mine] < 0], mine[log.change[mine] > 0]


class Tally:
    """How often each of some things happened, and how often it should have; each time with a chance of its own."""

    def __init__(self, *shape: int) -> None:
        self.found, self.expected, self.variance = np.zeros(shape), np.zeros(shape), np.zeros(shape)

    def add(self, happened: Array, chance: Array) -> None:
        self.found += happened
        self.expected += chance
        self.variance += chance * (1 - chance)

    def check(self) -> None:
        """Chi-square tests at 1e-4, of those that should have happened several times, and of the sum of all."""
        assert (self.found[self.expected == 0] == 0).all()
        some = self.expected > 5
        squares = (self.found - self.expected)[some] ** 2 / self.variance[some]
        assert squares.sum() <= chi2.ppf(1 - 1e-4, max(1, some.sum()))
        assert (self.found.sum() - self.expected.sum()) ** 2 < chi2.ppf(1 - 1e-4, 1) * self.variance.sum()


# ---- Bamford et al. 2010, as in Knight, Senk & Nowotny 2025 ----------------------------------------------------------

TOPOGRAPHIC_MAP = """
for each pair in sample(n_attempts):
    if connected:
        remove synapse if rand() < p_pot*int(w >= w_thresh) + p_dep*int(w < w_thresh)
    else:
        create synapse(w=w_max) if rand() < p_form*exp(-d2/(2*sigma_form**2))
"""


def test_topographic_map() -> None:
    """Attempts are uniform; near pairs connect and weak synapses go as often as the probabilities say."""
    n, steps, n_attempts, p_pot, p_dep, p_form, sigma_form, w_max, w_thresh = (
        12,
        3000,
        20,
        0.05,
        0.4,
        0.6,
        2.5,
        1.0,
        0.5,
    )
    layers = [NeuronGroup(n, "x : 1") for _ in range(2)]
    for layer in layers:
        layer.x = "i"
    s = Synapses(*layers, "w : 1\nd2 = (x_pre - x_post)**2 : 1")
    s.connect(p=0.3)
    s.w = "w_max*rand()"
    there = np.full((n, n), np.nan)
    there[s.i, s.j] = s.w
    assert w_thresh < w_max
    rule, log = StructuralPlasticity(s, TOPOGRAPHIC_MAP, dt=1 * ms), StructureMonitor(s, "w")
    Network(*layers, s, log).run(steps * ms)
    i, j, change, w = log.i, log.j, log.change, log.w
    a, b = np.mgrid[:n, :n]
    form = p_form * np.exp(-((a - b) ** 2) / (2 * sigma_form**2))
    created, weak, strong = Tally(n, n), Tally(n, n), Tally(n, n)
    for gone, new in steps_of(log, steps):
        assert len(gone) + len(new) <= n_attempts
        went, came = np.zeros((n, n)), np.zeros((n, n))
        went[i[gone], j[gone]] = came[i[new], j[new]] = 1
        attempt = n_attempts / n**2
        created.add(came, np.isnan(there) * attempt * form)
        weak.add(went * (there < w_thresh), (there < w_thresh) * attempt * p_dep)
        strong.add(went * (there >= w_thresh), (there >= w_thresh) * attempt * p_pot)
        assert (w[gone] == there[i[gone], j[gone]]).all()
        assert (w[new] == w_max).all()
        there[i[gone], j[gone]] = np.nan
        there[i[new], j[new]] = w_max
    for tally in (created, weak, strong):
        assert tally.found.sum() > 20
        tally.check()
    assert (change < 0).sum() == rule.removed
    assert (change > 0).sum() == rule.created
    assert pairs_of(s) == set(zip(*(x.tolist() for x in np.nonzero(~np.isnan(there))), strict=True))


# ---- Bellec et al. 2018 ----------------------------------------------------------------------------------------------

DEEP_R = """
for each synapse:
    if w*sgn < 0:
        remove synapse
        n_dormant += 1
for each pair in sample(n_dormant, unconnected):
    create synapse(w=0, sgn=2*int(rand() < 0.5) - 1)
"""


@BY_HAND
def test_deep_r(by_hand: bool) -> None:
    """The number of synapses never changes; one whose weight has crossed zero is made anew, anywhere, of either sign."""
    n_pre, n_post, steps = 8, 9, 150
    source, target = NeuronGroup(n_pre, ""), NeuronGroup(n_post, "")
    s = Synapses(source, target, "w : 1\nsgn : integer")
    s.connect(p=0.3)
    s.sgn = "2*int(rand() < 0.5) - 1"
    rule = StructuralPlasticity(s, DEEP_R, dt=1 * ms)
    network, size, signs, placed = Network(source, target, s), len(s), [], Tally(n_pre, n_post)
    for _ in range(steps):
        s.w = "w + 0.3*randn()"  # the optimiser
        before = {pair: w * sgn for pair, w, sgn in zip(zip(s.i, s.j, strict=True), s.w, s.sgn, strict=True)}
        first = s.ragged.fields.next_serial
        if by_hand:
            rule.run()
        else:
            network.run(1 * ms)
        assert len(s) == size
        new = s.ragged.serial >= first
        stay = {pair for pair, x in before.items() if x >= 0}
        assert pairs_of(s) >= stay
        assert sum(new) == size - len(stay)
        assert (s.w[:][new] == 0).all()
        signs += s.sgn[:][new].tolist()
        happened, chance = np.zeros((n_pre, n_post)), np.full((n_pre, n_post), sum(new) / (n_pre * n_post - len(stay)))
        happened[s.i[:][new], s.j[:][new]] = 1
        chance[tuple(zip(*stay, strict=True))] = 0
        placed.add(happened, chance)
    placed.check()
    assert set(signs) == {-1, 1}
    assert 1e-4 < binom.cdf(signs.count(1), len(signs), 0.5) < 1 - 1e-4
    assert rule.created == rule.removed == len(signs) > 200
    assert rule.refused == rule.shortfall == 0


# ---- George et al. 2015 ----------------------------------------------------------------------------------------------

CRITICAL_PERIOD = """
for each synapse:
    if t > t_open + T_crit and w < w_set:
        remove synapse
        n_lost_post += 1
for each pair in sample(n_lost_post, per=post, unconnected):
    create synapse(w=w_init, t_open=t)
"""


def test_critical_period() -> None:
    """Each neuron keeps its number of synapses; a weak one goes as its critical period ends, a strong one stays."""
    n, steps, T_crit, w_set, w_init = 15, 120, 10 * ms, 0.5, 0.4
    source, target = NeuronGroup(n, ""), NeuronGroup(n, "")
    s = Synapses(source, target, "w : 1\nt_open : second")
    s.connect(j="(i + k) % N_post for k in range(4)")
    s.w = "rand()"
    s.t_open = "-10*ms*rand()"
    s.run_regularly("w = clip(w + 0.02*randn(), 0, 1)", dt=1 * ms)
    rule, log = StructuralPlasticity(s, CRITICAL_PERIOD, dt=1 * ms), StructureMonitor(s, ["w", "t_open"])
    network = Network(source, target, s, log)
    opened = dict(zip(s.ragged.serial.tolist(), np.asarray(s.t_open / ms).tolist(), strict=True))
    for step in range(steps):
        network.run(1 * ms)
        assert (s.N_incoming_post == 4).all()
        old = np.asarray(s.t_open / ms) + 10 < step - 1e-9
        assert (s.w[:][old] >= w_set).all()
        assert len(pairs_of(s)) == 4 * n
    assert rule.created == rule.removed > 200
    assert T_crit == 10 * ms
    times, t_open = np.asarray(log.t / ms), np.asarray(log.t_open / ms)
    for serial, change, now, since, w in zip(log.serial.tolist(), log.change, times, t_open, log.w, strict=True):
        if change > 0:
            assert (w, since) == (w_init, pytest.approx(now))
            opened[serial] = now
        else:
            assert since == pytest.approx(opened.pop(serial))
            assert now > since + 10 - 1e-9
            assert w < w_set
    assert set(opened) == set(s.ragged.serial.tolist())
    assert rule.refused == rule.shortfall == 0


# ---- Butz & van Ooyen 2013 -------------------------------------------------------------------------------------------

HOMEOSTATIC_GROWTH = """
for each synapse: remove synapse limit N_incoming - floor(z_den_post) per post
for each synapse: remove synapse limit N_outgoing - floor(z_ax_pre) per pre
for each pair in match(floor(z_ax_pre) - N_outgoing, floor(z_den_post) - N_incoming):
    create synapse(w=w0)
"""


@pytest.mark.parametrize("multi", [False, True])
@BY_HAND
def test_homeostatic_growth(multi: bool, by_hand: bool) -> None:
    """No neuron keeps more synapses than it has elements, and no two free elements that might meet are left over."""
    n, w0, rng = 20, 0.5, np.random.default_rng(3)
    group = NeuronGroup(n, "z_ax : 1\nz_den : 1")
    s = Synapses(group, group, "w : 1", multisynaptic_index="k" if multi else None)
    s.connect(False)
    rule, log = StructuralPlasticity(s, HOMEOSTATIC_GROWTH, dt=1 * ms), StructureMonitor(s)
    network = Network(group, s, log)
    for _ in range(40):
        group.z_ax, group.z_den = rng.uniform(-1, 12, n), rng.uniform(-1, 12, n)
        axons, spines = (np.floor(z).clip(0).astype(int) for z in (group.z_ax[:], group.z_den[:]))
        counts, first = (rule.created, rule.removed, rule.refused), log.N
        incoming, outgoing = (np.bincount(x, minlength=n) for x in (s.j[:], s.i[:]))
        if by_hand:
            rule.run()
        else:
            network.run(1 * ms)
        sign = log.change[first:]
        gone = [np.bincount(x[first:][sign < 0], minlength=n) for x in (log.i, log.j)]
        new = [np.bincount(x[first:][sign > 0], minlength=n) for x in (log.i, log.j)]
        # The first pass leaves each neuron min(spines, incoming), and the second takes no more than it must.
        assert (gone[1] >= np.maximum(incoming - spines, 0)).all()
        assert (outgoing - gone[0] <= axons).all()
        free_axons, free_spines = axons - (outgoing - gone[0]), spines - (incoming - gone[1])
        assert (free_spines >= 0).all()
        met = min(free_axons.sum(), free_spines.sum())
        created, removed, refused = np.subtract((rule.created, rule.removed, rule.refused), counts)
        assert created + refused == met
        assert (created, removed) == (new[0].sum(), gone[0].sum())
        assert (new[0] <= free_axons).all()
        assert (new[1] <= free_spines).all()
        if multi:
            assert refused == 0
            assert (new[0] == free_axons).all() or (new[1] == free_spines).all()
        s.ragged.check()
    assert (s.w == w0).all()
    assert rule.removed > 500
    if not multi:
        assert rule.refused > 0


@BY_HAND
def test_homeostatic_removal_takes_no_more_than_it_must(by_hand: bool) -> None:
    """From a full network, with enough axonal elements: each neuron is left with as many synapses as it has spines."""
    n = 12
    w0 = 0.5
    group = NeuronGroup(n, "z_ax : 1\nz_den : 1")
    s = Synapses(group, group, "w : 1")
    s.connect()
    group.z_ax, group.z_den = n + 0.5, "i*1.3 - 1"
    rule = StructuralPlasticity(s, HOMEOSTATIC_GROWTH, dt=1 * ms)
    if by_hand:
        rule.run()
    else:
        Network(group, s).run(1 * ms)
    assert np.bincount(s.j[:], minlength=n).tolist() == np.floor(group.z_den[:]).clip(0, n).tolist()
    group.z_ax = "3.7*int(i % 2 == 0)"
    rule.run()
    assert (np.bincount(s.i[:], minlength=n) <= np.floor(group.z_ax[:])).all()
    assert set(s.w[:].tolist()) <= {0, w0}


# ---- Mocanu et al. 2018 ----------------------------------------------------------------------------------------------

SPARSE_EVOLUTION = """
for each synapse:
    remove synapse if rank(abs(w)) < zeta*count()
    n_removed += int(rank(abs(w)) < zeta*count())
for each pair in sample(n_removed, unconnected):
    create synapse(w=0.1*randn())
"""


@BY_HAND
def test_sparse_evolution(by_hand: bool) -> None:
    """The part zeta of the weights nearest to zero goes, no other, and as many come, where there was none, normal."""
    zeta, runs = 0.3, 40
    source, target = NeuronGroup(20, ""), NeuronGroup(15, "")
    s = Synapses(source, target, "w : 1")
    s.connect(p=0.4)
    s.w = "randn()"
    rule, drawn = StructuralPlasticity(s, SPARSE_EVOLUTION, dt=1 * ms), []
    network, size = Network(source, target, s), len(s)
    for _ in range(runs):
        before, first = dict(zip(s.ragged.serial.tolist(), s.w[:].tolist(), strict=True)), s.ragged.fields.next_serial
        kept = sorted(before, key=lambda serial: abs(before[serial]))[int(np.ceil(zeta * size)) :]
        if by_hand:
            rule.run()
        else:
            network.run(1 * ms)
        serials = s.ragged.serial
        assert serials[serials < first].tolist() == sorted(kept)
        assert len(s) == len(pairs_of(s)) == size
        drawn += s.w[:][serials >= first].tolist()
    assert rule.created == rule.removed == len(drawn) == runs * int(np.ceil(zeta * size))
    assert kstest(drawn, "norm", (0, 0.1)).pvalue > 1e-4
    assert len(set(drawn)) == len(drawn)


# ---- in event code ---------------------------------------------------------------------------------------------------

ON_PRE = """v_post += w
            w = clip(w - a_post, 0*mV, wmax)
            remove synapse if w <= 0*mV"""


def test_pruning_by_a_spike() -> None:
    """A synapse delivers its last spike, and is gone at the end of that step."""
    wmax = 5 * mV
    times = np.arange(1, 13)
    source = SpikeGeneratorGroup(2, np.zeros(12, int), times * ms)
    target = NeuronGroup(3, "v : volt\na : volt")
    target.a = [0.5, 1, -2] * mV
    s = Synapses(source, target, "w : volt", on_pre=ON_PRE)
    s.connect()
    s.w = 3.2 * mV
    log = StructureMonitor(s)
    Network(source, target, s, log).run(0.02 * second)
    assert pairs_of(s) == {(0, 2), (1, 0), (1, 1), (1, 2)}
    assert list(zip(log.j, np.round(np.asarray(log.t / ms), 6), log.change, strict=True)) == [(1, 4, -1), (0, 7, -1)]
    delivered = [sum(max(0.0, 3.2 - 0.5 * k) for k in range(7)), 3.2 + 2.2 + 1.2 + 0.2, 3.2 + 11 * 5]
    np.testing.assert_allclose(np.asarray(target.v / mV), delivered)
    assert s.w[0, 2] == wmax


def test_they_run_together() -> None:
    """One network may have them all, each on a projection of its own, and runs again as it did for the same seed."""
    found = []
    for _ in range(2):
        eqsnn.start_scope()
        eqsnn.seed(7)
        n_attempts, p_pot, p_dep, p_form, sigma_form, w_max, w_thresh = 5, 0.1, 0.5, 0.5, 3, 1, 0.5  # noqa: F841
        T_crit, w_set, w_init, w0, zeta = 2 * ms, 0.5, 0.1, 1, 0.2  # noqa: F841
        group = NeuronGroup(10, "z_ax : 1\nz_den : 1")
        group.z_ax, group.z_den = "8*rand()", "8*rand()"
        projections = []
        for text in (TOPOGRAPHIC_MAP, DEEP_R, CRITICAL_PERIOD, HOMEOSTATIC_GROWTH, SPARSE_EVOLUTION):
            s = Synapses(group, group, "w : 1\nsgn : integer\nt_open : second\nd2 = (i - j)**2 : 1")
            s.connect(p=0.3)
            s.w, s.sgn = "randn()", "2*int(rand() < 0.5) - 1"
            StructuralPlasticity(s, text, dt=1 * ms)
            projections.append(s)
        Network(group, *projections).run(6 * ms)
        found.append([(s.i[:].tolist(), s.j[:].tolist(), s.w[:].tolist()) for s in projections])
    assert found[0] == found[1]
