"""Single precision is computed in single precision, and comes close; threads do not show in the bits."""

from __future__ import annotations

import re

import numpy as np
import pytest

import eqsnn
from eqsnn import Network, NeuronGroup, Synapses, TimedArray, ms, nS, pF

LINEAR = """
dv/dt = (g + drive(t) - v)/tau : 1
dg/dt = -g/tau_g : 1
tau_g : second (constant)
"""
CHANNEL = """
dv/dt = (gl*(-60*mV - v) + gk*n**4*(-90*mV - v) + gk*m*(50*mV - v))/C : volt
dn/dt = (0.1*exprel((v + 40*mV)/(12*mV)) - n)/(3*ms) : 1
dm/dt = (1/(1 + exp(-(v + 45*mV)/(7*mV))) - m)/(2*ms) : 1
"""
OSCILLATOR = "dx/dt = (y + 0.1*sin(2*pi*t/(9*ms)))/tau : 1\ndy/dt = (1.5*(1 - x**2)*y - x)/tau : 1"
NAMESPACE = {"tau": 10 * ms, "C": 200 * pF, "gl": 10 * nS, "gk": 40 * nS}


def build(precision: str) -> tuple[Network, dict[str, np.ndarray]]:
    """Every family of integrators, synapses with all kinds of variables; no threshold, which no rounding error passes."""
    eqsnn.start_scope()
    eqsnn.seed(2)
    eqsnn.prefs.precision = precision
    drive = TimedArray([0.2, 1.0, -0.5, 0.7], dt=10 * ms)
    space = NAMESPACE | {"drive": drive}
    linear = NeuronGroup(40, LINEAR, method="exact", namespace=space, name="linear")
    linear.g, linear.tau_g = "i/(1.0*N)", "(2 + 0.3*i)*ms"
    channel = NeuronGroup(40, CHANNEL, method="exponential_euler", namespace=space, name="channel")
    channel.v = "-70*mV + 0.4*mV*i"
    oscillators = [
        NeuronGroup(40, OSCILLATOR, method=method, namespace=space, name=f"by_{method}") for method in ("euler", "rk2", "rk4")
    ]
    for group in oscillators:
        group.x, group.y = "0.05*i", "1 - 0.02*i"
    noisy = NeuronGroup(40, "dx/dt = -x/tau + 0.3*xi*tau**-0.5 : 1", method="euler", namespace=space, name="noisy")
    clock = NeuronGroup(40, "phase = (t/ms + i*1.3 + 0.05) % 7.0 : 1", threshold="phase < 0.1", name="clock")
    synapses = Synapses(clock, linear, "w : 1\nda/dt = -a/tau : 1 (event-driven)\ndb/dt = -b/tau : 1 (clock-driven)",
                        on_pre="a += 0.1\nb += 0.05*w\nw = clip(w + 0.01*a - 0.02*b, 0, 1)\ng_post += 0.01*w",
                        namespace=space, method="exact", name="links")  # fmt: skip
    synapses.connect(condition="(i + j) % 3 == 0")
    synapses.w = "0.2 + 0.01*i"
    groups = [linear, channel, *oscillators, noisy]
    network = Network(groups, clock, synapses)
    network.run(40 * ms)
    ends = {f"{g.name}.{name}": np.array(g.store[name][:]) for g in groups for name in g.store}
    ends |= {f"links.{name}": np.array(synapses.ragged.get(name)) for name in "wab"}
    return network, ends


def test_single_precision_is_close_to_double() -> None:
    _, double = build("float64")
    network, single = build("float32")
    assert single.keys() == double.keys()
    reals = 0
    for name, expected in double.items():
        if expected.dtype == np.float64:
            assert single[name].dtype == np.float32, name
            np.testing.assert_allclose(single[name], expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max(), err_msg=name)
            reals += 1
    assert reals > 15
    loops = vector_loops(network.compiled.source)
    assert len(loops) > 6
    for loop in loops:  # what is fetched in double is cast before it is used, and no literal is one
        assert not re.search(r"\bdouble\b", loop), loop
        bare = re.sub(r"\b(?:real|float)\((-?[\d.e+-]+)\)", "", loop)
        assert not re.search(r"(?<![\w.])\d+\.\d*(?:e[+-]?\d+)?(?!\w)", bare), loop
        for argument in set(re.findall(r"\ba_\w+", loop)):
            fetched = re.search(rf"const (\w+) {argument} =", network.compiled.source)
            assert fetched
            if fetched.group(1) == "double":
                assert loop.count(argument) == loop.count(f"static_cast<real>({argument})"), argument


def vector_loops(source: str) -> list[str]:
    """The bodies of all loops that are to be vectorised."""
    return [part[: part.index("\n", _end(part))] for part in source.split("#pragma omp simd\n")[1:]]


def _end(text: str) -> int:
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "{") - (sign == "}")
        if sign == "}" and depth == 0:
            return place
    raise AssertionError("a loop has no end")


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_threads_do_not_show(precision: str) -> None:
    """In a group large enough to be shared out, with noise, thresholds and a recurrent projection."""
    results = []
    for threads in (1, 2):
        eqsnn.start_scope()
        eqsnn.seed(5)
        eqsnn.prefs.precision = precision
        eqsnn.prefs.threads = threads
        group = NeuronGroup(
            20001, "dv/dt = (1.3*rate - v)/tau + 0.4*xi*tau**-0.5 : 1 (unless refractory)\nrate : 1", threshold="v > 1",
            reset="v = 0.1*rand()\nrate += 0.01*randn()", refractory=2 * ms, method="euler", namespace=NAMESPACE,
        )  # fmt: skip
        group.v, group.rate = "rand()", "0.8 + 0.4*rand()"
        synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", delay=0.5 * ms)
        synapses.connect(j="(7*i + k) % N_post for k in range(3, 6)")
        synapses.w = "0.01*randn()"
        Network(group, synapses).run(20 * ms)
        results.append([group.store[name][:].tobytes() for name in group.store])
        assert np.all(np.isfinite(group.v[:]))
    assert results[0] == results[1]
