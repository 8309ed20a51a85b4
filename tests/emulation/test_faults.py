"""What is wrong with a kernel or a launch is said by name, and the device works on afterwards."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from .driver import CompilationError, LaunchError, MemoryFault, OutOfDeviceMemory, Properties

WARP = 32


@pytest.mark.parametrize(
    ("kernel", "n", "words"),
    [
        ("sync_after_exit", 20, [r"divergent __syncthreads", r"faults.cu:12"]),
        (
            "sync_in_branches",
            20,
            ["different barriers", r"__syncthreads \(faults.cu:18\)", r"__syncthreads \(faults.cu:22\)"],
        ),
        ("shuffle_with_exited", 0, [r"__shfl_sync", r"0x00000080|thread \(7,0,0\) exits"]),
        ("shuffle_against_ballot", 0, ["__shfl_sync", "__ballot_sync", "0xffffffff"]),
        ("shuffle_without_self", 0, [r"thread \(0,0,0\): __shfl_sync", "lane 0", "does not name it"]),
        ("lanes_wait_crosswise", 0, ["deadlock", r"1 threads wait at __syncwarp \(faults.cu:\d+\): \(2,0,0\)"]),
        (
            "warp_against_block",
            0,
            ["divergent|deadlock", "31 threads wait at __syncthreads", r"__syncwarp .*: \(0,0,0\)"],
        ),
        ("grid_sync_after_exit", 20, ["divergent .*grid barrier"]),
        ("grid_sync_by_some", 20, ["divergent", "the grid barrier", "__syncthreads"]),
        ("wild_address", 16, [r"thread \(3,0,0\) accesses the illegal address 0x1c"]),
        ("divide", 9, [r"thread \(9,0,0\) divides an integer by zero"]),
        ("recurse", 10000, ["overflows its stack of 65536 bytes"]),
        ("assertion", 31, [r"assertion `static_cast<long long>\(threadIdx.x\) < a->n` is false", r"thread \(31,0,0\)"]),
        ("trap", 5, [r"__trap\(\) at faults.cu:\d+ by block \(\d,0,0\), thread \(5,0,0\)"]),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_kernel_that_is_wrong(bench, kernel, n, words, seed):
    memory = bench.put(np.zeros(WARP, np.int32))
    module = bench.load("faults")
    bench.device.seed = seed
    with pytest.raises(LaunchError, match=f"kernel `{kernel}`") as caught:
        module.launch(kernel, 2, WARP, bench.arguments(memory, n), cooperative=True)
    for word in words:
        assert caught.match(word)
    # The device is as good as new: a kernel with a barrier still runs.
    module.launch("sync_after_exit", 2, WARP, bench.arguments(memory, WARP))
    assert (bench.get(memory, WARP, np.int32) == 1).all()


def test_livelock(make_bench):
    bench = make_bench(spin_limit=10_000)
    arguments = bench.arguments(bench.put(np.zeros(WARP, np.int32)), 0)
    with pytest.raises(LaunchError, match=r"livelock(.|\n)*\d+ threads spin \(faults.cu:\d+\)"):
        bench.load("faults").launch("wait_for_nobody", 2, WARP, arguments)


def test_a_spin_that_the_emulation_cannot_see(make_bench):
    bench = make_bench(timeout=0.3)
    arguments = bench.arguments(bench.put(np.zeros(WARP, np.int32)), 0)
    with pytest.raises(LaunchError, match=r"has run for 0.3 s without giving way.*EQSNN_YIELD"):
        bench.load("faults").launch("spin_on_plain_load", 1, WARP, arguments)


def test_grid_that_waits_for_blocks_that_are_not_resident(make_bench):
    bench = make_bench(spin_limit=100_000, properties=Properties(multiprocessors=2, threads_per_multiprocessor=64))
    value, count = bench.put(np.zeros(5, np.int32)), bench.put(np.zeros(2, np.uint32))
    arguments, module = bench.arguments(value, value, count, 3), bench.load("barrier")
    module.launch("atomic_rounds", 4, 32, arguments)
    bench.device.fill(count, 0, 8)
    with pytest.raises(LaunchError, match="livelock"):
        module.launch("atomic_rounds", 5, 32, arguments)


def test_grid_barrier_needs_a_cooperative_launch(bench):
    arguments = bench.arguments(bench.put(np.zeros(WARP, np.int32)), WARP)
    with pytest.raises(LaunchError, match="a grid barrier needs a cooperative launch"):
        bench.load("faults").launch("grid_sync_after_exit", 2, WARP, arguments)


@pytest.mark.parametrize(("place", "words"), [(WARP, "0 bytes past the end"), (-1, "4 bytes before the start")])
def test_write_beside_a_buffer(bench, place, words):
    memory = bench.put(np.zeros(WARP, np.int32))
    with pytest.raises(MemoryFault, match=f"kernel `write_at`: the buffer of 128 bytes at .* {words}"):
        bench.load("faults").launch("write_at", 1, WARP, bench.arguments(memory, place))
    bench.load("faults").launch("write_at", 1, WARP, bench.arguments(memory, 3))  # said once, the zones are mended


def test_write_far_behind_a_buffer_and_into_a_freed_one(bench):
    module, memory = bench.load("faults"), bench.put(np.zeros(WARP, np.int32))
    with pytest.raises(LaunchError, match="illegal address"):
        module.launch("write_at", 1, WARP, bench.arguments(memory, 100))
    arguments = bench.arguments(memory, 0)
    bench.device.free(memory)
    with pytest.raises(LaunchError, match="illegal address"):
        module.launch("write_at", 1, WARP, arguments)


def test_write_behind_dynamic_shared_memory(bench):
    values = bench.put(np.zeros(64, np.int32))
    with pytest.raises(LaunchError, match="wrote behind its dynamic shared memory of 128 bytes"):
        bench.load("scan").launch("overrun_shared", 2, WARP, bench.arguments(values, values), shared=128)
    bench.load("scan").launch("overrun_shared", 2, WARP, bench.arguments(values, values), shared=132)


def test_memory_is_poisoned_limited_and_returned(make_bench):
    bench = make_bench(properties=Properties(memory=4096))
    device = bench.device
    first = device.allocate(3000)
    assert first % 256 == 0
    assert (bench.get(first, 3000, np.uint8) == 0xA5).all()
    with pytest.raises(OutOfDeviceMemory, match="no room for 2000 bytes: 3000 of 4096 are taken"):
        device.allocate(2000)
    assert device.memory_info() == (1096, 4096)
    device.free(first)
    second = device.allocate(4096)
    device.fill(second, 7, 100)
    device.copy(second + 100, second, 50)
    assert (bench.get(second, 151, np.uint8) == [7] * 150 + [0xA5]).all()
    with pytest.raises(MemoryFault, match="not the address of a buffer"):
        device.free(first + 1)


def test_only_device_pointers_are_taken(bench):
    array, pointer = np.zeros(8), bench.device.allocate(64)
    for address in (array.ctypes.data, pointer + 8, pointer - 8):
        with pytest.raises(MemoryFault, match="do not lie in a buffer"):
            bench.device.upload(address, array)
        with pytest.raises(MemoryFault, match="do not lie in a buffer"):
            bench.device.download(address, array)
    with pytest.raises(MemoryFault, match="do not lie in a buffer"):
        bench.load("faults").launch("trap", 1, WARP, array.ctypes.data)
    with pytest.raises(ValueError, match="contiguous"):
        bench.device.upload(pointer, np.zeros((4, 4))[:, 0])


@pytest.mark.parametrize(
    ("kernel", "grid", "block", "shared", "words"),
    [
        ("missing", 1, 1, 0, "no kernel `missing`"),
        ("trap", 1, 1025, 0, "1025 threads a block, of 1024"),
        ("trap", 0, 32, 0, "not one to three positive numbers"),
        ("trap", (1, 1 << 16), 32, 0, "too large"),
        ("trap", 1, 32, 50_000, "50000 bytes of shared memory, of 49152"),
    ],
)
def test_launch_that_no_device_takes(bench, kernel, grid, block, shared, words):
    with pytest.raises(LaunchError, match=words):
        bench.load("faults").launch(kernel, grid, block, 0, shared=shared)


def test_source_that_is_not_cuda(bench):
    with pytest.raises(CompilationError, match=r"wrong.cu:1:\d+: error"):
        bench.device.load("int f() { return atomicAdd(1); }", name="wrong")
    with pytest.raises(CompilationError, match=r"threadIdx"):  # a thread cannot move itself
        bench.device.load('extern "C" __global__ void k(int* a) { threadIdx.x = 1; }')


@pytest.mark.parametrize(
    ("launch", "finding"),
    [
        ('("faults").launch("overrun_local", 2, 32, bench.arguments(memory, 3))', None),
        ('("faults").launch("overrun_local", 2, 32, bench.arguments(memory, 9))', "stack-buffer-overflow"),
        ('("faults").launch("write_at", 2, 32, bench.arguments(memory, -1))', "use-after-poison"),
        ('("scan").launch("overrun_shared", 2, 64, bench.arguments(memory, memory), shared=256)', "use-after-poison"),
    ],
    ids=["sound", "stack", "device memory", "shared memory"],
)
def test_address_sanitizer(launch, finding):
    """It follows the change of stacks, is quiet about a sound kernel, and finds what goes over an edge."""
    gcc = subprocess.run(["g++", "-print-file-name=libasan.so"], capture_output=True, text=True, check=True)
    if not Path(library := gcc.stdout.strip()).is_absolute():
        pytest.skip("g++ has no address sanitizer here")
    script = f"""
        import sys
        sys.path.insert(0, {str(Path(__file__).parents[1])!r})
        import numpy as np
        from emulation.conftest import Bench
        from emulation.driver import EmulatedDevice
        from eqsnn.runtime import core
        bench = Bench(EmulatedDevice(asan=True, include_dirs=[core.INCLUDE]))
        memory = bench.put(np.zeros(128, np.int32))
        bench.load("scan").launch("scan", 2, 64, bench.arguments(bench.put(np.ones(128, np.int32)), memory), shared=256)
        assert (bench.get(memory, 128, np.int32) == np.tile(np.arange(1, 65), 2)).all()
        bench.load{launch}
        bench.device.close()
        print("sound")
    """
    environment = {**os.environ, "LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0"}
    command = [sys.executable, "-c", textwrap.dedent(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if finding is None:
        assert done.stdout == "sound\n", done.stderr
    else:
        assert finding in done.stderr
        assert launch.split('"')[3] in done.stderr  # the kernel's name in the trace
        assert done.returncode != 0
