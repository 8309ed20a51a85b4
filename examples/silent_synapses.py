"""Silent synapses that listen: Hebbian structural plasticity by swaps, in a network of hypercolumns.

Ravichandran, Lansner & Herman (2024), Spiking representation learning for associative memories, Frontiers in Neuroscience
18, 1439414; the same mechanism without spikes in their Unsupervised representation learning with Hebbian synaptic and
structural plasticity in brain-like feedforward neural networks (2025), Neurocomputing 626, 129440. Settings that are not
in the papers' texts are those of the programs that the authors publish beside them (nbrav/BCPNNSim-ReprLearn).

Neurons stand in hypercolumns, in each of which they compete by softmax and fire as Poisson processes. Every spike leaves
a trace z; slow averages of traces and of their products are the probabilities p_i, p_j and p_ij, and the weight of a
synapse is log(p_ij/(p_i p_j)), which makes the network a Bayesian one (BCPNN). A pair of hypercolumns is connected or
*silent*: silent synapses keep their p_ij, and transmit nothing. Now and then, a hypercolumn exchanges its worst connections
for its best silent ones, as long as these are better by a tenth, where the score of a pair is its mutual information over
one plus the number of hypercolumns that the source already reaches. Published: receptive fields that begin as random
scatter become patches on what is informative, and what the connections know about their targets rises.

How the rule says it: a greedy exchange of the worst for the best, with a threshold, is the same as keeping those that rank
highest when the score of the active ones is raised by that threshold. So it is one line with `rank`.

What the language does not reach, and what stands in for it:

- Aggregates and `per=` go by neurons, not by groups of neurons, but a score belongs to two *hypercolumns*. Each hidden
  hypercolumn has a projection of its own, which makes a sum over its neurons one over the synapses of a source; and an
  input hypercolumn has just two neurons (pixel on, pixel off), each of which reads the other's sum by a link.
- The rules of these projections run in turn and share the fan-out in the source, so that each sees the exchanges of those
  before it, as in the authors' program.
- `active` is a variable. Silent synapses must exist to keep their statistics (they do in the authors' program, too), and
  a pool of them that is smaller than all pairs cannot be said: `sample` draws partners for a neuron, not for a hypercolumn.
- The first connections are drawn with NumPy, for the same reason.

Images are synthetic: a field with two objects side by side, each in one of five random shapes, independently, and above
and below them pixels that flicker at random. Connections know nothing of this when they begin. Exchanges become fewer and
do not end: three hypercolumns share an object, and what one takes lowers its worth for the others.
"""
from dataclasses import dataclass

import numpy as np
from eqsnn import *

side, size, shapes = 14, 7, 5               # pixels along the field and along an object; shapes of an object
corners = ((3, 0), (3, 7))                  # where the objects are
noise = 0.05                                # of the pixels of an object are wrong
P = side*side                               # input hypercolumns, with two neurons each
H, M, connections = 6, 8, 30                # hidden hypercolumns, their neurons, and their connections (15 % of P)
present = 50*ms                             # an image
every = 200*present                         # exchanges (200 images, as in their program)
threshold = 1.1                             # by which a silent connection must be better (theirs)
f_max, tau_z, tau_p = 200*Hz, 20*ms, 10*second
gain = 2                                    # of evidence against the prior; theirs is 1, with larger images
eps = 1e-4                                  # smallest probability
kick = 1/(f_max*tau_z)                      # of a spike to a trace, so that the trace of a neuron at f_max is 1 on average

NEURON = '''dz/dt = -z/tau_z : 1
            dp/dt = (z - p)/tau_p : 1
            '''
SYNAPSE = '''active : 1
             score : 1
             de/dt = -2*e/tau_z : 1 (event-driven)      # z_pre*z_post
             dp/dt = (e - p)/tau_p : 1 (event-driven)
             w = log(maximum(p, eps**2)/(maximum(p_pre, eps)*maximum(p_post, eps))) : 1
             worth = (information_pre + partner_pre)/(1 + fanout_pre) : 1'''
EXCHANGE = '''
for each pre: information_pre = 0
for each synapse: information_pre += maximum(p, eps**2)*w
for each synapse:
    score = worth
    if t > 0*second:                        # by then there are statistics
        chosen = int(rank(worth*(1 + (threshold - 1)*active)) >= count() - 2*M*connections)
        fanout_pre += int(j == 0)*(chosen - active)
        active = chosen
'''


