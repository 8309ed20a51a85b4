# ruff: noqa: F841 (the equation strings read the local names)
"""What drives a network from outside: timed arrays, spike generators, regular operations, linked variables, rates."""

from __future__ import annotations

from typing import Any

import numpy as np

from .catalogue import Arrays, begin, deterministic, events, plain


@deterministic
def timed_arrays(b: Any) -> Arrays:
    """A 1-d and a 2-d TimedArray, with units, sampled at another step than the clock, and past their ends."""
    rng = begin(b)
    ms, mV = b.ms, b.mV
    common = b.TimedArray(rng.random(12)*mV, dt=3*ms)
    own = b.TimedArray(rng.random((25, 8))*30*mV, dt=1.7*ms)
    G = b.NeuronGroup(8, 'dv/dt = (common(t) + own(t, i) - v)/(5*ms) : volt',
                      threshold='v > 15*mV', reset='v = 0*mV', method='euler')
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=[0, 7])
    net = b.Network(G, spikes, state)
    net.run(60*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v/mV), 'at': plain(common(np.array([0, 2.95, 3, 50])*ms)/mV)}


@deterministic
def generator_with_period(b: Any) -> Arrays:
    """A SpikeGeneratorGroup that repeats, one that does not and gets new spikes between runs."""
    begin(b)
    ms = b.ms
    repeating = b.SpikeGeneratorGroup(4, [0, 1, 2, 3, 0], [0, 1.5, 3.2, 9.9, 5]*ms, period=10*ms)
    once = b.SpikeGeneratorGroup(4, [3, 1, 1], [0.1, 4, 25]*ms)
    G = b.NeuronGroup(4, 'dv/dt = -v/(10*ms) : 1', threshold='v > 1.5', reset='v = 0', method='exact')
    S = b.Synapses(repeating, G, on_pre='v_post += 1.13')
    S.connect(j='i')
    T = b.Synapses(once, G, on_pre='v_post += 0.61')
    T.connect(i=[3, 1, 1], j=[0, 1, 2])
    seen, told, spikes = b.SpikeMonitor(repeating), b.SpikeMonitor(once), b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=True, dt=0.5*ms)
    net = b.Network(repeating, once, G, S, T, seen, told, spikes, state)
    net.run(30*ms)
    once.set_spikes([0, 2, 1], [33, 33, 41.4]*ms)
    net.run(25*ms)
    return {'seen': events(b, seen), 'told': events(b, told), 'spikes': events(b, spikes), 'v': plain(state.v)}


@deterministic
def regular_operations(b: Any) -> Arrays:
    """`run_regularly` at several intervals and places in the step; `t_in_timesteps`."""
    begin(b)
    ms = b.ms
    G = b.NeuronGroup(10, '''
        dv/dt = (I - v)/(10*ms) : 1
        I : 1
        last : integer''', threshold='v > 1', reset='v = 0', method='exact')
    G.I = '1.05 + 0.02*i'
    G.run_regularly('v += 0.05*sin(t/ms) + 0.001*i', dt=2.5*ms)
    G.run_regularly('''change = 0.1*v
                       I = I + change''', dt=7*ms, when='end')
    G.run_regularly('last = t_in_timesteps', dt=3*ms)
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 'I', 'last'], record=[0, 9])
    net = b.Network(G, spikes, state)
    net.run(60*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'I': plain(state.I),
            'last': np.asarray(state.last).astype(np.int32)}


@deterministic
def linked_variables(b: Any) -> Arrays:
    """A variable of another group: one to one, by an index, and one value for all."""
    begin(b)
    ms = b.ms
    A = b.NeuronGroup(6, 'dx/dt = -x/(7*ms) + k/ms : 1\nk : 1', method='exact', name='first')
    A.x, A.k = '0.3*i', '0.1 + 0.05*i'
    common = b.NeuronGroup(1, 'dy/dt = (1 - y)/(30*ms) : 1', method='exact', name='other')  # Brian2 orders by name
    B = b.NeuronGroup(6, '''dv/dt = (own + other + all - v)/(5*ms) : 1
                            own : 1 (linked)
                            other : 1 (linked)
                            all : 1 (linked)''', threshold='v > 1', reset='v = 0', method='euler', name='third')
    B.own = b.linked_var(A, 'x')
    B.other = b.linked_var(A, 'x', index=np.array([5, 4, 3, 0, 0, 1]))
    B.all = b.linked_var(common, 'y')
    spikes = b.SpikeMonitor(B)
    state = b.StateMonitor(B, ['v', 'other'], record=[0, 5])
    net = b.Network(A, common, B, spikes, state)
    net.run(50*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'other': plain(state.other)}


@deterministic
def population_rate(b: Any) -> Arrays:
    """PopulationRateMonitor of a group and of a part of it, raw and smoothed."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(50, 'dv/dt = (I - v)/(10*ms) : 1\nI : 1', threshold='v > 1', reset='v = 0', method='exact')
    G.I = 1.1 + 2*rng.random(50)
    whole, part = b.PopulationRateMonitor(G), b.PopulationRateMonitor(G[10:30])
    spikes = b.SpikeMonitor(G)
    net = b.Network(G, whole, part, spikes)
    net.run(60*ms)
    return {'spikes': events(b, spikes), 't': plain(whole.t/ms), 'rate': plain(whole.rate/b.Hz),
            'rate_part': plain(part.rate/b.Hz), 'smooth': plain(whole.smooth_rate(window='flat', width=1.1*ms)/b.Hz),
            'gauss': plain(part.smooth_rate(window='gaussian', width=2*ms)/b.Hz)}
