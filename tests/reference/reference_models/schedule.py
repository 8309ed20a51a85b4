# ruff: noqa: F841 (the equation strings read the local names)
"""What happens when: order within a step, several runs, several time steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from .catalogue import Arrays, begin, deterministic, events, pairs, plain


@deterministic
def zero_delay_recurrence(b: Any) -> Arrays:
    """Spikes arrive after all thresholds and before any reset, so a neuron that fires loses what it receives then."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(40, 'dv/dt = (1.3 - v)/(10*ms) : 1', threshold='v > 1', reset='v = 0', method='exact')
    G.v = np.round(rng.random(40), 1)        # ten values: many fire in the same step
    S = b.Synapses(G, G, 'w : 1', on_pre='v_post += w')
    pre, post = pairs(rng, 40, 40, 0.3)
    S.connect(i=pre, j=post)
    S.w = 0.02 + 0.05*rng.random(len(pre))
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=[0, 39])
    end = b.StateMonitor(G, 'v', record=[0, 39], when='end')
    before = b.StateMonitor(G, 'v', record=[0, 39], when='before_resets')
    net = b.Network(G, S, spikes, state, end, before)
    net.run(60*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'v_end': plain(end.v), 'v_before': plain(before.v)}


@deterministic
def reset_before_synapses(b: Any) -> Arrays:
    """The same network with the schedule turned round: what arrives with a spike now survives its reset."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(40, 'dv/dt = (1.3 - v)/(10*ms) : 1', threshold='v > 1', reset='v = 0', method='exact')
    G.v = np.round(rng.random(40), 1)
    S = b.Synapses(G, G, 'w : 1', on_pre='v_post += w')
    pre, post = pairs(rng, 40, 40, 0.3)
    S.connect(i=pre, j=post)
    S.w = 0.02 + 0.05*rng.random(len(pre))
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=[0, 39])
    net = b.Network(G, S, spikes, state)
    net.schedule = ['start', 'groups', 'thresholds', 'resets', 'synapses', 'end']
    net.run(60*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v)}


@deterministic
def several_runs(b: Any) -> Arrays:
    """Three runs with state and weights changed between them, spikes under way across the borders."""
    rng = begin(b)
    ms, mV = b.ms, b.mV
    tau = 10*ms
    G = b.NeuronGroup(30, '''dv/dt = (I - v)/tau : volt (unless refractory)
                             I : volt''', threshold='v > 10*mV', reset='v = 0*mV', refractory=2*ms, method='exact')
    G.I = (8 + 6*rng.random(30))*mV
    S = b.Synapses(G, G, 'w : volt', on_pre='v_post += w', delay=1.7*ms)
    pre, post = pairs(rng, 30, 30, 0.2)
    S.connect(i=pre, j=post)
    S.w = rng.random(len(pre))*mV
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=[0, 11])
    net = b.Network(G, S, spikes, state)
    net.run(20.3*ms)
    G.v[0:10] = (5 + 0.1*np.arange(10))*mV  # Brian2 would not let an expression set refractory neurons
    G.v[10:14] = 9.3*mV
    S.w['i < j'] = '-w/2'
    S.w[3, :] = 2.2*mV
    net.run(15*ms)
    G.I['i % 2 == 0'] = '12*mV + 0.05*mV*i'
    net.run(20.1*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v/mV), 'w': plain(S.w/mV), 'now': plain(net.t/ms)}


@deterministic
def several_time_steps(b: Any) -> Arrays:
    """Groups at 0.1 ms and 0.5 ms that drive each other, and monitors at intervals of their own."""
    begin(b)
    ms = b.ms
    fast = b.NeuronGroup(10, 'dv/dt = (I - v)/(10*ms) : 1\nI : 1', threshold='v > 1', reset='v = 0', method='exact')
    fast.I = '1.1 + 0.07*i'
    slow = b.NeuronGroup(5, 'du/dt = (0.9 - u)/(20*ms) : 1', threshold='u > 1', reset='u = 0', method='exact',
                         dt=0.5*ms)
    up = b.Synapses(fast, slow, on_pre='u_post += 0.071')
    up.connect('i % 5 == j')
    down = b.Synapses(slow, fast, on_pre='v_post += 0.053', delay=1*ms)
    down.connect('abs(i - j) < 3')
    spikes, spikes_slow = b.SpikeMonitor(fast), b.SpikeMonitor(slow)
    state = b.StateMonitor(fast, 'v', record=[0, 3], dt=0.7*ms)
    state_slow = b.StateMonitor(slow, 'u', record=True)
    net = b.Network(fast, slow, up, down, spikes, spikes_slow, state, state_slow)
    net.run(80*ms)
    return {'spikes': events(b, spikes), 'spikes_slow': events(b, spikes_slow, dt=0.5), 'v': plain(state.v),
            't': plain(state.t/ms), 'u': plain(state_slow.u), 't_slow': plain(state_slow.t/ms)}
