# ruff: noqa: F841 (the equation strings read the local names)
"""Neuron models: integrators, refractoriness, thresholds and resets, kinds of variables."""

from __future__ import annotations

from typing import Any

import numpy as np

from .catalogue import Arrays, begin, deterministic, events, pairs, plain


@deterministic
def cuba_small(b: Any) -> Arrays:
    """CUBA (Vogels & Abbott 2005) with 400 neurons, integrated exactly."""
    rng = begin(b)
    ms, mV = b.ms, b.mV
    taum, taue, taui = 20*ms, 5*ms, 10*ms
    Vt, Vr, El = -50*mV, -60*mV, -49*mV
    P = b.NeuronGroup(400, '''
        dv/dt  = (ge + gi - (v - El))/taum : volt (unless refractory)
        dge/dt = -ge/taue : volt
        dgi/dt = -gi/taui : volt
        ''', threshold='v > Vt', reset='v = Vr', refractory=5*ms, method='exact')
    P.v = (-60 + 10*rng.random(400))*mV
    we, wi = 1.62*mV, -9*mV
    Ce = b.Synapses(P, P, on_pre='ge_post += we')
    Ci = b.Synapses(P, P, on_pre='gi_post += wi')
    pre, post = pairs(rng, 400, 400, 0.1)
    Ce.connect(i=pre[pre < 320], j=post[pre < 320])
    Ci.connect(i=pre[pre >= 320], j=post[pre >= 320])
    spikes = b.SpikeMonitor(P)
    state = b.StateMonitor(P, ['v', 'ge', 'gi'], record=[0, 7, 399], dt=1*ms)
    net = b.Network(P, Ce, Ci, spikes, state)
    net.run(250*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v/mV), 'ge': plain(state.ge/mV), 'gi': plain(state.gi/mV)}


@deterministic
def cobahh_small(b: Any) -> Arrays:
    """COBAHH (Brette et al. 2007, benchmark 3) with 100 neurons, exponential Euler."""
    rng = begin(b)
    ms, mV, nS = b.ms, b.mV, b.nS
    Cm, gl, g_na, g_kd = 200*b.pF, 10*nS, 20*b.uS, 6*b.uS
    El, EK, ENa, VT, Ee, Ei = -60*mV, -90*mV, 50*mV, -63*mV, 0*mV, -80*mV
    taue, taui = 5*ms, 10*ms
    P = b.NeuronGroup(100, '''
        dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v)
                 - g_na*(m*m*m)*h*(v - ENa) - g_kd*(n*n*n*n)*(v - EK))/Cm : volt
        dm/dt = alpha_m*(1 - m) - beta_m*m : 1
        dn/dt = alpha_n*(1 - n) - beta_n*n : 1
        dh/dt = alpha_h*(1 - h) - beta_h*h : 1
        dge/dt = -ge/taue : siemens
        dgi/dt = -gi/taui : siemens
        alpha_m = 0.32*4/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
        beta_m = 0.28*5/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
        alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
        beta_h = 4/(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
        alpha_n = 0.032*5/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
        beta_n = 0.5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
        ''', threshold='v > -20*mV', refractory=3*ms, method='exponential_euler')
    P.v = El + (rng.normal(size=100)*5 - 5)*mV
    P.ge = (rng.normal(size=100)*1.5 + 4)*10*nS
    P.gi = np.maximum(rng.normal(size=100)*12 + 20, 0)*10*nS
    we, wi = 12*nS, 134*nS
    Ce = b.Synapses(P, P, on_pre='ge_post += we')
    Ci = b.Synapses(P, P, on_pre='gi_post += wi')
    pre, post = pairs(rng, 100, 100, 0.2)
    Ce.connect(i=pre[pre < 80], j=post[pre < 80])
    Ci.connect(i=pre[pre >= 80], j=post[pre >= 80])
    spikes = b.SpikeMonitor(P)
    state = b.StateMonitor(P, ['v', 'm', 'n', 'h', 'ge'], record=[3, 90], dt=0.5*ms)
    net = b.Network(P, Ce, Ci, spikes, state)
    net.run(150*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v/mV), 'm': plain(state.m), 'n': plain(state.n),
            'h': plain(state.h), 'ge': plain(state.ge/nS)}


