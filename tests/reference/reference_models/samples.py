# ruff: noqa: F841 (the equation strings read the local names)
"""Random features, each as samples of independent draws, to be compared in distribution."""

from __future__ import annotations

from typing import Any

import numpy as np

from .catalogue import Arrays, begin, plain, stochastic

SEED = 7


@stochastic
def poisson_groups(b: Any) -> Arrays:
    """Spike counts and intervals of PoissonGroups with one rate, a rate for each neuron, and one that varies."""
    begin(b)
    b.seed(SEED)
    ms, Hz = b.ms, b.Hz
    fixed = b.PoissonGroup(2000, rates=40*Hz)
    graded = b.PoissonGroup(2000, rates='10*Hz + 0.05*Hz*i')
    varying = b.PoissonGroup(2000, rates='60*Hz*(1 + sin(2*pi*t/(100*ms)))')
    monitors = [b.SpikeMonitor(group) for group in (fixed, graded, varying)]
    net = b.Network(fixed, graded, varying, *monitors)
    net.run(200*ms)
    t, i = plain(monitors[0].t/ms), np.asarray(monitors[0].i)
    order = np.lexsort((t, i))
    same = np.diff(i[order]) == 0
    phase = plain(monitors[2].t/ms) % 100
    return {'count': plain(monitors[0].count), 'count_graded_low': plain(monitors[1].count)[:1000],
            'count_graded_high': plain(monitors[1].count)[1000:], 'interval': np.diff(t[order])[same][:3000],
            'phase': phase[:3000:2]}


@stochastic
def poisson_input(b: Any) -> Arrays:
    """Membrane potential under PoissonInputs, few strong and many weak."""
    begin(b)
    b.seed(SEED)
    ms, Hz = b.ms, b.Hz
    G = b.NeuronGroup(3000, 'dv/dt = -v/(10*ms) : 1\ndu/dt = -u/(10*ms) : 1', method='exact')
    few = b.PoissonInput(G, 'v', 20, 10*Hz, weight=0.2)
    many = b.PoissonInput(G, 'u', 1000, 30*Hz, weight='0.01*0.7')
    net = b.Network(G, few, many)
    net.run(60*ms)
    return {'few': plain(G.v), 'many': plain(G.u)}


@stochastic
def white_noise(b: Any) -> Arrays:
    """Ornstein-Uhlenbeck processes: stationary spread, autocorrelation, shared and separate noise terms."""
    begin(b)
    b.seed(SEED)
    ms = b.ms
    tau, sigma = 5*ms, 0.7
    G = b.NeuronGroup(3000, '''dx/dt = -x/tau + sigma*sqrt(2/tau)*xi_a : 1
                               dy/dt = -y/tau + sigma*sqrt(2/tau)*xi_a : 1
                               dz/dt = -z/tau + sigma*sqrt(2/tau)*xi_c : 1''', method='euler')
    net = b.Network(G)
    net.run(30*ms)
    first = plain(G.x)
    net.run(3*ms)
    x, y, z = plain(G.x), plain(G.y), plain(G.z)
    return {'x': x, 'lag_product': first*x, 'shared_difference': x - y, 'separate_product': x*z}


@stochastic
def multiplicative_noise(b: Any) -> Arrays:
    """Geometric Brownian motion by Heun and Milstein, read as Stratonovich."""
    begin(b)
    b.seed(SEED)
    ms = b.ms
    out: Arrays = {}
    for method in ('heun', 'milstein'):
        G = b.NeuronGroup(3000, 'dx/dt = 0.5*x/(20*ms) + 0.4*x*xi/sqrt(20*ms) : 1', method=method)
        G.x = 1
        net = b.Network(G)
        net.run(20*ms)
        out[f'log_{method}'] = np.log(plain(G.x))
    return out


