"""Critical periods: the topology of the input emerges in who is connected to whom.

George, Mayr, Indiveri & Vassanelli, "Event-based softcore processor in a biohybrid setup applied to structural
plasticity" (EBCCSP 2015); the rule is as the abstract "Modeling the interplay between structural plasticity and
spike-timing-dependent plasticity" tells of it.

A recurrent network is wired at random, and its neurons are driven by an input that has a topology. Synapses change by
triplet STDP (Pfister & Gerstner 2006, J. Neurosci. 26, 9673). When a weight falls below a threshold, a critical period
opens for that synapse: if it does not reach a second threshold before the period ends, the synapse is pruned, and the
neuron that lost it gets a new one, from anywhere. A new synapse is silent, and its critical period is open; only a
presynaptic neuron that is active together with the neuron's other inputs can make it one that stays.

What was published: in the course of this the wiring itself comes to mirror the topology of the input, while the number
of synapses stays as it is. STDP alone cannot do that: it finds out which synapses are worth having, but only among
those that happen to be there. Here it is measured on the wiring without its weights, in three cases: both kinds of
plasticity; STDP alone; and both with an input that is the same for each neuron, but shuffled in time, so that it has
no topology.

Sizes, input, thresholds and times are not given in what could be read of the sources: they are chosen here, and said so
below. So is the last panel of the picture: which length of the critical period does best.
"""

from dataclasses import dataclass

import numpy as np

from eqsnn import *

# The network: a ring of leaky integrate-and-fire neurons (all of it chosen here).
N = 200                                         # neurons
K = 20                                          # synapses that each of them receives from the others
v_rest, v_threshold, E_exc = -70*mV, -54*mV, 0*mV
tau_m, tau_g, refractory = 20*ms, 5*ms, 5*ms
g_input = 1.5                                   # conductances relative to the leak: of an input spike ...
g_max = 1/K                                     # ... and of a recurrent synapse with weight 1
step = 0.5*ms

# The input: a bump of activity that appears somewhere else on the ring every 200 ms (chosen here).
base, peak, sigma = 2*Hz, 100*Hz, 10            # Poisson rates; width in neurons
bump = 200*ms

# Triplet STDP: Pfister & Gerstner's fit of the full model, all spikes interacting, to the data from visual cortex.
tau_plus, tau_minus, tau_x, tau_y = 16.8*ms, 33.7*ms, 101*ms, 125*ms
A2_plus, A2_minus, A3_plus, A3_minus = 5e-10, 7e-3, 6.2e-3, 2.3e-4

# The critical period (lengths and thresholds chosen here; weights go from 0 to 1).
w_open, w_set = 0.25, 0.5                       # below w_open a period opens; a synapse that reaches w_set stays
T_crit = 5*second
rule_step = 50*ms

TRIPLET_STDP = dict(
    model='''w : 1
             critical : boolean                         # is a critical period open?
             t_open : second                            # since when?
             dr1/dt = -r1/tau_plus : 1 (event-driven)
             dr2/dt = -r2/tau_x : 1 (event-driven)
             do1/dt = -o1/tau_minus : 1 (event-driven)
             do2/dt = -o2/tau_y : 1 (event-driven)''',
    on_pre='''g_post += g_max*w
              w = clip(w - o1*(A2_minus + A3_minus*r2), 0, 1)
              r1 += 1
              r2 += 1''',
    on_post='''w = clip(w + r1*(A2_plus + A3_plus*o2), 0, 1)
               o1 += 1
               o2 += 1''')

CRITICAL_PERIODS = '''
    for each synapse:
        if not critical and w < w_open:
            critical = True
            t_open = t
        if critical and w >= w_set:
            critical = False
        if critical and t > t_open + T_crit:
            remove synapse
            n_lost_post += 1
    for each pair in sample(n_lost_post + 1, per=post, unconnected):        # one to spare: it may be the neuron itself
        create synapse(w=0, critical=True, t_open=t) if i != j limit n_lost_post per post
    '''


@dataclass(frozen=True)
class Case:
    """What is changed between the runs that are compared."""

    name: str
    structural: bool = True         # prune and regrow, or leave the wiring as it was
    topology: bool = True           # bumps on the ring, or each neuron's input in an order of its own


BOTH = Case('STDP and structural plasticity')
STDP_ALONE = Case('STDP alone', structural=False)
SHUFFLED = Case('both, input shuffled', topology=False)
CASES = (BOTH, STDP_ALONE, SHUFFLED)


@dataclass(frozen=True)
class Wiring:
    """Synapses at one time: ``i`` and ``j`` are their neurons, ``w`` their weights."""

    t: float                        # seconds
    i: np.ndarray
    j: np.ndarray
    w: np.ndarray
    created: int                    # by the rule, until then
    removed: int

    @property
    def distance(self):
        """How far apart on the ring the neurons of each synapse are."""
        return ring_distance(self.i, self.j)

    @property
    def topology(self):
        """The topology index of the wiring, whatever the weights: 0 at random, 0.90 if all come from the K nearest."""
        return 1 - self.distance.mean()/mean_distance

    @property
    def weighted_topology(self):
        """The same, each synapse counted by its weight."""
        return 1 - np.average(self.distance, weights=self.w)/mean_distance


