"""The GPU as PyCUDA offers it, over a PyCUDA that is not there: what is called, and what is said when something is missing."""

from __future__ import annotations

import importlib
import multiprocessing
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

import eqsnn
from eqsnn import (
    NeuronGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    device,
    ms,
    network_operation,
    prefs,
    run,
    seed,
    start_scope,
)
from eqsnn.errors import BuildError, RunError
from eqsnn.runtime.cuda import nvcc as nvcc_module
from eqsnn.runtime.cuda import pycuda_device, pycuda_module
from eqsnn.runtime.cuda.nvcc import Nvcc, find_nvcc

FAKE = Path(__file__).parent / "fake_pycuda"
ALL = ("sm_75", "sm_80", "sm_90")


@pytest.fixture
def nvcc() -> Nvcc:
    try:
        return find_nvcc()
    except BuildError:
        pytest.skip("no nvcc")


@pytest.fixture
def no_pycuda(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Neither PyCUDA nor a device of an earlier test."""
    known = [name for name in sys.modules if name.partition(".")[0] == "pycuda"]
    for name in known:
        monkeypatch.delitem(sys.modules, name)
    device.use(None)
    yield
    device.use(None)
    prefs.reset()
    for name in [name for name in sys.modules if name.partition(".")[0] == "pycuda"]:
        del sys.modules[name]


@pytest.fixture
def driver(no_pycuda: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`pycuda.driver` over the emulation."""
    monkeypatch.syspath_prepend(FAKE)
    driver = importlib.import_module("pycuda.driver")
    ends: list[Any] = []
    monkeypatch.setattr(pycuda_device, "atexit", SimpleNamespace(register=ends.append))  # its own, nobody else's
    yield driver
    driver.machine.calls.clear()
    for end in ends:
        end()
        assert driver.machine.calls == ["CtxDetach"]
        assert not any(driver.machine.stack.values())


def cells() -> tuple[NeuronGroup, Synapses, SpikeMonitor, StateMonitor]:
    start_scope()
    seed(3)
    group = NeuronGroup(
        60, "dv/dt = (1.5 - v)/(10*ms) + 0.1*xi*ms**-0.5 : 1", threshold="v > 1", reset="v = 0", method="euler", name="cells"
    )
    group.v = "rand()"
    links = Synapses(group, group, "w : 1", on_pre="v_post += w", delay=1 * ms, name="links")
    links.connect(p=0.2)
    links.w = "0.02*randn()"
    return group, links, SpikeMonitor(group), StateMonitor(group, "v", record=[0, 5])


def result(duration: Any) -> dict[str, np.ndarray]:
    group, _links, spikes, trace = cells()
    run(duration)
    return {"v": np.array(group.v[:]), "i": np.array(spikes.i), "t": np.array(spikes.t_), "trace": np.array(trace.v)}


def fails(code: str, kind: type[Exception] = BuildError) -> str:
    before = device.name
    with pytest.raises(kind) as caught:
        device("cuda")
    assert caught.value.code == code
    assert device.name == before
    return str(caught.value)


# ---- a run ----


def test_a_network_runs_as_on_the_processor(driver: Any, nvcc: Nvcc) -> None:
    expected = result(20 * ms)
    assert device("cuda").name == "cuda"
    got = result(20 * ms)
    assert len(expected["i"]) > 50
    np.testing.assert_array_equal(got["i"], expected["i"])
    np.testing.assert_array_equal(got["t"], expected["t"])
    np.testing.assert_allclose(got["v"], expected["v"], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got["trace"], expected["trace"], rtol=1e-9, atol=1e-12)
    calls = driver.machine.calls
    assert calls[:2] == ["Init", "DeviceGetCount"]
    assert calls.count("ModuleLoad") == 1
    assert calls.count("LaunchKernel eqsnn_setup") == 1
    assert calls.count("LaunchKernel eqsnn_run") >= 2
    for k, call in enumerate(calls):
        if call.startswith("LaunchKernel"):
            assert calls[k + 1] == "StreamSynchronize"
    assert calls.count("MemAlloc") == calls.count("MemFree") > 20
    assert driver.machine.emulated.memory.used == 0


def test_one_context_however_often_it_is_chosen(driver: Any, nvcc: Nvcc) -> None:
    for name in ("cuda", "cpp", "cuda"):
        assert device(name).name == name
        group = NeuronGroup(3, "v : 1")
        group.v = "i*2.0"  # statements run on the processor
        assert list(group.v) == [0, 2, 4]
    assert driver.machine.calls.count("CtxPushCurrent") == 1
    assert driver.machine.calls.count("ModuleLoad") == 0
    assert repr(device._hardware) == "Fake GPU (compute capability 8.0)"


def test_as_many_blocks_as_are_resident(driver: Any, nvcc: Nvcc) -> None:
    device("cuda")
    hardware = device._hardware
    module = pycuda_device.PyCudaModule(hardware, _Kernels(), Path("nowhere.cubin"))
    for registers, blocks in ((40, 2), (168, 1), (255, 1)):  # 512 threads, and 65536 registers, for blocks of 256
        driver.machine.registers = registers
        assert module.resident_blocks("anything", 256) == blocks
    assert module.resident_blocks("anything", 128) == 2
    with pytest.raises(BuildError, match=r"takes 255 registers.*E816"):
        module.resident_blocks("anything", 512)


@pytest.fixture
def bindings(driver: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """`cuda.bindings.driver` on the same machine."""
    known = [name for name in sys.modules if name == "cuda.bindings" or name.startswith("cuda.bindings.")]
    for name in [*known, *(["cuda"] if "cuda" in sys.modules else [])]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(FAKE.parent / "fake_bindings")
    yield importlib.import_module("cuda.bindings.driver")
    for name in [name for name in sys.modules if name == "cuda" or name.startswith("cuda.bindings")]:
        del sys.modules[name]


def test_cooperative_launches_where_cuda_bindings_are_installed(driver: Any, bindings: Any, nvcc: Nvcc) -> None:
    expected = result(5 * ms)
    device("cuda")
    got = result(5 * ms)
    np.testing.assert_array_equal(got["i"], expected["i"])
    calls = driver.machine.calls
    assert "LaunchCooperativeKernel eqsnn_run" in calls and not any(call.startswith("LaunchKernel") for call in calls)


def test_a_cooperative_launch_that_the_driver_refuses(driver: Any, bindings: Any, nvcc: Nvcc, monkeypatch: Any) -> None:
    device("cuda")
    monkeypatch.setattr(bindings, "cuOccupancyMaxActiveBlocksPerMultiprocessor", lambda *_: (0, 9000))
    monkeypatch.setattr(pycuda_module, "_SMALL", 10)
    start_scope()
    group = NeuronGroup(9000 * 256, "dv/dt = -v/ms : 1", method="exact")
    group.v = 1
    with pytest.raises(RunError, match=r"GPU has failed: cuLaunchCooperativeKernel: too many blocks in cooperative launch"):
        run(1 * ms)
    assert (group.v[:] == 1).all()


def test_one_block_for_little_work(driver: Any, nvcc: Nvcc) -> None:
    device("cuda")
    module = pycuda_device.PyCudaModule(device._hardware, _Kernels(), Path("nowhere.cubin"))
    driver.machine.registers = 40
    assert [module.suitable_blocks("anything", 256, n) for n in (1, 1024, 1025, 10**6)] == [1, 1, 2, 2]


def test_what_kernels_take_is_in_the_profile(driver: Any, nvcc: Nvcc) -> None:
    device("cuda")
    group, *_ = cells()
    for loop, kernel in (("device", "eqsnn_run"), ("host", "eqsnn_action_0")):
        prefs.cuda_loop = loop
        network = run(1 * ms, profile=True)
        kernels = {each.name: each for each in network.profile.kernels}
        assert 16 <= kernels[kernel].resources.registers <= 255 and kernels[kernel].blocks == 1
        assert 0 < kernels[kernel].occupancy <= 1
        text = str(network.profile)
        assert "registers  shared memory  stack  spilled  blocks  occupancy" in text and kernel in text
        assert sum(entry.calls for entry in network.profile) > 30 and network.profile.total > 0
    assert driver.machine.calls.count("EventElapsedTime") > 30
    del group


class _Kernels:
    def get_function(self, name: str) -> Any:
        driver = sys.modules["pycuda.driver"]
        return driver.Function(None, name)  # type: ignore[attr-defined]


# ---- nothing to run on ----


def test_no_pycuda(no_pycuda: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycuda", None)  # type: ignore[arg-type]
    text = fails("E811")
    assert "there is no module 'pycuda" in text and "pip install 'eqsnn[cuda]'" in text


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("libcuda.so.1: cannot open shared object file: No such file", "E812", "libcuda.so.1 is not there"),
        ("_driver.so: undefined symbol: cuCtxCreate_v4", "E812", "older than the CUDA that PyCUDA was built with"),
        ("numpy.core.multiarray failed to import", "E811", "PyCUDA cannot be loaded: numpy.core.multiarray"),
    ],
)
def test_pycuda_that_cannot_be_loaded(
    words: str, code: str, said: str, no_pycuda: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "pycuda").mkdir()
    (tmp_path / "pycuda" / "__init__.py").write_text("")
    text = f"import warnings\nwarnings.warn('header does not match the driver')\nraise ImportError({words!r})\n"
    (tmp_path / "pycuda" / "driver.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    assert said in fails(code)


def test_a_driver_that_does_not_start(driver: Any) -> None:
    driver.machine.init = driver.LogicError("cuInit failed: system has unsupported display driver / cuda driver combination")
    text = fails("E812")
    assert "does not work: system has unsupported display driver / cuda driver combination." in text
    assert "cuInit" not in text and "nvidia-smi" in text


def test_no_gpu(driver: Any) -> None:
    driver.machine.init = driver.RuntimeError("cuInit failed: no CUDA-capable device is detected")
    assert "finds no GPU" in fails("E813")
    driver.machine.init, driver.machine.gpus = None, 0
    assert "CUDA_VISIBLE_DEVICES" in fails("E813")


def test_a_gpu_that_another_program_has_for_itself(driver: Any, nvcc: Nvcc) -> None:
    driver.machine.taken = True
    assert "'Fake GPU' cannot be used: exclusive-thread device already in use" in fails("E813")


def test_an_old_gpu(driver: Any) -> None:
    driver.machine.capability = (7, 0)
    text = fails("E814")
    assert "'Fake GPU' is too old: its compute capability is 7.0" in text and "device('cpp')" in text


def test_no_nvcc(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvcc_module, "_places", lambda: iter(()))
    assert "cuda-toolkit[nvcc" in fails("E815")


def test_a_gpu_newer_than_nvcc(driver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    driver.machine.capability = (12, 1)
    monkeypatch.setattr(pycuda_device, "find_nvcc", lambda: Nvcc(Path("/opt/nvcc"), (12, 4), "", ALL))
    assert "nvcc 12.4 (/opt/nvcc) does not know this GPU, whose compute capability is 12.1" in fails("E817")


def test_a_driver_older_than_nvcc(driver: Any, nvcc: Nvcc) -> None:
    device("cuda")
    driver.machine.takes_modules, driver.machine.driver_version = False, 12040
    group, *_ = cells()
    before = np.array(group.v[:])
    with pytest.raises(BuildError, match=r"driver, of CUDA 12\.4, does not take what nvcc .* makes: device kernel image"):
        run(1 * ms)
    np.testing.assert_array_equal(group.v[:], before)


def test_an_unknown_target(no_pycuda: None) -> None:
    with pytest.raises(eqsnn.errors.NameError, match=r"did you mean 'cuda'\?"):
        device("cudda")


def test_devices_cannot_be_mixed_in_one_network(driver: Any, nvcc: Nvcc) -> None:
    """Neither by what a run calls, nor by a network that runs in the middle of another one."""
    device("cuda")
    group, links, *_ = cells()
    caught: list[RunError] = []

    @network_operation(dt=1 * ms)
    def change() -> None:
        try:
            device("cpp" if device.name == "cuda" else "cuda")
        except RunError as error:
            caught.append(error)

    run(2 * ms)
    assert [error.code for error in caught] == ["E821"] * 2
    assert "the network 'network' is running on 'cuda': no part of it can run on 'cpp'" in str(caught[0])
    assert device("cpp").name == "cpp"  # between runs it may change
    run(1 * ms)
    device("cuda")
    run(1 * ms)
    del group, links


# ---- failures under way ----


def test_memory_runs_out(driver: Any, nvcc: Nvcc) -> None:
    driver.machine.memory = 64 << 10
    device("cuda")
    group, *_ = cells()
    before = np.array(group.v[:])
    with pytest.raises(RunError) as caught:
        run(5 * ms)
    text = str(caught.value)
    assert caught.value.code == "E818"
    assert "more were wanted" in text and "of 64 KiB are free. Nothing has run; the network is as it was." in text
    np.testing.assert_array_equal(group.v[:], before)
    assert driver.machine.emulated.memory.used == 0
    device("cpp")
    run(5 * ms)
    assert eqsnn.defaultclock.t / ms == pytest.approx(5)


def test_the_gpu_fails(driver: Any, nvcc: Nvcc) -> None:
    """What was fetched can be read: monitors up to the last launch, variables as when the run began."""
    expected = result(30 * ms)
    device("cuda")
    group, _links, spikes, _trace = cells()  # what nobody holds may be gone before the run
    before = np.array(group.v[:])
    driver.machine.launches = 4
    with pytest.raises(RunError) as caught:
        run(30 * ms)
    text = str(caught.value)
    assert caught.value.code == "E819"
    assert "the GPU has failed: an illegal memory access was encountered." in text
    assert "Variables are as at t = 0 ms" in text
    until = float(text.split("recorded until t = ")[1].split(" ms")[0])
    assert 0 < until < 30
    np.testing.assert_array_equal(group.v[:], before)
    assert 0 < len(spikes.t_) == np.count_nonzero(expected["t"] < until * 1e-3 - 1e-9)
    assert driver.machine.calls.count("MemFree") == 0, "PyCUDA would complain for each piece"
    start_scope()
    group = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", method="exact")
    with pytest.raises(RunError, match=r"has failed earlier in this process.*E819"):
        run(1 * ms)


def test_a_launch_fails_and_the_gpu_goes_on(driver: Any, nvcc: Nvcc) -> None:
    expected = result(30 * ms)
    device("cuda")
    driver.machine.launches, driver.machine.sticky, driver.machine.failure = 3, False, "too many resources requested for launch"
    _, _, spikes, trace = objects = cells()
    with pytest.raises(RunError, match=r"too many resources requested for launch\. Variables are as at t = [1-9]") as caught:
        run(30 * ms)
    until = float(str(caught.value).split("Variables are as at t = ")[1].split(" ms")[0])
    assert eqsnn.defaultclock.t / ms == pytest.approx(until)
    driver.machine.launches = None
    run(30 * ms - until * ms)  # and goes on where it was
    np.testing.assert_array_equal(spikes.i, expected["i"])
    np.testing.assert_allclose(trace.v, expected["trace"], rtol=1e-9, atol=1e-12)
    assert driver.machine.emulated.memory.used == 0
    del objects


def test_the_gpu_fails_after_the_users_python_has_seen_the_state(driver: Any, nvcc: Nvcc) -> None:
    device("cuda")
    group, *_ = cells()
    seen: list[np.ndarray] = []

    @network_operation(dt=2 * ms)
    def look() -> None:
        seen.append(np.array(group.v[:]))
        if len(seen) == 3:
            driver.machine.launches = 0

    with pytest.raises(RunError, match=r"Variables are as at t = 4 ms, when they last came"):
        run(10 * ms)
    np.testing.assert_array_equal(group.v[:], seen[-1])


def test_another_thread(driver: Any, nvcc: Nvcc) -> None:
    caught: list[BaseException] = []

    def choose() -> None:
        try:
            device("cuda")
        except RunError as error:
            caught.append(error)

    for _ in range(2):  # before, and after the main thread has chosen it
        thread = threading.Thread(target=choose if not device._hardware else lambda: _run_small(caught))
        thread.start()
        thread.join()
        device("cuda")
    assert [error.code for error in caught] == ["E819", "E819"]  # type: ignore[attr-defined]
    assert "main thread" in str(caught[0])


def _run_small(caught: list[BaseException]) -> None:
    start_scope()
    group = NeuronGroup(3, "dv/dt = -v/(10*ms) : 1", method="exact")
    try:
        run(1 * ms)
    except RunError as error:
        caught.append(error)
    del group


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of fork
def test_a_forked_process(driver: Any, nvcc: Nvcc) -> None:
    device("cuda")
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()

    def work() -> None:
        caught: list[BaseException] = []
        _run_small(caught)
        theirs.send(str(caught[0]) if caught else "nothing")

    process = context.Process(target=work)
    process.start()
    assert ours.poll(60)
    assert "was forked. (E819)" in ours.recv()
    process.join()


def test_pycuda_is_not_imported_for_anything_else(no_pycuda: None, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = ModuleType("pycuda")
    monkeypatch.setitem(sys.modules, "pycuda", broken)  # has no `driver`
    _, links, *_ = cells()
    assert "static __device__ void links_pre(" in links.source("cuda")
    run(1 * ms)
    assert "static __device__ void links_pre(" in links.source("cuda")
    assert "__device__" not in links.source("cpp")
