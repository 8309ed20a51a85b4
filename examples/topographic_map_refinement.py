"""Does activity refine a topographic map? Rewiring with and without correlated input, and with fixed wiring.

Bamford, Murray & Willshaw, "Synaptic rewiring for topographic mapping and receptive field development" (Neural Networks
23, 517, 2010), and the form that Knight, Senk & Nowotny gave the model, "A flexible framework for structural plasticity
in GPU-accelerated sparse spiking neural networks" (arXiv 2510.19764, 2025). `topographic_map.py` is the shortest script
of it; this is the study.

Each neuron of a target layer gets synapses from around the same place of a source layer, and from its own neighbours.
STDP makes some of them weak. Rewiring eliminates weak synapses often and strong ones rarely, and forms new ones by
chance, with more of a chance where the way is short. So what STDP learnt comes to stand in the wiring. Bamford et al.
measure it on the feed-forward afferents of each target: how widely they are spread (sigma_aff), and how far their
preferred location lies from the ideal one (AD). They report that activity reduces the spread, with correlated input or
without, and that preferred locations need not come nearer to their ideal places. `eqsnn.analysis.topography` has the
measures, and compares the wiring with one drawn anew ("null"), and the weights with shuffled ones.

What comes out here, as means of three runs (p: the middle one; the last column is an independent program's):

                              Bamford et al., 300 s              Knight et al., 60 s           worked
                              corr.    corr.    uncorr.          corr.    corr.    uncorr.     corr.
                              rewired  fixed    rewired          rewired  fixed    rewired     rewired
    target rate (Hz)          38.2     39.7     20.9             36.1     4.2      21.6        37.7
    feed-forward synapses     18.5     16       6.1              24.0     6.2      15.2        18.3
    spread: null -> final     2.38     2.37     2.10             2.55     2.17     2.46        2.38
                              1.71     2.39     2.00             2.09     2.10     2.39        1.69
        p                     9e-43    0.6      0.03             2e-41    0.1      0.006       1e-43
    shuffled -> weighted      1.70     2.36     1.75             2.08     2.07     2.36        1.68
                              1.59     2.08     1.70             1.92     1.80     2.29        1.56
        p                     3e-34    1e-40    0.02             1e-39    4e-30    8e-06       1e-35
    AD: null -> final         0.77     0.80     1.47             0.64     1.47     0.85        0.77
                              0.76     0.80     1.43             0.61     1.42     0.80        0.75

So it is as they say. With correlated input the receptive fields shrink by a quarter in the wiring, and a little more in
the weights. Without rewiring only the weights know. With uncorrelated input there is little of it; lateral synapses then
take most of Bamford's slots. AD does not differ from chance. The rate depends on single steps of 0.1 ms: a refractory period that is one
step longer takes 0.4 Hz off; without the lateral delay of one step there would be almost 3 Hz more.
"""

from dataclasses import dataclass

import numpy as np

from eqsnn import *
from eqsnn.analysis.topography import Afferents, Refinement, gaussian, refinement

n = 16                                                  # neurons along each side of a layer, which is a torus
cells = n*n
step = 0.1*ms

# Target neurons: leaky integrate-and-fire, conductances relative to the leak
v_rest, v_threshold, E_exc = -70*mV, -54*mV, 0*mV
tau_m, tau_g, refractory = 20*ms, 5*ms, 5*ms
g_max = 0.2

# STDP: additive, between all pairs of spikes
A_plus, B = 0.1, 1.2                                    # potentiation in units of g_max; area of depression over it
tau_plus, tau_minus = 20*ms, 64*ms

# Stimulus: a bump of Poisson activity somewhere else every 20 ms, or activity everywhere alike
stimulus_every = 20*ms
base, peak, sigma_stim = 5*Hz, 152.8*Hz, 2
even = 20*Hz

# Rewiring
p_form_ff, sigma_ff = 0.16, 2.5                         # formation: p*exp(-d**2/(2*sigma**2)), feed-forward ...
p_form_lat, sigma_lat = 1.0, 1.0                        # ... and lateral
p_elim_dep, p_elim_pot = 0.0245, 1.36e-4                # elimination of a weak synapse and of a strong one
s_max, f_rew = 32, 10*kHz                               # Bamford: slots of each target, and attempts at all of them
window = 10*ms                                          # ... which are made together each 10 ms
pairs, hurry = 10, 50                                   # Knight: pairs tried each ms in each projection; elimination


