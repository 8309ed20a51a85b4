"""A synapse that STDP has brought to nothing is removed by its own spike: pruning in `on_pre`, without any rule.

Massive pruning of synapses by spike-timing-dependent plasticity is the subject of Iglesias, Eriksson, Grize, Tomassini
& Villa (2005), Dynamics of pruning in simulated large-scale spiking neural networks, BioSystems 79, 11-20: weights become
bimodal, and synapses that have reached the lowest weight are no longer active. Here it happens to the neuron of Song,
Miller & Abbott (2000), Nature Neuroscience 3, 919-926 (see `stdp.py`), half of whose inputs share fluctuations of their
rates; STDP lets these win. Numbers are ours where a comment does not say otherwise.

One line prunes, `remove synapse if w <= 0` as the last of `on_pre`. Three networks get the same input spikes:

- **kept**: no pruning. A synapse at zero may come back, by a later pairing;
- **pruned**: it is gone, at the end of the step of the spike that brought it to zero;
- **silenced**: it stays where it is, but neither transmits nor learns any more.

Pruned and silenced must be the same to the last bit, spikes and weights: all that removal may change is what a
simulation costs, and that falls with the number of synapses. Beside *kept*, the same inputs win, with the same bimodal
weights. Two things do change: all the weak synapses together no longer drive the neuron, and a few of the correlated
ones are lost, for they touched zero before their group had won, and what is gone cannot come back.
"""
from dataclasses import dataclass

import numpy as np
from eqsnn import *

N, M = 1000, 10                                     # inputs; neurons, each with all inputs
correlated = N//2                                   # the first half of the inputs
rate, depth, every = 15*Hz, 0.6, 20*ms              # of each input; of the shared fluctuations, which last 20 ms
tau_m, tau_e = 10*ms, 5*ms
E_e, E_l, v_t, v_r = 0*mV, -74*mV, -54*mV, -60*mV   # as in stdp.py
g_max = 0.007
tau_a, A, B = 20*ms, 0.01, 1.2                      # STDP: additive, A of g_max, depression B times potentiation

DEATHS = {'kept': '',
          'pruned': 'remove synapse if w <= 0',
          'silenced': 'alive = alive*int(w > 0)'}


@dataclass
class Outcome:
    """What came of one network; ``weight`` is in units of g_max, (N, M), and NaN where there is no synapse."""

    weight: np.ndarray
    spikes: np.ndarray                              # (time in ms, neuron) of each, in order
    times: np.ndarray                               # s, ends of the pieces that the run was cut into
    synapses: np.ndarray                            # (piece, 2): from correlated and from other inputs
    events: np.ndarray                              # spikes delivered to synapses in each piece

    @property
    def alive(self):
        """Where there is a synapse of some weight, (N, M)."""
        return self.weight > 0                      # False for NaN


def simulate(death, duration=300*second, pieces=30, seed_=1):
    """Run the network in which a synapse that has come to zero is ``'kept'``, ``'pruned'`` or ``'silenced'``."""
    start_scope()
    seed(seed_)
    defaultclock.dt = 1*ms
    fluctuations = np.random.default_rng(seed_).normal(size=int(duration/every) + 1)
    inputs = PoissonGroup(N, rates='rate*clip(1 + depth*common(t)*int(i < correlated), 0, 10)',
                          namespace=dict(common=TimedArray(fluctuations, dt=every)))
    neurons = NeuronGroup(M, '''dv/dt = (g*(E_e - v) + E_l - v)/tau_m : volt
                                dg/dt = -g/tau_e : 1
                                delivered : integer''',
                          threshold='v > v_t', reset='v = v_r', method='exponential_euler')
    neurons.v = v_r
    S = Synapses(inputs, neurons,
                 '''w : 1
                    alive : 1
                    da/dt = -a/tau_a : 1 (event-driven)
                    db/dt = -b/tau_a : 1 (event-driven)''',
                 on_pre=f'''g_post += w
                            delivered_post += 1
                            a += A*g_max
                            w = clip(w - b, 0, g_max)
                            {DEATHS[death]}''',
                 on_post='''b += B*A*g_max
                            w = alive*clip(w + a, 0, g_max)''')
    S.connect()
    S.w, S.alive = 'rand()*g_max', 1
    spikes = SpikeMonitor(neurons)
    network = Network(inputs, neurons, S, spikes)

    times, synapses, events = [], [], []
    for _ in range(pieces):
        neurons.delivered = 0
        network.run(duration/pieces)
        first = np.asarray(S.i) < correlated
        times.append(float(neurons.t/second))
        synapses.append((first.sum(), (~first).sum()))
        events.append(int(np.sum(neurons.delivered)))
    weight = np.full((N, M), np.nan)
    weight[S.i, S.j] = np.asarray(S.w)/g_max
    train = np.column_stack([np.rint(spikes.t/ms), spikes.i])
    return Outcome(weight, train, np.array(times), np.array(synapses), np.array(events))


