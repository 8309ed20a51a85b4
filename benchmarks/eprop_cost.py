"""Cost of training against connectivity: time an example, by the adjoint and by traces of synapses, and of rewiring.

A network of the size that is trained on SHD: 700 inputs, 512 recurrent ALIF neurons, 20 outputs, 1000 steps of 1 ms,
with spikes drawn at the rate of that data set (8000 an example). Input and recurrent connectivity are 100, 50, 20, 10,
5 and 1 %; the readout is dense. Weights are those before training, N(0, 1/sqrt(fan-in)).

    python benchmarks/eprop_cost.py                     # the table
    python benchmarks/eprop_cost.py --examples 128 --threads 2

After the table, bytes: what each learned synapse takes, by formula and as allocated, and what trials keep. With r bytes
for a real number, d state variables of the target and L lanes (8, whatever the batch), a synapse of this model takes

    adjoint   16 + 6 r + L r             ends and number; w, sgn, gradient, 3 of Adam; a sum a lane
    traces    16 + 6 r + L r (d + 2)     and traces: d components and e

and, in storage, up to 1.3 times that. A system with traces for every copy of a batch of 512 takes 512 r (d + 2) for
them.

Measurements of one table are interleaved: every round measures each entry once, and medians over rounds are shown.
Traces are measured on batches of eight examples (``--traces``).
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from eqsnn import *
from eqsnn.data import SpikeData
from eqsnn.training.engine import LANES

UNITS, HIDDEN, CLASSES, STEPS, SPIKES = 700, 512, 20, 1000, 8000
CONNECTIVITY = (1.0, 0.5, 0.2, 0.1, 0.05, 0.01)
DEEP_R = """
for each synapse:
    if w*sgn < 0:
        remove synapse
        n_dormant += 1
for each pair in sample(n_dormant, unconnected):
    create synapse(w=0, sgn=2*int(rand() < 0.5) - 1)
"""
tau_m, tau_a, v_th, beta = 20 * ms, 2000 * ms, 0.6, 0.0174


@dataclass
class Entry:
    """A trainer of one connectivity and method, with what has been measured, in seconds an example."""

    connectivity: float
    method: str
    rewiring: bool
    trainer: EProp
    data: SpikeData
    times: list[float]

    def trial_bytes(self) -> int:
        """Bytes that trials keep, whatever the connectivity."""
        return self.trainer.engine.memory()

    def measure(self) -> None:
        """One batch."""
        began = perf_counter()
        self.trainer.train_batch(self.data)
        self.times.append((perf_counter() - began) / len(self.data))


def spikes(examples: int, seed: int) -> SpikeData:
    """Examples of spikes at SHD's rate, uniform over units and time."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(SPIKES, examples)
    offsets = np.concatenate([[0], np.cumsum(counts)])
    times = rng.integers(0, STEPS, offsets[-1]) * 1e-3
    labels = rng.integers(0, CLASSES, examples)
    return SpikeData(rng.integers(0, UNITS, offsets[-1]), times, offsets, labels, UNITS, STEPS * 1e-3)


def entry(p: float, method: str, rewiring: bool, data: SpikeData, precision: str) -> Entry:
    """A network of connectivity ``p``, ready to be trained."""
    start_scope()
    seed(1)
    inputs = SpikeInput(UNITS)
    hidden = NeuronGroup(
        HIDDEN, "dv/dt = -v/tau_m : 1\nda/dt = -a/tau_a : 1", threshold="v > v_th + beta*a", reset="v -= v_th; a += 1",
        refractory=5 * ms,
    )  # fmt: skip
    output = NeuronGroup(CLASSES, "dy/dt = -y/tau_m : 1")
    model = "w : 1 (learned)\nsgn : 1"
    groups = ((inputs, hidden, "v", p), (hidden, hidden, "v", p), (hidden, output, "y", 1.0))
    made: list[Any] = []
    for source, target, variable, density in groups:
        s = Synapses(source, target, model, on_pre=f"{variable}_post += w")
        s.connect(p=density)
        fan_in = density * len(source)
        s.w = f"randn()/sqrt({fan_in})"
        s.sgn = "sign(w)"
        made.append(s)
    rules = [StructuralPlasticity(s, DEEP_R, when="after_batch") for s in made[:2]] if rewiring else []
    network = Network(inputs, hidden, output, *made, *rules, batch_size=len(data), precision=precision)
    trainer = EProp(
        network, output=output.y, pseudo_derivative="0.3/v_th*maximum(0, 1 - abs(v - v_th - beta*a)/v_th)",
        method=method, rate_regularisation=(1e-3, 10 * Hz), l1=0.01 if rewiring else 0.0,
    )  # fmt: skip
    return Entry(p, method, rewiring, trainer, data, [])


def main() -> None:
    """Measure and show."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--examples", type=int, default=32, help="examples of a batch")
    parser.add_argument("--traces", type=int, default=8, help="examples of a batch with traces; 0: none")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", default="float32", choices=("float32", "float64"))
    parser.add_argument("--connectivity", type=float, nargs="*", default=CONNECTIVITY)
    chosen = parser.parse_args()
    defaultclock.dt, prefs.threads = 1 * ms, chosen.threads
    many, few = spikes(chosen.examples, 1), spikes(max(chosen.traces, 1), 2)
    entries = []
    for p in chosen.connectivity:
        entries += [entry(p, "adjoint", rewiring, many, chosen.precision) for rewiring in (False, True)]
        if chosen.traces:
            entries.append(entry(p, "traces", False, few, chosen.precision))
    for round_ in range(chosen.rounds + 1):
        for e in entries:
            if e.method == "adjoint" or round_ <= max(1, chosen.rounds // 2):
                e.measure()
    show(entries, chosen)


def show(entries: list[Entry], chosen: argparse.Namespace) -> None:
    """The table: ms an example, medians without the first round."""
    ms_ = {(e.connectivity, e.method, e.rewiring): 1e3 * float(np.median(e.times[1:])) for e in entries}
    print(f"{chosen.precision}, {chosen.threads} thread(s), batches of {chosen.examples} ({chosen.traces} with traces)")
    print("connectivity  synapses   adjoint   deep r   traces   traces/adjoint   ms an example")
    for e in entries:
        if e.method == "adjoint" and not e.rewiring:
            p, synapses = e.connectivity, sum(len(s) for s in e.trainer.plan.projections)
            adjoint, deep, traces = ms_[p, "adjoint", False], ms_[p, "adjoint", True], ms_.get((p, "traces", False))
            last = f"{traces:8.1f} {traces / adjoint:10.1f}" if traces else ""
            print(f"{100 * p:9.0f} %  {synapses:9d} {adjoint:9.2f} {deep:8.2f} ({deep / adjoint:4.2f}x) {last}")
    show_memory(entries, 4 if chosen.precision == "float32" else 8)


def show_memory(entries: list[Entry], real: int) -> None:
    """Bytes of a synapse in the recurrent projection, and of trials."""
    print("connectivity  method    bytes a synapse: formula, allocated   bytes of trials")
    for e in entries:
        if not e.rewiring:
            recurrent = e.trainer.plan.projections[1]
            formula = 16 + 6 * real + LANES * real * (4 if e.method == "traces" else 1)
            allocated = recurrent.memory() / len(recurrent)
            sizes = f"{formula:16d} {allocated:12.1f} {e.trial_bytes():19.2e}"
            print(f"{100 * e.connectivity:9.0f} %  {e.method:8s} {sizes}")


if __name__ == "__main__":
    main()
