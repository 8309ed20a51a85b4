"""Models for batches: each is built with a batch size, and given inputs for one network or for each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from eqsnn import (
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    PoissonInput,
    PopulationRateMonitor,
    SpikeGeneratorGroup,
    SpikeMonitor,
    StateMonitor,
    Synapses,
    TimedArray,
    linked_var,
    ms,
)  # fmt: skip
from eqsnn.base import start_scope
from eqsnn.clocks import defaultclock
from eqsnn.seeds import seed, seed_of_copy

COPIES = 4
DRIVE = np.random.default_rng(7).uniform(0.5, 2, (COPIES, 30))
"""A constant input of each neuron, in each network."""


@dataclass
class Model:
    """What a test looks at: monitors, and variables of groups and synapses by object."""

    network: Network
    spikes: list[EventMonitor]
    states: list[tuple[StateMonitor, str]] = field(default_factory=list)
    rates: list[PopulationRateMonitor] = field(default_factory=list)
    variables: list[tuple[Any, str]] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)

    def run(self, *durations: float) -> Model:
        """Run for so many milliseconds, one after the other."""
        for duration in durations:
            self.network.run(duration * ms, namespace=self.namespace)
        return self


def build(model: Any, copies: int, copy: int | None = None) -> Model:
    """The model for a batch of so many networks, or for one of them by itself: ``copy``."""
    start_scope()
    defaultclock.step = 0
    seed(11)
    made: Model = model(copies)
    drive = DRIVE[:copies] if copy is None else DRIVE[copy]
    for item in made.network.objects:
        if isinstance(item, NeuronGroup) and "I" in item.model.variables:
            item.I = drive
    if copy is not None:
        seed(seed_of_copy(copy))
    return made


def refractory(copies: int) -> Model:
    """Leaky neurons with noise, refractoriness, and delayed synapses of two kinds."""
    G = NeuronGroup(
        30, "dv/dt = (I - v)/(10*ms) + 0.3*xi/sqrt(10*ms) : 1 (unless refractory)\nI : 1",
        threshold="v > 1", reset="v = 0", refractory=2 * ms, method="euler",
    )  # fmt: skip
    slow, fast = Synapses(G, G, "w : 1", on_pre="v_post += w"), Synapses(G, G, on_pre="v_post += 0.05", delay=1.5 * ms)
    slow.connect(p=0.2)
    slow.w, slow.delay = "rand()*0.2", "rand()*3*ms"
    fast.connect(p=0.1)
    monitors = SpikeMonitor(G, "v"), StateMonitor(G, "v", record=[0, 3]), PopulationRateMonitor(G)
    network = Network(G, slow, fast, *monitors, batch_size=copies)
    return Model(network, [monitors[0]], [(monitors[1], "v")], [monitors[2]], [(G, "v"), (G, "lastspike")])


def plastic(copies: int) -> Model:
    """Traces of each synapse and network, solved between events; sums over synapses; a clock-driven variable."""
    G = NeuronGroup(30, "dv/dt = (I + s - v)/(10*ms) : 1\nI : 1\ns : 1", threshold="v > 1", reset="v = 0", method="euler")
    S = Synapses(
        G, G,
        """w : 1
           g : 1 (batch)
           n : integer (batch)
           dpre/dt = -pre/(20*ms) : 1 (event-driven, batch)
           dpost/dt = -post/(10*ms) : 1 (event-driven, batch)
           dh/dt = -h/(5*ms) : 1 (clock-driven, batch)
           s_post = 0.01*h : 1 (summed)""",
        on_pre="pre += 1; v_post += w; g += post; h += 1", on_post="post += w; g -= pre; n += 1", method="euler",
    )  # fmt: skip
    S.connect(p=0.3)
    S.w = "rand()*0.1"
    spikes = SpikeMonitor(G)
    kept = StateMonitor(S, ["g", "pre"], record=[0, 5, 9])
    variables = [(S, name) for name in ("g", "n", "pre", "post", "h")]
    return Model(Network(G, S, spikes, kept, batch_size=copies), [spikes], [(kept, "g")], [], variables)


def shared_traces(copies: int) -> Model:
    """STDP-like traces that the synapses of a neuron share."""
    G = NeuronGroup(30, "dv/dt = (I - v)/(10*ms) : 1\nI : 1", threshold="v > 1", reset="v = 0", method="exact")
    S = Synapses(
        G, G,
        """dx/dt = -x/(20*ms) : 1 (event-driven, batch)
           g : 1 (batch)""",
        on_pre="x += 1; g += 0.1", on_post="g -= x",
    )  # fmt: skip
    S.connect(p=0.3)
    spikes = SpikeMonitor(G)
    return Model(Network(G, S, spikes, batch_size=copies), [spikes], [], [], [(S, "g"), (S, "x"), (G, "v")])


def inputs(copies: int) -> Model:
    """Poisson groups and inputs, given spikes, a table of values, parameters that a kernel tabulates, regular code."""
    G = NeuronGroup(
        30, "dv/dt = (I*table(t) - v)/tau : 1\nI : 1\ntau : second (constant)\nn : integer",
        threshold="v > 1", reset="v = 0; n += 1", method="exact",
    )  # fmt: skip
    G.tau = "(5 + i)*ms"
    same, each = PoissonGroup(20, 50 * Hz), PoissonGroup(20, "50*Hz*(1 + i/20)")
    given = SpikeGeneratorGroup(5, [0, 1, 2, 3], [1, 5, 5, 20] * ms, period=30 * ms)
    projections = [Synapses(source, G, on_pre="v_post += 0.3") for source in (same, each, given)]
    for projection in projections:
        projection.connect(p=0.3)
    noise = PoissonInput(G, "v", 20, 30 * Hz, 0.1)
    G.run_regularly("v += 0.01*randn()", dt=1 * ms)
    spikes = [SpikeMonitor(group) for group in (G, same, each, given)]
    network = Network(G, same, each, given, projections, noise, spikes, batch_size=copies)
    table = TimedArray([1.0, 2.0, 0.5, 1.5], dt=10 * ms, name="table")
    return Model(network, spikes, [], [], [(G, "v"), (G, "n")], {"table": table})


def parts(copies: int) -> Model:
    """Subgroups, links, events of the user's own, what is held over a step, shared variables, code on the side of post."""
    G = NeuronGroup(
        30, """dv/dt = (I - v)/(10*ms) : 1
               I : 1
               seen : 1
               calls : integer
               total : 1 (shared)
               held = v**2 : 1 (constant over dt)""",
        threshold="v > 1", reset="v = 0", events={"half": "v > 0.5 and held < 0.3"}, method="euler",
    )  # fmt: skip
    G.run_on_event("half", "calls += 1")
    G.run_regularly("total += 0.5", dt=1 * ms)
    H = NeuronGroup(10, "dx/dt = (other + y - x)/(5*ms) : 1\nother : 1 (linked)\ny : 1", method="euler")
    H.other = linked_var(G[10:20], "v")
    S = Synapses(
        G[5:25], H,
        """w : 1
           g : 1 (batch)
           k = 2*x_post : 1 (constant over dt)
           count : 1 (shared)""",
        on_pre={"up": "y_post += w*k; g += k", "down": "y_post -= 0.5*w; count += 1"},
        delay={"down": 2 * ms}, on_event={"up": "half", "down": "spike"},
    )  # fmt: skip
    S.connect(p=0.4)
    S.w = "0.1 + 0.1*rand()"
    spikes, halves = SpikeMonitor(G[3:17]), EventMonitor(G, "half", "v")
    kept = StateMonitor(H, ["x", "y"], record=True)
    network = Network(G, H, S, spikes, halves, kept, batch_size=copies)
    variables = [(G, "calls"), (G, "total"), (H, "x"), (S, "g"), (S, "count")]
    return Model(network, [spikes, halves], [(kept, "x"), (kept, "y")], [], variables)
