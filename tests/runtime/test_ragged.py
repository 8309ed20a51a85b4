"""The ragged storage against a plain dictionary, its memory bound, and what it does without memory."""

import contextlib
import ctypes
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from eqsnn.runtime import core, library, toolchain
from eqsnn.runtime.ragged import Ragged

N_PRE, N_POST = 6, 23
COLUMNS = [("w", np.float64), ("tag", np.int8), ("g", np.float32)]

CHURN = """
#include "eqsnn/distributions.h"
#include "eqsnn/ragged.h"
using namespace eqsnn;

// n random changes that keep about `target` synapses: a random pair is created, a random synapse removed.
EQSNN_API int64_t churn(Ragged* r, int64_t n, int64_t target, uint64_t seed) {
    Stream s{seed, 0u, 0u, 0u, 0u};
    int64_t changes = 0;
    for (int64_t k = 0; k < n; ++k) {
        const Pair u = next_pair(s);
        if (u.first * double(r->live + target) < double(target)) {
            const int32_t i = int32_t(next_below(s, uint64_t(r->n_pre))), j = int32_t(u.second * r->n_post);
            changes += eqsnn_ragged_create(r, i, j) >= 0;
        } else {
            int32_t slot = -1;
            while (slot < 0 || r->pre[slot] < 0) slot = int32_t(next_below(s, uint64_t(r->rows.end)));
            changes += eqsnn_ragged_remove(r, &slot, 1) == 0;
        }
    }
    return changes;
}
"""


@pytest.fixture(scope="module")
def churn():
    core.load()
    path = toolchain.build({"churn.cpp": CHURN}, include=core.INCLUDE, optimise="once", name="probe_churn")
    function = library.load(path).churn
    function.argtypes = (ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint64)
    function.restype = ctypes.c_int64
    return lambda storage, n, target, seed=1: function(storage.handle, n, target, seed)


@contextlib.contextmanager
def failing_allocation(k):
    core.load().eqsnn_fail_allocation(k)
    try:
        yield
    finally:
        core.load().eqsnn_fail_allocation(0)


def contents(storage):
    """Everything a model can see."""
    values = {name: storage.get(name).tolist() for name in storage.columns}
    return {"i": storage.i.tolist(), "j": storage.j.tolist(), "serial": storage.serial.tolist(), **values}


def tight_copy(storage, columns, indexed):
    copy = Ragged(storage.fields.n_pre, storage.fields.n_post, columns, indexed=indexed)
    copy.append(storage.i, storage.j)
    return copy


@dataclass
class Model:
    """What the storage should hold: synapses by serial, as [i, j, w, tag, g]."""

    multi: bool
    synapses: dict[int, list] = field(default_factory=dict)
    next_serial: int = 0
    log: list = field(default_factory=list)
    values: list = field(default_factory=list)
    refused: int = 0

    def connected(self, i, j):
        return any(s[:2] == [i, j] for s in self.synapses.values())

    def create(self, i, j, w=0.0, tag=0, g=0.0):
        self.synapses[self.next_serial] = [i, j, w, tag, g]
        self.next_serial += 1

    def apply(self, step, removals, pairs):
        for serial in sorted(set(removals), key=lambda k: (*self.synapses[k][:2], k)):
            self.values.append(self.synapses[serial][2:])
            self.log.append((step, serial, *self.synapses.pop(serial)[:2], -1))
        seen = set()
        for i, j, w in sorted(pairs, key=lambda pair: pair[:2]):  # stable: ties keep their order
            if not self.multi and ((i, j) in seen or self.connected(i, j)):
                self.refused += 1
                continue
            seen.add((i, j))
            self.log.append((step, self.next_serial, i, j, 1))
            self.create(i, j, w, tag=int(w) % 7)
            self.values.append([w, int(w) % 7, 0.0])


pairs = st.tuples(st.integers(0, N_PRE - 1), st.integers(0, N_POST - 1))
subsets = st.lists(st.integers(0, 10**6), max_size=60)


