"""Synapses created and removed on the device: the same network, in the same order of creation, as on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from compare import assert_same, on
from emulated import Emulated, Kernels
from structure.structure_rules import RULES, Grower

from eqsnn import *
from eqsnn import errors
from eqsnn.runtime.cuda.device import DeviceFullError

SHAPES = {"row": (1, 9), "column": (9, 1), "square": (6, 6), "wide": (20, 13)}
MODEL = "w : 1\nc : integer\ntag : integer\nborn : integer\nflag : boolean\ndq/dt = -q/(7*ms) : 1 (event-driven)"
FEW = "-DEQSNN_FEW_CHANGES=3"  # the whole grid carries out what is more than that


@pytest.fixture(autouse=True)
def on_this_machine_afterwards() -> Iterator[None]:
    yield
    device.use(None)


def wired(shape: tuple[int, int], multi: bool, delays: bool, density: float, seed: int) -> tuple[Any, Any, Any]:
    """Two groups that have events in a fixed pattern, and synapses made in random order, which remove themselves at some."""
    notes = "\n".join(f"s{k} : 1" for k in range(5))
    a = NeuronGroup(
        shape[0], f"a : 1\nna : integer\n{notes}", threshold="(i + 3*t_in_timesteps) % 5 == 0", dt=1 * ms, name="a"
    )
    b = NeuronGroup(
        shape[1], "b : 1\nnb : integer\ndigit : 1", threshold="(2*i + t_in_timesteps) % 3 == 0", dt=1 * ms, name="b"
    )
    s = Synapses(
        a, b, MODEL, on_pre="w += q\nq += w\nremove synapse if w > 300", on_post="c += 1\nremove synapse if c % 31 == 30",
        delay=None if delays else 2 * ms, multisynaptic_index="k" if multi else None, dt=1 * ms, name="s",
    )  # fmt: skip
    draw = Random(seed)
    pairs = [(i, j) for i in range(shape[0]) for j in range(shape[1]) for _ in range(1 + multi) if draw.random() < density]
    draw.shuffle(pairs)
    s.connect(i=[i for i, _ in pairs], j=[j for _, j in pairs])
    s.w, s.c = ([draw.randint(0, 6) for _ in pairs] for _ in range(2))
    s.tag = np.arange(len(pairs))
    if delays:
        s.delay = [draw.randint(0, 9) for _ in pairs] * ms
    for group, names in ((a, ("a", "na")), (b, ("b", "nb"))):
        for name in names:
            setattr(group, name, [draw.randint(0, 6) for _ in range(len(group))])
    return a, b, s


def everything(a: Any, b: Any, s: Any) -> dict[str, Any]:
    """All that is known of the synapses, in order of creation, and of the neurons."""
    s.ragged.check()
    found = {name: getattr(s, name)[:] for name in ("w", "c", "tag", "born", "flag", "q", "i", "j")}
    found |= {"serial": s.ragged.serial, "next": s.ragged.fields.next_serial}
    if s.multisynaptic_index:
        found["k"] = s.k[:]
    for group, names in ((a, ("a", "na")), (b, ("b", "nb"))):
        found |= {name: getattr(group, name)[:] for name in names}
    return found


def study(text: str, shape: tuple[int, int], multi: bool = False, delays: bool = False) -> Callable[[], dict[str, Any]]:
    """Two runs under a rule."""

    def run() -> dict[str, Any]:
        a, b, s = wired(shape, multi, delays, 0.4, 5)
        rule = StructuralPlasticity(s, text, dt=1 * ms, namespace={"now": 0}, name="rule")
        network = Network(a, b, s)
        for _ in range(2):
            network.run(4 * ms)
        counts = {"counts": [rule.created, rule.removed, rule.refused, rule.shortfall]}
        return everything(a, b, s) | counts

    return run


def compare(run: Callable[[], dict[str, Any]], *hardware: Emulated) -> dict[str, np.ndarray]:
    expected = on(None, run)
    for each in hardware:
        assert_same(on(each, run), expected)
        device.use(None)
        assert each.device.memory.used == 0
    return expected


@pytest.mark.parametrize("number", range(3))
def test_rules_by_hand(number: int) -> None:
    found = compare(study(RULES[number], SHAPES["wide"]), Emulated(seed=number))
    assert found["counts"][0] + found["counts"][1] > 100


@pytest.mark.parametrize(
    ("seed", "shape", "multi", "delays"),
    [(1014, "wide", False, True), (1015, "wide", True, True), (1013, "square", True, False), (1012, "square", False, False),
     (1017, "row", True, False), (1018, "column", False, True), (1055, "wide", True, False), (1070, "wide", False, False),
     (2007, "column", True, True)],
)  # fmt: skip
def test_random_rules(seed: int, shape: str, multi: bool, delays: bool) -> None:
    """Samples, matchings, limits, aggregates, twins, event-driven variables, delays, from any storage."""
    run = study(Grower(seed, delays).rule(), SHAPES[shape], multi, delays)
    found = compare(run, Emulated(seed=seed, blocks=3), Emulated(seed=1, blocks=1, flags=[FEW]))
    assert found["counts"][:2].sum() > 0


def test_places_and_offers_that_are_drawn() -> None:
    rule = """