def ring_distance(a, b):
    """Distance of neurons ``a`` and ``b`` along the ring."""
    apart = np.abs(np.asarray(a) - np.asarray(b))
    return np.minimum(apart, N - apart)


mean_distance = ring_distance(0, np.arange(1, N)).mean()        # of two neurons taken at random


def random_partners(rng, j=None):
    """``K`` different presynaptic neurons for each neuron ``j`` (all of them by default), none of them itself."""
    j = np.arange(N) if j is None else j
    i = np.concatenate([(one + 1 + rng.choice(N - 1, K, replace=False)) % N for one in j])
    return i, np.repeat(j, K)


def null_spread(draws=200, seed=0):
    """Standard deviation of the topology index over networks wired at random with ``K`` synapses a neuron."""
    rng = np.random.default_rng(seed)
    return np.std([1 - ring_distance(*random_partners(rng)).mean()/mean_distance for _ in range(draws)])


def stimulus_rates(rng, duration, topology=True):
    """Rates of the input neurons in Hz, an array (bumps, N); without topology each neuron has them in its own order."""
    centres = rng.integers(N, size=int(np.ceil(duration/bump)))
    d = ring_distance(centres[:, np.newaxis], np.arange(N))
    rates = base/Hz + peak/Hz*np.exp(-d**2/(2*sigma**2))
    return rates if topology else rng.permuted(rates, axis=0)


def simulate(case=BOTH, duration=400*second, every=10*second, number=1, T_crit=T_crit):
    """Run one case with seed ``number``; return its `Wiring` at the start and after each ``every``.

    ``T_crit`` is the length of the critical period.
    """
    seed(number)
    rng = np.random.default_rng(number)             # the same initial wiring and the same bumps in all cases
    i, j = random_partners(rng)
    rates = TimedArray(stimulus_rates(rng, duration, case.topology)*Hz, dt=bump)

    inputs = NeuronGroup(N, 'rate = rates(t, i) : Hz', threshold='rand() < rate*dt', dt=step,
                         namespace={'rates': rates})
    cells = NeuronGroup(N, '''dv/dt = (v_rest - v + g*(E_exc - v))/tau_m : volt (unless refractory)
                              dg/dt = -g/tau_g : 1''',
                        threshold='v > v_threshold', reset='v = v_rest', refractory=refractory,
                        method='exponential_euler', dt=step)
    cells.v = v_rest
    drive = Synapses(inputs, cells, on_pre='g_post += g_input')
    drive.connect('i == j')
    recurrent = Synapses(cells, cells, **TRIPLET_STDP)
    recurrent.connect(i=i, j=j)
    recurrent.w = 'rand()'
    network = Network(inputs, cells, drive, recurrent)
    rule = StructuralPlasticity(recurrent, CRITICAL_PERIODS, dt=rule_step)
    rule.active = case.structural

    def look():
        return Wiring(float(network.t/second), np.array(recurrent.i), np.array(recurrent.j), np.array(recurrent.w),
                      rule.created, rule.removed)

    history = [look()]
    for _ in range(round(duration/every)):
        network.run(every)
        history.append(look())
    return history


def study(numbers=(1, 2, 3), duration=400*second):
    """Run all cases with each seed; return {case: a list of histories}."""
    return {case: [simulate(case, duration, number=number) for number in numbers] for case in CASES}


def lengths(seconds=(0.5, 1, 2, 5, 10, 20, 50, 100), duration=200*second):
    """The topology index that critical periods of these lengths come to; return an array of (length, index)."""
    return np.array([(T, simulate(BOTH, duration, duration, T_crit=T*second)[-1].topology) for T in seconds])


def report(results):
    """Print what came out beside what was published."""
    spread = null_spread()
    print(f'Topology index of the wiring (0: random, standard deviation {spread:.3f}; 0.90: the {K} nearest)')
    print(f'{"":32} start    end   at least   weighted   in-degree   replaced')
    for case, histories in results.items():
        starts, ends = [h[0] for h in histories], [h[-1] for h in histories]
        final = [w.topology for w in ends]
        degrees = np.concatenate([np.bincount(w.j, minlength=N) for w in ends])
        print(f'{case.name:32} {np.mean([w.topology for w in starts]):5.2f} {np.mean(final):6.2f} {min(final):10.2f}'
              f' {np.mean([w.weighted_topology for w in ends]):10.2f} {f"{degrees.min()} to {degrees.max()}":>11}'
              f' {np.mean([w.removed for w in ends]):10.0f}')
    print('Published: the topology of the input emerges in the connectivity under structural plasticity with STDP,\n'
          'not under STDP alone; the number of synapses stays as it was.')


def main():
    """Run the study, say what came of it and draw it."""
    results = study()
    report(results)
    try:
        import matplotlib
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")
        return
    matplotlib.use('Agg')               # a file is drawn, so no display is needed
    draw(results, lengths())