@dataclass(frozen=True)
class Case:
    """What the target layer is given, and whether its wiring may change."""

    title: str
    correlated: bool
    rewiring: bool


@dataclass(frozen=True)
class Variant:
    """One form of the model: with slots (Bamford) or without (Knight), and for how long it is run."""

    title: str
    slots: bool
    duration: Quantity


CASES = (Case('correlated, rewiring', True, True), Case('correlated, fixed wiring', True, False),
         Case('uncorrelated, rewiring', False, True))
BAMFORD, KNIGHT = Variant('Bamford et al. 2010', True, 300*second), Variant('Knight et al. 2025', False, 60*second)

LAYER = '''x : 1 (constant)
           y : 1 (constant)
'''
BUMP = '''dx = abs(x - cx(t))
          dy = abs(y - cy(t))
          d2 = minimum(dx, n - dx)**2 + minimum(dy, n - dy)**2
          rates = base + peak*exp(-d2/(2*sigma_stim**2))'''
STDP = dict(
    model='''w : 1
             dpre/dt = -pre/tau_plus : 1 (event-driven)
             dpost/dt = -post/tau_minus : 1 (event-driven)
             dx = abs(x_pre - x_post) : 1
             dy = abs(y_pre - y_post) : 1
             d2 = minimum(dx, n - dx)**2 + minimum(dy, n - dy)**2 : 1''',
    on_pre='''g_post += w
              w = clip(w - g_max*A_plus*B*tau_plus/tau_minus*post, 0, g_max)
              pre += 1''',
    on_post='''w = clip(w + g_max*A_plus*pre, 0, g_max)
               post += 1''')

# Bamford's rule. An attempt draws one of the cells*s_max slots. If a synapse is there, it is eliminated with p_elim. If
# not, a partner is drawn from the 2*cells neurons of both layers, and a synapse forms with p_form*exp(...).
#
# In a window there are f_rew*window attempts, so each synapse is tried with probability f_rew*window/(cells*s_max). (A
# slot may be tried twice: of a hundred attempts at 8192 slots less than one. That is left out.) Half of the attempts
# have their partner in the layer of this projection. To draw a target and, independently, a partner is to draw a pair;
# the slot, drawn independently too, is free with probability free/s_max. What one slot holds does not matter to another,
# so a pair may have several synapses.
SLOTS = '''
    for each synapse:
        remove synapse if rand() < f_rew*window/(cells*s_max)*where(w < g_max/2, p_elim_dep, p_elim_pot)
    for each pair in sample(f_rew*window/2):
        create synapse(w=g_max) if rand() < free_post/s_max*p_form*exp(-d2/(2*sigma**2)) limit free_post per post
    '''
# Knight's rule: some pairs of the projection are tried; a pair has one synapse or none.
PAIRS = '''
    for each pair in sample(pairs):
        if connected:
            remove synapse if rand() < hurry*where(w < g_max/2, p_elim_dep, p_elim_pot)
        else:
            create synapse(w=g_max) if rand() < p_form*exp(-d2/(2*sigma**2))
    '''


