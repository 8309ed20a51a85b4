"""The search for data races: it names the two lines, and is quiet about kernels whose accesses are ordered."""

import numpy as np
import pytest

from .driver import LaunchError

THREADS = 64


@pytest.fixture
def searching(make_bench):
    return make_bench(races=True)


@pytest.mark.parametrize("kernel", ["cooperative_rounds", "atomic_rounds", "volatile_rounds"])
def test_grid_barriers_order(searching, kernel):
    value, other = searching.put(np.zeros(13, np.int32)), searching.put(np.zeros(13, np.int32))
    arguments = searching.arguments(value, other, searching.put(np.zeros(2, np.uint32)), 20)
    searching.load("barrier").launch(kernel, 13, THREADS, arguments, cooperative=True)
    assert (searching.get(value, 13, np.int32) == 20).all()


def test_a_grid_barrier_left_out(searching):
    value, other = searching.put(np.zeros(13, np.int32)), searching.put(np.zeros(13, np.int32))
    arguments = searching.arguments(value, other, searching.put(np.zeros(2, np.uint32)), 20)
    with pytest.raises(LaunchError, match=r"race in global memory .* \(barrier.cu:19\) what .* \(barrier.cu:19\)"):
        searching.load("barrier").launch("unordered_rounds", 13, THREADS, arguments, cooperative=True)


def test_shared_memory(searching):
    values = searching.put(np.ones(4 * THREADS, np.int32))
    arguments, module = searching.arguments(values, searching.device.allocate(16 * THREADS)), searching.load("scan")
    module.launch("scan", 4, THREADS, arguments, shared=4 * THREADS)
    with pytest.raises(LaunchError, match=r"race in shared memory .* \(scan.cu:2\d\) what .* \(scan.cu:2\d\)"):
        module.launch("racy_scan", 4, THREADS, arguments, shared=4 * THREADS)
    # A warp alone has no race where its lanes go on together, and has one where they do not wait for each other.
    with pytest.raises(LaunchError, match="race in shared memory"):
        module.launch("racy_scan", 1, 32, arguments, shared=128)


def test_atomics_do_not_race_and_plain_writes_do(searching):
    n = 600
    values, counts = searching.put(np.arange(n, dtype=np.int32)), searching.put(np.zeros(16, np.uint32))
    arguments, module = searching.arguments(values, counts, n), searching.load("histogram")
    module.launch("histogram", 3, THREADS, arguments)
    assert searching.get(counts, 16, np.uint32).sum() == n
    with pytest.raises(
        LaunchError, match=r"race in global memory .* \(histogram.cu:2\d\) what .* nothing orders the two"
    ):
        module.launch("racy_histogram", 3, THREADS, arguments)


@pytest.mark.parametrize("kernel", ["reduce", "votes", "shared_tables"])
def test_sound_kernels_are_let_pass(searching, kernel):
    if kernel == "reduce":
        arrays = [searching.put(np.ones(1000)), searching.put(np.zeros(1)), searching.put(np.zeros(4)), 1000]
        searching.load("reduce").launch("reduce", 4, THREADS, searching.arguments(*arrays))
        assert searching.get(arrays[1], 1, np.float64) == 1000
    elif kernel == "votes":
        arrays = [searching.put(np.ones(256, np.int32)) for _ in range(7)]
        searching.load("votes").launch("votes", 4, THREADS, searching.arguments(*arrays))
    else:
        arrays = [searching.put(np.zeros(5 * 4 * THREADS, np.int32)) for _ in range(3)]
        arguments = searching.arguments(*arrays)
        searching.load("shared").launch("shared_tables", 4, THREADS, arguments, shared=128, cooperative=True)


def test_bytes_of_one_word_are_apart(searching):
    """Threads write neighbouring bytes of one word: no race; the same byte: one."""
    source = """
        struct Bytes { signed char* bytes; long long apart; };
        extern "C" __global__ void bytes(Bytes* a) { a->bytes[threadIdx.x * a->apart] = static_cast<signed char>(threadIdx.x); }
    """
    memory, module = searching.put(np.zeros(64, np.int8)), searching.device.load(source)
    module.launch("bytes", 1, THREADS, searching.arguments(memory, 1))
    assert (searching.get(memory, 64, np.int8) == np.arange(64)).all()
    with pytest.raises(LaunchError, match="race in global memory"):
        module.launch("bytes", 1, THREADS, searching.arguments(memory, 0))
