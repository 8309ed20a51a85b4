"""The models that are timed, each written once and run by both simulators.

A model is a function of the simulator's namespace `b` (the module `brian2` or `eqsnn`); `network_options` go to
`Network`. It returns the network, which has run, and the monitor of its spikes.
"""
# ruff: noqa: F841 (the equation strings read the local names)

from __future__ import annotations

from typing import Any

import numpy as np


def cuba(b: Any, n: int = 4000, seconds: float = 1.0, **network_options: Any) -> tuple[Any, Any]:
    """CUBA (Vogels & Abbott 2005) as in examples/cuba.py, 80 synapses for each neuron at any size."""
    ms, mV = b.ms, b.mV
    taum, taue, taui = 20*ms, 5*ms, 10*ms
    Vt, Vr, El = -50*mV, -60*mV, -49*mV
    P = b.NeuronGroup(n, '''
        dv/dt  = (ge + gi - (v - El))/taum : volt (unless refractory)
        dge/dt = -ge/taue : volt
        dgi/dt = -gi/taui : volt
        ''', threshold='v > Vt', reset='v = Vr', refractory=5*ms, method='exact')
    P.v = 'Vr + rand()*(Vt - Vr)'
    we, wi = 60*0.27/10*mV, -20*4.5/10*mV
    n_excitatory = n*4//5
    Ce = b.Synapses(P, P, on_pre='ge_post += we')
    Ci = b.Synapses(P, P, on_pre='gi_post += wi')
    Ce.connect('i < n_excitatory', p=80/n)
    Ci.connect('i >= n_excitatory', p=80/n)
    spikes = b.SpikeMonitor(P)
    net = b.Network(P, Ce, Ci, spikes, **network_options)
    net.run(seconds*b.second)
    return net, spikes


def cobahh(b: Any, n: int = 4000, seconds: float = 1.0, **network_options: Any) -> tuple[Any, Any]:
    """COBAHH (Brette et al. 2007, benchmark 3) with the parameters of limits/cobahh.cpp."""
    ms, mV, nS = b.ms, b.mV, b.nS
    Cm, gl, g_na, g_kd = 200*b.pF, 10*nS, 20*b.uS, 6*b.uS
    El, EK, ENa, VT, Ee, Ei = -65*mV, -90*mV, 50*mV, -63*mV, 0*mV, -80*mV
    taue, taui = 5*ms, 10*ms
    P = b.NeuronGroup(n, '''
        dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v)
                 - g_na*(m*m*m)*h*(v - ENa) - g_kd*(n*n*n*n)*(v - EK))/Cm : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dge/dt = -ge/taue : siemens
        dgi/dt = -gi/taui : siemens
        alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
        beta_m = 0.28*(mV**-1)*5*mV/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
        alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
        beta_h = 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
        alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
        beta_n = 0.5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
        ''', threshold='v > -40*mV', refractory=3*ms, method='exponential_euler')
    P.v = 'El + (randn()*5 - 5)*mV'
    P.ge = '(randn()*1.5 + 4)*10*nS'
    P.gi = '(randn()*12 + 20)*10*nS'
    we, wi = 6*nS, 67*nS
    n_excitatory = n*4//5
    Ce = b.Synapses(P, P, on_pre='ge_post += we')
    Ci = b.Synapses(P, P, on_pre='gi_post += wi')
    Ce.connect('i < n_excitatory', p=80/n)
    Ci.connect('i >= n_excitatory', p=80/n)
    spikes = b.SpikeMonitor(P)
    net = b.Network(P, Ce, Ci, spikes, **network_options)
    net.run(seconds*b.second)
    return net, spikes


def stdp(b: Any, n_inputs: int = 1000, n: int = 100, seconds: float = 10.0,
         **network_options: Any) -> tuple[Any, Any]:
    """Additive STDP (Song, Miller & Abbott 2000) as in examples/stdp.py, onto `n` neurons."""
    ms, mV = b.ms, b.mV
    taum, taupre, taupost, taue = 10*ms, 20*ms, 20*ms, 5*ms
    Ee, vt, vr, El = 0*mV, -54*mV, -60*mV, -74*mV
    gmax, dApre = .01, .01
    dApost = -dApre*taupre/taupost*1.05*gmax
    dApre *= gmax
    inputs = b.PoissonGroup(n_inputs, rates=15*b.Hz)
    neurons = b.NeuronGroup(n, '''dv/dt = (ge*(Ee - v) + El - v)/taum : volt
                                  dge/dt = -ge/taue : 1''',
                            threshold='v > vt', reset='v = vr', method='euler')
    neurons.v = vr
    S = b.Synapses(inputs, neurons,
                   '''w : 1
                      dApre_t/dt = -Apre_t/taupre : 1 (event-driven)
                      dApost_t/dt = -Apost_t/taupost : 1 (event-driven)''',
                   on_pre='''ge += w
                             Apre_t += dApre
                             w = clip(w + Apost_t, 0, gmax)''',
                   on_post='''Apost_t += dApost
                              w = clip(w + Apre_t, 0, gmax)''')
    S.connect()
    S.w = 'rand()*gmax'
    spikes = b.SpikeMonitor(neurons)
    net = b.Network(inputs, neurons, S, spikes, **network_options)
    net.run(seconds*b.second)
    return net, spikes


