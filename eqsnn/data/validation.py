"""What makes spikes and labels a set of data: every rule is checked here, and broken ones name the example at fault."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..grammar import errors

Array = npt.NDArray[Any]
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]

_PLACE: Final = "SpikeData"


def integers(values: Any, name: str) -> Int64:
    """Return whole numbers as int64, one-dimensional.

    :raises StateError: E780, they are none, or have another shape.
    """
    found = np.asarray(values)
    if found.ndim != 1 or (found.size and found.dtype.kind not in "iu"):
        what = f"an array of the shape {found.shape}" if found.ndim != 1 else f"of the type {found.dtype}"
        raise _misfit(f"'{name}' is one row of whole numbers, not {what}.")
    return found.astype(np.int64, copy=False)


def check_events(units: Int64, times: Float64, offsets: Int64, n_units: int, duration: float) -> None:
    """Check that every event belongs to an example, a unit, and the time of a trial.

    :raises StateError: E780, numbers of units, times and offsets that do not fit; E781, a unit that does not exist;
        E782, a time that is no number, before 0, or not before ``duration``.
    """
    if times.shape != units.shape:
        raise _misfit(f"there are {len(units)} units, but times of the shape {times.shape}.")
    if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(units) or (np.diff(offsets) < 0).any():
        hint = "example k has the events from offsets[k] to offsets[k + 1]"
        raise _misfit(f"'offsets' must rise from 0 to the number of events, {len(units)}.", hint)
    bad = (units < 0) | (units >= n_units)
    if bad.any():
        k = int(np.argmax(bad))
        message = f"example {_owner(offsets, k)}: there is no unit {units[k]}."
        raise errors.StateError("E781", message, place=_PLACE, hint=f"units go from 0 to {n_units - 1}")
    bad = ~((times >= 0) & (times < duration))
    if bad.any():
        raise _wrong_time(float(times[(k := int(np.argmax(bad)))]), _owner(offsets, k), duration)


def _wrong_time(time: float, example: int, duration: float) -> errors.StateError:
    if np.isnan(time):
        return errors.StateError("E782", f"example {example}: the time of a spike is NaN.", place=_PLACE)
    message = f"example {example}: a spike at {time * 1e3:g} ms lies outside the trial of {duration * 1e3:g} ms."
    hint = "times are in seconds; leave later spikes out, or give a longer duration"
    return errors.StateError("E782", message, place=_PLACE, hint="times are not negative" if time < 0 else hint)


def check_labels(labels: Array, n: int, n_classes: int | None, names: tuple[str, ...] | None) -> int | None:
    """Check classes (n,) or targets (n, K) or (n, T, K), and return the number of classes: of targets, None.

    Where it is not given, the number is that of the names, or one more than the greatest label.

    :raises StateError: E780, a number or shape that does not fit; E783, a class out of range, or a target that is not
        finite.
    """
    if not labels.ndim or len(labels) != n:
        raise _misfit(f"there are {n} examples, but labels of the shape {labels.shape}.")
    if labels.ndim > 1:
        _check_targets(labels, n_classes, names)
        return None
    if labels.size and labels.dtype.kind not in "iu":
        hint = "classes are whole numbers; real targets have the shape (n, K) or (n, T, K)"
        raise _misfit(f"labels of the shape {labels.shape} cannot be of the type {labels.dtype}.", hint)
    known = len(names) if names is not None else int(labels.max(initial=-1)) + 1
    count = known if n_classes is None else n_classes
    if names is not None and len(names) != count:
        raise _misfit(f"there are {count} classes, but {len(names)} names of classes.")
    bad = (labels < 0) | (labels >= count)
    if bad.any():
        k = int(np.argmax(bad))
        message = f"example {k}: there is no class {labels[k]}."
        raise errors.StateError("E783", message, place=_PLACE, hint=f"classes go from 0 to {count - 1}")
    return count


def _check_targets(targets: Array, n_classes: int | None, names: tuple[str, ...] | None) -> None:
    if targets.ndim > 3 or targets.dtype.kind not in "iuf":
        hint = "targets have the shape (n, K) or (n, T, K)"
        raise _misfit(f"labels of the shape {targets.shape} and type {targets.dtype} are no targets.", hint)
    if n_classes is not None or names is not None:
        raise _misfit("real targets belong to no classes.", "leave 'n_classes' and 'names' out")
    bad = ~np.isfinite(targets)
    if bad.any():
        k = int(np.argmax(bad.reshape(len(targets), -1).any(axis=1)))
        raise errors.StateError("E783", f"example {k}: a target is not finite.", place=_PLACE)


def check_groups(groups: Int64, n: int) -> None:
    """Check that each example has a group.

    :raises StateError: E780, another number of them.
    """
    if len(groups) != n:
        raise _misfit(f"there are {n} examples, but {len(groups)} groups.")


def _owner(offsets: Int64, event: int) -> int:
    """The example that an event belongs to; empty ones before it own nothing."""
    return int(np.searchsorted(offsets, event, side="right")) - 1


def _misfit(message: str, hint: str | None = None) -> errors.StateError:
    return errors.StateError("E780", message, place=_PLACE, hint=hint)
