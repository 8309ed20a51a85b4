"""Small-world and scale-free networks of Izhikevich neurons under random and targeted attack.

At given times a few more neurons lose all their synapses: neurons drawn at random, or those with the most neighbours
first. How do the others fire, beside the same network left intact? Both runs have the same seed, so each neuron gets
the same noise in both, and all that differs is the attack. Written after the studies of Guo and colleagues (2020 and
later), with two of their measures: the relative change of the firing rate, and the correlation of membrane potentials
before and after an attack (L. Guo, C. Li, H. Liu & Y. Song, Brain Sciences 15:186, 2025; the text of 2020 was not at
hand).

What is expected:

- scale-free graphs stay whole when neurons fail at random and fall apart when their hubs are attacked; graphs whose
  degrees are all alike take both the same way: R. Albert, H. Jeong & A.-L. Barabasi, Nature 406:378 (2000);
- so does the activity of neurons that are so connected: D. Holstein, A. V. Goltsev & J. F. F. Mendes, Physical Review
  E 87:032717 (2013), for stochastic neurons.

What comes out: both hold (``main`` prints it). Correlations of membrane potentials tell nothing of it: the networks are
chaotic, so one neuron less makes the potentials as different as a fifth of them, and what remains is due to the common
noise. Plasticity, which Guo and colleagues call an intrinsic factor of resistance, saves one or two percent of the rate.

Where the parts come from: neurons and noise E. M. Izhikevich, IEEE Transactions on Neural Networks 14:1569 (2003);
plasticity S. Song, K. D. Miller & L. F. Abbott, Nature Neuroscience 3:919 (2000); small worlds D. J. Watts &
S. H. Strogatz, Nature 393:440 (1998); scale-free graphs A.-L. Barabasi & R. Albert, Science 286:509 (1999). Sizes,
weights, delays and times are chosen here.
"""
import networkx
import numpy as np
import scipy.sparse
from eqsnn import *
from eqsnn.analysis import graphs

N, N_E = 500, 400                        # neurons; the first 80 % are regular spiking, the others fast spiking
neighbours, rewired = 8, 0.1             # of the small world; the scale-free graph has as many connections

stage = 1*second                         # time before the attack, and between its waves
all_waves, per_wave = 10, 25             # 5 % of the neurons lose their synapses in each wave

# The neurons of Izhikevich (2003), with units. v = c, u += d at 30 mV.
neuron = '''dv/dt = 0.04*v**2/(ms*mV) + 5*v/ms + 140*mV/ms - u + I : volt
            du/dt = a*(b*v - u) : volt/second
            dg_e/dt = -g_e/tau_e : Hz
            dg_i/dt = -g_i/tau_i : Hz
            I = I_noise + g_e*(E_e - v) + g_i*(E_i - v) : volt/second
            I_noise : volt/second
            sigma : volt/second (constant)
            a : Hz (constant)
            b : Hz (constant)
            d : volt/second (constant)
            t_attack : second (constant)'''
c = -65*mV
E_e, E_i = 0*mV, -80*mV
tau_e, tau_i = 5*ms, 10*ms

# Excitatory synapses learn as those of Song, Miller & Abbott (2000); inhibitory ones do not.
g_max, g_inhibitory = 0.16/ms, 0.2/ms
A_plus, A_minus = 0.005, 0.005*1.05
tau_plus = tau_minus = 20*ms
stdp = dict(
    model='''g : Hz
             dpre_trace/dt = -pre_trace/tau_plus : 1 (event-driven)
             dpost_trace/dt = -post_trace/tau_minus : 1 (event-driven)''',
    on_pre='''g_e_post += g
              pre_trace += rate*A_plus
              g = clip(g - g_max*post_trace, 0*Hz, g_max)''',
    on_post='''post_trace += rate*A_minus
               g = clip(g + g_max*pre_trace, 0*Hz, g_max)''')

# The attack itself.
attack = '''
for each synapse:
    remove synapse if t >= t_attack_pre or t >= t_attack_post
'''


