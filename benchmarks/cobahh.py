"""COBAHH, 4000 neurons, 1 s, exponential Euler: eqsnn, Brian2 standalone and the hand-written limit."""

from side_by_side import COMPARISON, arguments, measure, report


def main() -> None:
    """Compare."""
    args = arguments(__doc__)
    report(args, ['COBAHH, 4000 neurons, 1 s'], [COMPARISON, *measure(args, 'cobahh', 4000, 1.0)])


if __name__ == '__main__':
    main()
