"""The result depends on the seed alone: not on threads, storage, hashing, or what was built before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import eqsnn
from eqsnn import (
    Network,
    NeuronGroup,
    SpikeMonitor,
    StructuralPlasticity,
    StructureMonitor,
    Synapses,
    ms,
)

pytestmark = pytest.mark.optimised

LARGE = 9000  # neurons: from 8192 on a group's loop is shared out among threads
RULE = """
for each synapse:
    if w > 0.9 or rand() < 0.01:
        remove synapse
        lost_pre += w
        lost_post += w
        lost += w
        n_lost += 1
        sent_pre += 0.1*w
    w = w + 0.01*randn()
for each pre: debt_pre = 0.5*debt_pre + lost_pre
for each post: debt_post = 0.5*debt_post + lost_post/(1 + lost)
for each pair in sample(n_lost, unconnected): create synapse(w=rand(), q=0.1)
for each pair in sample(1, per=post):
    if connected:
        remove synapse if rand() < 0.1
    else:
        create synapse(w=0.5*rand()) if rand() < 0.3
"""
MODEL = """
w : 1
dq/dt = -q/(7*ms) : 1 (event-driven)
load_post = w*exp(-0.3*w) : 1 (summed)
out_pre = 0.7*w : 1 (summed)
"""
ON_PRE = """
g_post += w
sent_pre += w*0.3
total += 0.1*w
q += 0.1*rand()
w += 0.01*q
"""
ON_POST = """
back_pre += 0.3*q
gained_post += w*q
w -= 0.001*randn()
remove synapse if w < -0.2
"""

History = Callable[[Synapses], None]


def untouched(synapses: Synapses) -> None:
    pass


def compacted(synapses: Synapses) -> None:
    synapses.ragged.compact()


def gapped(synapses: Synapses) -> None:
    """Rows move to and fro: many synapses come and go."""
    storage, rng = synapses.ragged, np.random.default_rng(0)
    n_pre, n_post = storage.fields.n_pre, storage.fields.n_post
    for _ in range(3):
        tried = zip(rng.integers(0, n_pre, 3000).tolist(), rng.integers(0, n_post, 3000).tolist(), strict=True)
        added = sum(storage.create(i, j) is not None for i, j in tried)
        storage.remove(rng.permutation(storage.order()[-added:]))
    storage.check()


def reversed_rows(synapses: Synapses) -> None:
    """The same synapses, made the other way round."""
    storage = synapses.ragged
    i, j = synapses.i[:], synapses.j[:]
    values = {name: storage.get(name) for name in storage.columns}
    storage.remove(storage.order())
    order = np.random.default_rng(1).permutation(len(i))
    storage.append(i[order], j[order])
    for name, old in values.items():
        storage.set(name, old[order])


def build(n: int = 60, seed: int = 5, history: History = untouched, delay: str | None = None) -> tuple[object, ...]:
    """Run a network that uses all there is, and return everything that came of it."""
    eqsnn.start_scope()
    eqsnn.seed(seed)
    m = min(n, 60)
    source = NeuronGroup(
        n, "dv/dt = (1.4*(i % 3) - v)/(6*ms) + 0.3*xi*(3*ms)**-0.5 : 1\ndtiny/dt = -tiny/(0.02*ms) : 1\n"
        "sent : 1\nback : 1\nout : 1\ndebt : 1",
        threshold="v > 1", reset="v = 0\ntiny = 1e-200", method="euler",
    )  # fmt: skip
    target = NeuronGroup(
        n, "dv/dt = (g + 0.5*load/N - v)/(9*ms) : 1\ndg/dt = -g/(4*ms) : 1\nload : 1\ngained : 1\ndebt : 1",
        threshold="v > 0.3 + 0.1*rand()", reset="v = 0", method="exact",
    )  # fmt: skip
    synapses = Synapses(source[:m], target[n - m :], MODEL + "total : 1 (shared)", on_pre=ON_PRE, on_post=ON_POST)
    synapses.connect(p="0.2 + 0.1*sin(i*j)")
    synapses.w = "rand()"
    if delay is not None:
        synapses.delay = delay if "j" in delay else 1.3 * ms
        synapses.post.delay = "0.4*ms" if "j" in delay else 0.4 * ms
    rule = StructuralPlasticity(synapses, RULE, dt=1 * ms)
    monitors = [SpikeMonitor(source[:m]), SpikeMonitor(target), StructureMonitor(synapses)]
    history(synapses)
    network = Network(source, target, synapses, *monitors)
    network.run(12 * ms)
    history_between = compacted if history is compacted else untouched
    history_between(synapses)
    network.run(13 * ms)
    order = np.lexsort((synapses.j[:], synapses.i[:]))
    values = {name: synapses.ragged.get(name)[order] for name in synapses.ragged.columns}
    assert rule.created > 20
    assert monitors[1].num_spikes > 20
    pairs = (synapses.i[:][order], synapses.j[:][order])
    changes = [np.asarray(monitors[2].t / ms), monitors[2].i, monitors[2].j, monitors[2].change]
    groups = [g.store[name][:].copy() for g in (source, target) for name in g.store]
    return (
        *pairs, *values.values(), *groups, synapses.total, *(np.asarray(s.t / ms) for s in monitors[:2]),
        *(s.i[:] for s in monitors[:2]), *changes,
    )  # fmt: skip


def same(one: tuple[object, ...], other: tuple[object, ...]) -> bool:
    assert len(one) == len(other)
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))  # type: ignore[arg-type]


DELAYS = [None, "all", "0.3*ms + 0.1*ms*((i + j) % 5)"]


@pytest.mark.parametrize("delay", DELAYS)
@pytest.mark.parametrize("history", [compacted, gapped, reversed_rows])
def test_whatever_the_storage(history: History, delay: str | None) -> None:
    assert same(build(delay=delay, history=history), build(delay=delay))


@pytest.mark.parametrize("history", [gapped, reversed_rows])
def test_whatever_the_place_in_a_vector(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions of vectors are not those of single numbers to the last bit, which shows in single precision first."""
    monkeypatch.setattr(eqsnn.prefs, "precision", "float32")
    assert same(build(history=history), build())


def test_the_same_again_in_one_process() -> None:
    assert same(build(), build())


def test_seeds_differ() -> None:
    one, other = build(), build(seed=6)
    assert not np.array_equal(one[0], other[0])
    assert not same(one[-8:-4], other[-8:-4])  # type: ignore[arg-type]


def test_on_any_number_of_threads() -> None:
    results = []
    for threads in (1, 2, 4):
        eqsnn.prefs.threads = threads
        results.append(build(LARGE))
    assert same(results[0], results[1])
    assert same(results[0], results[2])


def test_denormal_numbers_are_zero_on_every_thread() -> None:
    """What decays ends at zero in each thread's share, and in the loops that one thread runs."""
    for threads in (1, 4):
        eqsnn.start_scope()
        eqsnn.prefs.threads = threads
        group = NeuronGroup(4 * LARGE, "dv/dt = -v/(0.1*ms) : 1", method="exact")
        group.v = 1e-300
        group.v[0] = 1e-307
        Network(group).run(5 * ms)
        assert not group.v[:].any()


SCRIPT = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import test_structure_determinism
digest = hashlib.sha256()
for part in test_structure_determinism.build(delay="all"):
    digest.update(np.ascontiguousarray(part).tobytes())
print(digest.hexdigest())
"""


def test_whatever_python_hashes() -> None:
    found = set()
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1