class Storage(RuleBasedStateMachine):
    """Random histories: after each step the storage and the dictionary hold the same."""

    @initialize(multi=st.booleans(), indexed=st.booleans(), values=st.booleans())
    def start(self, multi, indexed, values):
        self.storage = Ragged(N_PRE, N_POST, COLUMNS, multi=multi, indexed=indexed)
        self.storage.logging, self.storage.logging_values = True, values
        self.model = Model(multi)
        self.step = 0
        self.fresh_value = 0.0

    def value(self):
        self.fresh_value += 1.0
        return self.fresh_value

    def chosen(self, numbers):
        """Serials picked by number, and their slots."""
        serials = sorted(self.model.synapses)
        picked = [number % len(serials) for number in numbers] if serials else []
        return [serials[k] for k in picked], self.storage.order()[picked]

    @rule(pair=pairs)
    def create(self, pair):
        slot = self.storage.create(*pair)
        refused = self.model.connected(*pair) and not self.model.multi
        assert (slot is None) == refused
        if not refused:
            w = self.value()
            self.model.create(*pair, w)
            self.storage.view("w")[slot] = w

    @rule(new=st.lists(pairs, max_size=80))
    def append(self, new):
        if not self.model.multi:
            new = [pair for pair in dict.fromkeys(new) if not self.model.connected(*pair)]
        self.storage.append([i for i, _ in new], [j for _, j in new])
        for i, j in new:
            self.model.create(i, j)

    @rule(numbers=subsets)
    def remove(self, numbers):
        serials, slots = self.chosen(dict.fromkeys(numbers))
        self.storage.remove(slots)
        for serial in set(serials):
            del self.model.synapses[serial]

    @rule(numbers=subsets, new=st.lists(pairs, max_size=60), fail=st.integers(0, 30))
    def run_pass(self, numbers, new, fail):
        """A pass; where `fail` is small, one of its allocations fails, and then nothing may have changed."""
        self.step += 1
        serials, slots = self.chosen(numbers)
        values = [self.value() for _ in new]
        with failing_allocation(fail):
            self.storage.stage_remove(slots)
            self.storage.stage_create([i for i, _ in new], [j for _, j in new], w=values, tag=np.array(values) % 7)
            try:
                self.storage.apply(self.step)
            except MemoryError:
                assert fail
                return
        self.model.apply(self.step, serials, [(i, j, w) for (i, j), w in zip(new, values, strict=True)])

    @rule()
    def compact(self):
        self.storage.compact()

    @rule()
    def index(self):
        self.storage.index()

    @rule(number=st.integers(0, 10**6))
    def write(self, number):
        serials, _ = self.chosen([number])
        if serials:
            w = self.value()
            self.model.synapses[serials[0]][2] = w
            self.storage.set("w", w, subset=sorted(self.model.synapses).index(serials[0]))

    @invariant()
    def same_contents(self):
        storage, model = self.storage, self.model
        storage.check()
        serials = sorted(model.synapses)
        expected = [[model.synapses[s][k] for s in serials] for k in range(5)]
        held = contents(storage)
        assert [held[name] for name in ("i", "j", "w", "tag", "g")] == expected
        assert held["serial"] == serials
        assert storage.fields.next_serial == model.next_serial

    @invariant()
    def same_views(self):
        storage = self.storage
        serial = storage.fixed("serial")
        rows = [sorted(serial[storage.row(i)].tolist()) for i in range(N_PRE)]
        assert rows == [[s for s, v in sorted(self.model.synapses.items()) if v[0] == i] for i in range(N_PRE)]
        columns = [[s for s, v in sorted(self.model.synapses.items()) if v[1] == j] for j in range(N_POST)]
        assert storage.table("col_length").tolist() == [len(column) for column in columns]
        if storage.fields.indexed:
            assert [sorted(serial[storage.column(j)].tolist()) for j in range(N_POST)] == columns
        major = sorted((v[0], v[1], s) for s, v in self.model.synapses.items())
        assert serial[storage.row_major()].tolist() == [s for _, _, s in major]

    @invariant()
    def same_log(self):
        if self.storage.logging_values:
            columns = [self.storage.logged(name).tolist() for name in ("w", "tag", "g")]
            assert [list(values) for values in zip(*columns, strict=True)] == self.model.values
        self.model.values.clear()
        log = self.storage.take_log()
        assert log[["step", "serial", "i", "j", "sign"]].tolist() == self.model.log
        self.model.log.clear()
        assert self.storage.fields.refusals == self.model.refused

    @rule(pair=pairs)
    def find(self, pair):
        slot = self.storage.find(*pair)
        assert (slot >= 0) == self.model.connected(*pair)
        if slot >= 0:
            assert (self.storage.fixed("pre")[slot], self.storage.fixed("post")[slot]) == pair

    def teardown(self):
        if hasattr(self, "storage"):
            self.storage.close()


TestStorage = Storage.TestCase
TestStorage.settings = settings(
    max_examples=200, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)


