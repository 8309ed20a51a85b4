"""Sparse evolutionary training of a restricted Boltzmann machine: prune the weakest, regrow as many at random.

Mocanu, Mocanu, Stone, Nguyen, Gibescu & Liotta (2018), Scalable training of artificial neural networks with adaptive
sparse connectivity inspired by network science, Nature Communications 9, 2383. A layer is wired at random with
epsilon*(n_visible + n_hidden) synapses. After each epoch the fraction zeta of the positive weights nearest to zero goes,
the same fraction of the negative ones, and as many synapses come up at random, so that their number never changes.
Published: such a machine reconstructs better than one with fixed random wiring of the same size, and its visible units
are no longer alike: synapses gather on the pixels that carry the digits, and leave the empty margin. Both come out here.
That it also does better than a fully connected machine does not, with 3.5 % of the synapses and so few epochs.

The machine is made of stochastic neurons that spike or not. An image takes four steps: it is clamped to the visible
neurons (0), the hidden ones answer (1), the visible ones reconstruct (2), the hidden ones answer again (3). Spikes take
weights up and down through the same synapses, and contrastive divergence is what they do to a synapse between two that
spiked: w grows in the first half of the four steps, and shrinks in the second.

There is no data set to fetch: digits of a 5 x 7 font, enlarged, moved about and with some pixels flipped, lie in the
middle of an empty field, as those of MNIST do. Unlike the paper's, learning is online (one image at a time), the
reconstruction is a sample too, and there is no weight decay (theirs is 2e-7).
"""
from dataclasses import dataclass

import numpy as np
from eqsnn import *

side = 24                               # pixels along the field
n_hidden, epsilon = 100, 3              # hidden neurons; synapses: epsilon*(n_visible + n_hidden), 3.5 % of all pairs
zeta, sd = 0.3, 0.05                    # fraction rewired after each epoch; of new weights (both as in their program)
eta = 0.01                              # learning rate
step = 1*ms
phases = 4

FONT = '''
 ###    #    ###  #####    #  #####   ##  #####  ###   ###
#   #  ##   #   #    #    ##  #      #        # #   # #   #
#  ##   #       #   #    # #  ####  #        #  #   # #   #
# # #   #      #     #  #  #      # ####    #    ###   ####
##  #   #     #       # #####     # #   #  #    #   #     #
#   #   #    #    #   #    #  #   # #   #  #    #   #    #
 ###   ###  #####  ###     #   ###   ###   #     ###   ##
'''

EVOLVE = '''
for each synapse:
    place = rank(w) - count(w < 0)          # counts up from 0 among positive weights, down from -1 among negative ones
    if (w >= 0 and place < zeta*count(w >= 0)) or (w < 0 and -1 - place < zeta*count(w < 0)):
        remove synapse
        n_removed += 1
for each pair in sample(n_removed, unconnected):
    create synapse(w=sd*randn())
'''


def digits(n, rng, side=side, jitter=1, noise=0.02, margin=4):
    """Draw ``n`` digits: images (n, side*side) of 0 and 1, and labels. Pixels flip by ``noise`` inside the margin."""
    rows = [row.ljust(60) for row in FONT.strip('\n').split('\n')]
    glyphs = np.array([[[c == '#' for c in row[6*d:6*d + 5]] for row in rows] for d in range(10)])
    glyphs = np.kron(glyphs, np.ones((1, 2, 2), bool))
    height, width = glyphs.shape[1:]
    labels = rng.integers(10, size=n)
    images = np.zeros((n, side, side), bool)
    for image, label in zip(images, labels, strict=True):
        y, x = np.array([side - height, side - width])//2 + rng.integers(-jitter, jitter + 1, 2)
        image[y:y + height, x:x + width] = glyphs[label]
    inside = np.zeros((side, side), bool)
    inside[margin:side - margin, margin:side - margin] = True
    images ^= (rng.random(images.shape) < noise) & inside
    return images.reshape(n, -1).astype(float), labels


@dataclass
class Machine:
    """A Boltzmann machine and what it is to learn."""

    network: Network
    visible: NeuronGroup
    hidden: NeuronGroup
    synapses: Synapses
    rule: StructuralPlasticity | None
    epoch: Quantity

    def error(self, images):
        """Mean squared error of the reconstruction, from the probabilities of the neurons."""
        W = np.zeros((len(self.visible), len(self.hidden)))
        W[self.synapses.i, self.synapses.j] = self.synapses.w
        answer = 1/(1 + np.exp(-(images@W + self.hidden.bias)))
        again = 1/(1 + np.exp(-(answer@W.T + self.visible.bias)))
        return float(np.mean((images - again)**2))


