"""Magnitude pruning by a schedule: the smallest weights go while the others go on learning.

Zhu & Gupta (2017), To prune, or not to prune: exploring the efficacy of pruning for model compression, arXiv:1710.01878.
The sparsity of a layer rises from 0 to s_final as s_final*(1 - (1 - (t - begin)/span)**3), and every so often the smallest
weights go that are too many. Han, Pool, Tran & Dally (2015), Learning both weights and connections for efficient neural
networks, NIPS 28, had shown what it takes: AlexNet is as good with a ninth of its weights, where the smallest have gone and
the others were trained on.

Ten neurons learn to name the digits of `sparse_evolution.py`, each by the delta rule. A pixel that is on spikes once for
an image. Its spikes do two things: at once they add w to the drive of the ten, and one step later, when these know their
errors, the same spikes arrive a second time and change w. Compared are two ways to choose (`smallest`, `random`) at two
times: `during` learning, by the schedule, or all at once `after` it.
"""
import numpy as np
from eqsnn import *
from sparse_evolution import digits

side = 20
n_classes = 10
eta = 0.02                                          # learning rate
step = 1*ms
length = 2*step                                     # of an image
n_images, epochs = 1000, 20
begin, span = 4*n_images*length, 8*n_images*length  # pruning: from the 4th to the 12th epoch ...
every = 250*length                                  # ... four times an epoch

LAYER = '''w : 1
           s_final : 1 (shared)
           sparsity = s_final*(1 - clip(1 - (t - begin)/span, 0, 1)**3) : 1 (shared)
           kept = floor((1 - sparsity)*N_pre*N_post + 0.5) : 1 (shared)
           excess = clip(1 - kept/N, 0, 1) : 1 (shared)                # share of the synapses that are too many'''

RULES = {
    'smallest': 'for each synapse: remove synapse if abs(w) < quantile(abs(w), excess)',
    'random': 'for each synapse: remove synapse limit count() - kept',
}


class Classifier:
    """Ten neurons on an image, their synapses, and a rule that prunes them by the schedule while they learn."""

    def __init__(self, images, labels, how='smallest', seed_=1):
        start_scope()
        seed(seed_)
        defaultclock.dt = step
        rng = np.random.default_rng(seed_)
        order = np.concatenate([rng.permutation(len(images)) for _ in range(epochs)])
        image = TimedArray(images[order], dt=length)
        target = TimedArray(np.eye(n_classes)[labels[order]], dt=length)
        given = dict(image=image, target=target)
        self.pixels = NeuronGroup(images.shape[1], '', threshold='t_in_timesteps % 2 == 0 and image(t, i) > 0.5',
                                  namespace=given)
        self.neurons = NeuronGroup(n_classes, '''drive : 1
                                                 bias : 1
                                                 error = target(t, i) - 1/(1 + exp(-(drive + bias))) : 1''',
                                   namespace=given)
        self.neurons.run_regularly('''bias += eta*error*int(t_in_timesteps % 2 == 1)
                                      drive = drive*int(t_in_timesteps % 2 == 0)''', dt=step, when='end')
        self.synapses = Synapses(self.pixels, self.neurons, LAYER, delay={'learn': step},
                                 on_pre={'answer': 'drive_post += w', 'learn': 'w += eta*error_post'})
        self.synapses.connect()
        self.rule = StructuralPlasticity(self.synapses, RULES[how], dt=every)
        self.network = Network(self.pixels, self.neurons, self.synapses)

    def learn(self, n):
        """See the next ``n`` images."""
        self.network.run(n*length)

    def prune(self, sparsity):
        """Prune at once, as the schedule does at its end."""
        self.synapses.s_final = sparsity
        self.rule.run()

    def accuracy(self, images, labels):
        """Share of the images that are named right."""
        W = np.zeros((len(self.pixels), n_classes))
        W[self.synapses.i, self.synapses.j] = self.synapses.w
        return float(np.mean(np.argmax(images@W + self.neurons.bias, axis=1) == labels))


def during(data, how, sparsity):
    """Prune by the schedule. Return the accuracy at the end, and (epoch, synapses, accuracy) four times an epoch."""
    images, labels, *test = data
    classifier = Classifier(images, labels, how)
    classifier.synapses.s_final = sparsity
    course = []
    for k in range(4*epochs):
        classifier.learn(n_images//4)
        course.append(((k + 1)/4, len(classifier.synapses), classifier.accuracy(*test)))
    return course[-1][-1], np.array(course)


def after(data, how, sparsities):
    """Learn, then prune more and more, without learning on. Return the accuracies."""
    images, labels, *test = data
    classifier = Classifier(images, labels, how)
    classifier.rule.active = False
    classifier.learn(epochs*n_images)
    found = []
    for sparsity in sorted(sparsities):
        classifier.prune(sparsity)
        found.append(classifier.accuracy(*test))
    return found


def dataset(seed_=0):
    """Draw images and labels to learn from, and others to test with."""
    rng = np.random.default_rng(seed_)
    return (*digits(n_images, rng, side, jitter=2, noise=0.05, margin=0),
            *digits(n_images, rng, side, jitter=2, noise=0.05, margin=0))


def draw(sparsities, curves, course, path='magnitude_pruning.png'):
    """Draw accuracy over sparsity, and one course of pruning."""
    import matplotlib.pyplot as plt
    red, blue = '#d1495b', '#4c78a8'
    style = {'font.size': 8, 'axes.titlesize': 9, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'legend.frameon': False, 'figure.dpi': 200}
    with plt.rc_context(style):
        figure, (by_sparsity, over_time) = plt.subplots(1, 2, figsize=(7.6, 2.9), layout='constrained')
        for (how, when), accuracies in curves.items():
            by_sparsity.plot(100*np.array(sparsities), accuracies, '.-' if when == 'during' else '.--',
                             color=red if how == 'smallest' else blue, label=f'{how}, {when} learning')
        by_sparsity.axhline(1/n_classes, color='0.6', linewidth=0.8, linestyle=':')
        by_sparsity.set(title='what pruning costs', xlabel='sparsity (%)', ylabel='accuracy', ylim=(0, 1))
        by_sparsity.legend(loc='lower left')
        over_time.plot(course[:, 0], course[:, 1]/course[0, 1], color='0.5', label='synapses left')
        over_time.plot(course[:, 0], course[:, 2], color=red, label='accuracy')
        over_time.set(title=f'the schedule, to {course[-1, 1]:.0f} of {course[0, 1]:.0f} synapses', xlabel='epoch',
                      xlim=(0, None), ylim=(0, 1.02))
        over_time.legend(loc='upper right')
        figure.savefig(path)
    return path


def main():
    """Compare the four ways at several sparsities."""
    data = dataset()
    sparsities = [0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98]
    curves = {}
    for how in RULES:
        curves[how, 'during'] = [during(data, how, sparsity)[0] for sparsity in sparsities]
        curves[how, 'after'] = after(data, how, sparsities)
    print('accuracy at a sparsity of'.ljust(26) + ''.join(f'{sparsity:7.0%}' for sparsity in sparsities))
    for (how, when), accuracies in curves.items():
        print(f'{how}, {when} learning'.ljust(26) + ''.join(f'{accuracy:7.3f}' for accuracy in accuracies))
    try:
        print(f'picture in {draw(sparsities, curves, during(data, "smallest", 0.9)[1])}')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