def test_fresh_projection_is_tight_and_keeps_the_given_order():
    rng = np.random.default_rng(0)
    i, j = np.divmod(rng.permutation(100 * 90)[:2000], 90)
    storage = Ragged(100, 90, COLUMNS)
    storage.append(i, j)
    storage.check()
    assert storage.fields.rows.room == storage.fields.rows.end == 2000
    assert np.array_equal(storage.i, i)
    assert np.array_equal(storage.j, j)
    assert np.array_equal(storage.fixed("pre")[:2000], np.sort(i))
    assert np.array_equal(storage.serial, np.arange(2000))


@pytest.mark.parametrize(
    ("n", "live", "extra", "indexed"),
    [
        (256, 5000, 0, True),
        (256, 5000, 0, False),
        (256, 5000, 8, True),
        (4000, 320_000, 1, True),
        (4000, 4000, 2, True),
    ],
)
def test_memory_stays_within_the_bound(churn, n, live, extra, indexed):
    columns = [(f"x{k}", np.float64) for k in range(extra)]
    storage = Ragged(n, n, columns, indexed=indexed)
    chunk = live // 4

    def check_bound():
        storage.check()
        tight = tight_copy(storage, columns, indexed)
        assert storage.memory() <= 1.3 * tight.memory(), f"{len(storage)} live, of {storage.fields.rows.room}"

    for k in range(40):  # from empty to the target and about it: so many changes, whatever the size
        churn(storage, chunk, live, seed=k)
        if k % 4 == 0:
            check_bound()
    if live <= 5000:
        churn(storage, 10**6, live, seed=77)
        check_bound()
    rng = np.random.default_rng(1)
    while len(storage) > live // 100:  # shrinking to a hundredth
        order = storage.order()
        storage.remove(rng.choice(order, max(1, len(order) // 8), replace=False))
        check_bound()
    for k in range(4):
        churn(storage, 1000, live, seed=100 + k)
        check_bound()


def test_growing_one_by_one_stays_within_the_bound():
    storage = Ragged(50, 50, [("w", np.float64)], indexed=True)
    for k, pair in enumerate(np.random.default_rng(2).permutation(2500)):
        storage.create(int(pair) // 50, int(pair) % 50)
        if k % 100 == 0:
            assert storage.memory() <= 1.3 * tight_copy(storage, [("w", np.float64)], True).memory()
    storage.check()


@pytest.mark.parametrize("shape", [(1, 3000), (3000, 1), (2, 1500)])
def test_one_long_row_or_column(churn, shape):
    storage = Ragged(*shape, [("w", np.float32)], indexed=True)
    for k in range(20):
        churn(storage, 500, 1500, seed=k)
        storage.check()
    assert storage.memory() <= 1.3 * tight_copy(storage, [("w", np.float32)], True).memory()


def test_every_failing_allocation_leaves_the_network_as_it_was():
    """Fails the first, the second, … allocation of a pass until it succeeds."""
    rng = np.random.default_rng(3)
    for trial in range(6):
        storage = Ragged(8, 200, [("w", np.float64), ("n", np.int32)], indexed=trial % 2 == 0)
        i, j = np.divmod(rng.permutation(1600)[:400], 200)
        storage.append(i, j)
        storage.set("w", rng.random(400))
        storage.logging, storage.logging_values = trial > 1, trial > 3
        gone = rng.permutation(400)[:50]  # by serial: slots may change even where the pass fails
        new = rng.permutation(1600)[:300]
        before, failures = contents(storage), 0
        for k in range(1, 100):
            slots = storage.order()[gone]
            with failing_allocation(k):
                storage.stage_remove(slots)
                storage.stage_create(new // 200, new % 200, w=1.0)
                try:
                    storage.apply()
                except MemoryError:
                    failures += 1
                else:
                    break
            storage.check()
            assert contents(storage) == before
            assert storage.fields.n_log == 0
        storage.check()
        assert failures > 3
        assert storage.fields.n_log == (50 + storage.fields.created if trial > 1 else 0)
        assert len(storage) == 400 - 50 + storage.fields.created


@pytest.mark.parametrize("what", ["append", "create", "index", "add_column", "compact"])
def test_failing_allocations_of_other_changes(what):
    storage = Ragged(4, 50, [("w", np.float64)])
    i, j = np.divmod(np.arange(0, 200, 3), 50)
    storage.append(i, j)
    change = {
        "append": lambda: storage.append([0] * 60, np.arange(60) % 50),
        "create": lambda: storage.create(0, 1),
        "index": storage.index,
        "add_column": lambda: storage.add_column("x", np.float64, 2.5),
        "compact": storage.compact,
    }[what]
    before, failures = contents(storage), 0
    for k in range(1, 50):
        with failing_allocation(k):
            try:
                change()
            except MemoryError:
                failures += 1
                storage.check()
                assert contents(storage) == before
            else:
                break
    storage.check()
    assert failures >= 2


def test_running_out_of_memory_at_the_start():
    for k in range(1, 6):
        with failing_allocation(k), pytest.raises(MemoryError):
            Ragged(10, 10)


def test_a_column_added_later_has_its_initial_value_everywhere():
    storage = Ragged(3, 4, [("w", np.float64)])
    storage.append([0, 1, 2], [3, 2, 1])
    assert storage.add_column("x", np.float32, 1.5) == 1
    assert storage.add_column("on", np.bool_, True) == 2
    storage.create(0, 0)
    storage.stage_create([1, 1], [0, 1], w=[7.0, 8.0])
    storage.apply()
    assert storage.get("x").tolist() == [1.5] * 6
    assert storage.get("on").tolist() == [True] * 6
    assert storage.get("w").tolist() == [0, 0, 0, 0, 7, 8]


def test_a_synapse_may_have_several_values():
    """A batch of three networks has three weights for a synapse."""
    storage = Ragged(2, 300, [("w", (np.float64, 3))], indexed=True)
    storage.append(np.zeros(100, int), np.arange(100))
    values = np.arange(300.0).reshape(100, 3)
    storage.set("w", values)
    storage.remove(storage.order()[::2])
    storage.stage_create(np.ones(100, int), np.arange(100), w=values + 0.5)
    storage.apply()
    assert np.array_equal(storage.get("w"), [*values[1::2], *(values + 0.5)])


def test_same_pair_twice_where_that_is_allowed():
    storage = Ragged(2, 2, [("w", np.float64)], multi=True, indexed=True)
    storage.stage_create([1, 1, 0, 1], [1, 1, 0, 1], w=[1.0, 2.0, 3.0, 4.0])
    storage.apply()
    assert storage.i.tolist() == [0, 1, 1, 1]
    assert storage.get("w").tolist() == [3, 1, 2, 4]
    assert (storage.fields.created, storage.fields.refusals) == (4, 0)
    storage.check()


def test_a_pair_removed_in_a_pass_may_be_created_in_it():
    storage = Ragged(2, 2, [("w", np.float64)])
    storage.append([0, 1], [0, 1])
    storage.stage_remove([storage.find(1, 1), storage.find(1, 1)])
    storage.stage_create([1, 0, 1], [1, 0, 1], w=[5.0, 6.0, 7.0])
    storage.apply()
    assert storage.i.tolist() == [0, 1]
    assert storage.get("w").tolist() == [0.0, 5.0]
    fields = storage.fields
    assert (fields.created, fields.removed, fields.refusals) == (1, 1, 2)


def test_changes_are_refused_while_others_are_staged():
    storage = Ragged(2, 2)
    storage.stage_create([0], [0])
    with pytest.raises(RuntimeError, match="staged"):
        storage.create(1, 1)
    storage.apply()
    assert len(storage) == 1


def test_a_variable_is_added_to_logged_values_once_the_log_is_taken():
    storage = Ragged(2, 2, [("w", np.float64)])
    storage.logging = storage.logging_values = True
    storage.stage_create([0, 1], [0, 1], w=[5, 6])
    storage.apply(3)
    with pytest.raises(RuntimeError, match="logged"):
        storage.add_column("x", np.int8, 7)
    assert storage.logged("w").tolist() == [5, 6]
    assert storage.take_log()["step"].tolist() == [3, 3]
    storage.add_column("x", np.int8, 7)
    storage.stage_create([0], [1], w=8)
    storage.stage_remove(storage.order()[:1])
    storage.apply(4)
    assert (storage.logged("w").tolist(), storage.logged("x").tolist()) == ([5, 8], [7, 7])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s: s.append([2], [0]),
        lambda s: s.append([0], [-1]),
        lambda s: s.create(0, 9),
        lambda s: s.remove([5]),
        lambda s: s.remove([s.fields.rows.room - 1 + 1]),
    ],
)
def test_wrong_indices_are_errors(wrong):
    storage = Ragged(2, 2)
    storage.append([0], [1])
    with pytest.raises(IndexError):
        wrong(storage)
    assert len(storage) == 1


def test_empty_projections():
    storage = Ragged(0, 0, [("w", np.float64)], indexed=True)
    storage.append([], [])
    storage.apply()
    storage.compact()
    storage.check()
    assert len(storage.get("w")) == 0