def topology(kind, number):
    """Return a graph of N nodes, 'small-world' or 'scale-free'; its nodes are mixed, so hubs are of both kinds."""
    if kind == 'small-world':
        graph = networkx.watts_strogatz_graph(N, neighbours, rewired, seed=number)
    else:
        graph = networkx.barabasi_albert_graph(N, neighbours//2, seed=number)
    places = np.random.default_rng(number).permutation(N).tolist()
    return networkx.relabel_nodes(graph, dict(enumerate(places)))


def times_of_attack(graph, how, number, waves=all_waves):
    """Return when each neuron loses its synapses, in seconds: at 'random', or 'targeted', most neighbours first."""
    order = np.random.default_rng([number, 1]).permutation(N)
    if how == 'targeted':
        order = order[np.argsort([-graph.degree[node] for node in order], kind='stable')]
    wave = np.full(N, np.inf)                                    # the others never do
    wave[order[:waves*per_wave]] = np.repeat(np.arange(waves), per_wave)
    return (1 + wave)*stage/second


def simulate(graph, number, when=np.inf, waves=all_waves, plastic=True):
    """Run a network whose neurons lose their synapses at ``when`` (seconds); return what it does in each stage.

    Stage 0 is that before the attack. ``spikes`` of each neuron, shape (1 + waves, N); ``v``, each millisecond, in
    volt, a list of arrays of shape (N, milliseconds); ``wiring`` at the end of each stage, a list of sparse matrices.
    """
    seed(number)
    cells = NeuronGroup(N, neuron, threshold='v >= 30*mV', reset='''v = c
                                                                    u += d''', method='euler', dt=0.5*ms)
    cells.run_regularly('I_noise = sigma*randn()', dt=1*ms)
    regular, fast = cells[:N_E], cells[N_E:]
    regular.a, regular.d, regular.sigma = 0.02/ms, 8*mV/ms, 5*mV/ms
    fast.a, fast.d, fast.sigma = 0.1/ms, 2*mV/ms, 2*mV/ms
    cells.b = 0.2/ms
    cells.v, cells.u = c, 'b*v'
    cells.t_attack = when*second

    excitatory = Synapses(regular, cells, namespace=dict(rate=float(plastic)), **stdp)
    inhibitory = Synapses(fast, cells, on_pre='g_i_post += g_inhibitory')
    for synapses in (excitatory, inhibitory):
        synapses.connect_graph(graph, skip_if_invalid=True)      # a synapse each way along an edge
        synapses.delay = '1*ms + 9*ms*rand()'
    excitatory.g = 'g_max*rand()'
    rules = [StructuralPlasticity(synapses, attack, dt=10*ms) for synapses in (excitatory, inhibitory)]

    spikes, potential = SpikeMonitor(cells, record=False), StateMonitor(cells, 'v', record=True, dt=1*ms)
    network = Network(cells, excitatory, inhibitory, rules, spikes, potential)
    counts, wiring = [np.zeros(N, int)], []
    for _ in range(1 + waves):
        network.run(stage)
        counts.append(np.array(spikes.count))
        wiring.append(scipy.sparse.vstack([excitatory.to_scipy(), inhibitory.to_scipy()]))  # rows are sources
    v = np.split(np.minimum(potential.v/volt, 0.03), 1 + waves, axis=1)              # spikes are as high as each other
    return dict(spikes=np.diff(counts, axis=0), v=v, wiring=wiring)


def compare(intact, attacked, when):
    """Return measures of each stage by name: of the neurons that have not been attacked, and of the graph that is left.

    ``rate`` in Hz; ``rate_change`` is relative to the same neurons in the intact network; ``correlation`` is that of
    their membrane potentials in both networks, on average; ``efficiency`` and ``largest_component`` are of all neurons.
    """
    measures = []
    for k, matrix in enumerate(attacked['wiring']):
        spared = when > (k + 0.5)*stage/second
        before, after = (run['spikes'][k][spared] for run in (intact, attacked))
        x, y = ((v - v.mean(1, keepdims=True))/v.std(1, keepdims=True) for v in (run['v'][k][spared]
                                                                                 for run in (intact, attacked)))
        measures.append(dict(
            attacked=1 - spared.mean(), rate=after.mean()*second/stage, rate_change=after.sum()/before.sum() - 1,
            correlation=np.mean(x*y), synapses=matrix.nnz,
            largest_component=graphs.largest_component(matrix), efficiency=graphs.efficiency(matrix)))
    return {name: np.array([found[name] for found in measures]) for name in measures[0]}


CASES = [(kind, how) for kind in ('small-world', 'scale-free') for how in ('random', 'targeted')]


def study(numbers, waves=all_waves, plastic=True):
    """Return the measures of `compare` for each case (topology, attack), arrays of shape (networks, 1 + waves)."""
    found = {case: [] for case in CASES}
    for number in numbers:
        for kind in ('small-world', 'scale-free'):
            graph = topology(kind, number)
            intact = simulate(graph, number, waves=waves, plastic=plastic)
            for how in ('random', 'targeted'):
                when = times_of_attack(graph, how, number, waves)
                attacked = simulate(graph, number, when, waves, plastic)
                found[kind, how].append(compare(intact, attacked, when))
    return {case: {name: np.array([each[name] for each in several]) for name in several[0]}
            for case, several in found.items()}


def draw(found, path='attacked_networks.png'):
    """Draw degrees, one scale-free network before and after, and all measures against the share of neurons attacked."""
    import matplotlib
    matplotlib.use('Agg')                # a file is drawn, so no display is needed
    import matplotlib.pyplot as plt

    colours = {'small-world': '#4c78a8', 'scale-free': '#d1495b'}
    style = {'font.size': 8, 'axes.titlesize': 8.5, 'axes.titlelocation': 'left', 'axes.spines.top': False,
             'axes.spines.right': False, 'axes.linewidth': 0.7, 'legend.frameon': False, 'legend.fontsize': 7,
             'figure.dpi': 200}
    with plt.rc_context(style):
        figure, axes = plt.subplots(2, 4, figsize=(10.5, 5), layout='constrained')
        degrees, *drawings = axes[0]
        for kind, colour in colours.items():
            k, count = np.unique(np.concatenate([graphs.degrees(topology(kind, number)) for number in range(1, 6)]),
                                 return_counts=True)
            degrees.loglog(k, count/count.sum(), '.', color=colour, label=kind)
        k = np.array([4, 100])
        degrees.loglog(k, neighbours**2/2*k**-3., '--', color='0.6', linewidth=1, label='$k^{-3}$')
        degrees.set(title='degrees', xlabel='neighbours k', ylabel='share of neurons', ylim=(2e-4, 1))
        degrees.legend(loc='upper right', handlelength=1, borderaxespad=0)

        graph = topology('scale-free', 1)
        places = networkx.spring_layout(graph, seed=1)
        reach = 1.05*np.abs(list(places.values())).max()
        for axis, how in zip(drawings, (None, 'random', 'targeted'), strict=True):
            when = times_of_attack(graph, how, 1, waves=6 if how else 0)
            left = graph.subgraph(np.flatnonzero(np.isinf(when)).tolist())
            whole = max(networkx.connected_components(left), key=len)
            networkx.draw_networkx_edges(left, places, ax=axis, width=0.25, edge_color='0.6')
            networkx.draw_networkx_nodes(
                left, places, ax=axis, linewidths=0, node_size=[3 + 1.2*left.degree[node] for node in left],
                node_color=[colours['scale-free'] if node in whole else '0.4' for node in left])
            axis.set_title({None: 'scale-free, intact', 'random': '30 % attacked at random',
                            'targeted': '30 % attacked, hubs first'}[how])
            axis.annotate(f'{len(whole)/N:.0%} in one component', (0.5, -0.02), xycoords='axes fraction', ha='center',
                          va='top', color=colours['scale-free'])
            axis.set_axis_off()
            axis.set(aspect='equal', xlim=(-reach, reach), ylim=(-reach, reach))

        for axis, name, title, label in zip(
                axes[1], ('largest_component', 'efficiency', 'rate_change', 'correlation'),
                ('largest component', 'global efficiency', 'change of the firing rate', 'membrane potentials'),
                ('share of all neurons', 'mean 1/path length', 'beside the intact network',
                 'correlation with those intact'), strict=True):
            for (kind, how), measures in found.items():
                x, y = measures['attacked'][0], measures[name]
                line = dict(color=colours[kind], linestyle='-' if how == 'targeted' else ':')
                axis.plot(x, y.mean(0), linewidth=1.6, label=f'{kind}, {how}', **line)
                axis.fill_between(x, y.min(0), y.max(0), color=colours[kind], alpha=0.15, linewidth=0)
            axis.set(title=title, ylabel=label, xlabel='neurons attacked', xlim=(0, 0.5))
            axis.xaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
            if name == 'rate_change':
                axis.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
            else:
                axis.set_ylim(0, None)
        axes[1, 3].legend(loc='upper right', handlelength=1.6)
        for axis, letter in zip(axes.flat, 'ABCDEFGH', strict=True):
            axis.annotate(letter, (0, 1), xytext=(-20, 7), textcoords='offset points', xycoords='axes fraction',
                          fontweight='bold', fontsize=10)
        figure.savefig(path)
    return figure


def main():
    """Compare the four cases in five networks each, print what came out, and draw it."""
    found = study(range(1, 6))
    for kind in ('small-world', 'scale-free'):
        graph = topology(kind, 1)
        print(f'{kind}: clustering {graphs.clustering(graph):.2f}, path length {graphs.path_length(graph):.2f}, '
              f'small-world index {graphs.small_world_index(graph):.1f}, exponent of the degrees '
              f'{graphs.degree_exponent(graph, k_min=neighbours):.1f}, most neighbours {graphs.degrees(graph).max()}')
    print('\npublished: scale-free networks are robust to random attack and fragile to targeted attack;\n'
          'where degrees are alike, both are the same. Here, on average of five networks:')
    print('\n                            20 % attacked                  50 % attacked\n'
          'network      attack     rate   component  efficiency   rate   component  efficiency')
    for (kind, how), measures in found.items():
        at = [(measures['rate_change'][:, k].mean(), measures['largest_component'][:, k].mean(),
               (measures['efficiency'][:, k]/measures['efficiency'][:, 0]).mean()) for k in (4, 10)]
        print(f'{kind:12} {how:9}' + '   '.join(f'{rate:6.0%} {part:9.0%} {paths:10.0%}' for rate, part, paths in at))
    print('rate: firing of the neurons that are not attacked, beside the same neurons in the intact network;\n'
          'component: share of all neurons that still hang together; efficiency: relative to the intact network')
    try:
        draw(found)
        print('picture in attacked_networks.png')
    except ImportError:
        print("no picture: it needs matplotlib (pip install 'eqsnn[plot]')")


if __name__ == '__main__':
    main()
