"""A classifier that is sparse from its first to its last batch, and rewires as it learns: e-prop with DEEP R.

Bellec, Kappel, Maass & Legenstein (2018), Deep rewiring: training very sparse deep networks, ICLR. Bellec et al. (2020),
A solution to the learning dilemma for recurrent networks of spiking neurons, Nature Communications 11, 3625. Together on
networks of spiking neurons: Knight, Senk & Nowotny (2025), arXiv 2510.19764.

Handwritten digits of 8 x 8 pixels (those that come with scikit-learn) are shown as one spike a pixel, the brighter the
earlier, to recurrent neurons, whose spikes ten leaky integrators add up: the largest sum tells the digit. Input and
recurrent connections are 100, 5 or 1 % of all pairs, the readout is full. Sparse connections are where chance has
put them (static), or DEEP R moves them: whenever a weight comes to zero its synapse goes, and another is created at
random. The sign of each pair is fixed, and an L1 term pulls at all weights. Published for three larger data sets: DEEP R
at 5 % is as good as dense or better, and above static wiring most where connections are fewest.

    python examples/sparse_digits.py            # the five networks once, and a figure
    python benchmarks/sparse_digits.py --epochs 20 --keep digits.jsonl      # five seeds, tests of significance
"""

from dataclasses import dataclass

import numpy as np
from eqsnn import *
from eqsnn.data import digits, split
from eqsnn.training.records import History, Score
from eqsnn.training.rewiring import deep_r, fixed_signs
from eqsnn.training.schedules import Cosine

n_hidden = 256
tau_m, v_th = 20*ms, 0.6
duration = 50*ms
batch_size = 32
l1 = 0.01                               # pull at the weights that DEEP R moves


@dataclass(frozen=True)
class Case:
    """A share of all connections, whether DEEP R moves them, and a learning rate, at first."""

    connectivity: float
    rewires: bool
    rate: float


CASES = {'dense': Case(1, False, 5e-3), 'static 5 %': Case(0.05, False, 1e-2), 'DEEP R 5 %': Case(0.05, True, 1e-2),
         'static 1 %': Case(0.01, False, 2e-2), 'DEEP R 1 %': Case(0.01, True, 2e-2)}


@dataclass
class Study:
    """What came of one network: its projections, and how often each pixel had a synapse at the start."""

    trainer: EProp
    inputs: Synapses
    recurrent: Synapses
    before: np.ndarray
    history: History | None = None
    score: Score | None = None


def parts(seed_):
    """Examples to learn from, to choose settings by, and to judge by."""
    return split(digits('latency', duration=duration), (0.7, 0.1, 0.2), by='label', seed=seed_)


def network(case, seed_, batches):
    """A network of a case and what trains it, for so many batches, in which the rate falls along half a cosine."""
    start_scope()
    seed(seed_)
    pixels = SpikeInput(64)
    hidden = NeuronGroup(n_hidden, 'dv/dt = -v/tau_m : 1', threshold='v > v_th', reset='v -= v_th', refractory=5*ms,
                         method='exact')
    readout = NeuronGroup(10, 'dy/dt = -y/tau_m : 1', method='exact')
    W = Synapses(pixels, hidden, 'w : 1 (learned)' + fixed_signs(key=1), on_pre='v_post += w')
    R = Synapses(hidden, hidden, 'w : 1 (learned)' + fixed_signs(key=2), on_pre='v_post += w')
    out = Synapses(hidden, readout, 'w : 1 (learned)', on_pre='y_post += w')
    rng = np.random.default_rng(seed_)
    for S in (W, R):
        n_pre = len(S.source_group)
        n = n_pre*n_hidden
        chosen = rng.choice(n, round(case.connectivity*n), replace=False)
        S.connect(i=chosen//n_hidden, j=chosen % n_hidden)
        S.w = 'sgn*abs(randn())'
        S.w /= sqrt(case.connectivity*n_pre)
        if case.rewires:
            StructuralPlasticity(S, deep_r(), when='after_batch')
    out.connect()
    out.w = 'randn()/sqrt(n_hidden)'
    trainer = EProp(
        Network(pixels, hidden, readout, W, R, out, batch_size=batch_size, precision='float32'), output=readout.y,
        optimiser=Adam(Cosine(case.rate, batches, case.rate/20)), l1={W: l1, R: l1} if case.rewires else 0,
        pseudo_derivative='0.3/v_th*maximum(0, 1 - abs(v - v_th)/v_th)',
        rate_regularisation=(1e-2, 20*Hz), rate_window=duration,
    )
    return Study(trainer, W, R, np.bincount(W.i, minlength=64))


def study(name, seed_=1, epochs=20, report=None):
    """Train and judge one of the ``CASES``."""
    train, valid, test = parts(seed_)
    found = network(CASES[name], seed_, epochs*-(-len(train)//batch_size))
    found.history = found.trainer.fit(train, epochs, valid, report=report)
    found.score = found.trainer.evaluate(test)
    return found


def draw(results, path='sparse_digits.png'):
    """Draw what validation said, where the synapses of the pixels are, and how many moved."""
    import matplotlib.pyplot as plt
    colours = {'dense': '0.4', 'static 5 %': '#a0b8d8', 'DEEP R 5 %': '#4c78a8', 'static 1 %': '#e8a5b0',
               'DEEP R 1 %': '#d1495b'}
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'legend.frameon': False, 'figure.dpi': 200}
    moved = next(found for found in results.values() if found.trainer.plan.rules)
    degrees = [moved.before, np.bincount(moved.inputs.i, minlength=64)]
    with plt.rc_context(style):
        figure, axes = plt.subplots(1, 4, figsize=(10, 2.6), layout='constrained', width_ratios=(1.6, 1, 1, 1.4))
        curves, *maps, rewired = axes
        for name, found in results.items():
            colour, epochs = colours[name], found.history.column('epoch')
            curves.plot(epochs, 100*np.array(found.history.column('validation_accuracy')), color=colour, label=name)
            if found.trainer.plan.rules:
                share = np.array(found.history.column('rewired'))/(len(found.inputs) + len(found.recurrent))
                rewired.plot(epochs, 100*share/found.history[-1].batches, color=colour, label=name)
        curves.set(title='right in validation (%)', xlabel='epoch', ylim=(40, 100))
        curves.legend(loc='lower right')
        for axis, degree, title in zip(maps, degrees, ('synapses of a pixel, at first', 'and when rewired'), strict=True):
            image = axis.imshow(degree.reshape(8, 8), cmap='magma_r', vmin=0, vmax=max(map(max, degrees)))
            axis.set(title=title, xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        figure.colorbar(image, ax=maps, shrink=0.85)
        rewired.set(title='replaced in a batch (%)', xlabel='epoch', yscale='log')
        rewired.legend()
        figure.savefig(path)
        plt.close(figure)
    return path


def main(epochs=10):
    """Train the five networks and compare them."""
    results = {}
    for name in CASES:
        found = results[name] = study(name, epochs=epochs)
        print(f'{name:>11}: {len(found.inputs) + len(found.recurrent):5} synapses, {100*found.score.accuracy:.1f} % of '
              f'test digits right, {sum(found.history.column("rewired"))} synapses replaced, '
              f'{sum(found.history.column("seconds")):.0f} s')
    try:
        print(f'picture in {draw(results)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
