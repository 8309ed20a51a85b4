"""Topographic map: how much faster than real time eqsnn is on one core, and which share of that is rewiring.

    python benchmarks/topographic_map.py [--append]
    python benchmarks/topographic_map.py --share [--scales 1 2 4 7] [--append]

The first runs 60 s of model time at one scale. The second profiles runs at several scales: the share of the step loop
that structural rules take, with everything that they cause (sampling pairs, deciding, changing rows and columns).
"""

from statistics import median
from typing import Any

from models import topographic_map
from rewiring import rewiring_seconds
from side_by_side import arguments, precisions, report

GENN_SECONDS = 2.3      # its single-threaded C++ backend, float32, on a machine of this kind
GENN_SHARE = {1: '31 %', 7: '78 %'}     # of its loop on one core: connectivity remap and row update
SHARE_SECONDS = 10.0    # of the model; at first rows have no slack, and more is rewired, which would weigh too much


def speed(b: Any, args: Any) -> None:
    """Time the loop; build anew at each repeat."""
    wanted = precisions(args.precision)
    loops: dict[str, list[float]] = {precision: [] for precision in wanted}
    sizes = {}
    for repeat in range(args.repeats + 1):      # the first compiles, and is not counted
        for precision in wanted:
            b.start_scope()
            b.seed(643 + repeat)
            b.prefs.precision = precision
            net, projections = topographic_map(b, args.scale, args.seconds, precision=precision)
            sizes[precision] = ' + '.join(str(len(projection)) for projection in projections)
            if repeat:
                loops[precision].append(net.loop_seconds)
    rows = [[precision, f'{median(times):.3f}', f'{min(times):.3f}', f'{max(times):.3f}',
             f'{args.seconds/median(times):.1f}', sizes[precision]] for precision, times in loops.items()]
    report(args, [f'Topographic map, scale {args.scale}, {args.seconds:g} s of model time',
                  f'GeNN, single-threaded C++, float32, at scale 1 and for 60 s on such a machine: {GENN_SECONDS} s.'],
           [['precision', 'median s', 'min s', 'max s', 'times real time', 'synapses at the end'], *rows])


def share(b: Any, args: Any) -> None:
    """Profile runs at several scales, interleaved, and compare what rules take with all there is."""
    cases = [(precision, scale) for precision in precisions(args.precision) for scale in args.scales]
    parts: dict[tuple[str, int], list[tuple[float, float]]] = {case: [] for case in cases}
    for repeat in range(args.repeats + 1):
        for precision, scale in cases:
            b.start_scope()
            b.seed(643 + repeat)
            b.prefs.precision = precision
            net, _ = topographic_map(b, scale, SHARE_SECONDS, profile=True, precision=precision)
            if repeat:
                parts[precision, scale].append((rewiring_seconds(net)/SHARE_SECONDS, net.profile.total/SHARE_SECONDS))
    rows = []
    for (precision, scale), found in parts.items():
        shares = sorted(rules/total for rules, total in found)
        rows.append([precision, str(scale), f'{median(total for _, total in found)*1e3:.1f}',
                     f'{median(rules for rules, _ in found)*1e3:.2f}', f'{median(shares):.1%}',
                     f'{shares[0]:.1%}', f'{shares[-1]:.1%}', GENN_SHARE.get(scale, '')])
    report(args, [f'Topographic map, share of rewiring, {SHARE_SECONDS:g} s of model time',
                  'Times are for one second of the model, profiled. GeNN: remap plus row update of the published '
                  'architecture, which rebuilds its column index at each update; float32, one core.'],
           [['precision', 'scale', 'all, ms', 'rewiring, ms', 'share', 'min', 'max', 'GeNN'], *rows])


def main() -> None:
    """Measure the speed, or the share of rewiring."""
    args = arguments(__doc__, scale={'type': int, 'default': 1}, seconds={'type': float, 'default': 60.0},
                     share={'action': 'store_true'}, scales={'type': int, 'nargs': '+', 'default': [1, 2, 4, 7]})
    import eqsnn as b

    b.prefs.threads = 1
    (share if args.share else speed)(b, args)


if __name__ == '__main__':
    main()