@deterministic
def izhikevich(b: Any) -> Arrays:
    """Izhikevich (2003) neurons with heterogeneous parameters, Euler at 0.5 ms, weights of both signs."""
    rng = begin(b, dt=0.5)
    ms = b.ms
    G = b.NeuronGroup(100, '''
        dv/dt = (0.04*v**2 + 5*v + 140 - u + I + s)/ms : 1
        du/dt = a*(c_b*v - u)/ms : 1
        ds/dt = -s/(5*ms) : 1
        I : 1 (constant)
        a : 1 (constant)
        c_b : 1 (constant)
        c : 1 (constant)
        d : 1 (constant)
        ''', threshold='v >= 30', reset='''v = c
                                            u += d''', method='euler')
    r = rng.random(100)
    excitatory = np.arange(100) < 80
    G.a = np.where(excitatory, 0.02, 0.02 + 0.08*r)
    G.c_b = np.where(excitatory, 0.2, 0.25 - 0.05*r)
    G.c = np.where(excitatory, -65 + 15*r**2, -65)
    G.d = np.where(excitatory, 8 - 6*r**2, 2)
    G.I = 4 + 6*rng.random(100)
    G.v = -65
    G.u = 'c_b*v'
    S = b.Synapses(G, G, 'w : 1', on_pre='s_post += w')
    pre, post = pairs(rng, 100, 100, 0.2)
    S.connect(i=pre, j=post)
    S.w = np.where(pre < 80, 0.5, -1)*rng.random(len(pre))
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 'u'], record=[0, 85])
    net = b.Network(G, S, spikes, state)
    net.run(300*ms)
    return {'spikes': events(b, spikes, dt=0.5), 'v': plain(state.v), 'u': plain(state.u)}


def _adex(b: Any, method: str) -> Arrays:
    rng = begin(b)
    ms, mV, nS, pA = b.ms, b.mV, b.nS, b.pA
    C, gL, EL, VT, DeltaT, Vcut = 281*b.pF, 30*nS, -70.6*mV, -50.4*mV, 2*mV, -40.4*mV
    G = b.NeuronGroup(20, '''
        dv/dt = (gL*(EL - v) + gL*DeltaT*exp((v - VT)/DeltaT) + I - w)/C : volt
        dw/dt = (a*(v - EL) - w)/tauw : amp
        I : amp
        tauw : second
        a : siemens
        bb : amp
        Vr : volt
        ''', threshold='v > Vcut', reset='''v = Vr
                                            w += bb''', method=method)
    G.tauw = (60 + 200*rng.random(20))*ms
    G.a = (2 + 4*rng.random(20))*nS
    G.bb = 150*rng.random(20)*pA
    G.Vr = (-75 + 25*rng.random(20))*mV
    G.I = (600 + 800*rng.random(20))*pA
    G.v = EL
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 'w'], record=[0, 13], dt=0.5*ms)
    net = b.Network(G, spikes, state)
    net.run(200*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v/mV), 'w': plain(state.w/pA)}


@deterministic
def adex_euler(b: Any) -> Arrays:
    """AdEx (Brette & Gerstner 2005), Euler."""
    return _adex(b, 'euler')


@deterministic
def adex_rk2(b: Any) -> Arrays:
    """AdEx, midpoint rule."""
    return _adex(b, 'rk2')


@deterministic
def adex_rk4(b: Any) -> Arrays:
    """AdEx, classical Runge-Kutta."""
    return _adex(b, 'rk4')


