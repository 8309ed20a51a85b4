"""Passes over pairs on the device: the same pairs, matchings, ranks and quantiles as on the CPU."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated
from emulation.driver import EmulatedDevice

from eqsnn import *
from eqsnn.runtime import core
from eqsnn.runtime.context import Context

SHAPES = {
    "small": (9, 7),
    "one pre": (1, 40),
    "one post": (40, 1),
    "one pair": (1, 1),
    "wide": (5, 150),
    "tall": (150, 5),
}
HEADS = {
    "all": "all",
    "few": "sample(count_)",
    "few, unconnected": "sample(count_, unconnected)",
    "each pre": "sample(want_pre, per=pre)",
    "each post": "sample(want_post, per=post)",
    "each pre, unconnected": "sample(want_pre, per=pre, unconnected)",
    "each post, unconnected": "sample(want_post, per=post, unconnected)",
    "match": "match(want_pre, want_post)",
}
BODY = """
    visits_pre += 1
    visits_post += 1
    mark_pre += (3 + j)**2 % 1009
    mark_post += (5 + i)**2 % 1013
    drawn_pre += int(1000*rand())"""
CONNECTED = """
    if connected: weight_post += k"""
MODEL = "want : 1\nvisits : integer\nmark : integer\ndrawn : integer\nweight : integer\nn : integer\nm : integer"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    yield
    device.use(None)
    prefs.reset()


def hardware(seed: int = 0, blocks: int = 2) -> Emulated:
    return Emulated(seed=seed, blocks=blocks)


def wired(n_pre: int, n_post: int, density: float, multi: bool, names: str = "k : integer\nw : 1") -> Any:
    """Two groups, and synapses at random between them."""
    a, b = NeuronGroup(n_pre, MODEL, name="a"), NeuronGroup(n_post, MODEL, name="b")
    s = Synapses(a, b, names, multisynaptic_index="copy" if multi else None, name="s")
    rng = np.random.default_rng(n_pre + 1000 * n_post)
    pairs = np.flatnonzero(rng.random(n_pre * n_post) < density)
    if multi and len(pairs):
        pairs = rng.permutation(np.concatenate([pairs, rng.choice(pairs, len(pairs) // 2)]))
    s.connect(i=pairs // n_post, j=pairs % n_post)
    return a, b, s


def visit(
    head: str,
    shape: tuple[int, int],
    *,
    density: float = 0.3,
    multi: bool = False,
    count_: float = 5,
    wants: float = 3.7,
) -> dict[str, Any]:
    """What each neuron and the rule know of the pairs that were visited in some steps."""
    a, b, s = wired(*shape, density, multi)
    s.k = "1 + i + 10*j"
    rng = np.random.default_rng(5)
    a.want, b.want = rng.random(shape[0]) * wants * 2 - 0.5, rng.random(shape[1]) * wants * 2 - 0.5
    body = BODY if "unconnected" in head else BODY + CONNECTED
    rule = StructuralPlasticity(s, f"for each pair in {head}:{body}", dt=0.1 * ms, namespace={"count_": count_})
    Network(a, b, s).run(0.3 * ms)
    names = ("visits", "mark", "drawn", "weight")
    return {f"{g.name}.{name}": getattr(g, name)[:] for g in (a, b) for name in names} | {"shortfall": rule.shortfall}


def same_pairs(hardware: Emulated, *args: Any, **options: Any) -> dict[str, np.ndarray]:
    got, expected = on(hardware, lambda: visit(*args, **options)), on(None, lambda: visit(*args, **options))
    assert_same(got, expected)
    return expected


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("head", HEADS)
def test_pairs(head: str, shape: str) -> None:
    found = same_pairs(hardware(), HEADS[head], SHAPES[shape])
    assert shape == "one pair" or found["a.visits"].any()


@pytest.mark.parametrize("head", HEADS)
def test_pairs_that_have_several_synapses(head: str) -> None:
    same_pairs(hardware(), HEADS[head], (9, 7), multi=True)


@pytest.mark.parametrize("unconnected", [False, True])
@pytest.mark.parametrize("density", [0, 0.1, 0.9, 1])
@pytest.mark.parametrize("count_", [0, 0.99, 64, 65, 300, 700, 2000])
def test_samples_of_any_size(count_: float, density: float, unconnected: bool) -> None:
    """Few pairs, drawn by a warp; many, drawn by the grid; most, chosen one after the other; more than there are."""
    head = f"sample(count_{', unconnected' * unconnected})"
    found = same_pairs(hardware(), head, (40, 37), density=density, count_=count_)
    assert found["a.visits"].sum() + found["shortfall"] == 3 * int(count_)


@pytest.mark.parametrize("per", ["pre", "post"])
@pytest.mark.parametrize("density", [0.1, 0.9])
def test_samples_of_each_neuron_of_any_size(per: str, density: float) -> None:
    """Fewer than half of the partners, drawn until they are new; most; more than there are, which the shortfall counts."""
    for unconnected in ("", ", unconnected"):
        head = f"sample(want_{per}, per={per}{unconnected})"
        found = same_pairs(hardware(), head, (30, 80), density=density, wants=60)
        assert found["shortfall"] > 0


@pytest.mark.parametrize("wants", [(1, 1), (1, 400), (300, 2), (40, 40)])
def test_matchings_of_any_size(wants: tuple[int, int]) -> None:
    def study() -> dict[str, Any]:
        a, b, s = wired(30, 20, 0.2, False)
        a.want, b.want = wants
        a.want[3:5], b.want[2] = [0.99, -5], 0.5
        rule = "for each pair in match(want_pre, want_post):" + BODY
        StructuralPlasticity(s, rule, dt=0.1 * ms)
        Network(a, b, s).run(0.2 * ms)
        return {f"{g.name}.{name}": getattr(g, name)[:] for g in (a, b) for name in ("visits", "mark", "drawn")}

    got, expected = on(hardware(), study), on(None, study)
    assert_same(got, expected)
    assert expected["a.visits"].sum() == 2 * min(28 * wants[0], 19 * wants[1])


@pytest.mark.parametrize(("seed", "blocks"), [(1, 1), (2, 3), (3, 5)])
@pytest.mark.parametrize("head", HEADS)
def test_order_of_threads_and_number_of_blocks_do_not_matter(head: str, seed: int, blocks: int) -> None:
    same_pairs(hardware(seed, blocks), HEADS[head], (20, 30), count_=120)


@pytest.mark.parametrize("head", HEADS)
def test_no_data_races(head: str) -> None:
    same_pairs(Emulated(races=True), HEADS[head], (12, 15), count_=100, multi=True)


def test_pairs_beyond_32_bits() -> None:
    """Numbers of pairs from 2**32 on are drawn in another way."""

    def study() -> dict[str, Any]:
        a, b = NeuronGroup(70_000, "h : integer", name="a"), NeuronGroup(69_000, "h : integer", name="b")
        s = Synapses(a, b, name="s")
        s.connect(i=np.arange(0, 70_000, 7), j=np.arange(0, 70_000, 7) % 69_000)
        rule = "for each pair in sample(30, unconnected): h_pre += j + 1\nfor each pair in sample(500): h_post += i + 1"
        StructuralPlasticity(s, rule, dt=0.1 * ms)
        Network(a, b, s).run(0.1 * ms)
        return {"a": a.h[:], "b": b.h[:]}

    got, expected = on(hardware(), study), on(None, study)
    assert_same(got, expected)
    assert (expected["a"] > 0).sum() == 30


SWAPS = """
#include "cuda/matching.h"
using namespace eqsnn;
struct Given { Context* context; int32_t *partners, *serial; int64_t n, k; };
extern "C" __global__ void swaps(Given* given) {
    const Context c = *given->context;
    const Grid grid(c.arrived);
    const Stream stream{17, 0, 0, 3, 0};
    draw_swaps(c, grid, given->n, given->k, stream, given->partners);
    if (!grid.first()) return;
    Stream one_by_one = stream;
    for (int64_t t = 0; t < given->k; ++t)
        given->serial[t] = static_cast<int32_t>(t + static_cast<int64_t>(next_below(one_by_one, static_cast<uint64_t>(given->n - t))));
    given->n = one_by_one.sub;
}
"""


@pytest.mark.parametrize("n", [1_500_000_000, 2_000])
def test_draws_of_a_matching_where_calls_of_the_generator_are_rejected(n: int) -> None:
    """Of so many elements that one call in about a hundred gives no number, the others come as if one by one."""
    emulator, k = EmulatedDevice(), 2_000
    context = Context()
    context.sums, context.arrived = emulator.allocate(64), emulator.allocate(8)
    partners, serial, state = (emulator.allocate(size) for size in (4 * k, 4 * k, ctypes.sizeof(Context)))
    emulator.fill(context.arrived, 0, 8)
    emulator.upload(state, np.frombuffer(bytes(context), np.uint8))
    given = emulator.allocate(40)
    emulator.upload(given, np.array([state, partners, serial, n, k], np.int64))
    emulator.load(SWAPS, [core.INCLUDE]).launch("swaps", 3, 256, given, cooperative=True)
    got, expected, end = np.zeros(k, np.int32), np.zeros(k, np.int32), np.zeros(5, np.int64)
    for address, array in ((partners, got), (serial, expected), (given, end)):
        emulator.download(address, array)
    np.testing.assert_array_equal(got, expected)
    assert end[3] > k + 5 if n > k else end[3] == k - 1  # calls: the last of two thousand has no choice
    emulator.close()


# ---- what passes over pairs change ---------------------------------------------------------------------------------

CHANGES = """
for each synapse: age = age + 1
for each pair in {head}:
    tried_post += 1
    {change}
