"""The emulated execution model: each kernel of `kernels/` against numpy, under several orders of its threads."""

import time
from ctypes import c_int64, c_uint32, c_uint64, c_void_p

import numpy as np
import pytest

from eqsnn.runtime import core

from .driver import LaunchError, NotDeterministic, Properties, check_deterministic

SEEDS = range(5)
rng = np.random.default_rng(5)


@pytest.mark.parametrize("seed", SEEDS)
def test_reduction_with_shuffles(bench, seed):
    bench.device.seed = seed
    values = rng.integers(0, 1000, 5000).astype(np.float64)  # whole numbers: every order gives the same sum
    total, blocks = bench.put(np.zeros(1)), bench.put(np.zeros(7))
    arguments = bench.arguments(bench.put(values), total, blocks, values.size)
    bench.load("reduce").launch("reduce", 7, 128, arguments)
    assert bench.get(total, 1, np.float64) == values.sum()
    of_block = np.arange(values.size) // 128 % 7
    assert (bench.get(blocks, 7, np.float64) == np.bincount(of_block, values)).all()


def test_all_shuffles_in_segments_of_eight(bench):
    out = [bench.put(np.zeros(32, np.int64)) for _ in range(5)]
    bench.load("reduce").launch("shuffles", 1, 32, bench.arguments(*out))
    k = np.arange(32)
    first, within = k & ~7, k & 7
    assert (bench.get(out[0], 32, np.int32) == first + 3).all()
    assert (bench.get(out[1], 32, np.uint32) == np.where(within < 2, k, k - 2)).all()
    assert (bench.get(out[2], 32, np.int64) == np.where(within > 5, k, k + 2) << 40).all()
    assert (bench.get(out[3], 32, np.float32) == (k ^ 5) + 0.5).all()
    assert (bench.get(out[4], 32, np.uint64) == np.uint64(1) << (k ^ 16).astype(np.uint64)).all()


@pytest.mark.parametrize("threads", [1, 33, 256])
def test_scan_in_dynamic_shared_memory(bench, threads):
    values = rng.integers(-9, 9, (20, threads)).astype(np.int32)
    sums = bench.device.allocate(values.nbytes)
    arguments = bench.arguments(bench.put(values), sums)
    bench.load("scan").launch("scan", 20, threads, arguments, shared=4 * threads)
    assert (bench.get(sums, values.shape, np.int32) == values.cumsum(axis=1)).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_histogram_with_atomics(bench, seed):
    bench.device.seed = seed
    values = rng.integers(0, 16, 3000).astype(np.int32)
    counts = bench.put(np.zeros(16, np.uint32))
    bench.load("histogram").launch("histogram", 6, 64, bench.arguments(bench.put(values), counts, values.size))
    assert (bench.get(counts, 16, np.uint32) == np.bincount(values, minlength=16)).all()


def test_every_atomic_operation(bench):
    n, bits = 96, np.uint32(0xFFFFFFFF)
    i = bench.put(np.array([0, 0, 5, -5, -1, 0, 0, 0, 0], np.int32))
    u = bench.put(np.array([0, 0, 50, 3, bits, 0, 0, 0], np.uint32))
    w = bench.put(np.array([0, 1 << 60, 0, 2**64 - 1, 0, 0, 0, 0], np.uint64))
    f, d = bench.put(np.zeros(2, np.float32)), bench.put(np.zeros(1))
    lock, guarded = bench.put(np.zeros(1, np.uint32)), bench.put(np.zeros(1, np.int64))
    bench.load("atomics").launch("atomics", 3, 32, bench.arguments(i, u, w, f, d, lock, guarded))
    k = np.arange(n)
    total, parity = k.sum(), np.bitwise_xor.reduce(k)
    signed = bench.get(i, 9, np.int32)
    assert signed[:8].tolist() == [total, -total, 1 - n, n - 1, 0, -1, parity, 5]
    assert 1 <= signed[8] <= n
    unsigned = bench.get(u, 8, np.uint32)
    assert unsigned.tolist() == [total, (-total) % 2**32, 0, n - 1, 0, bits, parity, n % 10]
    middle = 0xFFFFFFFF << 20
    wide = [total << 33, 0, (n - 1) << 33, 2**64 - 1 - middle, middle, int(parity) << 33, 1 << 40, 3 * n]
    assert bench.get(w, 8, np.uint64).tolist() == wide
    assert bench.get(f, 2, np.float32).tolist() == [n / 2, 2.0]
    assert bench.get(d, 1, np.float64) == n / 4
    assert bench.get(guarded, 1, np.int64) == n  # nobody was lost within the spin lock