@stochastic
def random_functions(b: Any) -> Arrays:
    """`rand`, `randn` and `poisson` in assignments, threshold, reset and regular code, fresh for each neuron, step."""
    begin(b)
    b.seed(SEED)
    ms, Hz = b.ms, b.Hz
    G = b.NeuronGroup(3000, '''rate : Hz
                               u : 1
                               g : 1
                               k : 1
                               total : 1''', threshold='rand() < rate*dt', reset='''total += randn()''')
    G.rate, G.u, G.g = 100*Hz, 'rand()', 'randn()'
    G.run_regularly('k += poisson(0.3)', dt=5*ms)
    spikes = b.SpikeMonitor(G)
    net = b.Network(G, spikes)
    net.run(50*ms)
    return {'uniform': plain(G.u), 'normal': plain(G.g), 'pair': (plain(G.u)[:-1]*plain(G.u)[1:])[::2],
            'count': plain(spikes.count), 'total': plain(G.total), 'poisson': plain(G.k)}


@stochastic
def random_connections(b: Any) -> Arrays:
    """Degrees under `connect(p=...)`: a number, an expression of positions, and with a condition."""
    begin(b)
    b.seed(SEED)
    A, B = b.NeuronGroup(1000, 'x : 1'), b.NeuronGroup(1200, 'x : 1')
    A.x, B.x = 'i/1000.0', 'i/1200.0'
    plain_p = b.Synapses(A, B)
    plain_p.connect(p=0.03)
    kernel = b.Synapses(A, B)
    kernel.connect(p='0.5*exp(-(x_pre - x_post)**2/(2*0.05**2))')
    condition = b.Synapses(A, A)
    condition.connect('i != j and x_pre < 0.5', p=0.05)
    b.Network(A, B, plain_p, kernel, condition)
    distance = np.abs(plain(A.x)[np.asarray(kernel.i)] - plain(B.x)[np.asarray(kernel.j)])
    return {'out': plain(plain_p.N_outgoing_pre), 'in': plain(plain_p.N_incoming_post),
            'gap': np.diff(np.sort(np.asarray(plain_p.i)*1200 + np.asarray(plain_p.j)))[:3000].astype(float),
            'kernel_in': plain(kernel.N_incoming_post)[150:-150], 'kernel_distance': distance[::60][:3000],
            'condition_out': plain(condition.N_outgoing_pre)[:500], 'condition_in': plain(condition.N_incoming_post)}


@stochastic
def random_rows(b: Any) -> Arrays:
    """Degrees under the generator syntax with `sample`: by probability and by number."""
    begin(b)
    b.seed(SEED)
    A, B = b.NeuronGroup(1000, 'x : 1'), b.NeuronGroup(1200, 'x : 1')
    rows = b.Synapses(A, B)
    rows.connect(j='k for k in sample(N_post, p=0.02)')
    fixed = b.Synapses(A, B)
    fixed.connect(j='k for k in sample(N_post, size=15)')
    b.Network(A, B, rows, fixed)
    return {'rows_out': plain(rows.N_outgoing_pre), 'rows_in': plain(rows.N_incoming_post),
            'fixed_out': plain(fixed.N_outgoing_pre), 'fixed_in': plain(fixed.N_incoming_post)}


@stochastic
def unreliable_synapses(b: Any) -> Arrays:
    """`rand()` in synaptic code: fresh for every synapse and spike."""
    begin(b)
    b.seed(SEED)
    ms = b.ms
    source = b.SpikeGeneratorGroup(40, np.repeat(np.arange(40), 5), np.tile([1, 2, 3, 4, 5], 40)*ms)
    G = b.NeuronGroup(1500, 'n : 1')
    S = b.Synapses(source, G, 'released : 1', on_pre='''success = int(rand() < 0.3)
                                                        n_post += success
                                                        released += success''')
    S.connect(p=1)
    net = b.Network(source, G, S)
    net.run(8*ms)
    return {'n': plain(G.n), 'released': plain(S.released)[::20]}