for each synapse: w = w + rank(w, per=post)/128
for each pair in sample(10, unconnected): create synapse(w=quantile(w, 0.5))
"""
CREATE = "create synapse(w=int(1024*rand())/1024, age=i - j) if rand() < 0.4 limit 3 per pre"
EITHER = f"""if connected:
        remove synapse if rand() < 0.3 limit 4 per post
        seen_pre += 1
    else:
        made_pre += 1
        {CREATE}"""


def rewired(head: str, multi: bool, shape: tuple[int, int]) -> dict[str, Any]:
    """The wiring that some steps of a rule leave, and its tally."""
    names = "want : 1\ntried : integer\nmade : integer\nseen : integer"
    a, b = NeuronGroup(shape[0], names, name="a"), NeuronGroup(shape[1], names, name="b")
    s = Synapses(a, b, "w : 1\nage : integer", multisynaptic_index="copy" if multi else None, name="s")
    rng = np.random.default_rng(2)
    pairs = np.flatnonzero(rng.random(shape[0] * shape[1]) < 0.2)
    s.connect(i=pairs // shape[1], j=pairs % shape[1])
    s.w = "int(1024*rand())/1024"  # sums of these are exact, and so are ranks
    a.want, b.want = rng.random(shape[0]) * 8, rng.random(shape[1]) * 8
    text = CHANGES.format(head=head, change=CREATE if "unconnected" in head else EITHER)
    rule = StructuralPlasticity(s, text, dt=0.1 * ms, namespace={"count_": 90})
    Network(a, b, s).run(1 * ms)
    tally = {name: getattr(rule, name) for name in ("created", "removed", "refused", "shortfall")}
    neurons = {f"{g.name}.{name}": getattr(g, name)[:] for g in (a, b) for name in ("tried", "made", "seen")}
    return tally | neurons | {"i": s.i[:], "j": s.j[:], "w": s.w[:], "age": s.age[:]}


COUNTED = ("-DEQSNN_MANY_STAGED=4", "-DEQSNN_FEW_CHANGES=3")


@pytest.mark.parametrize("flags", [(), COUNTED])
@pytest.mark.parametrize("multi", [False, True])
@pytest.mark.parametrize("head", HEADS)
def test_wiring(head: str, multi: bool, flags: tuple[str, ...]) -> None:
    """Synapses are created and removed alike, be the room for it asked for at once or counted first."""
    study = partial(rewired, HEADS[head], multi, (23, 19))
    got, expected = on(Emulated(flags=flags), study), on(None, study)
    assert_same(got, expected)
    assert expected["created"] > 100


# ---- order -----------------------------------------------------------------------------------------------------------

ORDERS = """
for each synapse:
    all = rank(w)
    pre = rank(root, per=pre)
    post = rank(w, per=post)
    whole = rank(k, per=post)