@deterministic
def refractory_kinds(b: Any) -> Arrays:
    """Refractoriness as a time, a variable, an expression for a time, and a condition."""
    begin(b)
    ms = b.ms
    model = '''dv/dt = (I - v)/(10*ms) : 1 (unless refractory)
               dz/dt = (1 - z)/(3*ms) : 1
               I : 1
               ref : second'''
    out: Arrays = {}
    kinds = {'time': 2.5*ms, 'variable': 'ref', 'expression': '1*ms + 0.35*ms*i', 'condition': 'z < 0.6'}
    for name, refractory in kinds.items():
        G = b.NeuronGroup(12, model, threshold='v > 1', reset='''v = 0
                                                                 z = 0
                                                                 ref += 0.3*ms''',
                          refractory=refractory, method='exact')
        G.I = 1.1 + 0.17*np.arange(12)
        G.ref = (0.5 + 0.1*np.arange(12))*ms
        spikes = b.SpikeMonitor(G)
        state = b.StateMonitor(G, ['v', 'not_refractory'], record=[4])
        net = b.Network(G, spikes, state)
        net.run(60*ms)
        out[f'spikes_{name}'] = events(b, spikes)
        out[f'v_{name}'] = plain(state.v)
        out[f'active_{name}'] = np.asarray(state.not_refractory).astype(np.int32)
    return out


@deterministic
def threshold_adaptation(b: Any) -> Arrays:
    """A threshold that depends on `lastspike`, and code that reads `not_refractory`."""
    rng = begin(b)
    ms = b.ms
    G = b.NeuronGroup(30, '''
        dv/dt = (I - v)/(10*ms) : 1
        dx/dt = int(not_refractory)*(1 - x)/(20*ms) : 1
        I : 1
        ''', threshold='v > 1 + 0.8*exp(-(t - lastspike)/(15*ms))', reset='v -= 0.7*int(x > 0.1)',
        refractory=2*ms, method='euler')
    G.I = 1.2 + rng.random(30)
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 'x', 'lastspike'], record=[0, 29])
    net = b.Network(G, spikes, state)
    net.run(100*ms)
    last = np.maximum(plain(state.lastspike/ms), -1)        # before the first spike: long ago, however long
    return {'spikes': events(b, spikes), 'v': plain(state.v), 'x': plain(state.x), 'last': last}


@deterministic
def booleans_and_integers(b: Any) -> Arrays:
    """Integer and boolean variables in equations, threshold and reset; `//` and `%` of integers."""
    begin(b)
    ms = b.ms
    G = b.NeuronGroup(16, '''
        dv/dt = drive/(10*ms) : 1
        drive = 1.0 + int(fast) + 0.125*int(count > 3) : 1
        count : integer
        phase : integer
        fast : boolean
        ''', threshold='v > 1 + 0.1*phase and (count < 9 or not fast)', reset='''
        v = 0
        count += 1
        phase = (count + i) % 5
        fast = (count // 2) % 2 == 0 and phase != 1''', method='euler')
    G.v = '0.05*i + 0.013'
    G.phase = 'i % 3'
    G.fast = 'i >= 8'
    spikes = b.SpikeMonitor(G)
    state = b.StateMonitor(G, ['v', 'count', 'phase', 'fast'], record=True, dt=1*ms)
    net = b.Network(G, spikes, state)
    net.run(150*ms)
    return {'spikes': events(b, spikes), 'v': plain(state.v),
            'count': np.asarray(state.count).astype(np.int32), 'phase': np.asarray(state.phase).astype(np.int32),
            'fast': np.asarray(state.fast).astype(np.int32)}


