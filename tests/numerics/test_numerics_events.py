"""Synaptic variables solved between events, each against another form of the same equations."""

from __future__ import annotations

import numpy as np
import pytest

from eqsnn import Network, NeuronGroup, SpikeGeneratorGroup, Synapses, ms, mV, network_operation

N = 12
STDP = """
w : 1
dApre/dt = -Apre/tau_pre : 1 (event-driven)
dApost/dt = -Apost/tau_post : 1 (event-driven)
"""
NAMESPACE = {"tau_pre": 17 * ms, "tau_post": 31 * ms, "tau": 9 * ms, "rise": 4 * ms, "Vr": -3 * mV}


def sources(seed: int, count: int = 400, until: float = 90.0) -> tuple[SpikeGeneratorGroup, SpikeGeneratorGroup]:
    """Two groups with spikes at random steps, each neuron at most once in a step."""
    rng = np.random.default_rng(seed)
    groups = []
    for _ in range(2):
        events = rng.choice(N * int(until * 10), count, replace=False)
        groups.append(SpikeGeneratorGroup(N, events % N, events // N * 0.1 * ms))
    return groups[0], groups[1]


def wire(source: object, target: object, model: str, **code: object) -> Synapses:
    synapses = Synapses(source, target, model, method="exact", namespace=NAMESPACE, **code)  # type: ignore[arg-type]
    synapses.connect(condition="(i + 2*j) % 3 != 0")
    return synapses


@pytest.mark.parametrize("delay", [0, 1.7])
def test_event_driven_is_clock_driven(delay: float) -> None:
    """Decay, a cascade of two, a constant limit with a time constant of each synapse's own."""
    model = """
    w : 1
    tau_s : second (constant)
    da/dt = -a/tau_pre : 1 (FLAG)
    db/dt = (a - b)/rise : 1 (FLAG)
    dc/dt = (Vr - c)/tau_s : volt (FLAG)
    """
    code = {"on_pre": "a += 1 + 0.1*w\nw += 0.1*b + c/(50*mV)", "on_post": "c += 2*mV*exp(-b)\nb *= 0.5\nw -= 0.03*a"}
    source, target = sources(3)
    both = []
    for flag in ("event-driven", "clock-driven"):
        synapses = wire(source, target, model.replace("FLAG", flag), **code)
        synapses.tau_s = "(3 + i + 2*j)*ms"
        synapses.c = -3 * mV
        if delay:
            synapses.pre.delay = delay * ms
            synapses.post.delay = 0.4 * ms
        both.append(synapses)
    network = Network(source, target, *both)
    network.run(43 * ms)
    network.run(57 * ms)
    one, other = both
    assert np.ptp(one.w[:]) > 1
    np.testing.assert_allclose(one.w[:], other.w[:], rtol=1e-10, atol=1e-10)


def shared(synapses: Synapses) -> set[str]:
    """Variables that are kept with neurons: those the compiled program has such arrays for."""
    return {name.partition("@")[0] for name in synapses.store if "@" in name}


@pytest.mark.parametrize(
    "code",
    [
        {"on_pre": "Apre += 0.3\nw = clip(w + Apost, -5, 5)", "on_post": "Apost -= 0.4\nw = clip(w + Apre, -5, 5)"},
        {"on_pre": "w -= Apost*w\nApre = 0.7", "on_post": "w += Apre*(1 - w)\nApost += 0.1*(1 - Apost)"},
        {"on_pre": "w += Apost + 0.1*Apre\nApre += 0.3", "on_post": "w += 0.2*Apost - Apre\nApost += 0.4"},
    ],
)
@pytest.mark.parametrize("delays", [(0, 0), (0.6, 0), (0.3, 2.1)])
def test_shared_traces_are_those_of_each_synapse(code: dict[str, str], delays: tuple[float, float]) -> None:
    source, target = sources(5)
    both = [wire(source, target, STDP, **code) for _ in range(2)]
    for synapses in both:
        synapses.w = "0.1 + 0.01*i"
        if any(delays):
            synapses.pre.delay, synapses.post.delay = delays[0] * ms, delays[1] * ms
    one, other = both
    other.Apre[0] = other.Apost[0] = 0  # which parts them
    network = Network(source, target, *both)
    network.run(41.3 * ms)
    assert (shared(one), shared(other)) == ({"Apre", "Apost"}, set())
    for synapses in both:  # so that both go on from the same values, now each synapse's own, and one run later again
        np.testing.assert_allclose(synapses.w[:], one.w[:], rtol=1e-12, atol=1e-12)
    network.run(20 * ms)
    one.connect(i=0, j=0)
    other.connect(i=0, j=0)
    network.run(30 * ms)
    assert np.ptp(one.w[:]) > 0.1
    np.testing.assert_allclose(one.w[:], other.w[:], rtol=1e-12, atol=1e-12)


def test_shared_traces_read_by_a_script_and_set_back() -> None:
    """What a script reads of a trace is its value at the end of the run: with it given to each synapse, all goes on."""
    code = {"on_pre": "Apre += 0.3\nw += Apost", "on_post": "Apost -= 0.4\nw += Apre"}
    source, target = sources(6)
    both = [wire(source, target, STDP, **code) for _ in range(2)]
    network = Network(source, target, *both)
    network.run(45 * ms)
    both[1].Apre, both[1].Apost = both[0].Apre[:], both[0].Apost[:]
    assert both[0].Apre[:].max() > 0.1
    network.run(45 * ms)
    np.testing.assert_allclose(both[0].w[:], both[1].w[:], rtol=1e-12, atol=1e-12)


def test_a_trace_of_a_neuron_group() -> None:
    """Neurons that spike on both ends of a recurrent projection."""
    group = NeuronGroup(N, "dv/dt = (1.2 + 0.05*i - v)/tau : 1", threshold="v > 1", reset="v = 0", method="exact",
                        namespace=NAMESPACE)  # fmt: skip
    group.v = "i/(1.0*N)"
    code = {"on_pre": "Apre += 0.3\nw += Apost", "on_post": "Apost -= 0.4\nw += Apre"}
    both = [wire(group, group, STDP, **code) for _ in range(2)]
    both[1].Apre[0] = 0
    Network(group, *both).run(100 * ms)
    assert shared(both[0]) == {"Apre", "Apost"}
    assert np.ptp(both[0].w[:]) > 0.1
    np.testing.assert_allclose(both[0].w[:], both[1].w[:], rtol=1e-12, atol=1e-12)


def test_python_in_the_loop_reads_and_sets_traces() -> None:
    """A network operation sees the value of its moment, and what it sets holds; the same read between runs."""
    source, target = SpikeGeneratorGroup(1, [0], [1] * ms), SpikeGeneratorGroup(1, [0], [6] * ms)
    synapses = Synapses(source, target, "w : 1\nda/dt = -a/tau : 1 (event-driven)", on_pre="a += 1", on_post="w += a",
                        namespace=NAMESPACE)  # fmt: skip
    synapses.connect()
    seen = []

    @network_operation(dt=1.5 * ms)
    def look() -> None:
        seen.append(synapses.a[0])
        if len(seen) == 3:
            synapses.a[0] = 10

    network = Network(source, target, synapses, look)
    network.run(5 * ms)
    network.remove(look)
    network.run(5 * ms)
    assert seen == [0, 1, 1, 10]
    assert synapses.w[0] == pytest.approx(10 * np.exp(-5 / 9))  # from its last event on, as in Brian2


def test_what_a_script_reads_between_runs() -> None:
    source, target = SpikeGeneratorGroup(1, [0], [1] * ms), SpikeGeneratorGroup(1, [], [] * ms)
    synapses = Synapses(source, target, "w : 1\nda/dt = -a/tau : 1 (event-driven)", on_pre="a += 1", on_post="w += a",
                        namespace=NAMESPACE)  # fmt: skip
    synapses.connect()
    network = Network(source, target, synapses)
    for end in (2, 3, 5):  # of a step less, since a neuron's variables too are those of the last step
        network.run(end * ms - network.t)
        assert shared(synapses) == {"a"}
        assert synapses.a[0] == pytest.approx(np.exp(-(end - 1 - 0.1) / 9))