for each pre:
    least_pre = quantile(w, 0, per=pre)
    middle_pre = quantile(root, 0.5)
for each post:
    middle_post = quantile(w, 0.37, per=post)
    most_post = quantile(root, place_post, per=post)
for each pair in sample(3, per=pre):
    total_pre += quantile(w, 0.5) + mean(w, per=post) + count(w > 0.5, per=pre)
"""
VALUES = {
    "distinct": lambda rng, n: rng.random(n),
    "ties": lambda rng, n: rng.integers(0, 4, n) / 4,
    "zeros of both signs": lambda rng, n: np.where(rng.random(n) < 0.5, 0.0, -0.0),
    "some have no root": lambda rng, n: np.where(rng.random(n) < 0.1, -1.0, rng.integers(0, 9, n)),
}


def orders(shape: tuple[int, int], density: float, multi: bool, values: str, precision: str) -> dict[str, Any]:
    prefs.precision = precision
    names = "least : 1\nmiddle : 1\nmost : 1\ntotal : 1\nplace : 1"
    a, b = NeuronGroup(shape[0], names, name="a"), NeuronGroup(shape[1], names, name="b")
    ranks = "\n".join(f"{name} : integer" for name in ("all", "pre", "post", "whole"))
    s = Synapses(
        a, b, f"w : 1\nk : integer\nroot = sqrt(w) : 1\n{ranks}", multisynaptic_index="copy" if multi else None, name="s"
    )  # fmt: skip
    rng = np.random.default_rng(3)
    pairs = np.flatnonzero(rng.random(shape[0] * shape[1]) < density)
    if multi:
        pairs = rng.permutation(np.concatenate([pairs, pairs]))
    s.connect(i=pairs // shape[1], j=pairs % shape[1])
    if len(s):
        s.w, s.k = VALUES[values](rng, len(s)), "2**30 + i % 3"
    b.place = np.linspace(-0.1, 1.1, shape[1])
    StructuralPlasticity(s, ORDERS, dt=0.1 * ms)
    Network(a, b, s).run(0.1 * ms)
    found = {name: getattr(s, name)[:] for name in ("all", "pre", "post", "whole")}
    return found | {
        f"{g.name}.{name}": getattr(g, name)[:] for g in (a, b) for name in ("least", "middle", "most", "total")
    }  # fmt: skip


CASES = {"float64": (False, 0.4), "float32": (True, 0.9), "several": (True, 1), "none": (False, 0)}


@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (30, 25), (1, 1)])
def test_ranks_and_quantiles(shape: tuple[int, int], values: str) -> None:
    for case, (multi, density) in CASES.items():
        precision = "float32" if case == "float32" else "float64"
        study = partial(orders, shape, density, multi, values, precision)
        got, expected = on(hardware(), study), on(None, study)
        assert_same(got, expected, 1e-5 if precision == "float32" else 1e-9)
        assert case == "none" or expected["all"].max() == len(expected["all"]) - 1


@pytest.mark.parametrize(("seed", "blocks"), [(1, 1), (2, 3), (3, 5)])
def test_ranks_do_not_depend_on_threads(seed: int, blocks: int) -> None:
    got, expected = (
        on(h, lambda: orders((40, 40), 0.8, True, "ties", "float64")) for h in (hardware(seed, blocks), None)
    )
    assert_same(got, expected)


def test_orders_have_no_data_races() -> None:
    got, expected = (
        on(h, lambda: orders((12, 15), 0.5, True, "ties", "float64")) for h in (Emulated(races=True), None)
    )
    assert_same(got, expected)
