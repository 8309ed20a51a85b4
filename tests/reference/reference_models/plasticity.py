# ruff: noqa: F841 (the equation strings read the local names)
"""Synapses that change with activity: STDP and short-term plasticity, solved from event to event."""

from __future__ import annotations

from typing import Any

import numpy as np

from .catalogue import Arrays, begin, deterministic, events, plain


def _spike_times(rng: np.random.Generator, n: int, rate: float, duration: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw spikes at `rate` per ms for `duration` ms on a 0.1 ms grid, at most one for each neuron and step."""
    fired = rng.random((n, round(duration*10))) < rate/10
    i, step = np.nonzero(fired)
    return i, step/10


@deterministic
def stdp_events(b: Any) -> Arrays:
    """Additive STDP with event-driven traces between given spike trains and neurons that they drive."""
    rng = begin(b)
    ms, mV = b.ms, b.mV
    taum, taupre, taupost, taue = 10*ms, 20*ms, 25*ms, 5*ms
    Ee, vt, vr, El = 0*mV, -54*mV, -60*mV, -74*mV
    gmax = 0.1
    dApre, dApost = 0.01*gmax, -0.01*gmax*20/25*1.05
    neurons, times = _spike_times(rng, 60, 0.03, 300)
    inputs = b.SpikeGeneratorGroup(60, neurons, times*ms)
    G = b.NeuronGroup(5, '''dv/dt = (ge*(Ee - v) + El - v)/taum : volt
                            dge/dt = -ge/taue : 1''', threshold='v > vt', reset='v = vr', method='euler')
    G.v = vr
    S = b.Synapses(inputs, G, '''w : 1
                                 dApre_t/dt = -Apre_t/taupre : 1 (event-driven)
                                 dApost_t/dt = -Apost_t/taupost : 1 (event-driven)''',
                   on_pre='''ge += w
                             Apre_t += dApre
                             w = clip(w + Apost_t, 0, gmax)''',
                   on_post='''Apost_t += dApost
                              w = clip(w + Apre_t, 0, gmax)''')
    S.connect()
    S.w = gmax*rng.random(300)
    S.delay = np.round(2*rng.random(300), 1)*ms
    spikes = b.SpikeMonitor(G)
    weights = b.StateMonitor(S, 'w', record=[0, 3, 150, 299], dt=1*ms)
    state = b.StateMonitor(G, 'v', record=[0], dt=1*ms)
    net = b.Network(inputs, G, S, spikes, weights, state)
    net.run(300*ms)
    return {'spikes': events(b, spikes), 'w': plain(weights.w), 'w_end': plain(S.w), 'v': plain(state.v/mV)}


@deterministic
def short_term_plasticity(b: Any) -> Arrays:
    """Tsodyks-Markram depression and facilitation, per-synapse time constants, one equation with a constant term."""
    rng = begin(b)
    ms = b.ms
    neurons, times = _spike_times(rng, 10, 0.04, 300)
    source = b.SpikeGeneratorGroup(10, neurons, times*ms)
    G = b.NeuronGroup(10, 'dv/dt = -v/(10*ms) : 1', threshold='v > 0.6', reset='v = 0', method='exact')
    S = b.Synapses(source, G, '''du/dt = -u/tau_f : 1 (event-driven)
                                 dx/dt = (1 - x)/tau_d : 1 (event-driven)
                                 U : 1
                                 w : 1
                                 tau_f : second
                                 tau_d : second''',
                   on_pre='''u += U*(1 - u)
                             release = u*x
                             x -= release
                             v_post += w*release''')
    S.connect('i == j or i == j + 1')
    n = len(S)
    S.U, S.w = 0.1 + 0.4*rng.random(n), 0.5 + rng.random(n)
    S.tau_f, S.tau_d = (20 + 300*rng.random(n))*ms, (50 + 300*rng.random(n))*ms
    S.x = 1
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=[0, 5], dt=0.5*ms)
    net = b.Network(source, G, S, spikes, state)
    net.run(300*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'u': plain(S.u), 'x': plain(S.x)}


@deterministic
def triplet_stdp(b: Any) -> Arrays:
    """Triplet STDP (Pfister & Gerstner 2006) in a recurrent network, with lines that depend on their order."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(15, 'dv/dt = (I - v)/(10*ms) : 1\nI : 1', threshold='v > 1', reset='v = 0', method='exact')
    G.I = 1.02 + 0.6*rng.random(15)
    S = b.Synapses(G, G, '''w : 1
                            dr1/dt = -r1/(16.8*ms) : 1 (event-driven)
                            dr2/dt = -r2/(101*ms) : 1 (event-driven)
                            do1/dt = -o1/(33.7*ms) : 1 (event-driven)
                            do2/dt = -o2/(125*ms) : 1 (event-driven)''',
                   on_pre='''v_post += w
                             w = clip(w - o1*(0.0007 + 0.00023*r2), 0, 0.03)
                             r1 += 1
                             r2 += 1''',
                   on_post='''w = clip(w + r1*(0.0005 + 0.00062*o2), 0, 0.03)
                              o1 += 1
                              o2 += 1''', delay=1.1*ms)
    S.connect('i != j')
    S.w = 0.03*rng.random(len(S))
    spikes = b.SpikeMonitor(G)
    net = b.Network(G, S, spikes)
    net.run(200*ms)
    order = np.lexsort((np.asarray(S.j), np.asarray(S.i)))
    return {'spikes': events(b, spikes), 'w': plain(S.w)[order]}