def images(n, seed_=0):
    """Draw ``n`` images (n, P) of 0 and 1, and the shapes (n, 2) of their objects."""
    rng = np.random.default_rng(seed_)
    patterns = rng.random((len(corners), shapes, size, size)) < 0.5
    shown = rng.integers(shapes, size=(n, len(corners)))
    fields = rng.random((n, side, side)) < 0.5
    for k, (y, x) in enumerate(corners):
        fields[:, y:y + size, x:x + size] = patterns[k, shown[:, k]] ^ (rng.random((n, size, size)) < noise)
    return fields.reshape(n, P), shown


def regions():
    """Label the pixels: 0 and 1 for those of the objects, -1 elsewhere, (P,)."""
    found = np.full((side, side), -1)
    for k, (y, x) in enumerate(corners):
        found[y:y + size, x:x + size] = k
    return found.ravel()


@dataclass
class Hypercolumns:
    """The network, with one projection to each hidden hypercolumn."""

    network: Network
    hidden: NeuronGroup
    projections: list
    spikes: SpikeMonitor

    def connected(self):
        """Where each hidden hypercolumn is connected, (H, P)."""
        return np.array([np.asarray(S.active).reshape(2, P, M)[0, :, 0] > 0 for S in self.projections])

    def scores(self):
        """Scores at the last exchange, (H, P)."""
        return np.array([np.asarray(S.score).reshape(2, P, M)[0, :, 0] for S in self.projections])


def build(fields, rewiring=True, seed_=1):
    """Build the network that will see ``fields`` one after the other; without ``rewiring``, connections stay."""
    start_scope()
    seed(seed_)
    defaultclock.dt = 1*ms
    rng = np.random.default_rng(seed_)
    inputs = NeuronGroup(2*P, NEURON + '''information : 1
                                          partner : 1 (linked)
                                          fanout : 1''',
                         threshold='rand() < f_max*image(t, i)*dt', reset='z += kick',
                         namespace=dict(image=TimedArray(np.hstack([fields, ~fields]).astype(float), dt=present)))
    inputs.partner = linked_var(inputs, 'information', index=np.roll(np.arange(2*P), P))
    hidden = NeuronGroup(H*M, NEURON + '''dg/dt = -g/tau_z : 1
                                          total : 1 (linked)
                                          support = gain*g + log(maximum(p, eps)) : 1
                                          softmax = exp(support)/total : 1''',
                         threshold='rand() < f_max*softmax*dt', reset='z += kick')
    column = np.arange(H*M)//M
    columns = NeuronGroup(H, 'total : 1')
    compete = Synapses(hidden, columns, 'total_post = exp(support_pre) : 1 (summed)')
    compete.connect(i=np.arange(H*M), j=column)
    hidden.total = linked_var(columns, 'total', index=column)
    inputs.p, hidden.p, columns.total = 1/2, 1/M, 1

    projections, fanout = [], np.zeros(P)
    for h in range(H):
        S = Synapses(inputs, hidden[h*M:(h + 1)*M], SYNAPSE, on_pre='''g_post += active*kick*w
                                                                       e += kick*z_post''', on_post='e += kick*z_pre')
        S.connect()
        S.post.when = 'after_resets'        # z_pre then has the spike of the same step, and e gets all of the product
        first = rng.permutation(P) < connections
        fanout += first
        S.active = np.tile(first, 2)[S.i]
        joint = rng.gamma(20, size=(2, P, M))               # near independence, and unlike: symmetry must break
        S.p = (joint/joint.sum(axis=(0, 2), keepdims=True)).ravel()
        if rewiring:
            StructuralPlasticity(S, EXCHANGE, dt=every, when='start')
        projections.append(S)
    inputs.fanout = np.tile(fanout, 2)
    spikes = SpikeMonitor(hidden)
    return Hypercolumns(Network(inputs, hidden, columns, compete, spikes, *projections), hidden, projections, spikes)


def train(n=3000, rewiring=True, seed_=1):
    """Show ``n`` images. Return the network, its fields (times, H, P) and their scores, and what it knows, (H, 2) in bits.

    The first field is the initial one, each of the others that after an exchange.
    """
    fields, shown = images(n, seed_)
    found = build(fields, rewiring, seed_)
    wiring, scores = [found.connected()], []
    found.network.run(every)
    for _ in range(int(n*present/every) - 1):
        found.network.run(every)                            # exchanges come at the beginning
        wiring.append(found.connected())
        scores.append(np.sum(found.scores()*wiring[-1], axis=1).mean())
    return found, np.array(wiring), np.array(scores), knowledge(found, shown)