def topographic_map(b: Any, scale: int = 1, seconds: float = 60.0, profile: bool = False,
                    **network_options: Any) -> tuple[Any, tuple[Any, Any]]:
    """The topographic map of examples/topographic_map.py, without monitors; eqsnn only.

    At scale s the grid has 16*s neurons along a side, rewiring makes 10*s**2 attempts, and the stimulus is repeated in
    every 16 x 16 block (Knight, Senk & Nowotny 2025). Returns both projections in the place of a spike monitor.
    """
    ms, mV, Hz = b.ms, b.mV, b.Hz
    n, block, attempts = 16*scale, 16, 10*scale**2
    N = n*n
    stimulus_every = 20*ms
    base, peak, sigma_stim = 5*Hz, 152.8*Hz, 2
    centres = np.random.default_rng(1).integers(0, block, size=(round(seconds/0.02) + 1, 2))
    cx = b.TimedArray(centres[:, 0], dt=stimulus_every)
    cy = b.TimedArray(centres[:, 1], dt=stimulus_every)
    grid = '''x : 1 (constant)
              y : 1 (constant)
              '''
    source = b.NeuronGroup(N, grid + '''
              x_in_block : 1 (constant)
              y_in_block : 1 (constant)
              dx_s = abs(x_in_block - cx(t)) : 1
              dy_s = abs(y_in_block - cy(t)) : 1
              d2_s = minimum(dx_s, block - dx_s)**2 + minimum(dy_s, block - dy_s)**2 : 1
              rates = base + peak*exp(-d2_s/(2*sigma_stim**2)) : Hz''',
        threshold='rand() < rates*dt')
    target = b.NeuronGroup(N, grid + '''
              dv/dt = ((-70*mV - v) + g*(0*mV - v))/(20*ms) : volt (unless refractory)
              dg/dt = -g/(5*ms) : 1''',
        threshold='v > -54*mV', reset='v = -70*mV', refractory=5*ms, method='exponential_euler')
    target.v = '-60*mV + 5*mV*randn()'
    for layer in (source, target):
        layer.x, layer.y = 'i % n', 'i // n'
    source.x_in_block, source.y_in_block = 'x % block', 'y % block'
    g_max, A_plus, B = 0.2, 0.1, 1.2
    tau_plus, tau_minus = 20*ms, 64*ms
    plastic = {
        'model': '''w : 1
                 dpre/dt = -pre/tau_plus : 1 (event-driven)
                 dpost/dt = -post/tau_minus : 1 (event-driven)
                 dx = abs(x_pre - x_post) : 1
                 dy = abs(y_pre - y_post) : 1
                 d2 = minimum(dx, n - dx)**2 + minimum(dy, n - dy)**2 : 1''',
        'on_pre': '''g_post += w
                  w = clip(w - g_max*A_plus*B*(tau_plus/tau_minus)*post, 0, g_max)
                  pre += 1''',
        'on_post': '''w = clip(w + g_max*A_plus*pre, 0, g_max)
                   post += 1'''}
    feedforward = b.Synapses(source, target, **plastic)
    lateral = b.Synapses(target, target, **plastic)
    feedforward.connect(p='0.16*exp(-d2/(2*2.5**2))')
    lateral.connect(p='1.0*exp(-d2/(2*1.0**2))')
    feedforward.w = lateral.w = g_max
    rule = '''
for each pair in sample(attempts):
    if connected:
        remove synapse if rand() < 50*(0.0245*int(w < g_max/2) + 0.000136*int(w >= g_max/2))
    else:
        create synapse(w=g_max) if rand() < p_form*exp(-d2/(2*sigma_form**2))
'''
    rewiring = [
        b.StructuralPlasticity(feedforward, rule, dt=1*ms, name='rewiring_feedforward',
                               namespace={'p_form': 0.16, 'sigma_form': 2.5}),
        b.StructuralPlasticity(lateral, rule, dt=1*ms, name='rewiring_lateral',
                               namespace={'p_form': 1.0, 'sigma_form': 1.0})]
    net = b.Network(source, target, feedforward, lateral, *rewiring, **network_options)
    net.run(seconds*b.second, profile=profile)
    return net, (feedforward, lateral)


MODELS = {'cuba': cuba, 'cobahh': cobahh, 'stdp': stdp}     # those that Brian2 can run too