for each synapse: remove synapse limit 3*rand() per post
for each pair in match(4*rand(), poisson(2)): create synapse(w=i) if not connected limit 9*rand()
"""
    found = compare(study(rule, SHAPES["wide"], False, False), Emulated(seed=1, blocks=3))
    assert (found["counts"][:2] > 0).all()


def test_delays_that_code_makes_longer() -> None:
    """The queue was made for shorter ones."""

    def run() -> dict[str, Any]:
        a = NeuronGroup(12, "x : 1", threshold="i % 4 == t_in_timesteps % 4", dt=1 * ms)
        s = Synapses(a, a, "w : 1", on_pre="w += 1 + t/ms\ndelay = (1 + (i + 2*j) % 9)*ms", dt=1 * ms)
        s.connect(p=0.5)
        s.delay = "(i % 2)*ms"
        network = Network(a, s)
        for _ in range(2):
            network.run(15 * ms)
        return {"w": s.w[:], "delay": s.delay[:] / ms}

    assert compare(run, Emulated(), Emulated(seed=2, blocks=3))["delay"].max() > 8


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2000, 2040))
def test_many_random_rules(seed: int) -> None:
    multi, delays, shape = bool(seed & 1), bool(seed & 2), [*SHAPES.values()][seed // 4 % 4]
    run = study(Grower(seed, delays).rule(), shape, multi, delays)
    compare(run, Emulated(seed=seed, blocks=1 + seed % 3, flags=[FEW] if seed % 5 else []))


@pytest.mark.parametrize("flags", [[], [FEW]])
def test_no_two_threads_touch_the_same_place(flags: list[str]) -> None:
    """A data race, which is an error of the launch here, would show on a device now and then."""
    for seed, multi in ((1014, False), (1015, True)):
        compare(study(Grower(seed, True).rule(), (8, 7), multi, True), Emulated(seed=3, races=True, flags=flags))


def test_every_order_of_threads_gives_the_same() -> None:
    run = study(Grower(1055, False).rule(), SHAPES["wide"], multi=True)
    compare(run, *(Emulated(seed=seed, blocks=1 + seed % 4) for seed in range(10, 15)))


def grow(steps: int, network_after: Callable[[Any], None] = lambda s: None) -> Callable[[], dict[str, Any]]:
    """Synapses come, ever more of them, from a network that has hardly any."""

    def run() -> dict[str, Any]:
        a = NeuronGroup(30, "x : 1", threshold="i % 4 == t_in_timesteps % 4", dt=1 * ms)
        s = Synapses(a, a, "w : 1", on_post="w += 1", dt=1 * ms)
        s.connect("i == j")
        rule = StructuralPlasticity(s, "for each pair in sample(20*t/ms + 2): create synapse(w=t/ms)", dt=1 * ms)
        network = Network(a, s, rule)
        try:
            network.run(steps * ms)
        except errors.RunError as error:
            assert error.code == "E818" and "Variables are as at t = " in str(error)
        s.ragged.check()
        assert len(s) == 30 + rule.created - rule.removed
        return {"t": round(network.t / ms), "i": s.i[:], "j": s.j[:], "w": s.w[:] - s.w[:] % 1, "created": rule.created}

    return run


class Filling(Emulated):
    """A device whose memory is full after so many allocations, counted from the first step on."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most, self.running = most, False

    def allocate(self, size: int) -> int:
        if self.running and self.most == 0:
            raise DeviceFullError("1 KiB more were wanted, 0 bytes of 1 GiB are free")
        self.most -= self.running
        return super().allocate(size)

    def load(self, source: str) -> Kernels:
        kernels, hardware = super().load(source), self

        class Watched:
            def launch(self, name: str, grid: int, block: int, argument: int) -> None:
                hardware.running = hardware.running or name == "eqsnn_run"
                kernels.launch(name, grid, block, argument)

            def __getattr__(self, name: str) -> Any:
                return getattr(kernels, name)

        return Watched()  # type: ignore[return-value]


