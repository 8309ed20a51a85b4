"""A neuron model of your own, trained: e-prop derives what it needs from the equations.

Published programs have the eligibility traces of two neuron models, integrate-and-fire with a threshold that adapts or does
not, written down by hand. Here is another, of two variables and not linear: a quadratic integrate-and-fire neuron with a
recovery variable, as in Izhikevich (2003, IEEE Trans. Neural Networks 14, 1569), in numbers without units. A spike takes
v to zero and recovery up. The first lines below are all there is of it; what training makes of them is printed.

The task is Yin-Yang (Kriener, Göltz & Petrovici 2022, arXiv 2102.08211): a point of the plane is told by the times of
five spikes; is it in the yin, the yang, or one of the two dots? No linear readout of those times gets more than about 64 %
right; a hidden layer of this size, trained with exact gradients, 98.7 % (Göltz et al. 2021). There is no recurrence.

    python examples/trained_from_equations.py       # change MODEL and PSEUDO_DERIVATIVE, and run it again
"""

import numpy as np
from eqsnn import *
from eqsnn.data import yin_yang
from eqsnn.training.schedules import Cosine

MODEL = '''dv/dt = (v*(v - v_c) - u)/tau : 1
           du/dt = (b*v - u)/tau_u : 1'''
PSEUDO_DERIVATIVE = '0.5*maximum(0, 1 - abs(v - 1))'       # of a spike by v, as a function of v
tau, tau_u = 5*ms, 20*ms
v_c, b, jump = 0.5, 0.5, 0.3

n_hidden, batch_size = 120, 32


def build(epochs, n_train, seed_=1):
    """The network, and what trains it."""
    start_scope()
    seed(seed_)
    defaultclock.dt = 0.5*ms
    inputs = SpikeInput(5)
    hidden = NeuronGroup(n_hidden, MODEL, threshold='v > 1', reset='v = 0; u += jump', method='euler')
    readout = NeuronGroup(3, 'dy/dt = -y/(20*ms) : 1', method='exact')
    into = Synapses(inputs, hidden, 'w : 1 (learned)', on_pre='v_post += w')
    out = Synapses(hidden, readout, 'w : 1 (learned)', on_pre='y_post += w')
    into.connect()
    out.connect()
    into.w, out.w = 'randn()', 'randn()/sqrt(n_hidden)'
    rate = Cosine(5e-3, epochs*-(-n_train//batch_size), 2.5e-4)
    return EProp(Network(inputs, hidden, readout, into, out, batch_size=batch_size, precision='float32'),
                 output=readout.y, optimiser=Adam(rate), pseudo_derivative=PSEUDO_DERIVATIVE)


def train(epochs=10, n_train=3000, seed_=1, report=None):
    """Train it; return the trainer, and its score with points it has not seen."""
    data, validation, test = (yin_yang(n, seed=(seed_, k)) for k, n in enumerate((n_train, 500, 1000)))
    trainer = build(epochs, n_train, seed_)
    trainer.fit(data, epochs, validation, report=report)
    return trainer, trainer.evaluate(test)


def draw(trainer, path='trained_from_equations.png', n=3000):
    """Draw how learning went, and what the network says of each point."""
    import matplotlib.pyplot as plt
    colours = np.array(['#4c78a8', '#f2b447', '#d1495b'])
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'legend.frameon': False, 'figure.dpi': 200}
    data = yin_yang(n, seed=99)
    early, late = 1.5e-3, 20e-3         # spikes of units 0 and 1 lie between, linearly in x and y
    when = np.zeros((n, 5))
    when[np.repeat(np.arange(n), 5), data.units] = data.times
    x, y = ((when[:, k] - early)/(late - early) for k in (0, 1))
    said = trainer.predict(data)
    with plt.rc_context(style):
        figure, (learning, told, wrong) = plt.subplots(1, 3, figsize=(8, 2.6), layout='constrained')
        accuracy = 100*np.array(trainer.history.column('validation_accuracy'))
        learning.plot(range(1, len(accuracy) + 1), accuracy, color='0.3')
        learning.axhline(64.3, color='0.7', linestyle='--', linewidth=0.8)
        learning.set(title='right in validation (%)', xlabel='epoch', ylim=(30, 100))
        told.scatter(x, y, s=2, c=colours[said])
        told.set(title='what it says', xlabel='x', ylabel='y', aspect='equal')
        miss = said != data.labels
        wrong.scatter(x, y, s=1, c='0.85')
        wrong.scatter(x[miss], y[miss], s=3, c=colours[said[miss]])
        wrong.set(title='where it is wrong', xlabel='x', aspect='equal')
        figure.savefig(path)
        plt.close(figure)
    return path


def main():
    """Derive, train, judge."""
    trainer, score = train()
    print(trainer.equations)
    for epoch in trainer.history:
        print(f'epoch {epoch.epoch:2}: loss {epoch.loss:.3f}, {100*epoch.validation_accuracy:.1f} % right in validation, '
              f'{epoch.rate:.0f} Hz')
    print(f'test: {score}')
    try:
        print(f'picture in {draw(trainer)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
