"""Rewiring at growing scale: the time of one attempt should not grow with the network.

The topographic map at scale s: (16 s)^2 neurons a layer and 10 s^2 attempts a projection and millisecond, each
projection growing with s^2 too. Every scale makes about as many attempts in all, so that each is timed as well.
"""

from statistics import median
from typing import Any

from models import topographic_map
from side_by_side import arguments, precisions, report

ATTEMPTS = 40_000       # for each projection at each scale, at the least


def rewiring_seconds(net: Any) -> float:
    """Sum the profiled time of the structural rules, which are named so; as in Brian2, times have a unit."""
    from eqsnn import second

    parts = net.profiling_info
    return sum(float(time/second) for name, time in parts if 'rewiring' in name or name.endswith('changes'))


def main() -> None:
    """Time rewiring at each scale, interleaved."""
    args = arguments(__doc__, scales={'type': int, 'nargs': '+', 'default': list(range(1, 8))})
    import eqsnn as b

    b.prefs.threads = 1
    precision = precisions(args.precision)[0]
    b.prefs.precision = precision
    per_attempt: dict[int, list[float]] = {scale: [] for scale in args.scales}
    synapses = {}
    for repeat in range(args.repeats + 1):
        for scale in args.scales:
            b.start_scope()
            b.seed(643 + repeat)
            milliseconds = max(100, ATTEMPTS//(10*scale**2))
            net, projections = topographic_map(b, scale, milliseconds/1000, profile=True, precision=precision)
            synapses[scale] = sum(len(projection) for projection in projections)
            if repeat:
                per_attempt[scale].append(rewiring_seconds(net)/(2*10*scale**2*milliseconds))
    first = median(per_attempt[args.scales[0]])
    rows = [[str(scale), str(16*scale), str(synapses[scale]), f'{median(times)*1e9:.0f}', f'{min(times)*1e9:.0f}',
             f'{max(times)*1e9:.0f}', f'{median(times)/first:.2f}'] for scale, times in per_attempt.items()]
    report(args, [f'Rewiring, time of one attempt, {precision}'],
           [['scale', 'side', 'synapses', 'median ns', 'min ns', 'max ns', f'/ scale {args.scales[0]}'], *rows])


if __name__ == '__main__':
    main()
