"""Record what NEST's structural plasticity makes of the network of examples/homeostatic_growth.py.

Run by hand, in an environment that has NEST (`pip install nest-simulator`; 3.10.0 was used):

    python tests/reference/by_nest/record_nest.py [curve ...]

Each growth curve goes to `<curve>.npz`, the means over neurons of several networks that differ in their seed; the
parameters go to `parameters.json`, so that a test can tell whether the recordings are still of the example's network.
Half a minute for each network.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import nest
import numpy as np

HERE = Path(__file__).parent
CURVES = "linear", "gaussian"
SEEDS = range(1, 11)

# In NEST's units: ms, mV, pF, pA, spikes per second; elements per ms.
PARAMETERS = {
    "N_E": 160, "N_I": 40, "duration": 160_000.0, "dt": 0.1,
    "C_m": 250.0, "tau_m": 10.0, "tau_syn": 0.5, "t_ref": 2.0, "E_L": -65.0, "V_th": -50.0, "V_reset": -65.0,
    "background": 10_000.0, "J_ext": 64.0, "J_ex": 300.0, "J_in": -300.0, "delay": 1.0,
    "tau_Ca": 5000.0, "beta_Ca": 0.002, "eta": 0.0, "eps_E": 0.05, "eps_I": 0.1,
    "nu_axon": 6e-4, "nu_ex_E": 6e-4, "nu_ex_I": 1e-3, "nu_in": 1e-4, "tau_vacant": 0.1, "interval": 500.0,
}  # fmt: skip


def build(curve: str, seed: int, parameters: dict[str, float] = PARAMETERS) -> tuple:
    """Make the two populations, without a single synapse between them, and their background."""
    p = parameters
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution, nest.rng_seed = p["dt"], seed
    nest.structural_plasticity_update_interval = p["interval"]
    for name in ("ex", "in"):
        nest.CopyModel("static_synapse", f"synapse_{name}", {"weight": p[f"J_{name}"], "delay": p["delay"]})
    nest.structural_plasticity_synapses = {
        name: {
            "synapse_model": f"synapse_{name}", "pre_synaptic_element": f"axon_{name}",
            "post_synaptic_element": f"den_{name}",
        }
        for name in ("ex", "in")
    }  # fmt: skip

    populations = []
    for name, axon in (("E", "axon_ex"), ("I", "axon_in")):
        curves = {"growth_curve": curve, "eps": p[f"eps_{name}"], "continuous": False, "tau_vacant": p["tau_vacant"]}
        if curve == "gaussian":
            curves["eta"] = p["eta"]
        rates = {axon: p["nu_axon"], "den_ex": p[f"nu_ex_{name}"], "den_in": p["nu_in"]}
        neurons = nest.Create("iaf_psc_exp", int(p[f"N_{name}"]), {
            **{key: p[key] for key in ("C_m", "tau_m", "t_ref", "E_L", "V_th", "V_reset", "tau_Ca", "beta_Ca")},
            "tau_syn_ex": p["tau_syn"], "tau_syn_in": p["tau_syn"], "V_m": p["E_L"],
        })  # fmt: skip
        neurons.synaptic_elements = {element: {**curves, "growth_rate": nu} for element, nu in rates.items()}
        populations.append(neurons)

    background = nest.Create("poisson_generator", {"rate": p["background"]})
    for neurons in populations:
        nest.Connect(background, neurons, "all_to_all", {"weight": p["J_ext"], "delay": p["delay"]})
    nest.EnableStructuralPlasticity()
    return tuple(populations)


def record(curve: str, seed: int, parameters: dict[str, float] = PARAMETERS) -> dict[str, np.ndarray]:
    """Let one network grow, and return its traces, sampled each second, and its neurons at the end.

    Populations come in the order E, I; synapses in the order E to E, E to I, I to E, I to I; elements are the axonal,
    the excitatory and the inhibitory dendritic ones of E and then of I. All are means over neurons of the population
    (the postsynaptic one, for synapses).
    """
    populations = build(curve, seed, parameters)
    recorders = []
    for neurons in populations:
        recorders.append(nest.Create("spike_recorder"))
        nest.Connect(neurons, recorders[-1])
    axons = "axon_ex", "axon_in"

    # NEST updates the wiring in the first slice after each multiple of the interval, and calcium only there and at
    # spikes: 1 ms (one slice) later it is up to date for all neurons.
    nest.Simulate(1.0)
    t = np.arange(1, int(parameters["duration"]/1000) + 1)
    calcium, spikes, synapses, elements = [], [np.zeros(2)], [], []
    for _ in t:
        nest.Simulate(1000.0)
        states = [neurons.synaptic_elements for neurons in populations]
        degree = {
            (name, k): np.array([state[f"den_{name}"]["z_connected"] for state in states[k]])
            for name in ("ex", "in") for k in (0, 1)
        }  # fmt: skip
        calcium.append([np.mean(neurons.Ca) for neurons in populations])
        spikes.append([recorder.n_events/len(neurons) for recorder, neurons in zip(recorders, populations, strict=True)])
        synapses.append([degree[name, k].mean() for name in ("ex", "in") for k in (0, 1)])
        elements.append([
            np.mean([state[name]["z"] for state in of])
            for of, axon in zip(states, axons, strict=True) for name in (axon, "den_ex", "den_in")
        ])  # fmt: skip
    final = {
        "final_calcium": np.concatenate([neurons.Ca for neurons in populations]),
        "final_in_degree_ex": np.concatenate([degree["ex", k] for k in (0, 1)]),
        "final_in_degree_in": np.concatenate([degree["in", k] for k in (0, 1)]),
        "final_out_degree": np.array(
            [state[axon]["z_connected"] for of, axon in zip(states, axons, strict=True) for state in of]
        ),
    }
    traces = {"calcium": calcium, "rate": np.diff(spikes, axis=0), "synapses": synapses, "elements": elements}
    return {"t": t, **{name: np.asarray(values) for name, values in (traces | final).items()}}


def main() -> None:
    """Record the growth curves named on the command line, or all."""
    (HERE / "parameters.json").write_text(json.dumps({"nest": nest.__version__, **PARAMETERS}, indent=4) + "\n")
    for curve in sys.argv[1:] or CURVES:
        started = time.perf_counter()
        runs = [record(curve, seed) for seed in SEEDS]
        arrays = {name: np.stack([run[name] for run in runs]).astype(np.float32) for name in runs[0]}
        arrays["t"] = runs[0]["t"]
        for name in arrays:
            if name.endswith(("_ex", "_in", "out_degree")):
                arrays[name] = arrays[name].astype(np.int16)
        path = HERE / f"{curve}.npz"
        np.savez_compressed(path, **arrays)
        last = arrays["synapses"][:, -30:].mean((0, 1))
        print(f"{curve}: {time.perf_counter() - started:.0f} s, {path.stat().st_size/1e3:.0f} kB, synapses {last}")


if __name__ == "__main__":
    main()
