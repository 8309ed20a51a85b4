"""``count sum mean min max quantile rank``: what a rule asks of all synapses, against NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pytest
from scipy.stats import chi2

import eqsnn
from eqsnn import (
    Network,
    NeuronGroup,
    StateMonitor,
    StructuralPlasticity,
    Synapses,
    ms,
)

Array: TypeAlias = np.ndarray[Any, Any]
PRE, POST = 9, 7


@dataclass
class Table:
    """Some synapses of a network in the order of (i, j) and of creation, with what is known of the neurons of each."""

    i: Array
    j: Array
    w: Array
    k: Array
    flag: Array
    age: Array
    x: Array  # of the presynaptic neuron
    y: Array  # of the postsynaptic one
    mean_post: Array  # of w, over the synapses of the same postsynaptic neuron
    place: Array  # by w among those of the same presynaptic neuron
    incoming: Array

    def __len__(self) -> int:
        return len(self.i)

    def __getitem__(self, chosen: Any) -> Table:
        return Table(*(getattr(self, field.name)[chosen] for field in fields(self)))


def sums(values: Array) -> float:
    return float(values.sum(dtype=np.float64))


def means(values: Array) -> float:
    return sums(values) / len(values) if len(values) else np.nan


def quantiles(values: Array, q: float) -> float:
    return float(np.quantile(values.astype(float), q)) if len(values) else np.nan


def extreme(f: Callable[[Array], Any], values: Array, of_none: float) -> float:
    return float(f(values)) if len(values) else of_none


AGGREGATES: dict[tuple[str, str], Callable[[Table], float]] = {
    ("count", ""): len,
    ("count", "w > 2"): lambda s: sum(s.w > 2),
    ("count", "flag and k != 3"): lambda s: sum(s.flag & (s.k != 3)),
    ("count", "not flag or x_pre*w > y_post"): lambda s: sum(~s.flag | (s.x * s.w > s.y)),
    ("count", "i == j"): lambda s: sum(s.i == s.j),
    ("count", "w > mean(w, per=post)"): lambda s: sum(s.w > s.mean_post),
    ("count", "w > mean(w, per=post) and rank(w, per=pre) < 2"): lambda s: sum((s.w > s.mean_post) & (s.place < 2)),
    ("sum", "w"): lambda s: sums(s.w),
    ("sum", "k"): lambda s: sums(s.k),
    ("sum", "x_pre*w"): lambda s: sums(s.x * s.w),
    ("sum", "int(flag)*(k + 1) - 3"): lambda s: sums(s.flag * (s.k + 1) - 3),
    ("sum", "near"): lambda s: sums(np.abs(s.x - s.y)),
    ("sum", "age/ms"): lambda s: sums(s.age) * 1e3,
    ("sum", "N_incoming*w - N_outgoing_pre*0"): lambda s: sums(s.incoming * s.w),
    ("sum", "abs(w - mean(w, per=post))"): lambda s: sums(np.abs(s.w - s.mean_post)),
    ("mean", "w"): lambda s: means(s.w),
    ("mean", "k"): lambda s: means(s.k),
    ("mean", "rank(w, per=pre)"): lambda s: means(s.place),
    ("mean", "i - 2*j"): lambda s: means(s.i - 2 * s.j),
    ("min", "w"): lambda s: extreme(np.min, s.w, np.inf),
    ("min", "k"): lambda s: extreme(np.min, s.k, 2**31 - 1),
    ("min", "abs(y_post - 3)*w"): lambda s: extreme(np.min, np.abs(s.y - 3) * s.w, np.inf),
    ("max", "w"): lambda s: extreme(np.max, s.w, -np.inf),
    ("max", "k"): lambda s: extreme(np.max, s.k, -(2**31)),
    ("max", "-x_pre"): lambda s: extreme(np.max, -s.x, -np.inf),
    ("max", "int(flag)"): lambda s: extreme(np.max, s.flag.astype(int), -(2**31)),
    ("min", "sqrt(w + 2)"): lambda s: extreme(np.min, np.sqrt(s.w + 2), np.inf),  # NumPy, too, makes them NaN
    ("max", "sqrt(w + 2)"): lambda s: extreme(np.max, np.sqrt(s.w + 2), -np.inf),
    ("quantile", "sqrt(w + 2), 0.1"): lambda s: quantiles(np.sqrt(s.w + 2), 0.1),
    ("quantile", "w, 0.5"): lambda s: quantiles(s.w, 0.5),
    ("quantile", "w, 0"): lambda s: quantiles(s.w, 0),
    ("quantile", "w, 1"): lambda s: quantiles(s.w, 1),
    ("quantile", "k, 1/3"): lambda s: quantiles(s.k, 1 / 3),
    ("quantile", "x_pre*w - y_post, 0.83"): lambda s: quantiles(s.x * s.w - s.y, 0.83),
}
"""NumPy's answer for the synapses of all, or of one neuron; the first is the function, the second its arguments."""


