"""CUBA, 4000 and 20000 neurons with 80 synapses each, 1 s: eqsnn, Brian2 standalone and the hand-written limit."""

from side_by_side import COMPARISON, arguments, measure, report


def main() -> None:
    """Compare at both sizes."""
    args = arguments(__doc__, sizes={'type': int, 'nargs': '+', 'default': [4000, 20000]})
    for n in args.sizes:
        report(args, [f'CUBA, {n} neurons, 1 s'], [COMPARISON, *measure(args, 'cuba', n, 1.0)])


if __name__ == '__main__':
    main()
