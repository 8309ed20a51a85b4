"""How connectivity evolves while a topographic map forms: synapses formed and eliminated, by distance and by time.

Knight, Senk & Nowotny, "A flexible framework for structural plasticity in GPU-accelerated sparse spiking neural
networks" (arXiv 2510.19764, 2025): the topographic map model, after Bamford, Murray & Willshaw (Neural Networks 23, 517,
2010), and what they show of its wiring: where and when synapses are eliminated and formed, and in-degrees beside their
theory K = 2*pi*p*sigma**2. `topographic_map.py` is the shortest script of the model.

Synapses form with probability p*exp(-d**2/(2*sigma**2)), d being the distance on a grid of spacing 1. Connected so, pair
by pair, a neuron has in the mean as many synapses as the kernel has volume, K = 2*pi*p*sigma**2: 6.28 for either of the
projections. Rewiring draws pairs; it eliminates a synapse where there is one, with a probability q that depends on its
weight, and else forms one. What that leads to can be said exactly where q is given, for then pairs come and go without
regard to each other (`Chance`): a pair ends up connected with probability p(d)/(p(d) + q). So

- with weights that never change (q = 0.0068) the kernel saturates, and in-degrees grow far beyond K;
- with q = 1 - p(d), the kernel is its own equilibrium, and in-degrees settle at K from whatever start;
- with STDP, q depends on what the synapses learn: compare the wiring with that of the one q they have in the mean.

The theory is what the results are held against; no numbers were read off the paper's figure.
"""

from dataclasses import dataclass

import numpy as np

from eqsnn import *
from eqsnn.analysis.degrees import degree_probabilities, in_degrees
from eqsnn.analysis.turnover import lifetimes

n = 16                                                  # neurons along each side of a layer, which is a torus
cells = n*n
duration = 60*second

# Rewiring, every millisecond
pairs, every = 10, 1*ms                                 # pairs that are tried in each projection
p_weak, p_strong = 50*0.0245, 50*0.000136               # elimination (above 1 it is certain)
KERNELS = {'feed-forward': (0.16, 2.5), 'lateral': (1.0, 1.0)}          # formation: p and sigma

# Neurons and STDP, as in topographic_map.py
g_max, A_plus, B = 0.2, 0.1, 1.2
tau_plus, tau_minus = 20*ms, 64*ms
base, peak, sigma_stim, stimulus_every = 5*Hz, 152.8*Hz, 2, 20*ms

GRID = '''x : 1 (constant)
          y : 1 (constant)
       '''
DISTANCE = '''w : 1
              dx = abs(x_pre - x_post) : 1
              dy = abs(y_pre - y_post) : 1
              d2 = minimum(dx, n - dx)**2 + minimum(dy, n - dy)**2 : 1
           '''
FORM = 'p*exp(-d2/(2*sigma**2))'
REWIRING = f'''
for each pair in sample(pairs):
    if connected:
        remove synapse if rand() < {{eliminate}}
    else:
        create synapse(w=g_max) if rand() < {FORM}
'''
BY_WEIGHT, ALWAYS_STRONG, BALANCED = 'where(w < g_max/2, p_weak, p_strong)', 'p_strong', f'1 - {FORM}'