@deterministic
def integrators(b: Any) -> Arrays:
    """A non-linear oscillator by each explicit method, a conditionally linear system, a linear one solved exactly."""
    begin(b, dt=0.05)
    ms = b.ms
    mu = 1.7
    out: Arrays = {}
    for method in ('euler', 'rk2', 'rk4'):
        G = b.NeuronGroup(3, '''
            dx/dt = (mu*(x - x**3/3 - y) + 0.2*sin(2*pi*t/(7*ms)))/ms : 1
            dy/dt = (x + 0.3 - 0.4*y)*k/ms : 1
            k : 1 (constant)
            ''', method=method)
        G.x, G.y, G.k = [0.1, -0.4, 1.9], [0.0, 0.5, -0.2], [0.3, 0.6, 1.1]
        state = b.StateMonitor(G, ['x', 'y'], record=True, dt=0.25*ms)
        net = b.Network(G, state)
        net.run(20*ms)
        out[f'x_{method}'], out[f'y_{method}'] = plain(state.x), plain(state.y)
    G = b.NeuronGroup(3, '''
        dx/dt = ((0.5 + y**2)*(k - x) + 0.3*sin(2*pi*t/(7*ms)))/ms : 1
        dy/dt = (x**2 - y*(1 + exp(x)))/ms : 1
        k : 1 (constant)
        ''', method='exponential_euler')
    G.x, G.y, G.k = [0.1, -0.4, 1.9], [0.0, 0.5, -0.2], [0.3, 0.6, 1.1]
    state = b.StateMonitor(G, ['x', 'y'], record=True, dt=0.25*ms)
    net = b.Network(G, state)
    net.run(20*ms)
    out['x_exponential_euler'], out['y_exponential_euler'] = plain(state.x), plain(state.y)
    G = b.NeuronGroup(3, '''
        dx/dt = (-x + 0.5*y + drive)/tau : 1
        dy/dt = (0.8*x - 2*y)/tau : 1
        dz/dt = (0.1*x - 0.5*z)/tau : 1
        drive : 1 (constant)
        tau : second (constant)
        ''', method='exact')
    G.x, G.drive, G.tau = [1, 0, -2], [0, 1.5, 0.3], [5, 8, 3]*ms
    state = b.StateMonitor(G, ['x', 'y', 'z'], record=True, dt=0.25*ms)
    net = b.Network(G, state)
    net.run(20*ms)
    out |= {f'{name}_exact': plain(getattr(state, name)) for name in 'xyz'}
    return out


@deterministic
def monitored_subexpressions(b: Any) -> Arrays:
    """Monitors of subexpressions, one fixed over the step, before and after the update; shared variables."""
    begin(b)
    ms = b.ms
    G = b.NeuronGroup(6, '''
        dv/dt = (total - v)/(10*ms) : 1
        total = gain*(1 + sin(2*pi*f*t)) + bias : 1
        held = v**2 + 1 : 1 (constant over dt)
        f : Hz (constant)
        bias : 1
        gain : 1 (shared)
        ''', threshold='v > 1.2', reset='''v = 0
                                           bias += 0.01*held''', method='euler')
    G.f = '50*Hz + 10*Hz*i'
    G.bias = '0.4 + 0.05*i'
    G.gain = 1.3
    spikes = b.SpikeMonitor(G, variables=['bias', 'total'])
    start = b.StateMonitor(G, ['v', 'total', 'held', 'bias'], record=[1, 4])
    end = b.StateMonitor(G, ['v', 'held'], record=[1, 4], when='end')
    net = b.Network(G, spikes, start, end)
    net.run(50*ms)
    order = np.lexsort((np.asarray(spikes.i), np.rint(plain(spikes.t/ms)*10)))
    return {'spikes': events(b, spikes), 'v': plain(start.v), 'total': plain(start.total), 'held': plain(start.held),
            'bias': plain(start.bias), 'v_end': plain(end.v), 'held_end': plain(end.held),
            'bias_at_spike': plain(spikes.bias)[order], 'total_at_spike': plain(spikes.total)[order]}


@deterministic
def custom_events(b: Any) -> Arrays:
    """Events other than spikes: a monitor with variables, and code run on the event."""
    begin(b)
    ms = b.ms
    G = b.NeuronGroup(10, '''
        dv/dt = (I - v)/(10*ms) : 1
        I : 1
        n_crossed : integer
        armed : boolean
        ''', threshold='v > 1', reset='''v = 0
                                         armed = True''',
        events={'half': 'v > 0.5 and armed'}, method='exact')
    G.I = '1.2 + 0.1*i'
    G.armed = True
    G.run_on_event('half', '''n_crossed += 1
                              armed = False''')
    halves = b.EventMonitor(G, 'half', variables='v')
    spikes = b.SpikeMonitor(G)
    net = b.Network(G, halves, spikes)
    net.run(80*ms)
    steps = np.rint(plain(halves.t/ms)*10)
    order = np.lexsort((np.asarray(halves.i), steps))
    return {'spikes': events(b, spikes), 'halves': events(b, halves), 'v': plain(halves.v)[order],
            'n_crossed': np.asarray(G.n_crossed).astype(np.int32)}
