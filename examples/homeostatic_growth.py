"""Homeostatic growth of synaptic elements: a network without a single synapse wires itself up until it fires as it should.

Each neuron carries axonal elements (boutons) and dendritic ones (spines), and a calcium trace of its own spikes. While
its calcium is below a set point the elements grow, above it they retract; free axonal and dendritic elements pair up at
random into synapses, and an element that retracts takes its synapse with it. Butz and van Ooyen (2013, PLoS Comput Biol
9:e1003259) showed that this alone brings every neuron to its set point. The network here is that of NEST's
implementation of the model (Diaz-Pier et al. 2016, Front. Neuroanat. 10:57): excitatory and inhibitory
integrate-and-fire neurons with exponential currents, driven by a Poisson background, with excitatory and inhibitory
elements. It is grown twice, with a linear and with a Gaussian growth curve, and drawn beside what NEST 3.10 makes of it
(ten networks for each curve, recorded by tests/reference/by_nest/record_nest.py).

The set points are 5 spikes per second for excitatory and 10 for inhibitory neurons.
"""
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from eqsnn import *
from eqsnn.analysis.degrees import in_degrees, out_degrees

N_E, N_I = 160, 40
dt = 0.1*ms

# Neurons: NEST's iaf_psc_exp.
C_m, tau_m, tau_syn = 250*pF, 10*ms, 0.5*ms
E_L, V_th, t_ref = -65*mV, -50*mV, 2*ms         # they are reset to E_L
rate_ext, J_ext = 10*kHz, 64*pA                 # Poisson background of each neuron
J_ex, J_in, delay = 300*pA, -300*pA, 1*ms       # synapses: 0.5 mV

# Calcium is beta_Ca*tau_Ca = 0.01 for each spike per second.
tau_Ca, beta_Ca = 5*second, 0.002
eps_E, eps_I = 0.05, 0.1                        # set points
tau_vacant = 0.1                                # of the free elements, lost with each update
update = 500*ms                                 # between updates of the wiring

# Elements per second at the most: of axons, and of dendrites (excitatory of E and of I neurons, inhibitory of all).
nu_axon, nu_ex_E, nu_ex_I, nu_in = 0.6*Hz, 0.6*Hz, 1*Hz, 0.1*Hz

CURVES = dict(
    linear='1 - Ca/eps',
    # Zero at eta and at eps, 1 half-way between them, and -1 far from both.
    gaussian='2*exp(-((Ca - (eta + eps)/2)/((eps - eta)/(2*sqrt(log(2)))))**2) - 1',
)

NEURONS = '''
    dv/dt = (E_L - v)/tau_m + I/C_m : volt (unless refractory)
    dI/dt = -I/tau_syn : amp
    dCa/dt = -Ca/tau_Ca : 1
    growth = {curve} : 1 (constant over dt)
    dz_ax/dt = nu_ax*growth : 1                     # axonal elements
    dz_ex/dt = nu_ex*growth : 1                     # dendritic elements for excitatory synapses
    dz_in/dt = nu_in*growth : 1                     # dendritic elements for inhibitory synapses
    eps : 1 (constant)
    nu_ax : Hz (constant)
    nu_ex : Hz (constant)
'''

# The first three passes are the model of Butz and van Ooyen; the others say what NEST adds: elements never fall below
# none, and some of those that found no partner are lost.
RULE = '''
for each synapse: remove synapse limit N_outgoing - floor(z_ax_pre) per pre
for each synapse: remove synapse limit N_incoming - floor(z_den_post) per post
for each pair in match(floor(z_ax_pre) - N_outgoing, floor(z_den_post) - N_incoming):
    create synapse(w=w0)
for each pre:
    z_ax_pre = maximum(z_ax_pre, 0)
    z_ax_pre -= tau_vacant*maximum(floor(z_ax_pre) - N_outgoing, 0)
for each post:
    z_den_post = maximum(z_den_post, 0)
    z_den_post -= tau_vacant*maximum(floor(z_den_post) - N_incoming, 0)
'''


@dataclass
class Growth:
    """One network's growth, sampled each second just after the wiring changed, and its neurons at the end.

    Populations come in the order E, I; synapses in the order E to E, E to I, I to E, I to I; elements are the axonal,
    the excitatory and the inhibitory dendritic ones of E and then of I. All but ``final`` are means over the neurons of
    a population (the postsynaptic one, for synapses).
    """

    t: np.ndarray                   # (times,) seconds
    calcium: np.ndarray             # (times, 2)
    rate: np.ndarray                # (times, 2) spikes per second, over the second before
    synapses: np.ndarray            # (times, 4)
    elements: np.ndarray            # (times, 6)
    final: dict[str, np.ndarray]    # (N_E + N_I,) calcium, in_degree_ex, in_degree_in, out_degree, z_ax, z_ex, z_in


