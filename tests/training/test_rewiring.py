"""Rules that rewire a network as it learns: their invariants over thousands of batches, and in a real training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from scipy.stats import binomtest, chi2

from eqsnn import Adam, EProp, Network, NeuronGroup, SpikeInput, StructuralPlasticity, Synapses, errors, ms, seed
from eqsnn.data import yin_yang
from eqsnn.training.rewiring import deep_r, deep_r_prune, deep_r_wake, fixed_signs, rigged_lottery, sparse_evolution

PRE, POST, COUNT = 15, 12, 40
ACCOUNT = "\nn_dormant : integer (shared)\nn_free : integer (shared)"
Pairs = np.ndarray


def projection(model: str = "", n_pre: int = PRE, count: int = COUNT, target: NeuronGroup | None = None) -> Synapses:
    """Synapses at random places, and the groups that they keep alive."""
    pre, post = NeuronGroup(n_pre, "v : 1"), target or NeuronGroup(POST, "v : 1")
    made = Synapses(pre, post, "w : 1" + model)
    pairs = np.random.default_rng(count).choice(n_pre * POST, count, replace=False)
    made.connect(i=pairs // POST, j=pairs % POST)
    return made


def pairs_of(synapses: Synapses) -> Pairs:
    """Numbers of the connected pairs, sorted."""
    return np.sort(np.asarray(synapses.i) * POST + np.asarray(synapses.j))


def shaken(synapses: Synapses, rule: StructuralPlasticity, steps: int, spread: float = 0.3) -> Iterator[tuple[Pairs, Pairs]]:
    """Change the weights at random and run the rule, again and again; which pairs there were, and are."""
    rng = np.random.default_rng(7)
    for _ in range(steps):
        before = pairs_of(synapses)
        synapses.w = 0.9 * np.asarray(synapses.w) + rng.normal(0, spread, len(synapses))
        rule.run()
        yield before, pairs_of(synapses)


# ---- DEEP R


@pytest.mark.parametrize("redrawn", [False, True])
@pytest.mark.parametrize("noise", [None, 0.2])
def test_deep_r_keeps_count_and_signs_for_thousands_of_batches(redrawn: bool, noise: float | None) -> None:
    S = projection("\nsgn : 1" if redrawn else fixed_signs())
    if redrawn:
        S.sgn = "2*int(rand() < 0.5) - 1"
    S.w = "sgn*rand()"
    rule = StructuralPlasticity(S, deep_r(redrawn=redrawn, noise=noise), when="after_batch")
    signs = np.zeros((PRE, POST))
    for step, (_, now) in enumerate(shaken(S, rule, 2000, spread=0.1)):
        assert len(now) == COUNT and len(np.unique(now)) == COUNT
        if step % 20:
            continue
        w, sign = np.asarray(S.w), np.asarray(S.sgn)
        assert np.all(w * sign >= 0) and set(np.unique(sign)) <= {-1, 1}
        if not redrawn:
            i, j = np.asarray(S.i), np.asarray(S.j)
            assert np.all((signs[i, j] == 0) | (signs[i, j] == sign))  # a pair that comes back has the sign it had
            signs[i, j] = sign
    assert rule.created == rule.removed > 5000
    assert rule.refused == rule.shortfall == 0


def test_signs_that_are_drawn_anew_are_fair() -> None:
    S = projection("\nsgn : 1")
    S.sgn = 1
    rule = StructuralPlasticity(S, deep_r(redrawn=True), when="after_batch")
    drawn = []
    for _ in range(100):
        rule.run()  # all weights are at zero: all synapses go
        drawn.append(np.asarray(S.sgn).copy())
    positive = int((np.array(drawn) > 0).sum())
    assert rule.created == 100 * COUNT
    assert binomtest(positive, 100 * COUNT).pvalue > 1e-3


def test_a_new_synapse_has_one_batch_to_leave_zero() -> None:
    S = projection(fixed_signs())
    S.w = "sgn"
    rule = StructuralPlasticity(S, deep_r(), when="after_batch")
    S.w[:3] = 0
    S.w[3:5] = "-sgn"
    rule.run()
    assert rule.created == 5
    assert np.all(np.asarray(S.w)[-5:] == 0)  # those are new, and stay for now
    assert np.all(np.asarray(S.w)[:-5] != 0)
    kept = pairs_of(S)
    S.w[-5:-2] = "0.01*sgn"  # three of them take the right way
    rule.run()
    assert rule.created == 7
    assert len(np.intersect1d(kept, pairs_of(S))) >= COUNT - 2


def uniform(created: np.ndarray, expected: np.ndarray) -> float:
    """The probability of counts that differ so much from what was expected (chi-square)."""
    return float(chi2.sf(((created - expected) ** 2 / expected).sum(), len(expected) - 1))


def test_new_pairs_are_drawn_uniformly_from_all_that_are_free() -> None:
    S = projection("\nsgn : 1")
    S.sgn, S.w = 1, 0.5
    rule = StructuralPlasticity(S, deep_r(), when="after_batch")
    created, expected = np.zeros(PRE * POST), np.zeros(PRE * POST)
    rng = np.random.default_rng(3)
    for _ in range(3000):
        S.sgn = 1
        w = np.ones(COUNT)
        w[rng.choice(COUNT, 8, replace=False)] = -1
        S.w = w
        stay = np.asarray(S.i)[w > 0] * POST + np.asarray(S.j)[w > 0]
        rule.run()
        free = np.setdiff1d(np.arange(PRE * POST), stay)
        new = np.setdiff1d(pairs_of(S), stay)
        assert len(new) == 8
        created[new] += 1
        expected[free] += 8 / len(free)
    assert created.sum() == 24_000
    # Draws without replacement scatter less than chi-square's: by 1 - 7/147, which the bounds allow for.
    assert 1e-3 < uniform(created, expected) < 1 - 1e-3


def test_signs_of_pairs_are_fair_and_show_no_pattern() -> None:
    pre, post = NeuronGroup(200, "v : 1"), NeuronGroup(300, "v : 1")
    S = Synapses(pre, post, "w : 1" + fixed_signs(key=3) + fixed_signs("other", key=4))
    S.connect()
    first, second = np.empty((200, 300)), np.empty((200, 300))
    first[S.i, S.j], second[S.i, S.j] = S.sgn, S.other
    for name, z in {
        "balance": first, "keys": first * second, "rows": first[1:] * first[:-1], "columns": first[:, 1:] * first[:, :-1],
        "diagonals": first[1:, 1:] * first[:-1, :-1], "three": first[2:] * first[1:-1] * first[:-2],
    }.items():  # fmt: skip
        assert abs(z.sum()) < 4 * np.sqrt(z.size), name
    for sums, n in ((first.sum(0), 200), (first.sum(1), 300)):
        assert 0.75 < (sums**2).mean() / n < 1.25
    assert np.linalg.matrix_rank(first) == 200


# ---- one budget


def budget() -> tuple[NeuronGroup, list[Synapses], list[StructuralPlasticity]]:
    """Two projections with one account, in rules by their order."""
    common = NeuronGroup(POST, "v : 1" + ACCOUNT)
    small, large = projection("\nsgn : 1", target=common), projection("\nsgn : 1", 40, 100, common)
    rules = [
        [StructuralPlasticity(S, text, when="after_batch", order=order) for S in (small, large)]
        for order, text in enumerate((deep_r_prune(), deep_r_wake(redrawn=True)))
    ]
    return common, [small, large], [*rules[0], *rules[1]]


def test_one_budget_for_two_projections() -> None:
    common, both, rules = budget()
    sizes = [len(S.source_group) * POST for S in both]
    created, expected = np.zeros(sum(sizes)), np.zeros(sum(sizes))
    rng = np.random.default_rng(5)

    def connected() -> np.ndarray:
        return np.concatenate([pairs_of(both[0]), sizes[0] + pairs_of(both[1])])

    for _ in range(800):
        for S in both:
            S.sgn, S.w = 1, np.where(rng.random(len(S)) < 0.1, -1.0, 1.0)
        for rule in rules[:2]:
            rule.run()
        stay = connected()
        n = 140 - len(stay)
        assert common.n_dormant == n and common.n_free == sum(sizes) - len(stay)
        for rule in rules[2:]:
            rule.run()
        assert len(both[0]) + len(both[1]) == 140
        assert common.n_dormant == common.n_free == 0
        created[np.setdiff1d(connected(), stay)] += 1
        expected[np.setdiff1d(np.arange(sum(sizes)), stay)] += n / (sum(sizes) - len(stay))
    assert created.sum() > 8_000
    assert 1e-3 < uniform(created, expected) < 1 - 1e-3
    assert len({len(both[0]), COUNT}) == 2  # synapses have gone from one to the other


def test_an_account_is_one_for_all_networks_of_a_batch() -> None:
    common, both, rules = budget()
    network = Network(common, *both, *(S.source_group for S in both), batch_size=3)
    rng = np.random.default_rng(5)
    for _ in range(3):
        for S in both:
            S.sgn, S.w = 1, np.where(rng.random(len(S)) < 0.3, -1.0, 1.0)
        network.run(1 * ms)  # removals come first, although the rules of a projection stand together
        assert len(both[0]) + len(both[1]) == 140
        assert common.n_dormant.shape == (3,) and not np.any(common.n_dormant)
    assert all(rule.removed or rule.created for rule in rules)
    common.n_dormant = np.array([0, 1, 0])
    with pytest.raises(errors.StateError, match="E743"):
        rules[0].run()


# ---- schedules


def test_evolution_replaces_the_weakest_of_either_sign_now_and_then() -> None:
    S = projection()
    rule = StructuralPlasticity(S, sparse_evolution(share=0.25, spread="breadth", every=10), when="after_batch")
    breadth = 2.0  # noqa: F841 - the rule sees it
    S.w = np.r_[np.linspace(0.1, 2.4, 24), np.linspace(-0.1, -1.6, 16)]
    for batch in range(30):
        before, w = np.asarray(S.i) * POST + np.asarray(S.j), np.asarray(S.w).copy()
        rule.run()
        if batch % 10 != 9:
            assert rule.created == batch // 10 * 10
            continue
        positive, negative = np.flatnonzero(w > 0), np.flatnonzero(w < 0)
        weak = np.r_[positive[np.argsort(w[positive])][: len(positive) // 4 + (len(positive) % 4 > 0)],
                     negative[np.argsort(-w[negative])][: len(negative) // 4 + (len(negative) % 4 > 0)]]  # fmt: skip
        left = np.asarray(S.i)[: COUNT - len(weak)] * POST + np.asarray(S.j)[: COUNT - len(weak)]
        assert set(left) == set(np.delete(before, weak))
        assert len(S) == COUNT
        if batch == 9:
            assert len(weak) == 10
            break
    assert 0.5 < np.std(np.asarray(S.w)[-10:]) < 4


def test_lottery_keeps_candidates_with_the_largest_gradients() -> None:
    """Against the same choice in NumPy."""
    S = projection("\nw_gradient : 1\ncandidate : boolean")
    text = rigged_lottery(share=0.2, candidates=3, every=5, until=100)
    rule = StructuralPlasticity(S, text, when="after_batch")
    S.w = "randn()"
    rng = np.random.default_rng(2)
    for batch in range(110):
        S.w_gradient = rng.normal(0, 1, len(S))
        pair, w, g = np.asarray(S.i) * POST + np.asarray(S.j), np.asarray(S.w).copy(), np.abs(S.w_gradient)
        new = np.asarray(S.candidate).copy()
        moved = new.sum() // 3
        S.w = np.where(new, rng.normal(0, 1, len(S)), w)  # what the optimiser made of it does not count
        rule.run()
        old = np.flatnonzero(~new)
        steepest = np.flatnonzero(new)[np.argsort(-g[new])][:moved]
        strongest = old[np.argsort(np.abs(w[old]))][moved:]
        kept = np.sort(pair[np.r_[strongest, steepest]])
        found = np.asarray(S.i) * POST + np.asarray(S.j)
        if batch % 5 != 4 or batch >= 100:
            assert len(S) == COUNT and np.array_equal(np.sort(found), kept)
            assert np.all(np.asarray(S.w)[np.isin(found, pair[steepest])] == 0)
            continue
        share = 0.2 * (1 + np.cos(np.pi * batch / 100)) / 2
        assert len(S) == COUNT + 3 * int(share * COUNT)
        assert np.array_equal(np.sort(found[:COUNT]), kept)
        assert np.all(S.candidate[COUNT:]) and not np.any(S.candidate[:COUNT])
        S.w[:COUNT] = rng.normal(0, 1, COUNT)
    assert rule.shortfall == 0


def test_units_of_weights() -> None:
    pre = NeuronGroup(5, "v : volt")
    S = Synapses(pre, pre, "w : volt\nsgn : 1\nw_gradient : 1\ncandidate : boolean")
    S.connect(p=0.4)
    n = len(S)
    for text in (deep_r(redrawn=True, noise="0.1*mV"), sparse_evolution(spread="1*mV", every=1),
                 rigged_lottery(unit="mV", every=2, share=0.5)):  # fmt: skip
        rule = StructuralPlasticity(S, text, when="after_batch")
        for _ in range(2):
            rule.run()
        assert rule.created > 0
        while len(S) > n:
            rule.run()
    assert len(S) == n


# ---- in a training


def trained(folder: Any = None, epochs: int = 2, texts: tuple[str, ...] = (deep_r(),)) -> tuple[EProp, list[Any]]:
    """A small network that learns, with DEEP R; how many synapses there were after each batch, and were new."""
    seed(4)
    inputs = SpikeInput(5, name="inputs")
    model = "dv/dt = -v/(20*ms) : 1" + ACCOUNT * (len(texts) > 1)
    hidden = NeuronGroup(30, model, threshold="v > 0.6", reset="v -= 0.6", method="exact", name="hidden")
    out = NeuronGroup(3, "dy/dt = -y/(20*ms) : 1", method="exact", name="out")
    made = []
    for source, name in ((inputs, "W"), (hidden, "R")):
        S = Synapses(source, hidden, "w : 1 (learned)" + fixed_signs(), on_pre="v_post += w", name=name)
        S.connect(p=0.2)
        S.w = "sgn*abs(randn())/sqrt(N_incoming)"
        for order, text in enumerate(texts):
            StructuralPlasticity(S, text, when="after_batch", order=order, name=f"rewire_{name}_{order}")
        made.append(S)
    readout = Synapses(hidden, out, "w : 1 (learned)", on_pre="y_post += w", name="readout")
    readout.connect()
    trainer = EProp(
        Network(inputs, hidden, out, *made, readout, batch_size=20), output=out.y, optimiser=Adam(5e-3), l1=0.02,
        pseudo_derivative="0.5*maximum(0, 1 - abs(v - 0.6)/0.6)",
    )  # fmt: skip
    counts = []

    def look(_: EProp, batch: Any) -> None:
        w, sign, updates = (np.concatenate([np.asarray(getattr(S, name)).reshape(-1)[: len(S)] for S in made]) for name in ("w", "sgn", "w_updates"))
        new = updates == 0
        assert new.sum() == batch.rewired
        assert np.all(w[new] == 0) and np.all((w * sign)[~new] > 0)
        counts.append((len(made[0]), len(made[1]), batch.rewired))

    trainer.fit(yin_yang(200, seed=1), epochs, checkpoint=folder, after_batch=look)
    return trainer, counts


def test_deep_r_in_a_training(tmp_path: Any) -> None:
    trainer, counts = trained(tmp_path)
    first, second, rewired = zip(*counts, strict=True)
    assert len(counts) == 20 and len(set(first)) == len(set(second)) == 1
    assert sum(rewired) == sum(trainer.history.column("rewired")) > 20
    assert all(rule.created == rule.removed and rule.batches == 20 for rule in trainer.plan.rules)


def test_one_budget_in_a_training() -> None:
    trainer, counts = trained(epochs=1, texts=(deep_r_prune(), deep_r_wake()))
    first, second, rewired = zip(*counts, strict=True)
    assert len({a + b for a, b in zip(first, second, strict=True)}) == 1
    assert len(set(first)) > 1 and sum(rewired) > 10
    hidden = trainer.plan.hidden[0]
    assert not np.any(hidden.n_dormant) and not np.any(hidden.n_free)


def test_training_goes_on_from_a_checkpoint_with_its_rules(tmp_path: Any) -> None:
    whole, _ = trained(tmp_path / "whole")
    trained(tmp_path / "parts", epochs=1)
    parts, counts = trained(tmp_path / "parts")
    assert len(counts) == 10
    for one, other in zip(whole.plan.projections, parts.plan.projections, strict=True):
        assert np.array_equal(one.i, other.i) and np.array_equal(one.j, other.j) and np.array_equal(one.w, other.w)
    for one, other in zip(whole.plan.rules, parts.plan.rules, strict=True):
        assert (one.batches, one.created, one.removed) == (other.batches, other.created, other.removed)
