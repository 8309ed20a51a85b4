# ruff: noqa: F841 (the equation strings read the local names)
"""Projections: wiring, delays, pathways, subgroups, summed and clock-driven variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from .catalogue import Arrays, begin, deterministic, events, pairs, plain

LEAKY = 'dv/dt = (I - v)/(10*ms) : 1\nI : 1'


def _wiring(S: Any) -> np.ndarray:
    """Return a projection's (i, j) pairs, sorted: their order in storage is no part of the model."""
    i, j = np.asarray(S.i), np.asarray(S.j)
    order = np.lexsort((j, i))
    return np.stack([i[order], j[order]]).astype(np.int32)


@deterministic
def heterogeneous_delays(b: Any) -> Arrays:
    """A delay for each synapse, not all multiples of the step, and delayed effects of postsynaptic spikes."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(40, LEAKY, threshold='v > 1', reset='v = 0', method='exact')
    G.I = 0.9 + 0.8*rng.random(40)
    S = b.Synapses(G, G, '''w : 1
                            n_post_seen : 1''', on_pre='v_post += w', on_post='n_post_seen += 1')
    pre, post = pairs(rng, 40, 40, 0.2)
    S.connect(i=pre, j=post)
    S.w = 0.2*rng.random(len(pre)) - 0.05
    S.delay = (np.round(8*rng.random(len(pre)), 2) + 0.003)*ms      # never half a step
    S.post.delay = (np.round(3*rng.random(len(pre)), 2) + 0.003)*ms
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, 'v', record=[0, 20])
    net = b.Network(G, S, spikes, state)
    net.run(100*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'n': plain(S.n_post_seen)}


@deterministic
def named_pathways(b: Any) -> Arrays:
    """Two presynaptic pathways with delays of their own and one postsynaptic, and the order among them."""
    begin(b)
    ms = b.ms
    source = b.SpikeGeneratorGroup(5, [0, 1, 2, 3, 4, 0, 1, 2], [1, 2, 3, 4, 5, 6, 6, 6.5]*ms)
    G = b.NeuronGroup(5, 'dv/dt = -v/(10*ms) : 1', threshold='v > 0.8', reset='v = 0', method='exact')
    S = b.Synapses(source, G, 'w : 1', on_pre={'up': '''v_post += w
                                                        w = 0.9*w''', 'down': '''v_post -= 0.4*w
                                                                                 w += 0.01'''},
                   on_post='w = 1.1*w + 0.002', delay={'up': 1*ms, 'down': 2.5*ms})
    S.connect('i != j')
    S.w = '0.3 + 0.02*i + 0.05*j'
    S.up.order, S.down.order = 1, -1
    state, weights, spikes = b.StateMonitor(G, 'v', record=True), b.StateMonitor(S, 'w', record=True), b.SpikeMonitor(G)
    net = b.Network(source, G, S, state, weights, spikes)
    net.run(12*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'w': plain(weights.w)}


@deterministic
def gap_junctions(b: Any) -> Arrays:
    """Electrical coupling by a summed variable, with chemical synapses beside it."""
    begin(b)
    ms = b.ms
    G = b.NeuronGroup(10, '''dv/dt = (v0 - v + Igap)/(10*ms) : 1
                             Igap : 1
                             v0 : 1''', threshold='v > 1', reset='v = 0', method='euler')
    G.v, G.v0 = '0.09*i', '1.05 + 0.03*i'
    gap = b.Synapses(G, G, '''w : 1
                              Igap_post = w*(v_pre - v_post) : 1 (summed)''')
    gap.connect('i != j')
    gap.w = '0.02 + 0.001*(i + j)'
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 'Igap'], record=[0, 9])
    net = b.Network(G, gap, spikes, state)
    net.run(100*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'Igap': plain(state.Igap)}


@deterministic
def nmda(b: Any) -> Arrays:
    """NMDA-like synapses whose equations advance at every step, with a voltage-dependent sum."""
    rng = begin(b)
    ms, mV = b.ms, b.mV
    tau_s, tau_x, alpha = 100*ms, 2*ms, 0.5/ms
    G = b.NeuronGroup(12, '''dv/dt = (-70*mV - v + I - 0.5*s_total*v/(1 + exp(-v/(16*mV))/3.57))/(20*ms) : volt
                             s_total : 1
                             I : volt''', threshold='v > -50*mV', reset='v = -60*mV', refractory=2*ms, method='euler')
    G.v, G.I = -70*mV, (18 + 6*rng.random(12))*mV
    S = b.Synapses(G, G, '''s_total_post = w*s : 1 (summed)
                            ds/dt = -s/tau_s + alpha*x*(1 - s) : 1 (clock-driven)
                            dx/dt = -x/tau_x : 1 (clock-driven)
                            w : 1''', on_pre='x += 1', method='euler')
    pre, post = pairs(rng, 12, 12, 0.4)
    S.connect(i=pre, j=post)
    S.w = 0.05*rng.random(len(pre))
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 's_total'], record=[0, 6], dt=0.5*ms)
    gates = b.StateMonitor(S, ['s', 'x'], record=[0, 9], dt=0.5*ms)
    net = b.Network(G, S, spikes, state, gates)
    net.run(150*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v/mV), 's_total': plain(state.s_total),
            's': plain(gates.s), 'x': plain(gates.x)}


@deterministic
def subgroups(b: Any) -> Arrays:
    """Parts of a group as source and target of a projection, in monitors and in assignments."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(40, LEAKY, threshold='v > 1', reset='v = 0', method='exact')
    head, middle, tail = G[:12], G[10:30], G[30:]
    G.I = 1.05
    head.I = '1.2 + 0.05*i'
    middle.v = 0.02*np.arange(20)
    tail.v['i > 4'] = 0.61
    S = b.Synapses(head, middle, 'w : 1', on_pre='v_post += w')
    S.connect('i != j and (i + 2*j) % 3 == 0')
    S.w = '0.01*i + 0.002*j'
    pre, post = pairs(rng, 20, 10, 0.3)
    T = b.Synapses(middle, tail, on_pre='v_post -= 0.033', delay=0.8*ms)
    T.connect(i=pre, j=post)
    back = b.Synapses(tail[2:6], head, on_pre='v_post += 0.047')
    back.connect(j='i + k for k in range(3)')
    spikes, spikes_part = b.SpikeMonitor(G), b.SpikeMonitor(middle)
    state = b.StateMonitor(tail, 'v', record=[0, 9])
    net = b.Network(G, S, T, back, spikes, spikes_part, state)
    net.run(80*ms)
    return {'spikes': events(b, spikes), 'spikes_part': events(b, spikes_part), 'v': plain(state.v),
            'wiring': _wiring(S), 'wiring_back': _wiring(back), 'v_now': plain(middle.v)}