def grow(curve, duration=160, network=1, N_E=N_E, N_I=N_I, eta=0.0):
    """Let a network grow from no synapses for ``duration`` seconds; ``network`` is its seed.

    ``eta`` is the calcium below which the elements of a Gaussian curve retract.
    """
    seed(network)
    neurons = NeuronGroup(N_E + N_I, NEURONS.format(curve=CURVES[curve]), threshold='v > V_th',
                          reset='v = E_L; Ca += beta_Ca', refractory=t_ref, method='exact', dt=dt)
    E, I = neurons[:N_E], neurons[N_E:]
    neurons.v = E_L
    neurons.nu_ax = nu_axon
    E.eps, I.eps = eps_E, eps_I
    E.nu_ex, I.nu_ex = nu_ex_E, nu_ex_I
    neurons.run_regularly('I += J_ext*poisson(rate_ext*dt)', dt=dt, when='synapses')

    # Two elements that meet make a synapse, whether or not their neurons have one already: NEST's multapses.
    projections = []
    for name, source, w0 in (('ex', E, J_ex), ('in', I, J_in)):
        synapses = Synapses(source, neurons, 'w : amp', on_pre='I_post += w', delay=delay, multisynaptic_index='k')
        synapses.connect('False')
        StructuralPlasticity(synapses, RULE.replace('z_den', f'z_{name}'), dt=update, namespace=dict(w0=w0))
        projections.append(synapses)

    state = StateMonitor(neurons, ['Ca', 'z_ax', 'z_ex', 'z_in'], record=True, dt=1*second, when='end', order=1)
    spikes = SpikeMonitor(neurons)
    changes = [StructureMonitor(synapses) for synapses in projections]
    Network(neurons, *projections, state, spikes, *changes).run(duration*second + 1*ms)

    def means(values):
        """(times, N) to (times, 2)"""
        return np.column_stack([values[:, :N_E].mean(1), values[:, N_E:].mean(1)])

    t = np.arange(1, duration + 1)
    elements = {name: getattr(state, name).T[1:] for name in ('z_ax', 'z_ex', 'z_in')}
    after = t*second + dt                           # the step in which the wiring changed has passed
    in_ex, in_in = (in_degrees(log, after) for log in changes)
    out = np.append(*(out_degrees(log, after[-1]) for log in changes))
    rate = np.histogram2d(spikes.t/second, spikes.i, [np.append(0, t), [0, N_E, N_E + N_I]])[0]/[N_E, N_I]
    return Growth(
        t, means(state.Ca.T[1:]), rate, np.hstack([means(in_ex), means(in_in)]),
        np.stack([means(values) for values in elements.values()], axis=2).reshape(-1, 6),
        dict(calcium=state.Ca[:, -1], in_degree_ex=in_ex[-1], in_degree_in=in_in[-1], out_degree=out)
        | {name: values[-1] for name, values in elements.items()})


def nest(curve):
    """Return NEST's recorded networks of a growth curve, each array with the networks first; None where there are none."""
    path = Path(__file__).parents[1]/'tests'/'reference'/'by_nest'/f'{curve}.npz'
    if not path.exists():
        return None
    with np.load(path) as archive:
        return {name: archive[name].astype(float) for name in archive.files}