def machine(images, epochs, wiring='evolving', seed_=1):
    """Build a machine that will see ``images`` (n, pixels) in another order in each epoch.

    ``wiring`` is ``'evolving'``, ``'fixed'`` (the same random graph, which stays) or ``'full'``.
    """
    start_scope()
    seed(seed_)
    defaultclock.dt = step
    rng = np.random.default_rng(seed_)
    n, n_visible = images.shape
    order = np.concatenate([rng.permutation(n) for _ in range(epochs)])
    epoch = n*phases*step

    neuron = '''phase = t_in_timesteps % 4 : integer
                drive : 1
                bias : 1'''
    visible = NeuronGroup(n_visible, neuron + '''
                p = where(phase == 0, image(t, i), 1/(1 + exp(-(drive + bias)))) : 1
                on : 1''',
                threshold='phase % 2 == 0 and rand() < p', reset='''on = 1
                                                                     bias += eta*(1 - phase)''',
                namespace=dict(image=TimedArray(images[order], dt=phases*step)))
    hidden = NeuronGroup(n_hidden, neuron + '''
                p = 1/(1 + exp(-(drive + bias))) : 1''',
                threshold='phase % 2 == 1 and rand() < p', reset='bias += eta*(2 - phase)')
    # What came from below is used in the odd steps and forgotten in the even ones; what came from above, the reverse.
    visible.run_regularly('''on = on*int(phase % 2 == 1)
                             drive = drive*int(phase % 2 == 0)''', dt=step)
    hidden.run_regularly('drive = drive*int(phase % 2 == 1)', dt=step)
    mean = np.clip(images.mean(axis=0), 0.01, 0.99)
    visible.bias = np.log(mean/(1 - mean))

    S = Synapses(visible, hidden, 'w : 1',
                 on_pre='drive_post += w',
                 on_post='''drive_pre += w
                            w += eta*(2 - phase_post)*on_pre''')
    if wiring == 'full':
        S.connect()
    else:
        pairs = rng.choice(n_visible*n_hidden, epsilon*(n_visible + n_hidden), replace=False)
        S.connect(i=pairs//n_hidden, j=pairs % n_hidden)
    S.w = 'sd*randn()'
    rule = StructuralPlasticity(S, EVOLVE, dt=epoch, when='start') if wiring == 'evolving' else None
    return Machine(Network(visible, hidden, S), visible, hidden, S, rule, epoch)


def train(images, test_images, epochs=40, wiring='evolving', seed_=1):
    """Train a machine. Return it, and its error on other images before the first and after each epoch."""
    found = machine(images, epochs, wiring, seed_)
    errors = [found.error(test_images)]
    for _ in range(epochs):
        found.network.run(found.epoch)
        errors.append(found.error(test_images))
    return found, np.array(errors)


def degrees(found):
    """Number of synapses of each visible neuron."""
    return np.asarray(found.synapses.N_outgoing_pre)


def draw(images, results, path='sparse_evolution.png'):
    """Draw some digits, where the synapses end up, and the errors."""
    import matplotlib.pyplot as plt
    colours = {'full': '0.6', 'fixed': '#4c78a8', 'evolving': '#d1495b'}
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'legend.frameon': False, 'figure.dpi': 200}
    with plt.rc_context(style):
        figure, axes = plt.subplots(1, 4, figsize=(10, 2.6), layout='constrained', width_ratios=(1, 1.15, 1.2, 1.4))
        shown, where, histogram, curves = axes
        tiles = images[:9].reshape(3, 3, side, side).transpose(0, 2, 1, 3).reshape(3*side, 3*side)
        shown.imshow(tiles, cmap='gray_r')
        shown.set(title='images', xticks=[], yticks=[])
        shown.spines[:].set_visible(False)
        image = where.imshow(degrees(results['evolving'][0]).reshape(side, side), cmap='magma_r', vmin=0)
        where.set(title='synapses per pixel, evolved', xticks=[], yticks=[])
        where.spines[:].set_visible(False)
        figure.colorbar(image, ax=where, shrink=0.85)
        bins = np.arange(-0.5, degrees(results['evolving'][0]).max() + 1)
        for wiring in ('fixed', 'evolving'):
            histogram.hist(degrees(results[wiring][0]), bins, color=colours[wiring], alpha=0.6, label=wiring)
        histogram.set(title='degrees', xlabel='synapses of a pixel', ylabel='pixels')
        histogram.legend()
        for wiring, (found, errors) in results.items():
            curves.plot(errors, color=colours[wiring], label=f'{wiring}: {len(found.synapses)} synapses')
        curves.set(title='reconstruction', xlabel='epoch', ylabel='mean squared error', ylim=(0, 0.095), xlim=(0, None))
        curves.legend(loc='upper right')
        figure.savefig(path)
    return path


def main():
    """Train the three machines and compare them."""
    rng = np.random.default_rng(0)
    images, test_images = digits(500, rng)[0], digits(300, rng)[0]
    used = images.mean(axis=0) > 0.05               # more than flips
    results = {wiring: train(images, test_images, wiring=wiring) for wiring in ('full', 'fixed', 'evolving')}
    print(f'{used.sum()} of {used.size} pixels carry the digits')
    for wiring, (found, errors) in results.items():
        degree = degrees(found)
        print(f'{wiring:>8}: {len(found.synapses)} synapses, {degree[used].mean():.2f} for a pixel that carries them and '
              f'{degree[~used].mean():.2f} for another; error {errors[0]:.4f} -> {errors[-1]:.4f}')
    rule = results['evolving'][0].rule
    print(f'{rule.removed} synapses removed, {rule.created} created')
    try:
        print(f'picture in {draw(images, results)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