def distance(i, j):
    """Return the distances on the torus between neurons i and j."""
    dx, dy = (i % n - j % n) % n, (i//n - j//n) % n
    return np.hypot(np.minimum(dx, n - dx), np.minimum(dy, n - dy))


def kernel(p, sigma):
    """Return the probability of formation between neurons 0 and k, shape (cells,)."""
    return p*np.exp(-distance(np.arange(cells), 0)**2/(2*sigma**2))


@dataclass(frozen=True)
class Chance:
    """Pairs that are tried, connected and parted at random: what the rule does where its probabilities are constant.

    Of each of the pairs (0, k): ``form`` and ``eliminate`` are the probabilities when it is tried, ``start`` the one
    that it is connected at first. In a step it is tried with probability ``tried``, so that the probability of a synapse
    obeys P' = P*(1 - tried*eliminate) + (1 - P)*tried*form, and approaches form/(form + eliminate) geometrically.
    """

    form: np.ndarray
    eliminate: np.ndarray
    start: np.ndarray
    tried: float = pairs/cells**2

    @property
    def settled(self):
        """Probability of a synapse after a long time."""
        return self.form/(self.form + self.eliminate)

    def connected(self, steps):
        """Probability of a synapse after so many steps."""
        left = (1 - self.tried*(self.form + self.eliminate))**steps
        return self.settled + (self.start - self.settled)*left

    def changes(self, steps):
        """Expected numbers of creations and of removals of each pair in so many steps."""
        fading = self.tried*(self.form + self.eliminate)
        lived = steps*self.settled + (self.start - self.settled)*(1 - (1 - fading)**steps)/fading
        return self.tried*self.form*(steps - lived), self.tried*self.eliminate*lived


@dataclass(frozen=True)
class Evolution:
    """A projection that was watched: its synapses, the log of their changes, and the kernel that forms them."""

    synapses: Synapses
    monitor: StructureMonitor
    p: float
    sigma: float

    @property
    def K(self):
        """The volume of the kernel, the theoretical in-degree."""
        return 2*np.pi*self.p*self.sigma**2

    @property
    def steps(self):
        """Number of times that the wiring was tried."""
        return round(float((self.monitor.stop - self.monitor.start)/every))

    def eliminated(self, nearer=np.inf, farther=-1):
        """Return the probability with which a synapse that was tried was eliminated, in the mean over all trials.

        A synapse is tried the more often the longer it lives. Only distances in (farther, nearer] are looked at; NaN
        where there was nothing.
        """
        life, steps = lifetimes(self.monitor), 1/float(every/second)
        lived = np.nan_to_num(life.died/second, nan=life.stop) - np.nan_to_num(life.born/second, nan=life.start)
        within = [(distance(i, j) > farther) & (distance(i, j) <= nearer)
                  for i, j in ((life.i, life.j), (self.monitor.i, self.monitor.j))]
        tried = pairs/cells**2*np.sum(lived[within[0]])*steps
        return np.sum(self.monitor.change[within[1]] < 0)/tried if tried else np.nan

    def weak(self):
        """Return how many of the synapses that were eliminated were weak, as a share."""
        return np.mean(self.monitor.w[self.monitor.change < 0] < g_max/2)

    def chance(self, eliminate, start=None):
        """Return the theory of a rule with this probability of elimination; it starts with the kernel, or ``start``."""
        form = kernel(self.p, self.sigma)
        return Chance(form, np.broadcast_to(eliminate, form.shape), form if start is None else np.full_like(form, start))


def connected_by_kernel(source, target, p, sigma, rule, start=FORM, model=DISTANCE, **more):
    """Return synapses between two layers with a rule that rewires them, and their monitor."""
    constants = dict(p=p, sigma=sigma)
    synapses = Synapses(source, target, model, namespace=constants, **more)
    synapses.connect(p=start)
    synapses.w = g_max
    StructuralPlasticity(synapses, REWIRING.format(eliminate=rule), dt=every)
    return synapses, StructureMonitor(synapses, 'w')


def evolve_map(duration=duration, number=1):
    """Run the model with STDP and correlated input. Return the evolution of both projections, by name."""
    seed(number)
    dt = 0.1*ms
    centres = np.random.default_rng(number).integers(n, size=(2, 1 + int(duration/stimulus_every)))
    stimulus = {name: TimedArray(places, dt=stimulus_every) for name, places in zip(('cx', 'cy'), centres, strict=True)}
    source = NeuronGroup(cells, GRID + '''
        dx = abs(x - cx(t)) : 1
        dy = abs(y - cy(t)) : 1
        d2 = minimum(dx, n - dx)**2 + minimum(dy, n - dy)**2 : 1
        rates = base + peak*exp(-d2/(2*sigma_stim**2)) : Hz''', threshold='rand() < rates*dt', namespace=stimulus, dt=dt)
    target = NeuronGroup(cells, GRID + '''
        dv/dt = (-70*mV - v + g*(0*mV - v))/(20*ms) : volt (unless refractory)
        dg/dt = -g/(5*ms) : 1''', threshold='v > -54*mV', reset='v = -70*mV', refractory=5*ms,
        method='exponential_euler', dt=dt)
    target.v = '-60*mV + 5*mV*randn()'
    for layer in (source, target):
        layer.x, layer.y = 'i % n', 'i // n'
    stdp = dict(
        model=DISTANCE + '''
            dpre/dt = -pre/tau_plus : 1 (event-driven)
            dpost/dt = -post/tau_minus : 1 (event-driven)''',
        on_pre='''g_post += w
                  w = clip(w - g_max*A_plus*B*(tau_plus/tau_minus)*post, 0, g_max)
                  pre += 1''',
        on_post='''w = clip(w + g_max*A_plus*pre, 0, g_max)
                   post += 1''')
    found = {}
    for (name, (p, sigma)), layer in zip(KERNELS.items(), (source, target), strict=True):
        found[name] = Evolution(*connected_by_kernel(layer, target, p, sigma, BY_WEIGHT, **stdp), p, sigma)
    Network(source, target, *(e.synapses for e in found.values())).run(duration)
    return found


def evolve_alone(name, eliminate, start=FORM, duration=duration, number=1):
    """Rewire a projection of silent neurons, whose weights stay as they are. Return its evolution."""
    seed(number)
    p, sigma = KERNELS[name]
    layers = [NeuronGroup(cells, GRID, dt=every) for _ in range(2)]
    for layer in layers:
        layer.x, layer.y = 'i % n', 'i // n'
    found = Evolution(*connected_by_kernel(*layers, p, sigma, eliminate, start), p, sigma)
    Network(*layers, found.synapses).run(duration)
    return found


CASES = {                                               # elimination, as text and as a number, and the start
    'weights unchanged': (ALWAYS_STRONG, lambda form: p_strong, FORM),
    'q = 1 - p(d)': (BALANCED, lambda form: 1 - form, FORM),
    'q = 1 - p(d), from nothing': (BALANCED, lambda form: 1 - form, 0)}


def alone(name, case, duration=duration, number=1):
    """Return the evolution of a projection that is rewired alone, and its theory."""
    text, eliminate, start = CASES[case]
    found = evolve_alone(name, text, start, duration, number)
    return found, found.chance(eliminate(kernel(found.p, found.sigma)), None if start == FORM else start)


def report(evolved, alone):
    """Print in-degrees and changes beside their theory."""
    titles = ('start', 'K', 'end', 'theory', 'formed', 'theory', 'eliminated', 'theory')
    print(f"{'in the mean over target neurons':42}" + ''.join(f'{title:>11}' for title in titles))
    of_maps = {f'{name}, STDP': (e, e.chance(e.eliminated())) for name, e in evolved.items()}
    for title, (e, chance) in (alone | of_maps).items():
        formed, eliminated = (change.sum() for change in chance.changes(e.steps))
        row = (e.monitor.count(0*ms)/cells, e.K, len(e.synapses)/cells, chance.connected(e.steps).sum(),
               e.monitor.created/cells, formed, e.monitor.removed/cells, eliminated)
        print(f'{title:42}' + ''.join(f'{number:11.2f}' for number in row))
    print('(With STDP, theory has all synapses eliminated with the one probability that was found in the mean.)')
    for name, e in evolved.items():
        print(f'{name}: a synapse that is tried is eliminated with q = {e.eliminated():.3f}; where d <= 1, '
              f'{e.eliminated(nearer=1):.3f}, where d > 3, {e.eliminated(farther=3):.3f}; '
              f'{e.weak():.0%} of those eliminated were weak')


EARLY, LATE, ALONE, THEORY = '#4c78a8', '#d1495b', '#2a9d8f', '0.2'


def draw_distances(axis, evolution, chance, label):
    """Draw what was formed and eliminated at each distance, and dots where theory expects it."""
    from eqsnn.plot import changes_by_distance

    rings = np.arange(-0.5, n/np.sqrt(2) + 1)
    changes_by_distance(evolution.monitor, distance, bins=rings, ax=axis)
    for expected, more in zip(chance.changes(evolution.steps), (dict(label=label), {}), strict=True):
        dots, _ = np.histogram(distance(np.arange(cells), 0), rings, weights=cells*expected)
        axis.plot(rings[:-1] + 0.5, dots, '.', color=THEORY, markersize=4, **more)
    axis.set(title='changes by distance', xlabel='distance (grid spacings)', xlim=(-0.5, 9.5))
    axis.legend()


def draw_elimination(axis, evolution):
    """Draw how likely a synapse that is tried is eliminated, at each distance."""
    edges = (-1, 0, 1, 2, 3, 4, 5, 6)
    inner, outer = edges[:-1], edges[1:]
    axis.plot(outer, [evolution.eliminated(nearer=b, farther=a) for a, b in zip(inner, outer, strict=True)], 'o-',
              color=LATE, markersize=3.5, label='with STDP')
    axis.axhline(p_strong, color=THEORY, linestyle=':', label='weights unchanged')
    axis.set(title='elimination of a synapse that is tried', xlabel='distance up to (grid spacings)', yscale='log',
             ylabel='probability q', ylim=(0.004, 9))
    axis.legend(loc='upper left')


def draw_in_degrees(axis, evolution):
    """Draw in-degrees at the start, with their theory, and at the end."""
    from eqsnn.plot import degree_distribution

    initial = degree_probabilities(kernel(evolution.p, evolution.sigma))
    start = evolution.synapses.history_at(0*ms)
    degree_distribution(start, expected=initial, color=EARLY, label=f'start: mean {start.N/cells:.2f}', ax=axis)
    end = f'end: mean {len(evolution.synapses)/cells:.2f}'
    degree_distribution(evolution.synapses, color=LATE, label=end, ax=axis)
    axis.axvline(evolution.K, color=THEORY, linestyle=':', label=rf'$K=2\pi p\sigma^2={evolution.K:.2f}$')
    axis.set(title='in-degrees', ylim=(0, 1.6*axis.get_ylim()[1]))
    axis.legend()


def draw_means(axis, cases):
    """Draw the mean in-degree over time where rewiring is alone, and dotted its theory."""
    for (title, (e, chance)), colour in zip(cases.items(), (LATE, EARLY, ALONE), strict=True):
        moments = np.linspace(0, 1, 61)*e.monitor.stop
        axis.plot(moments/second, in_degrees(e.monitor, moments).mean(axis=1), color=colour, label=title)
        axis.plot(moments/second, [chance.connected(k).sum() for k in moments/every], ':', color=THEORY)
    axis.set(title='mean in-degree (dotted: theory)', xlabel='time (s)', ylabel='synapses', ylim=(0, None))
    axis.legend()


def figure(evolved, cases, path='connectivity_evolution.png'):
    """Draw the evolution of both projections, and below it rewiring alone, beside its theory."""
    try:
        import matplotlib
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")
        return
    matplotlib.use('Agg')                               # a file is drawn, so no display is needed
    import matplotlib.pyplot as plt
    from eqsnn.plot import changes_over_time, degree_distribution, survival

    style = {'font.size': 8, 'axes.titlesize': 8.5, 'axes.titlelocation': 'left', 'axes.linewidth': 0.7,
             'axes.spines.top': False, 'axes.spines.right': False, 'legend.frameon': False, 'legend.fontsize': 7,
             'legend.handlelength': 1.3, 'figure.dpi': 200}
    with plt.rc_context(style):
        drawing, axes = plt.subplots(3, 4, figsize=(11.6, 7.6), layout='constrained')
        for row, (name, e) in zip(axes, evolved.items(), strict=False):
            draw_distances(row[0], e, e.chance(e.eliminated()), f'theory, q = {e.eliminated():.2f}')
            row[0].set_ylabel(f'{name}\nsynapses')
            draw_elimination(row[1], e)
            changes_over_time(e.monitor, bin=2*second, ax=row[2]).set_title('changes by time')
            draw_in_degrees(row[3], e)
        (growing, theory), _, (empty, settling) = cases.values()
        draw_distances(axes[2, 0], growing, theory, 'theory')
        axes[2, 0].set_ylabel('feed-forward, weights unchanged\nsynapses')
        draw_means(axes[2, 1], cases)
        for e, label, colour in ((evolved['feed-forward'], 'with STDP', LATE), (growing, 'weights unchanged', EARLY)):
            survival(e.monitor, ax=axes[2, 2], label=label, color=colour)
        axes[2, 2].set(title='survival of new synapses')
        axes[2, 2].legend(loc='lower left')
        expected = degree_probabilities(settling.connected(empty.steps))
        degree_distribution(empty.synapses, expected=expected, color=ALONE, ax=axes[2, 3])
        axes[2, 3].set(title='in-degrees, q = 1 - p(d), from nothing', ylim=(0, 1.3*axes[2, 3].get_ylim()[1]))
        for axis, letter in zip(axes.flat, 'ABCDEFGHIJKL', strict=True):
            axis.annotate(letter, (0, 1), xytext=(-24, 6), textcoords='offset points', xycoords='axes fraction',
                          fontweight='bold', fontsize=10)
        drawing.savefig(path)
        plt.close(drawing)
    print(f'picture in {path}')


def main():
    """Evolve the map, and rewiring alone; print what came out beside its theory, and draw it."""
    evolved = evolve_map()
    cases = {name: {case: alone(name, case) for case in CASES} for name in KERNELS}
    report(evolved, {f'{name}, {case}': found for name in cases for case, found in cases[name].items()})
    figure(evolved, cases['feed-forward'])


if __name__ == '__main__':
    main()