def of_each(f: Callable[[Any], float], values: Any, neuron: Array, n: int) -> Array:
    """Something of the synapses of each of ``n`` neurons."""
    return np.array([f(values[neuron == x]) for x in range(n)])


def called(function: str, arguments: str, per: str | None) -> str:
    return f"{function}({', '.join(filter(None, (arguments, per and f'per={per}')))})"


def rule() -> str:
    """Leaves each aggregate with the neurons: over all synapses and over those of each."""
    found = list(enumerate(AGGREGATES))
    passes = [
        ["for each pre:"]
        + [f"    all{n}_pre = {called(*a, None)}" for n, a in found]
        + [f"    own{n}_pre = {called(*a, 'pre')}" for n, a in found],
        ["for each post:"] + [f"    own{n}_post = {called(*a, 'post')}" for n, a in found],
    ]
    return "\n".join(line for lines in passes for line in lines)


class Model:
    """A projection whose rule leaves aggregates with the neurons."""

    def __init__(self, multi: bool, text: str, target: str = "") -> None:
        own = "".join(f"own{n} : 1\n" for n in range(len(AGGREGATES)))
        everywhere = "".join(f"all{n} : 1\n" for n in range(len(AGGREGATES)))
        self.source = NeuronGroup(PRE + 3, "x : 1\nq : 1\n" + own + everywhere, name="a")
        self.target = NeuronGroup(POST + 2, "y : 1\nq : 1\n" + own + target, name="b")
        self.synapses = Synapses(
            self.source[2 : PRE + 2], self.target[1 : POST + 1],
            """w : 1
               k : integer
               flag : boolean
               age : second
               place : integer
               near = abs(x_pre - y_post) : 1""",
            multisynaptic_index="number" if multi else None, name="s",
        )  # fmt: skip
        self.synapses.connect(False)
        self.rule = StructuralPlasticity(self.synapses, text, dt=1 * ms, name="rule")
        self.network = Network(self.source, self.target, self.synapses)

    def run(self, by_hand: bool) -> None:
        """Run the rule once."""
        if by_hand:
            self.rule.run()
        else:
            self.network.run(1 * ms)

    def fill(self, n: int, seed: int) -> Table:
        """Wire it at random, by about ``n`` synapses; values are often equal, and small sums of them are exact."""
        rng, s = np.random.default_rng(seed), self.synapses
        s.ragged.remove(s.ragged.order())
        i, j = rng.integers(0, PRE, n), rng.integers(0, POST, n)
        if s.multisynaptic_index is None:
            i, j = np.divmod(rng.permutation(np.unique(i * POST + j)), POST)
        if n:
            s.connect(i=i, j=j)
        n = len(i)
        s.w, s.k = rng.integers(-20, 30, n) / 8, rng.integers(-5, 6, n)
        s.flag, s.age = rng.random(n) < 0.4, rng.integers(0, 50, n) * ms
        self.source.x, self.target.y = rng.integers(0, 9, PRE + 3) / 4, rng.integers(0, 9, POST + 2) / 4
        self.source.q, self.target.q = rng.random(PRE + 3), rng.random(POST + 2)
        return self.table()

    def table(self) -> Table:
        s, order = self.synapses, np.lexsort((self.synapses.j[:], self.synapses.i[:]))
        get = {name: s.ragged.get(name)[order] for name in ("w", "k", "flag", "age")}
        i, j, w = s.i[:][order], s.j[:][order], get["w"]
        x, y = self.source.x[2 : PRE + 2].astype(w.dtype), self.target.y[1 : POST + 1].astype(w.dtype)
        mean = np.array([means(w[j == n]) for n in range(POST)]).astype(w.dtype)
        place = np.empty(len(i), int)
        for neuron in range(PRE):
            place[i == neuron] = ranks(w[i == neuron])
        incoming = np.bincount(j, minlength=POST)
        return Table(i, j, *get.values(), x[i], y[j], mean[j], place, incoming[j])


def ranks(values: Array) -> Array:
    """Places of values in ascending order, equal ones in the order in which they come."""
    place = np.empty(len(values), int)
    place[np.argsort(values, kind="stable")] = np.arange(len(values))
    return place