@deterministic
def indices_in_synapses(b: Any) -> Arrays:
    """`i`, `j`, `N_pre` and friends in synaptic code, and every deterministic way to connect."""
    begin(b)
    ms = b.ms
    source = b.SpikeGeneratorGroup(8, np.arange(8), (1 + np.arange(8))*ms)
    G = b.NeuronGroup(9, '''dv/dt = -v/(10*ms) : 1
                            x : 1''', method='exact')
    G.x = '(i - 4)/4'
    S = b.Synapses(source, G, 'n_in : integer', on_pre='''v_post += 0.1*(i + 1)/(j + 1) + 0.01*x_post/N_post
                                                          n_in = N_incoming + 10*N_outgoing + 1000*N_pre''')
    S.connect('(i + j) % 3 == 0 and x_post > -0.8')
    near = b.Synapses(source, G, on_pre='v_post -= 0.01*i')
    near.connect(j='k for k in range(i - 2, i + 3) if k != i', skip_if_invalid=True)
    step = b.Synapses(G, G)
    step.connect(j='(i + 2*k) % N_post for k in range(1, 3)')
    diagonal = b.Synapses(G, G)
    diagonal.connect(j='i')
    full = b.Synapses(source, G)
    full.connect()
    state = b.StateMonitor(G, 'v', record=True)
    net = b.Network(source, G, S, near, step, diagonal, full, state)
    net.run(10*ms)
    order = np.lexsort((np.asarray(S.j), np.asarray(S.i)))
    wirings = {'S': S, 'near': near, 'step': step, 'diagonal': diagonal, 'full': full}
    return {'v': plain(state.v), 'n_in': np.asarray(S.n_in).astype(np.int32)[order],
            'N_incoming': np.asarray(S.N_incoming_post).astype(np.int32),
            **{f'wiring_{name}': _wiring(projection) for name, projection in wirings.items()}}


@deterministic
def multisynapses(b: Any) -> Arrays:
    """Several synapses for one pair, told apart by their index; a weight and a delay for each."""
    begin(b)
    ms = b.ms
    source = b.SpikeGeneratorGroup(4, [0, 1, 2, 3, 0], [1, 2, 3, 4, 9]*ms)
    G = b.NeuronGroup(4, 'dv/dt = -v/(10*ms) : 1', method='exact')
    S = b.Synapses(source, G, 'w : 1', on_pre='v_post += w', multisynaptic_index='k')
    S.connect('i != j', n=2)
    S.connect(i=[0, 0], j=[1, 1])
    S.w = '0.1*(k + 1) + 0.01*i + 0.001*j'
    S.delay = '1*ms + 0.4*ms*k'
    state = b.StateMonitor(G, 'v', record=True)
    net = b.Network(source, G, S, state)
    net.run(15*ms)
    return {'v': plain(state.v), 'wiring': _wiring(S), 'k': np.sort(np.asarray(S.k)).astype(np.int32)}
