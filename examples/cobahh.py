"""COBAHH benchmark (Brette et al. 2007, benchmark 3): Hodgkin-Huxley neurons with conductance-based synapses.

A balanced network after Traub & Miles's neuron in the form of Brette et al., J. Comput. Neurosci. 23, 349-398; the
raster is that paper's figure for benchmark 3.
"""
from eqsnn import *

area = 20000*umetre**2
Cm = (1*ufarad*cm**-2)*area
gl = (5e-5*siemens*cm**-2)*area
g_na = (100*msiemens*cm**-2)*area
g_kd = (30*msiemens*cm**-2)*area
El, EK, ENa, VT = -60*mV, -90*mV, 50*mV, -63*mV
taue, taui = 5*ms, 10*ms
Ee, Ei = 0*mV, -80*mV
we, wi = 6*nS, 67*nS

P = NeuronGroup(4000, '''
    dv/dt = (gl*(El - v) + ge*(Ee - v) + gi*(Ei - v)
             - g_na*(m*m*m)*h*(v - ENa)
             - g_kd*(n*n*n*n)*(v - EK))/Cm : volt
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dge/dt = -ge/taue : siemens
    dgi/dt = -gi/taui : siemens
    alpha_m = 0.32*(mV**-1)*4*mV/exprel((13*mV - v + VT)/(4*mV))/ms : Hz
    beta_m = 0.28*(mV**-1)*5*mV/exprel((v - VT - 40*mV)/(5*mV))/ms : Hz
    alpha_h = 0.128*exp((17*mV - v + VT)/(18*mV))/ms : Hz
    beta_h = 4./(1 + exp((40*mV - v + VT)/(5*mV)))/ms : Hz
    alpha_n = 0.032*(mV**-1)*5*mV/exprel((15*mV - v + VT)/(5*mV))/ms : Hz
    beta_n = 0.5*exp((10*mV - v + VT)/(40*mV))/ms : Hz
    ''', threshold='v > -20*mV', refractory=3*ms, method='exponential_euler')
P.v = 'El + (randn()*5 - 5)*mV'
P.ge = '(randn()*1.5 + 4)*10*nS'
P.gi = '(randn()*12 + 20)*10*nS'

Pe, Pi = P[:3200], P[3200:]
Ce = Synapses(Pe, P, on_pre='ge_post += we')
Ci = Synapses(Pi, P, on_pre='gi_post += wi')
Ce.connect(p=0.02)
Ci.connect(p=0.02)

spikes = SpikeMonitor(P)
trace = StateMonitor(P, 'v', record=[1, 10, 100])
run(1*second, report='text')
print(f'{spikes.num_spikes} spikes, {spikes.num_spikes/len(P):.2f} Hz')
assert 5 < spikes.num_spikes/len(P) < 80