@cache
def model(precision: str, multi: bool) -> Model:
    eqsnn.start_scope()
    eqsnn.prefs.precision = precision
    return Model(multi, rule())


@pytest.mark.parametrize(
    ("precision", "multi", "by_hand"),
    [("float64", False, True), ("float64", False, False), ("float32", False, True), ("float64", True, False)],
)
def test_as_numpy_has_it(precision: str, multi: bool, by_hand: bool) -> None:
    it, tolerance = model(precision, multi), {"float64": 1e-13, "float32": 5e-7}[precision]
    eqsnn.prefs.precision = precision
    for seed, n in enumerate((0, 1, 2, 6, 20, 60, 200, 0)):
        table = it.fill(n, seed)
        it.run(by_hand)
        for number, (aggregate, f) in enumerate(AGGREGATES.items()):
            found = (
                getattr(it.source, f"all{number}")[2 : PRE + 2], getattr(it.source, f"own{number}")[2 : PRE + 2],
                getattr(it.target, f"own{number}")[1 : POST + 1],
            )  # fmt: skip
            with np.errstate(invalid="ignore"):
                expected = (
                    [f(table)] * PRE, of_each(f, table, table.i, PRE), of_each(f, table, table.j, POST)
                )  # fmt: skip
            for per, one, other in zip((None, "pre", "post"), found, expected, strict=True):
                np.testing.assert_allclose(
                    one, other, rtol=tolerance, atol=tolerance, err_msg=f"{called(*aggregate, per)} of {n} synapses"
                )


# ---- order -----------------------------------------------------------------------------------------------------------

ORDER = """
for each synapse:
    place = rank(w)
    of_pre = rank(w, per=pre)
    of_post = rank(w, per=post)
    of_k = rank(-k, per=post)
    odd = rank(sqrt(w), per=pre)
for each pre: a_pre = quantile(w, q_pre, per=pre)
for each post: a_post = quantile(w, 2*q_post - 0.5, per=post)
for each pre: b_pre = quantile(w*x_pre, part - 1)
"""


@pytest.mark.parametrize("multi", [False, True])
def test_ranks_and_quantiles(multi: bool) -> None:
    """Equal values come by (i, j), then by creation; zeros of both signs are equal, and what is no number is last."""
    groups = [NeuronGroup(n, "x : 1\nq : 1\na : 1\nb : 1") for n in (PRE, POST)]
    s = Synapses(
        *groups, "w : 1\nk : integer\nplace : integer\nof_pre : integer\nof_post : integer\nof_k : integer\nodd : integer",
        multisynaptic_index="number" if multi else None,
    )  # fmt: skip
    s.connect(False)
    rule, rng = StructuralPlasticity(s, ORDER, namespace={"part": 1}), np.random.default_rng(2)
    for n in (0, 1, 3, 10, 50, 300):
        s.ragged.remove(s.ragged.order())
        pairs = rng.integers(0, PRE * POST, n)
        i, j = np.divmod(pairs if multi else rng.permutation(np.unique(pairs)), POST)
        if n:
            s.connect(i=i, j=j)
        s.w = rng.choice([-0.0, 0.0, -1.5, 0.25, 2.0, np.inf, -np.inf], len(i))
        s.k = rng.integers(-2, 3, len(i))
        groups[0].x, q = rng.integers(1, 3, PRE), rng.random(POST)
        groups[0].q, groups[1].q = np.linspace(0, 1, PRE), q
        for value in (1, 1.5, 2):
            rule.namespace["part"] = value
            rule.run()
            order = np.lexsort((s.j[:], s.i[:]))
            i, j, w, k = s.i[:][order], s.j[:][order], s.w[:][order], s.k[:][order]
            with np.errstate(invalid="ignore"):
                root = np.sqrt(w)
            np.testing.assert_array_equal(s.place[:][order], ranks(w))
            for x, side, name, values in (
                (i, PRE, "of_pre", w),
                (j, POST, "of_post", w),
                (j, POST, "of_k", -k),
                (i, PRE, "odd", root),
            ):
                found = getattr(s, name)[:][order]
                for neuron in range(side):
                    np.testing.assert_array_equal(found[x == neuron], ranks(values[x == neuron]), err_msg=name)
            finite = np.isfinite(w)
            for neuron in range(PRE):
                if finite[i == neuron].all():
                    assert same(groups[0].a[neuron], quantiles(w[i == neuron], neuron / (PRE - 1)))
            for neuron in range(POST):
                place = 2 * q[neuron] - 0.5
                if not 0 <= place <= 1:
                    assert np.isnan(groups[1].a[neuron])
                elif finite[j == neuron].all():
                    assert same(groups[1].a[neuron], quantiles(w[j == neuron], place))
            if finite.all():
                assert same(groups[0].b[0], quantiles(w * groups[0].x[i], value - 1))