def knowledge(found, shown, last=0.25):
    """Mutual information of the winner of each hypercolumn and the shape of each object, (H, 2), bits; last images."""
    n = len(shown)
    counts = np.zeros((n, H*M))
    np.add.at(counts, (np.rint(found.spikes.t/ms).astype(int)//int(present/ms), found.spikes.i), 1)
    late = slice(int(n*(1 - last)), n)
    winners = counts.reshape(n, H, M).argmax(axis=2)[late]
    return np.array([[mutual_information(winners[:, h], shown[late, k]) for k in range(len(corners))] for h in range(H)])


def mutual_information(one, two):
    """Mutual information of two sequences of small integers, bits."""
    joint = np.zeros((M, shapes))
    np.add.at(joint, (one, two), 1/len(one))
    independent = joint.sum(axis=1, keepdims=True)*joint.sum(axis=0, keepdims=True)
    there = joint > 0
    return float(np.sum(joint[there]*np.log2(joint[there]/independent[there])))


def patchiness(connected):
    """Share of connections on objects, and share of those that lie on the hypercolumn's favourite object."""
    on = np.array([(connected & (regions() == k)).sum(axis=-1) for k in range(len(corners))])
    return on.sum()/connected.sum(), on.max(axis=0).sum()/on.sum()


def draw(wiring, scores, fixed, moving, path='silent_synapses.png'):
    """Draw the fields at three times, and how exchanges, scores and knowledge go."""
    import matplotlib.pyplot as plt
    red, blue = '#d1495b', '#4c78a8'
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'legend.frameon': False, 'figure.dpi': 200}
    seconds = float(every/second)*np.arange(len(wiring))
    with plt.rc_context(style):
        figure = plt.figure(figsize=(10, 4.2), layout='constrained')
        left, right = figure.subfigures(1, 2, width_ratios=(1.15, 1))
        rows = {'images': images(H)[0]} | {f'{seconds[k]:.0f} s': wiring[k] for k in (0, 2, len(wiring) - 1)}
        for axes, (label, fields) in zip(left.subplots(len(rows), H), rows.items(), strict=True):
            for axis, field in zip(axes, fields, strict=True):
                axis.imshow(field.reshape(side, side), cmap='gray_r', vmin=0, vmax=2 if label == 'images' else 1.2)
                for y, x in corners:
                    axis.add_patch(plt.Rectangle((x - 0.5, y - 0.5), size, size, fill=False, edgecolor=red, linewidth=0.8))
                axis.set(xticks=[], yticks=[])
            axes[0].set_ylabel(label)
        left.suptitle('images, and connections of the hypercolumns; objects are framed', fontsize=9)

        (exchanges, score), (patches, known) = right.subplots(2, 2)
        exchanges.plot(seconds[1:], np.sum(wiring[1:] & ~wiring[:-1], axis=2).mean(axis=1), '.-', color=red)
        exchanges.set(title='exchanges of a hypercolumn', ylim=(0, None))
        score.plot(seconds[1:], scores, '.-', color=red)
        score.set(title='score of its connections', ylim=(0, None))
        share = np.array([patchiness(connected) for connected in wiring])
        patches.plot(seconds, share[:, 0], '.-', color=red, label='on objects')
        patches.plot(seconds, share[:, 1], '.-', color=blue, label='of these, on one')
        patches.set(title='share of connections', xlabel='time (s)', ylim=(0, 1.05))
        patches.legend(loc='lower right')
        for k, (values, colour, label) in enumerate(((fixed, '0.55', 'fixed'), (moving, red, 'rewiring'))):
            known.bar(np.arange(H) + 0.4*k, np.sort(values.max(axis=1)), width=0.4, color=colour, label=label)
        known.set(title='bits known of an object', xlabel='hypercolumn (sorted)', xticks=[], ylim=(0, 1.5*np.max(moving)))
        known.legend(loc='upper left', ncols=2)
        for axis in (exchanges, score, patches, known):
            axis.spines[['top', 'right']].set_visible(False)
        figure.savefig(path)
    return path


def main():
    """Train with and without rewiring, and compare."""
    _, _, _, fixed = train(rewiring=False)
    _, wiring, scores, moving = train()
    for when, connected in (('at first', wiring[0]), ('at the end', wiring[-1])):
        on, favourite = patchiness(connected)
        print(f'connections on objects {when}: {on:.2f} (by chance {np.mean(regions() >= 0):.2f}); '
              f'of these on the favourite one: {favourite:.2f}')
    flips = np.sum(wiring[1:] & ~wiring[:-1], axis=2).mean(axis=1)
    print(f'exchanges of a hypercolumn: {flips[0]:.1f}, at the end {flips[-1]:.1f}; score {scores[0]:.3f} -> {scores[-1]:.3f}')
    print(f'bits that a hypercolumn knows of its object (of {np.log2(shapes):.2f}): fixed {fixed.max(axis=1).mean():.2f}, '
          f'rewiring {moving.max(axis=1).mean():.2f}')
    try:
        print(f'picture in {draw(wiring, scores, fixed, moving)}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