def draw(grown, path='homeostatic_growth.png'):
    """Draw each growth curve, and calcium, synapses and neurons of the networks grown with it (a dict by curve)."""
    import matplotlib.pyplot as plt
    red, blue, grey = '#d1495b', '#4c78a8', '0.45'
    style = {'font.size': 8, 'axes.titlesize': 8.5, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'axes.linewidth': 0.7, 'xtick.major.width': 0.7, 'ytick.major.width': 0.7,
             'legend.frameon': False, 'legend.fontsize': 7, 'legend.handlelength': 1.8, 'figure.dpi': 200}
    Ca = np.linspace(0, 0.2, 401)
    with plt.rc_context(style):
        figure, axes = plt.subplots(len(grown), 4, figsize=(10.4, 2.4*len(grown)), layout='constrained', squeeze=False,
                                    width_ratios=(0.8, 1.2, 1.2, 0.9), sharex='col')
        for (curve, growth), (law, calcium, synapses, spread) in zip(grown.items(), axes, strict=True):
            recorded = nest(curve)
            for k, (name, eps, colour) in enumerate((('E', eps_E, red), ('I', eps_I, blue))):
                law.plot(Ca, eval(CURVES[curve], globals(), dict(Ca=Ca, eps=eps, eta=0.0)), color=colour, label=f'{name}: set point {eps}')
                law.plot(eps, 0, 'o', color=colour, markersize=4)
                calcium.axhline(eps, color=colour, linewidth=0.7, linestyle=(0, (1, 2)))
                calcium.plot(growth.t, growth.calcium[:, k], color=colour, label=name)
                side = slice(0, N_E) if k == 0 else slice(N_E, None)
                bins = np.linspace(0, 0.15, 31)
                spread.hist(growth.final['calcium'][side], bins, density=True, color=colour, alpha=0.45)
                spread.axvline(eps, color=colour, linewidth=0.7, linestyle=(0, (1, 2)))
                if recorded is not None:
                    calcium.plot(recorded['t'], recorded['calcium'].mean(0)[:, k], color='k', linewidth=0.9,
                                 linestyle=(0, (4, 2)), label='NEST' if k else None)
                    spread.hist(recorded['final_calcium'][:, side].ravel(), bins, density=True, histtype='step',
                                color='k', linewidth=0.9, label='NEST' if k else None)
            law.axhline(0, color=grey, linewidth=0.7)
            for k, (label, colour, line) in enumerate((('E to E', red, '-'), ('E to I', blue, '-'), ('I to E', red, '-.'),
                                                       ('I to I', blue, '-.'))):
                synapses.plot(growth.t, growth.synapses[:, k], line, color=colour, label=label)
                if recorded is not None:
                    synapses.plot(recorded['t'], recorded['synapses'].mean(0)[:, k], color='k', linewidth=0.9,
                                  linestyle=(0, (4, 2)), label='NEST' if k == 3 else None)
            law.set(title=f'{curve} growth curve', ylabel=r'growth $\dot z/\nu$', xlim=(0, 0.2), ylim=(-1.1, 1.1))
            calcium.set(title='calcium', ylabel='mean over neurons', xlim=(0, growth.t[-1]), ylim=(0, 1.3*eps_I))
            synapses.set(title='synapses', ylabel='per postsynaptic neuron', ylim=(0, None))
            spread.set(title='neurons at the end', ylabel='density', xlim=(0, 0.15), yticks=[],
                       ylim=(0, 1.15*spread.get_ylim()[1]))
        for axis, label in zip(axes[-1], ('calcium', 'time (s)', 'time (s)', 'calcium'), strict=True):
            axis.set_xlabel(label)
        for axis in axes[0]:
            axis.tick_params(labelbottom=True)
        axes[0, 0].legend(loc='upper right')
        axes[0, 1].legend(loc='lower right', ncols=3)
        axes[0, 2].legend(loc='upper left', ncols=2, columnspacing=1)
        axes[0, 2].set_ylim(0, 1.4*axes[0, 2].get_ylim()[1])                # room for the legend
        if axes[0, 3].get_legend_handles_labels()[0]:
            axes[0, 3].legend(loc='upper right')
        figure.savefig(path)
    return path


def main():
    """Grow both networks, and tell what came of them beside the set points and NEST."""
    late = slice(-30, None)                         # seconds over which is averaged
    grown = {}
    for curve in CURVES:
        grown[curve] = growth = grow(curve)
        recorded = nest(curve)
        print(f'\n{curve} growth curve, last 30 of {len(growth.t)} s' + ('; NEST: mean and sd of its networks' if recorded else ''))
        rows = [(f'{name} rate (spikes/s), set point {100*eps:.0f}', growth.rate[late, k].mean(), 'rate', k)
                for k, (name, eps) in enumerate((('E', eps_E), ('I', eps_I)))]
        rows += [(f'synapses {name}, per target', growth.synapses[late, k].mean(), 'synapses', k)
                 for k, name in enumerate(('E to E', 'E to I', 'I to E', 'I to I'))]
        for label, ours, key, k in rows:
            theirs = '' if recorded is None else '   NEST {:6.2f} ± {:.2f}'.format(
                *(f(recorded[key][:, late, k].mean(1)) for f in (np.mean, np.std)))
            print(f'  {label:38} {ours:6.2f}{theirs}')

    below = grow('gaussian', duration=40, eta=0.04)
    print(f'\nwith eta = 0.04, more calcium than the background alone brings, {below.synapses[-1, :2].sum():.2f} synapses '
          f'grow per neuron in 40 s, and E neurons stay at {below.rate[late, 0].mean():.1f} spikes/s')
    try:
        print(f'picture in {draw(grown)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
