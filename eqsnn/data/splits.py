"""Parts of a set of data for training, validation and test, with no example, and where asked no group, in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, get_args

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from .parameters import Seed, generator, whole
from .spikes import SpikeData
from .validation import Float64, Int64

By = Literal["example", "label", "group"]

_PLACE: Final = "split"


def split(
    data: SpikeData, fractions: Sequence[float] = (0.8, 0.1, 0.1), by: By = "label", seed: Seed = 0
) -> tuple[SpikeData, ...]:
    """Divide examples at random into parts of these fractions; the examples of each part keep their order.

    * ``by='example'``: without regard to what they are;
    * ``by='label'``: stratified, each class in these fractions, but for rounding to whole examples;
    * ``by='group'``: no group (speaker, user) in two parts, so the parts are of about these fractions only.

    ::

        train, valid, test = split(data, (0.8, 0.1, 0.1), by='label', seed=1)

    :raises StateError: E787, the fractions are not positive, do not add up to 1, or leave a part empty; there are no
        classes or no groups to divide by. :raises ModelError: E551, no seed.
    """
    shares = _checked(fractions)
    rng = generator(seed)
    match by:
        case "example":
            owner = _by_kind(np.zeros(len(data), np.int64), shares, rng)
        case "label":
            if data.n_classes is None:
                raise _wrong("there are no classes to divide by: labels are real targets.", "use by='example'")
            owner = _by_kind(data.labels, shares, rng)
        case "group":
            owner = _by_group(_groups(data), shares, rng)
        case _:
            raise _wrong(f"examples cannot be divided by {by!r}.", f"by is one of {', '.join(get_args(By))}")
    parts = [np.flatnonzero(owner == part) for part in range(len(shares))]
    if not all(map(len, parts)):
        sizes = ", ".join(str(len(part)) for part in parts)
        raise _wrong(f"{len(data)} examples make parts of {sizes}.", "take more examples, or fewer parts")
    return tuple(data[part] for part in parts)


def hold_out(data: SpikeData, groups: npt.ArrayLike) -> tuple[SpikeData, SpikeData]:
    """Divide into all other groups and these: ``train, valid = hold_out(data, speaker)``.

    :raises StateError: E787, there are no groups; E788, one of these does not occur, or there are no others.
    """
    present = np.unique(_groups(data))
    wanted = np.unique(np.atleast_1d(groups))
    missing = np.setdiff1d(wanted, present)
    if missing.size or not wanted.size:
        what = f"there is no group {missing[0]}." if missing.size else "no group is to be held out."
        raise errors.StateError("E788", what, place="hold_out", hint=f"there are {', '.join(map(str, present))}")
    if len(wanted) == len(present):
        raise errors.StateError("E788", "no group is left to train on.", place="hold_out")
    held = np.isin(_groups(data), wanted)
    return data[~held], data[held]


def folds_by_group(data: SpikeData, groups_per_fold: int = 1) -> Iterator[tuple[SpikeData, SpikeData]]:
    """Yield ``train, valid`` with each group, or so many in ascending order, held out in turn.

    Published: one speaker at a time for SHD (leave one speaker out: Nowotny, Turner & Knight 2022, arXiv 2212.01232),
    three users at a time, in eight folds, for DVS Gesture (preprocessing of the mlGeNN classifiers trained with DEEP R;
    Knight, Senk & Nowotny 2025, arXiv 2510.19764).

    :raises StateError: E787, there are no groups; E788, there is only one fold; E790, no number of groups.
    """
    count = whole(groups_per_fold, "groups_per_fold", "folds_by_group")
    present = np.unique(_groups(data))
    if len(present) <= count:
        message = f"{len(present)} groups make only one fold of {count}."
        raise errors.StateError("E788", message, place="folds_by_group")
    return (hold_out(data, present[start : start + count]) for start in range(0, len(present), count))


def apportion(count: int, shares: Float64, carried: Float64) -> Int64:
    """Divide ``count`` things into whole parts by largest remainder, owing ``carried`` from before.

    Equal remainders go to the earlier part. Add ``count*shares - result`` to ``carried`` for the next call, and the
    totals of many calls stay in proportion as well.
    """
    quota = np.maximum(count * shares + carried, 0)
    quota *= count / quota.sum() if quota.sum() else 1
    parts = np.floor(quota + 1e-9).astype(np.int64)
    first = np.argsort(-(quota - parts), kind="stable")[: count - parts.sum()]
    parts[first] += 1
    return parts


def _by_kind(kinds: Int64, shares: Float64, rng: np.random.Generator) -> Int64:
    """The part of each example, where each kind of them is divided alike."""
    owner = np.empty(len(kinds), np.int64)
    carried = np.zeros(len(shares))
    for kind in np.unique(kinds):
        members = rng.permutation(np.flatnonzero(kinds == kind))
        sizes = apportion(len(members), shares, carried)
        carried += len(members) * shares - sizes
        owner[members] = np.repeat(np.arange(len(shares)), sizes)
    return owner


def _by_group(groups: Int64, shares: Float64, rng: np.random.Generator) -> Int64:
    """The part of each example, where whole groups, in random order, go to the part that lacks most."""
    present, inverse, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    if len(present) < len(shares):
        raise _wrong(f"{len(present)} groups cannot make {len(shares)} parts.", "give fewer fractions")
    lacking = shares * len(groups)
    empty = np.ones(len(shares), bool)
    part = np.empty(len(present), np.int64)
    for left, group in zip(range(len(present), 0, -1), rng.permutation(len(present)), strict=True):
        open_ = empty if left == empty.sum() else np.ones(len(shares), bool)
        part[group] = np.argmax(np.where(open_, lacking, -np.inf))
        lacking[part[group]] -= sizes[group]
        empty[part[group]] = False
    return part[inverse]


def _groups(data: SpikeData) -> Int64:
    if data.groups is None:
        raise _wrong("it is not known which group (speaker, user) an example is of.", "use by='label'")
    return data.groups


def _checked(fractions: Sequence[float]) -> npt.NDArray[np.float64]:
    try:
        shares = np.asarray(fractions, np.float64)
    except (TypeError, ValueError):
        shares = np.empty(0)
    if shares.ndim != 1 or not len(shares) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-9:
        raise _wrong(f"the fractions {fractions} must be positive and add up to 1.", "as in (0.8, 0.1, 0.1)")
    total: float = shares.sum()
    return np.asarray(shares / total)


def _wrong(message: str, hint: str) -> errors.StateError:
    return errors.StateError("E787", message, place=_PLACE, hint=hint)