def draw(results, of_length, path='critical_period.png'):
    """Draw the wiring before and after, its topology over time and by the length of the period, distances, weights."""
    import matplotlib.pyplot as plt
    from matplotlib.colors import LinearSegmentedColormap

    colours = {BOTH: '#d1495b', STDP_ALONE: '#4c78a8', SHUFFLED: '0.45'}
    strength = LinearSegmentedColormap.from_list('strength', ['#cfd8e3', '#4c6a92', '#0b1a30'])
    style = {'font.size': 8, 'axes.titlesize': 8.5, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'axes.linewidth': 0.7, 'xtick.major.width': 0.7, 'ytick.major.width': 0.7,
             'legend.frameon': False, 'legend.fontsize': 7, 'legend.handlelength': 1.4, 'figure.dpi': 200}
    with plt.rc_context(style):
        figure, axes = plt.subplots(2, 4, figsize=(10.4, 5.2), layout='constrained')
        over_time, distances, weights, period = axes[1]

        start, ends = results[BOTH][0][0], {case: histories[0][-1] for case, histories in results.items()}
        titles = ('start', 'both', 'STDP alone', 'input shuffled')
        for axis, wiring, title in zip(axes[0], (start, *ends.values()), titles, strict=True):
            axis.scatter(wiring.j, wiring.i, c=wiring.w, s=1.6, cmap=strength, vmin=0, vmax=1, linewidths=0)
            axis.set(title=f'{title}: index {np.round(wiring.topology, 2) + 0:.2f}', aspect='equal', xlim=(0, N),
                     ylim=(0, N), xticks=[0, N//2, N], yticks=[0, N//2, N], xlabel='postsynaptic neuron')
            axis.spines[:].set_visible(True)
        axes[0, 0].set_ylabel('presynaptic neuron')
        figure.colorbar(axes[0, -1].collections[0], ax=axes[0, -1], label='weight', shrink=0.85)

        spread = null_spread()
        over_time.axhspan(-2*spread, 2*spread, color='0.85', linewidth=0, label='random wiring')
        for case, histories in results.items():
            t = [wiring.t for wiring in histories[0]]
            index = np.array([[wiring.topology for wiring in history] for history in histories])
            over_time.plot(t, index.mean(axis=0), color=colours[case], label=case.name,
                           linewidth=3 if case is STDP_ALONE else 1.2)          # it lies below another
            over_time.fill_between(t, index.min(axis=0), index.max(axis=0), color=colours[case], alpha=0.3, linewidth=0)
        weighted = [[wiring.weighted_topology for wiring in history] for history in results[STDP_ALONE]]
        over_time.plot(t, np.mean(weighted, axis=0), '--', color=colours[STDP_ALONE], linewidth=1,
                       label='STDP alone, weighted')
        over_time.set(title='the input in the wiring', xlabel='time (s)', ylabel='topology index', xlim=(0, t[-1]),
                      ylim=(-0.05, 1.3), yticks=np.arange(0, 1, 0.2))
        over_time.legend(loc='upper left')

        d = np.arange(1, N//2 + 1)
        pairs = np.bincount(ring_distance(0, np.arange(N)), minlength=N//2 + 1)[1:]*N
        for case, wiring in ends.items():
            per_pair = np.bincount(wiring.distance, minlength=N//2 + 1)[1:]/pairs
            distances.plot(d, per_pair, color=colours[case], linewidth=1.2, label=case.name)
        distances.axvline(2*sigma, color='0.35', linewidth=0.8, linestyle=':')
        distances.set(title='who is connected', xlabel='distance on the ring', ylabel='synapses per pair',
                      xlim=(0, N//2), ylim=(0, None))

        bins = np.linspace(0, 1, 41)
        for case in (BOTH, STDP_ALONE):
            counts, _ = np.histogram(ends[case].w, bins)
            weights.stairs(counts, bins, color=colours[case], label=case.name)
        for threshold, name in ((w_open, 'open'), (w_set, 'set')):
            weights.axvline(threshold, color='0.35', linewidth=0.8, linestyle=':')
            weights.annotate(name, (threshold, 1), xytext=(2, -7), textcoords='offset points',
                             xycoords=('data', 'axes fraction'), color='0.35')
        weights.set(title='weights, end', xlabel='weight', ylabel='synapses', xlim=(0, 1), yscale='log')

        period.semilogx(*of_length.T, 'o-', color=colours[BOTH], markersize=3, linewidth=1.2)
        period.set(title='how long the period may be', xlabel='length of the critical period (s)',
                   ylabel='topology index at 200 s', ylim=(0, None))

        for axis, letter in zip(axes.flat, 'ABCDEFGH', strict=True):
            axis.annotate(letter, (0, 1), xytext=(-22, 7), textcoords=('offset points', 'offset points'),
                          xycoords='axes fraction', fontweight='bold', fontsize=10)
        figure.savefig(path)
        plt.close(figure)
    print(f'picture in {path}')


if __name__ == '__main__':
    main()
