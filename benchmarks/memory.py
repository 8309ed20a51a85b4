"""Memory of the synapses after a million random creations and a million removals, against a fresh network as large.

Two histories. In «steady» the number of synapses stays what it is while they are replaced, twenty times over. In
«swell» it grows fourfold and shrinks again, which leaves rows with far more room than they need unless they are laid
out anew.
"""

from typing import Any

from side_by_side import arguments, precisions, report

N = 1000
SYNAPSES = 50_000
CHANGES = 1_000_000

REPLACE = '''
for each synapse:
    if rand() < 0.1:
        remove synapse
        n_removed += 1
for each pair in sample(n_removed, unconnected):
    create synapse(w=rand())
'''
GROW = '''
for each pair in sample(n_more, unconnected):
    create synapse(w=rand())
'''
SHRINK = '''
for each synapse:
    remove synapse if rand() < p_less
'''


def network(b: Any, n_synapses: int) -> Any:
    """Make a projection of about `n_synapses`, with a weight, delays of its own, and plasticity that needs columns."""
    G = b.NeuronGroup(N, 'v : 1', threshold='v > 1', reset='v = 0')
    S = b.Synapses(G, G, 'w : 1', on_pre='v_post += w', on_post='w += 0.01')
    S.connect(p=n_synapses/N**2)
    S.w = 'rand()'
    return G, S


def storage_bytes(S: Any) -> int:
    """Return what slots, variables and indices of a projection take."""
    return int(S.memory())


def steady(b: Any) -> Any:
    """Replace a tenth of the synapses, again and again."""
    G, S = network(b, SYNAPSES)
    rule = b.StructuralPlasticity(S, REPLACE, dt=b.defaultclock.dt)
    net = b.Network(G, S, rule)
    net.run(CHANGES//(SYNAPSES//10)*b.defaultclock.dt)
    return S


def swell(b: Any) -> Any:
    """Grow fourfold in steps, then shrink back at random."""
    G, S = network(b, SYNAPSES)
    rounds = -(-CHANGES//(3*SYNAPSES))
    net = b.Network(G, S)
    grow = b.StructuralPlasticity(S, GROW, namespace={'n_more': SYNAPSES//10})
    shrink = b.StructuralPlasticity(S, SHRINK, namespace={'p_less': 1 - 0.25**(1/30)})
    for _ in range(rounds):
        for rule in (grow, shrink):
            for _ in range(30):
                rule.run()
    net.run(b.defaultclock.dt)
    return S


def main() -> None:
    """Compare each history with a network just made, of the same number of synapses."""
    args = arguments(__doc__)
    import eqsnn as b

    rows = []
    for precision in precisions(args.precision):
        b.prefs.precision = precision
        for history in (steady, swell):
            b.start_scope()
            b.seed(1)
            S = history(b)
            after, live = storage_bytes(S), len(S)
            b.start_scope()
            _, fresh = network(b, live)
            each_fresh, each_after = storage_bytes(fresh)/len(fresh), after/live
            rows.append([history.__name__, precision, str(live), f'{each_fresh:.1f}', f'{each_after:.1f}',
                         f'{each_after/each_fresh:.2f}'])
    report(args, [f'Memory after {CHANGES} random creations and as many removals'],
           [['history', 'precision', 'synapses', 'fresh, bytes/synapse', 'after, bytes/synapse', 'ratio'], *rows])


if __name__ == '__main__':
    main()