def test_without_memory_the_network_is_as_it_was_before_the_pass() -> None:
    """Whichever allocation fails once the run has begun; steps before it have happened, and can be read."""
    generous = Filling(10**6)
    expected = compare(grow(9), generous)
    assert expected["created"] > 80
    all_ = 10**6 - generous.most
    ends = []
    for most in range(0, all_, 5):
        hardware = Filling(most)
        found = on(hardware, grow(9))
        device.use(None)
        assert hardware.device.memory.used == 0
        reached = on(None, grow(int(found["t"])))
        assert_same({k: found[k] for k in "ij"}, {k: reached[k] for k in "ij"})
        ends.append(int(found["t"]))
    assert len(set(ends)) > 2
    assert max(ends) < 9


def test_python_sees_and_changes_the_wiring_in_the_middle_of_a_step() -> None:
    """Also what events have removed stays until the end of the step, whoever looks."""

    def run() -> dict[str, Any]:
        a = NeuronGroup(12, "x : 1", threshold="i % 4 == t_in_timesteps % 4", dt=1 * ms)
        s = Synapses(a, a, "w : 1", on_pre="w += 1\nremove synapse if w > 3", dt=1 * ms)
        s.connect(p=0.5)
        rule = StructuralPlasticity(s, "for each pair in sample(5): create synapse(w=rand())", dt=1 * ms)
        seen: list[int] = []

        @network_operation(dt=1 * ms, when="after_synapses")
        def look() -> None:
            seen.append(len(s))
            s.w["i == 3"] = 0.5
            seen.extend(s.i[:])

        @network_operation(dt=3 * ms, when="start")
        def rewire() -> None:
            s.ragged.remove(s.ragged.order()[:2])
            j = len(seen) % 12
            if s.ragged.find(5, j) < 0:
                s.connect(i=5, j=j)

        Network(a, s, rule, look, rewire).run(12 * ms)
        s.ragged.check()
        return {"seen": seen, "i": s.i[:], "j": s.j[:], "w": s.w[:], "serial": s.ragged.serial, "made": rule.created}

    compare(run, Emulated(seed=4))


@pytest.mark.parametrize("values", [(), ("w", "k", "flag")])
def test_watched_changes(values: tuple[str, ...]) -> None:
    """Every line of the log, in its order, with the values of what came and went; also of passes beyond its room."""

    def run() -> dict[str, Any]:
        a, b, s = wired((20, 13), True, False, 0.3, 2)
        rule = StructuralPlasticity(s, Grower(1055, False).rule(), dt=1 * ms, namespace={"now": 0}, name="rule")
        monitor = StructureMonitor(s, values)
        network = Network(a, b, s, rule, monitor)
        for _ in range(2):
            network.run(3 * ms)
        found = {name: getattr(monitor, name)[:] for name in ("i", "j", "change", *values)}
        return found | {"t": monitor.t / ms} | everything(a, b, s)

    expected = compare(run, Emulated(seed=2), Emulated(seed=3, blocks=3, flags=[FEW]))
    assert len(expected["change"]) > 4096