def same(one: float, other: float) -> bool:
    return bool(np.isclose(one, other, rtol=1e-13, atol=1e-13, equal_nan=True))


def test_large_whole_numbers_in_single_precision() -> None:
    """Neighbours that a float cannot tell apart have ranks of their own, and are summed up as they are."""
    eqsnn.prefs.precision = "float32"
    groups = NeuronGroup(2, "a : integer\nb : integer"), NeuronGroup(8, "")
    s = Synapses(*groups, "k : integer\nplace : integer")
    s.connect()
    k = 2**26 + np.random.default_rng(8).permutation(16) - 8
    s.k = k
    StructuralPlasticity(s, """
        for each synapse: place = rank(k)
        for each pre:
            a_pre = max(k, per=pre)
            b_pre = sum(k*int(exp(k*1e-12) > 1), per=pre)
        """).run()  # fmt: skip
    np.testing.assert_array_equal(s.place, k - k.min())
    np.testing.assert_array_equal(groups[0].a, k.reshape(2, 8).max(axis=1))
    np.testing.assert_array_equal(groups[0].b, k.reshape(2, 8).sum(axis=1))


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_large_groups(precision: str) -> None:
    """Many synapses of a neuron, often of equal value: digits are sorted, not values compared."""
    eqsnn.prefs.precision = precision
    groups = NeuronGroup(3, "a : 1"), NeuronGroup(12_000, "")
    s = Synapses(*groups, "w : 1\nplace : integer\nof_pre : integer\nof_post : integer", multisynaptic_index="k")
    rng = np.random.default_rng(5)
    s.connect(i=np.repeat([0, 1, 2], [10_000, 8192, 5]), j=rng.integers(0, 12_000, 18_197))
    rule = StructuralPlasticity(s, """
        for each synapse:
            place = rank(w)
            of_pre = rank(-w, per=pre)
            of_post = rank(w, per=post)
        for each pre: a_pre = quantile(w, 0.37, per=pre)
        """)  # fmt: skip
    for values in (
        rng.integers(-300, 300, len(s)) / 4,
        rng.normal(size=len(s)),
        1e30 * rng.normal(size=len(s)) ** 9,
        np.ones(len(s)),
    ):
        s.w = values
        rule.run()
        order = np.lexsort((s.j[:], s.i[:]))
        i, j, w = s.i[:][order], s.j[:][order], s.w[:][order]
        np.testing.assert_array_equal(s.place[:][order], ranks(w))
        for neuron in range(3):
            np.testing.assert_array_equal(s.of_pre[:][order][i == neuron], ranks(-w[i == neuron]))
            np.testing.assert_allclose(groups[0].a[neuron], np.quantile(w[i == neuron].astype(float), 0.37), rtol=1e-6)
        for neuron in range(0, 12_000, 50):
            np.testing.assert_array_equal(s.of_post[:][order][j == neuron], ranks(w[j == neuron]))


def test_by_a_random_number_is_a_random_order() -> None:
    """Each of six synapses is at each place as often, and each pair of them in each order."""
    groups = NeuronGroup(3, ""), NeuronGroup(2, "")
    s = Synapses(*groups, "place : integer", multisynaptic_index="k")
    s.connect(i=[0, 0, 0, 1, 2, 2], j=[0, 0, 1, 1, 0, 1])
    rule = StructuralPlasticity(s, "for each synapse: place = rank(rand())", dt=0.1 * ms)
    seen = StateMonitor(s, "place", record=True, dt=0.1 * ms, when="after_end")
    Network(*groups, s, rule, seen).run(3000 * 0.1 * ms)
    places = np.asarray(seen.place).astype(int)
    assert (np.sort(places, axis=0) == np.arange(6)[:, None]).all()
    orders = np.unique(places.T @ 6 ** np.arange(6), return_counts=True)[1]
    statistic = ((orders - 3000 / 720) ** 2).sum() / (3000 / 720) + (720 - len(orders)) * 3000 / 720
    assert chi2.ppf(1e-4, 719) < statistic < chi2.ppf(1 - 1e-4, 719)
