"""STDP, 1000 Poisson inputs onto 100 neurons, all to all, 10 s: eqsnn and Brian2 standalone."""

from side_by_side import COMPARISON, arguments, measure, report


def main() -> None:
    """Compare."""
    args = arguments(__doc__)
    report(args, ['STDP, 1000 inputs to 100 neurons, 10 s'],
           [COMPARISON, *measure(args, 'stdp', 100, 10.0, with_limit=False)])


if __name__ == '__main__':
    main()
