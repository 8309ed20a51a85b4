"""Topographic map, 60 s of model time: how much faster than real time eqsnn is on one core."""

from statistics import median

from models import topographic_map
from side_by_side import arguments, precisions, report

GENN_SECONDS = 2.3      # its single-threaded C++ backend, float32, on a machine of this kind


def main() -> None:
    """Time the loop; build anew at each repeat."""
    args = arguments(__doc__, scale={'type': int, 'default': 1}, seconds={'type': float, 'default': 60.0})
    import eqsnn as b

    b.prefs.threads = 1
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


if __name__ == '__main__':
    main()