def identical(pruned, silenced):
    """Say whether removal changed nothing: the same spikes, the same weights, and zero for what is gone."""
    gone = np.isnan(pruned.weight)
    return (np.array_equal(pruned.spikes, silenced.spikes) and np.array_equal(silenced.alive, pruned.alive)
            and np.array_equal(pruned.weight[~gone], silenced.weight[~gone]) and bool((silenced.weight[gone] == 0).all()))


def strong(outcome):
    """Count the synapses above half of g_max: from correlated and from other inputs."""
    above = outcome.weight > 0.5
    return int(above[:correlated].sum()), int(above[correlated:].sum())


def draw(outcomes, path='event_driven_pruning.png'):
    """Draw synapses and events over time, and the weights at the end."""
    import matplotlib.pyplot as plt
    blue, red, grey = '#4c78a8', '#d1495b', '0.55'
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'legend.frameon': False, 'figure.dpi': 200}
    with plt.rc_context(style):
        figure, (count, cost, weights) = plt.subplots(1, 3, figsize=(9, 2.7), layout='constrained')
        kept, pruned = outcomes['kept'], outcomes['pruned']
        start = np.array([[correlated*M, (N - correlated)*M]])
        for side, colour, label in ((0, red, 'correlated inputs'), (1, blue, 'other inputs')):
            count.plot(np.append(0, pruned.times), np.append(start, pruned.synapses, axis=0)[:, side], color=colour,
                       label=label)
        count.set(title='synapses left', xlabel='time (s)', ylabel='synapses', xlim=(0, None), ylim=(0, 1.15*start.max()))
        count.legend(loc='center right')

        length = pruned.times[0]
        for outcome, colour, label in ((kept, grey, 'kept'), (pruned, red, 'pruned')):
            cost.plot(outcome.times - length/2, outcome.events/length/1e3, color=colour, label=label)
        cost.set(title='cost', xlabel='time (s)', ylabel='synaptic events per second (1000)', xlim=(0, None), ylim=(0, None))
        cost.legend(loc='lower left')

        bins = np.linspace(0, 1, 41)
        for outcome, colour, label, filled in ((kept, grey, 'kept', True), (pruned, red, 'pruned', False)):
            weights.hist(outcome.weight[outcome.alive], bins, color=colour, label=f'{label}: {outcome.alive.sum()}',
                         histtype='stepfilled' if filled else 'step', linewidth=1.2, alpha=0.5 if filled else 1)
        weights.set(title='weights at the end', xlabel='weight $w/g_{max}$', ylabel='synapses', xlim=(0, 1), yscale='log')
        weights.legend(loc='upper center', title='synapses above zero', title_fontsize=8)
        figure.savefig(path)
    return path


def main():
    """Run the three networks and tell what pruning changes."""
    outcomes = {death: simulate(death) for death in DEATHS}
    kept, pruned, silenced = outcomes.values()
    seconds = pruned.times[-1]
    print(f'pruned and silenced are the same to the last bit: {identical(pruned, silenced)}')
    print(f'strong synapses, correlated and other inputs: kept {strong(kept)}, pruned {strong(pruned)}')
    print(f'synapses left: {np.count_nonzero(~np.isnan(pruned.weight))} of {N*M}, from correlated inputs '
          f'{pruned.synapses[-1, 0]}, from others {pruned.synapses[-1, 1]}')
    print(f'synaptic events, whole run: {kept.events.sum()/1e6:.1f} and {pruned.events.sum()/1e6:.1f} million; '
          f'at the end {pruned.events[-1]/kept.events[-1]:.2f} of what they were')
    print(f'rate of the neurons: kept {len(kept.spikes)/M/seconds:.1f} Hz, pruned {len(pruned.spikes)/M/seconds:.1f} Hz')
    try:
        print(f'picture in {draw(outcomes)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
