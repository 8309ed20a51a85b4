"""The seed of all random numbers, and the streams of statements that run at once (``G.v = 'rand()*mV'``)."""

from __future__ import annotations

import operator
import os

from .grammar.errors import ModelError

_seed: int | None = None
_streams = 0
_MASK = 2**64 - 1


def seed(value: int | None = None) -> None:
    """Choose the seed of all random numbers from here on; without a value, one from the operating system.

    The same script with the same seed gives the same network and the same spikes on any number of threads. Statements
    that draw numbers at once (``connect(p=0.1)``, ``G.v = 'rand()*mV'``) are numbered from here, so that each has its
    own numbers. NumPy's generators keep their own seed.

    :raises ModelError: E551, ``value`` is not an integer from 0 to 2**64 - 1.
    """
    global _seed, _streams
    _seed = _fresh() if value is None else _checked(value)
    _streams = 0


def current_seed() -> int:
    """The seed in force, below 2**64; drawn from the operating system if `seed` was never called."""
    global _seed
    if _seed is None:
        _seed = _fresh()
    return _seed


def next_stream() -> int:
    """A number that no statement since `seed` has had: 0, 1, 2, ..."""
    global _streams
    _streams += 1
    return _streams - 1


def _fresh() -> int:
    return int.from_bytes(os.urandom(8), "little")


def _checked(value: object) -> int:
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if isinstance(value, bool) or not 0 <= number < 1 << 64:
        raise ModelError("E551", f"a seed must be an integer from 0 to 2**64 - 1, not {value!r}.")
    return number


def state() -> list[int]:
    """Where the random numbers are: the seed, and the number of statements that have drawn some. See `restore`."""
    return [current_seed(), _streams]


def restore(numbers: list[int]) -> None:
    """Go on from where `state` was asked for."""
    global _seed, _streams
    _seed, _streams = numbers


def run_key(copy: int = 0, trial: int = 0) -> int:
    """The key of a run's random numbers: the seed alone. Steps count on from run to run, so no number comes twice.

    The networks of a batch, and trials, draw numbers of their own: those that a network by itself draws after
    ``seed(seed_of_copy(copy, trial))``.
    """
    return (seed_of_copy(copy, trial) * 0x9E3779B97F4A7C15 + 0x2545F4914F6CDD1D) & _MASK


def seed_of_copy(copy: int, trial: int = 0) -> int:
    """The seed of one network of a batch in a trial; the first has in the first one the seed in force."""
    if copy == trial == 0:
        return current_seed()
    mixed = (current_seed() + copy * 0x9E3779B97F4A7C15 + trial * 0xD1B54A32D192ED03) & _MASK
    # The finaliser of SplitMix64: every bit depends on all.
    mixed = ((mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ mixed >> 27) * 0x94D049BB133111EB) & _MASK
    return mixed ^ mixed >> 31