class Map:
    """The network: two layers, feed-forward and lateral synapses, the stimulus and the rules of one case."""

    def __init__(self, variant, case, duration, number=1):
        seed(number)
        defaultclock.dt = step
        self.rng = np.random.default_rng(number)
        places = self.rng.integers(n, size=(2, 1 + int(duration/stimulus_every)))
        stimulus = {name: TimedArray(place, dt=stimulus_every) for name, place in zip(('cx', 'cy'), places, strict=True)}
        self.source = NeuronGroup(cells, LAYER + 'rates : Hz', threshold='rand() < rates*dt', namespace=stimulus)
        self.target = NeuronGroup(
            cells, LAYER + '''dv/dt = (v_rest - v + g*(E_exc - v))/tau_m : volt (unless refractory)
                              dg/dt = -g/tau_g : 1
                              n_ff : integer (linked)   # synapses that it has of each projection, at any moment
                              n_lat : integer (linked)
                              free = s_max - n_ff - n_lat : 1''',
            threshold='v > v_threshold', reset='v = v_rest', refractory=refractory, method='exponential_euler')
        for layer in (self.source, self.target):
            layer.x, layer.y = 'i % n', 'i // n'
        self.target.v = 'v_rest' if variant.slots else '-60*mV + 5*mV*randn()'
        self.source.rates = even
        if case.correlated:
            self.source.run_regularly(BUMP, dt=stimulus_every)

        many = 'copy' if variant.slots else None        # may a pair have several synapses?
        self.feedforward = Synapses(self.source, self.target, multisynaptic_index=many, **STDP)
        self.lateral = Synapses(self.target, self.target, multisynaptic_index=many,
                                delay=step if variant.slots else None, **STDP)
        self.target.n_ff = linked_var(self.feedforward, 'N_incoming')
        self.target.n_lat = linked_var(self.lateral, 'N_incoming')
        self.rules = []
        for synapses, p_form, sigma in ((self.feedforward, p_form_ff, sigma_ff), (self.lateral, p_form_lat, sigma_lat)):
            if variant.slots:
                self.fill_the_slots(synapses, sigma)
            else:
                synapses.connect(p='p_form*exp(-d2/(2*sigma**2))')
            synapses.w = g_max
            if case.rewiring:
                rule, every = (SLOTS, window) if variant.slots else (PAIRS, 1*ms)
                constants = dict(p_form=p_form, sigma=sigma)
                self.rules.append(StructuralPlasticity(synapses, rule, dt=every, namespace=constants))
        self.spikes = SpikeMonitor(self.target, record=False)
        self.network = Network(self.source, self.target, self.feedforward, self.lateral, self.spikes)

    def fill_the_slots(self, synapses, sigma):
        """Fill half of the slots of each target, with partners drawn with the kernel of formation."""
        j = np.repeat(np.arange(cells), s_max//2)
        wiring = Afferents(np.zeros_like(j), j, np.ones(len(j)), (n, n), distinct=False)
        wiring = wiring.regenerated(gaussian(sigma), self.rng)
        synapses.connect(i=wiring.i, j=wiring.j)

    def afferents(self):
        """The feed-forward synapses as they are."""
        return Afferents.of(self.feedforward, (n, n))

    def run(self, duration):
        """Go on for ``duration``."""
        self.network.run(duration)


@dataclass(frozen=True)
class Outcome:
    """What came out of one run."""

    rate: float                 # mean of the target layer, in Hz
    first: Afferents            # feed-forward synapses at the start ...
    last: Afferents             # ... and at the end
    lateral: float              # lateral synapses of a target at the end
    measures: Refinement

    def row(self):
        """The numbers of the table, in its order."""
        m = self.measures
        return np.array([
            self.rate, m.in_degree, self.lateral, self.last.w.sum()/self.first.w.sum(), np.nanmean(self.first.fields().spread),
            m.spread.expected, m.spread.found, m.spread.p, m.weighted_spread.expected, m.weighted_spread.found,
            m.weighted_spread.p, m.deviation.expected, m.deviation.found, m.deviation.p,
            m.weighted_deviation.expected, m.weighted_deviation.found, m.weighted_deviation.p])


def simulate(variant, case, number=1, duration=None):
    """Run one case with seed ``number``, and measure what came out of it."""
    duration = variant.duration if duration is None else duration
    one = Map(variant, case, duration, number)
    first = one.afferents()
    one.run(duration)
    last = one.afferents()
    rate = one.spikes.num_spikes/cells/float(duration/second)
    return Outcome(rate, first, last, len(one.lateral)/cells, refinement(last, gaussian(sigma_ff), one.rng))


# The worked case: Bamford's model, correlated input with rewiring, in an independent program, mean of three seeds.
WORKED = dict(rate=37.7, in_degree=18.3, weight=0.94, initial=2.38, null=2.38, final=1.69, shuffled=1.68, weighted=1.56,
              null_deviation=0.77, deviation=0.75)
ROWS = (('target rate (Hz)', 0, 'rate'), ('feed-forward synapses of a target', 1, 'in_degree'),
        ('lateral synapses of a target', 2, None), ('total feed-forward weight, final/initial', 3, 'weight'),
        ('spread: initial', 4, 'initial'), ('        null', 5, 'null'), ('        final', 6, 'final'),
        ('        p', 7, None), ('        weights shuffled', 8, 'shuffled'), ('        weighted', 9, 'weighted'),
        ('        p', 10, None), ('AD:     null', 11, 'null_deviation'), ('        final', 12, 'deviation'),
        ('        p', 13, None), ('        weights shuffled', 14, None), ('        weighted', 15, None),
        ('        p', 16, None))


def table(variant, outcomes):
    """A row for each measure, a column for each case: means over the runs, and of p the middle one."""
    rows = [np.array([outcome.row() for outcome in of_case]) for of_case in outcomes]
    head = [case.title for case in CASES] + (['worked case'] if variant.slots else [])
    print(f"\n{variant.title}, {float(variant.duration/second):g} s, {len(outcomes[0])} runs of each case")
    print(' '*42 + ''.join(f'{title:>28}' for title in head))
    for title, k, name in ROWS:
        is_p = title.strip() == 'p'
        values = [f'{np.median(row[:, k]):.0e}' if is_p else f'{row[:, k].mean():.2f}' for row in rows]
        if variant.slots:
            values.append(f'{WORKED[name]:g}' if name else '')
        print(f'{title:42}' + ''.join(f'{value:>28}' for value in values))


def figure(outcomes, path='topographic_map_refinement.png'):
    """Draw for each case the spread of the receptive fields, where they lie, and how many synapses they have."""
    try:
        import matplotlib
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")
        return
    matplotlib.use('Agg')                               # a file is drawn, so no display is needed
    import matplotlib.pyplot as plt

    colours = dict(initial='#4c78a8', null='0.6', final='#d1495b', weighted='#e0a030')
    style = {'font.size': 8, 'axes.titlesize': 8.5, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'axes.linewidth': 0.7, 'legend.frameon': False, 'legend.fontsize': 7,
             'legend.handlelength': 1, 'figure.dpi': 200}
    with plt.rc_context(style):
        drawing, axes = plt.subplots(len(CASES), 6, figsize=(12.6, 6.6), layout='constrained')
        for case, outcome, row in zip(CASES, outcomes, axes, strict=True):
            null = outcome.last.regenerated(gaussian(sigma_ff), np.random.default_rng(0))
            fields = dict(initial=outcome.first.fields(), null=null.fields(), final=outcome.last.fields(),
                          weighted=outcome.last.fields(weighted=True))
            row[0].set_ylabel(case.title, fontweight='bold', fontsize=8.5)
            for k, name in enumerate(('initial', 'final')):
                found = fields[name]
                image = row[k].imshow(found.spread.reshape(n, n), origin='lower', cmap='viridis', vmin=1, vmax=3)
                row[k].set(title=f'$\\sigma_{{aff}}$, {name}: {np.nanmean(found.spread):.2f}')
                own_x, own_y = outcome.first.places()
                ways = [(at - own + n/2) % n - n/2 for at, own in ((found.x, own_x), (found.y, own_y))]
                row[2 + k].quiver(own_x, own_y, *ways, angles='xy', scale_units='xy', scale=1, width=0.006,
                                  headwidth=4, color=colours[name])
                row[2 + k].set(title=f'locations, {name}: AD {np.nanmean(found.deviation):.2f}',
                               xlim=(-1.5, n + 0.5), ylim=(-1.5, n + 0.5))
            for name, found in fields.items():
                row[4].hist(found.spread, np.linspace(0, 3.6, 37), histtype='step', linewidth=1.2, color=colours[name],
                            label=f'{name}: {np.nanmean(found.spread):.2f}')
            row[4].set(title='spread of the targets', xlabel='$\\sigma_{aff}$', ylabel='targets')
            degrees = outcome.last.in_degrees
            row[5].hist(degrees, np.arange(-0.5, s_max + 1), color=colours['final'], label=f'final: {degrees.mean():.1f}')
            row[5].axvline(outcome.first.in_degrees.mean(), color=colours['initial'], linewidth=1.5, zorder=0,
                           label=f'initial: {outcome.first.in_degrees.mean():.1f}')
            row[5].set(title='feed-forward synapses', xlabel='in-degree', ylabel='targets')
        for axis in axes[:, :4].flat:
            axis.set(xticks=[0, n//2, n - 1], yticks=[0, n//2, n - 1], aspect='equal')
        for axis in axes[:, 4:].flat:
            axis.set_ylim(0, 1.6*axis.get_ylim()[1])   # room for the legend
            axis.legend(loc='upper left')
        drawing.colorbar(image, ax=axes[-1, :2], location='bottom', label='$\\sigma_{aff}$', shrink=0.6, aspect=40)
        drawing.savefig(path)
        plt.close(drawing)
    print(f'picture in {path}')


def main(runs=3, variants=(BAMFORD, KNIGHT)):
    """Both forms of the model, all cases, ``runs`` seeds of each: a few minutes."""
    for variant in variants:
        outcomes = [[simulate(variant, case, number) for number in range(1, runs + 1)] for case in CASES]
        table(variant, outcomes)
        if variant.slots:
            figure([of_case[0] for of_case in outcomes])


if __name__ == '__main__':
    main()