@pytest.mark.parametrize(
    ("kernel", "cooperative"),
    [("cooperative_rounds", True), ("atomic_rounds", True), ("atomic_rounds", False), ("volatile_rounds", False)],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_grid_barrier(bench, kernel, cooperative, seed):
    """After r rounds of "my neighbour's number and one", block b has the number of block b + r, and r."""
    bench.device.seed = seed
    blocks, rounds = 13, 20
    start = rng.integers(0, 1000, blocks).astype(np.int32)
    value = bench.put(start)
    arguments = bench.arguments(value, bench.put(start), bench.put(np.zeros(2, np.uint32)), rounds)
    bench.load("barrier").launch(kernel, blocks, 64, arguments, cooperative=cooperative)
    assert (bench.get(value, blocks, np.int32) == np.roll(start, -rounds) + rounds).all()


def test_without_its_barrier_blocks_run_apart(bench):
    start = np.arange(13, dtype=np.int32)
    value = bench.put(start)
    arguments = bench.arguments(value, bench.put(start), bench.put(np.zeros(2, np.uint32)), 20)
    bench.load("barrier").launch("unordered_rounds", 13, 64, arguments, cooperative=True)
    assert (bench.get(value, 13, np.int32) != np.roll(start, -20) + 20).any()


@pytest.mark.parametrize("seed", SEEDS)
def test_ballots_votes_and_matches(bench, seed):
    bench.device.seed = seed
    values = rng.integers(0, 9, (4, 64)).astype(np.int32)
    arrays = [bench.put(np.zeros(256, np.int32)) for _ in range(5)]
    n = bench.put(np.zeros(1, np.uint32))
    ballot, match, flags, bits, compacted = arrays
    arguments = bench.arguments(bench.put(values), *arrays, n)
    module = bench.load("votes")
    module.launch("votes", 4, 64, arguments)
    warps, powers = values.reshape(8, 32), 1 << np.arange(32, dtype=np.uint64)
    assert (bench.get(ballot, (8, 32), np.uint32) == ((warps > 0) * powers).sum(axis=1, keepdims=True)).all()
    same = (warps[:, :, None] == warps[:, None, :]) * powers
    assert (bench.get(match, (8, 32), np.uint32) == same.sum(axis=2)).all()
    answers = (warps > 6).any(1) + 2 * (warps < 7).all(1) + 4 * (warps < 9).all(1)
    halves = np.where(np.arange(32) & 1, 8 * (warps[:, 1::2] > 2).sum(1)[:, None], 1000 * warps[:, [4]])
    of_block = (values > 4).sum(1) + 1000
    expected = (answers[:, None] + halves).reshape(4, 64) + 100000 * of_block[:, None]
    assert (bench.get(flags, (4, 64), np.int32) == expected).all()
    lowest = np.array([0, 1, 2, 1, 3, 1, 2, 1, 4])
    ones, length = np.array([bin(v).count("1") for v in range(9)]), np.array([v.bit_length() for v in range(9)])
    mirrored = np.array([int(f"{v:04b}"[::-1], 2) for v in range(9)])
    table = lowest + 64 * (32 - length) + 4096 * (16 + ones) + (mirrored << 20)
    assert (bench.get(bits, (4, 64), np.int32) == table[values]).all()

    module.launch("compact", 4, 64, arguments)
    kept = bench.get(compacted, (values > 0).sum(), np.int32)
    assert bench.get(n, 1, np.uint32) == kept.size
    assert (np.sort(kept) == np.flatnonzero(values)).all()
    of_warp = [kept[kept // 32 == w] for w in range(8)]
    assert all((np.diff(each) > 0).all() for each in of_warp)

    bench.device.upload(n, np.zeros(1, np.uint32))
    module.launch("count_by_active_lanes", 4, 64, arguments)
    assert bench.get(n, 1, np.uint32) == kept.size


@pytest.mark.parametrize("seed", SEEDS)
def test_shared_memory_of_blocks_that_run_side_by_side(bench, seed):
    bench.device.seed = seed
    blocks = 12
    out, fresh = bench.device.allocate(4 * 5 * 64 * blocks), bench.put(np.zeros(blocks, np.int32))
    arguments = bench.arguments(out, bench.put(np.zeros(1, np.int32)), fresh)
    bench.load("shared").launch("shared_tables", blocks, 64, arguments, shared=128, cooperative=True)
    got = bench.get(out, (blocks, 64, 5), np.int32)
    b, k = np.arange(blocks)[:, None], np.arange(64)
    assert (got[..., 0] == 1000 * b + 63 - k).all()
    assert (got[..., 1] == b - (63 - k)).all()
    assert (got[..., 2] == b).all()
    assert (got[..., 3] == b + 63 - k).all()
    assert (got[..., 4] == (63 - k) // 2).all()
    assert (bench.get(fresh, blocks, np.uint32) == 0xA5A5A5A5).all()


def test_indices_in_three_dimensions(bench):
    out = bench.device.allocate(4 * 24 * 24)
    bench.load("shared").launch("places", (2, 3, 4), (4, 3, 2), bench.arguments(out))
    got = bench.get(out, (4, 3, 2, 2, 3, 4), np.uint32)
    digits = np.indices(got.shape)
    assert (got == sum(digits[5 - place] * 10**place for place in range(6))).all()


def test_orders_differ_with_the_seed_and_repeat_with_it(bench):
    """Who takes which number: different for every seed and launch, the same again for the same seed."""
    module = bench.load("histogram")

    def order() -> tuple[int, ...]:
        numbers = bench.device.allocate(4 * 512)
        module.launch("take_numbers", 8, 64, bench.arguments(bench.put(np.zeros(1, np.int32)), numbers))
        return tuple(bench.get(numbers, 512, np.int32))

    seen = set()
    for seed in range(10):
        bench.device.seed = seed
        seen |= {first := order(), order()}
        bench.device.seed = seed
        assert order() == first
    assert len(seen) == 20
    assert all(sorted(each) == list(range(512)) for each in seen)
    places = np.argsort(np.array(sorted(seen)), axis=1)
    # Uniform ranks would have a mean distance of a third of 512 between two orders; blocks that run in turn keep most of it.
    assert np.abs(places[0] - places[1]).mean() > 100
    # Threads of different blocks and of one warp mix.
    assert all(np.abs(np.diff(np.array(each) // 64)).astype(bool).sum() > 8 for each in seen)


def test_determinism_check_passes_a_sound_kernel_and_catches_a_racy_one(bench):
    values = rng.integers(0, 16, 3000).astype(np.int32)
    counts = bench.put(np.zeros(16, np.uint32))
    arguments = bench.arguments(bench.put(values), counts, values.size)
    module, memory = bench.load("histogram"), {"counts": (counts, 64)}
    check_deterministic(bench.device, lambda: module.launch("histogram", 6, 64, arguments), memory)
    assert (bench.get(counts, 16, np.uint32) == np.bincount(values, minlength=16)).all()
    with pytest.raises(NotDeterministic, match=r"`counts` differs in .* seeds 0 and 1"):
        check_deterministic(bench.device, lambda: module.launch("racy_histogram", 6, 64, arguments), memory)


def test_a_barrier_left_out_shows(bench):
    values = rng.integers(1, 9, (4, 128)).astype(np.int32)
    sums = bench.device.allocate(values.nbytes)
    arguments, module = bench.arguments(bench.put(values), sums), bench.load("scan")
    with pytest.raises(NotDeterministic):
        check_deterministic(
            bench.device,
            lambda: module.launch("racy_scan", 4, 128, arguments, shared=512),
            {"sums": (sums, values.nbytes)},
        )


def test_resident_blocks_bound_a_cooperative_grid(make_bench):
    bench = make_bench(properties=Properties(multiprocessors=3, threads_per_multiprocessor=256))
    module = bench.load("barrier")
    assert module.resident_blocks("atomic_rounds", 64) == 12
    assert module.resident_blocks("atomic_rounds", (10, 2)) == 24
    assert module.resident_blocks("atomic_rounds", 32, shared=40 << 10) == 12
    with pytest.raises(LaunchError, match="13 blocks, of which the device holds 12"):
        module.launch("cooperative_rounds", 13, 64, 0, cooperative=True)


@pytest.mark.parametrize("portable", [False, True])
@pytest.mark.parametrize("flags", [("-O0",), ("-O3", "-march=native", "-ffast-math")])
def test_registers_outlive_waits(make_bench, portable, flags):
    bench = make_bench(portable=portable, flags=flags)
    numbers, integers = bench.device.allocate(8 * 8 * 256), bench.device.allocate(8 * 8 * 256)
    bench.load("registers").launch("registers", 2, 128, bench.arguments(numbers, integers, 37), cooperative=True)
    k, m = np.arange(256)[:, None], np.arange(8)
    source = k // 32 * 32 + (k + 37) % 32
    assert (bench.get(numbers, (256, 8), np.float64) == source + 0.125 * m).all()
    assert (bench.get(integers, (256, 8), np.int64) == 1000000007 * source + m + 37).all()


def test_headers_of_the_product_draw_the_same_numbers(bench):
    n, key = 1024, 0x123456789ABCDEF
    arrays = [bench.device.allocate(8 * n) for _ in range(2)]
    bench.load("draws").launch("draws", 3, 64, bench.arguments(*arrays, n, key))
    for pointer, fill in zip(arrays, ("eqsnn_fill_uniform", "eqsnn_fill_normal"), strict=True):
        expected = np.empty(n)
        arguments = (c_void_p(expected.ctypes.data), c_int64(n), c_uint64(key), c_uint32(5), c_uint32(0))
        getattr(core.load(), fill)(*arguments)
        assert (bench.get(pointer, n, np.float64) == expected).all()


def test_speed(make_bench):
    """64 blocks of 128 threads at 100 barriers, 820 000 switches: about 20 ms of the processor's time."""
    bench = make_bench(flags=["-O1"])
    arguments = bench.arguments(bench.device.allocate(8), 100)
    module = bench.load("speed")
    for kernel in ("block_barriers", "grid_barriers"):
        seconds = []
        for _ in range(5):
            start = time.process_time()
            module.launch(kernel, 64, 128, arguments, cooperative=True)
            seconds.append(time.process_time() - start)
        assert bench.device.switches > 800_000
        assert min(seconds) < 0.2
