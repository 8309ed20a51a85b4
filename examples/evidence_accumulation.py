"""On which side were more? Neurons that adapt keep count for longer than their membranes remember: e-prop trains them.

Bellec, Scherr, Subramoney, Hajek, Salaj, Legenstein & Maass (2020), A solution to the learning dilemma for recurrent
networks of spiking neurons, Nature Communications 11, 3625, figure 3. A mouse runs past cues on its left and right, and
after a delay has to turn to the side that had more of them. Membranes forget within tens of milliseconds. A neuron whose
threshold goes up with each of its spikes remembers for as long as the threshold takes to come back, and e-prop needs no
more than the spikes themselves to see what it remembers: the trace of the adaptation lasts as long as it does.

Published: neurons that adapt (ALIF) learn it with e-prop, neurons that do not (LIF) do not. Both come out here; the two
networks differ in one equation. Times are shorter than the published ones, in proportion, so that it takes seconds;
``train(model, PUBLISHED, n=100, beta=0.1, epochs=20)`` has those, 2.25 s a trial.
"""

from dataclasses import dataclass

import numpy as np
from eqsnn import *
from eqsnn.data import evidence_accuracy
from eqsnn.data import evidence_accumulation as trials

tau_m, v_th = 20*ms, 0.6
SHORT = dict(cues=5, cue=20*ms, gap=10*ms, delay=250*ms, recall=50*ms, rate=200*Hz)
PUBLISHED = dict(cues=7, cue=100*ms, gap=50*ms, delay=1050*ms, recall=150*ms, rate=40*Hz)
MODELS = {
    'ALIF': ('dv/dt = -v/tau_m : 1\nda/dt = -a/tau_a : 1', 'v > v_th + beta*a', 'v -= v_th; a += 1',
             '0.3/v_th*maximum(0, 1 - abs(v - v_th - beta*a)/v_th)'),
    'LIF': ('dv/dt = -v/tau_m : 1', 'v > v_th', 'v -= v_th', '0.3/v_th*maximum(0, 1 - abs(v - v_th)/v_th)'),
}


@dataclass
class Trained:
    """A network that has learned, its trainer, and what is to be seen in a trial of it."""

    trainer: EProp
    history: object
    score: object
    hidden: NeuronGroup


def network(model, n, task, length, beta):
    """A network of ``n`` neurons of a model, all connected to all, and what trains it.

    A spike adds ``beta`` to a threshold that adapts, and that comes back in about the ``length`` of a trial.
    """
    equations, threshold, reset, pseudo_derivative = MODELS[model]
    inputs = SpikeInput(40)             # ten units each: left, right, recall, background
    hidden = NeuronGroup(n, equations, threshold=threshold, reset=reset, refractory=3*ms, method='exact',
                         namespace=dict(beta=beta, tau_a=0.9*length) if model == 'ALIF' else None)
    readout = NeuronGroup(2, 'dy/dt = -y/tau_m : 1', method='exact')
    learned = []
    for source, target, variable in ((inputs, hidden, 'v'), (hidden, hidden, 'v'), (hidden, readout, 'y')):
        S = Synapses(source, target, 'w : 1 (learned)', on_pre=f'{variable}_post += w')
        S.connect('i != j' if source is target else True)
        S.w = 'randn()/sqrt(N_pre)'
        learned.append(S)
    trainer = EProp(
        Network(inputs, hidden, readout, *learned, batch_size=32, precision='float32'), output=readout.y,
        loss=CrossEntropy(window=(length - task['recall'], length)), optimiser=Adam(5e-3),
        pseudo_derivative=pseudo_derivative, rate_regularisation=(1e-2, 10*Hz), rate_window=length,
    )
    return trainer, hidden


def train(model, task=SHORT, n=60, beta=0.3, examples=600, epochs=8, seed_=1, report=None):
    """Train a network of a model, and judge it by other trials."""
    start_scope()
    seed(seed_)
    defaultclock.dt = 1*ms
    data, validation, test = (trials(k, seed=(seed_, number), **task)
                              for number, k in enumerate((examples, 200, 500)))
    length = data.duration*second
    trainer, hidden = network(model, n, task, length, beta)
    history = trainer.fit(data, epochs, validation, report=report)
    return Trained(trainer, history, trainer.evaluate(test), hidden)


def cues_on_the_right(data, task=SHORT):
    """How many of the cues of each trial were on the right, as its spikes tell."""
    period, gap = ((task['cue'] + task['gap'])/second, task['gap']/second)
    counts = np.zeros((len(data), task['cues'], 2))
    trial = np.repeat(np.arange(len(data)), np.diff(data.offsets))
    for k in range(task['cues']):
        during = (data.times >= gap + k*period) & (data.times < (k + 1)*period) & (data.units < 20)
        np.add.at(counts, (trial[during], k, data.units[during]//10), 1)
    return (counts[:, :, 1] > counts[:, :, 0]).sum(axis=1)


def choices(trained, task=SHORT, n=500):
    """The share of trials in which a network says right, by the number of cues that were on the right."""
    data = trials(n, seed=99, **task)
    right, said = cues_on_the_right(data, task), trained.trainer.predict(data)
    return np.array([said[right == k].mean() for k in range(task['cues'] + 1)])


def draw(results, path='evidence_accumulation.png'):
    """Draw a trial, how learning went, and what the networks chose."""
    import matplotlib.pyplot as plt

    from eqsnn.plot import raster
    colours = {'ALIF': '#d1495b', 'LIF': '0.55'}
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'legend.frameon': False, 'figure.dpi': 200}
    with plt.rc_context(style):
        figure, (trial, learning, choosing) = plt.subplots(1, 3, figsize=(9, 2.6), layout='constrained')
        raster(trials(1, seed=3, **SHORT), 0, ax=trial)
        trial.set(title='a trial', yticks=[5, 15, 25, 35], yticklabels=['left', 'right', 'now!', 'noise'], ylabel='')
        for name, found in results.items():
            accuracy = found.history.column('validation_accuracy')
            learning.plot(range(1, len(accuracy) + 1), 100*np.array(accuracy), color=colours[name], label=name)
            choosing.plot(choices(found), '.-', color=colours[name])
        learning.axhline(100*evidence_accuracy(SHORT['cues'], seen=1), color='0.8', linestyle='--', linewidth=0.8)
        learning.set(title='right in validation (%)', xlabel='epoch', ylim=(40, 100))
        learning.legend(loc='center right')
        choosing.set(title='share of answers "right"', xlabel=f'cues on the right, of {SHORT["cues"]}', ylim=(0, 1))
        figure.savefig(path)
        plt.close(figure)
    return path


def main():
    """Train both networks and compare them."""
    print(f'who saw one cue would be right in {100*evidence_accuracy(SHORT["cues"], seen=1):.0f} %, who guesses, in 50 %')
    results = {}
    for name in MODELS:
        found = results[name] = train(name)
        print(f'{name:>4}: {100*found.score.accuracy:.1f} % of test trials right, '
              f'{found.history[-1].rate:.0f} Hz, {sum(found.history.column("seconds")):.0f} s')
    print('\nwhat e-prop makes of the neurons that adapt:')
    print(results['ALIF'].trainer.equations)
    try:
        print(f'picture in {draw(results)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
