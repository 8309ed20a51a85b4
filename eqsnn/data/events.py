"""Events of sensors, as the library tonic gives them, made into spikes of units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from .binning import steps_in, steps_of
from .encode import joined
from .parameters import seconds, whole
from .spikes import SpikeData
from .validation import Float64, Int64

_PLACE: Final = "from_events"
_MICROSECONDS: Final = 1e6  # of a second; a quotient is rounded rightly, as a product with 1e-6 is not
_MILLISECOND: Final = 1e-3


class EventDataset(Protocol):
    """What tonic calls a data set: so many pairs of events and class.

    Events are a structured array with the fields ``t`` (microseconds), ``x``, and for cameras ``y`` and ``p``.
    """

    def __len__(self) -> int: ...

    def __getitem__(self, index: int, /) -> tuple[Any, Any]: ...


@dataclass(frozen=True, slots=True)
class Sensor:
    """Width, height and polarities of a sensor, of which blocks of ``block`` by ``block`` pixels are one unit."""

    width: int
    height: int
    polarities: int
    block: int = 1
    merge: bool = False

    @property
    def n_units(self) -> int:
        """Units of the sensor: ``(y*columns + x)*polarities + p`` is the unit of a block and polarity."""
        return (self.width // self.block) * (self.height // self.block) * self._kinds

    @property
    def _kinds(self) -> int:
        return 1 if self.merge else self.polarities

    def units(self, events: Any, example: int) -> Int64:
        """The unit of each event.

        :raises StateError: E791, a field is missing, or an event lies outside the sensor.
        """
        x, y = _field(events, "x", self.width, example), _field(events, "y", self.height, example)
        found = (y // self.block) * (self.width // self.block) + x // self.block
        return found if self._kinds == 1 else found * self._kinds + _field(events, "p", self.polarities, example)


def from_events(
    dataset: EventDataset, *, sensor_size: Sequence[int] | None = None, downsample: int = 1,
    merge_polarities: bool = False, duration: Any = None, dt: Any = None, threshold: int = 1,
    groups: npt.ArrayLike | None = None, names: Sequence[str] | None = None, order: npt.ArrayLike | None = None,
) -> SpikeData:  # fmt: skip
    """Make spikes of the events of any data set in tonic's format.

    * ``sensor_size``: (width, height, polarities), by default ``dataset.sensor_size``;
    * ``downsample``: blocks of so many by so many pixels become one unit; must divide width and height;
    * ``merge_polarities``: on and off events drive the same unit;
    * ``duration``: later events are left out; by default trials last until the latest event, in whole milliseconds (or
      steps of ``dt``);
    * ``dt``: events of a unit within a step become one spike at the beginning of it, or none where there are fewer
      than ``threshold`` of them; by default all stay, at their times;
    * ``groups``, ``names``, ``order``: the group of each example, names of the classes (by default ``dataset.classes``,
      where it has them), and the order in which examples are taken.

    :raises StateError: E791, a sensor that blocks do not divide, or events outside it; E790, a parameter out of range;
        others as `SpikeData`. :raises DimensionError: E223, times have no unit.
    """
    sensor = _sensor(dataset, sensor_size, downsample, merge_polarities)
    end = None if duration is None else seconds(duration, "duration", _PLACE)
    step = None if dt is None else seconds(dt, "dt", _PLACE)
    least = whole(threshold, "threshold", _PLACE)
    if least > 1 and step is None:
        hint = "give the step in which they count: dt=1*ms"
        raise errors.StateError("E790", "a 'threshold' of events needs 'dt'.", place=_PLACE, hint=hint)
    taken = np.arange(len(dataset)) if order is None else np.asarray(order, np.int64)
    parts: list[tuple[Int64, Float64]] = []
    labels = np.empty(len(taken), np.int64)
    for k, index in enumerate(taken):
        events, labels[k] = dataset[int(index)]
        units = sensor.units(events, k)
        times = np.asarray(events["t"], np.float64) / _MICROSECONDS
        if end is not None:
            units, times = units[times < end], times[times < end]
        parts.append((units, times) if step is None else _binned(units, times, sensor.n_units, step, least))
    if end is None:
        end = _whole_steps(max((times.max(initial=0.0) for _, times in parts), default=0.0), step or _MILLISECOND)
    own = None if groups is None else np.asarray(groups)[taken]
    classes = names if names is not None else _names(dataset)
    return joined(parts, labels, sensor.n_units, end, groups=own, names=classes)


def _sensor(dataset: Any, size: Sequence[int] | None, downsample: int, merge: bool) -> Sensor:
    given = size if size is not None else getattr(dataset, "sensor_size", None)
    if given is None or len(given) != 3:
        hint = "give sensor_size=(width, height, polarities)"
        raise errors.StateError("E791", f"{given} is no size of a sensor.", place=_PLACE, hint=hint)
    width, height, polarities = (whole(part, "sensor_size", _PLACE) for part in given)
    block = whole(downsample, "downsample", _PLACE)
    if width % block or height % block:
        fits = [b for b in range(1, min(width, height) + 1) if width % b == height % b == 0]
        message = f"blocks of {block} by {block} pixels do not divide a sensor of {width} by {height}."
        raise errors.StateError("E791", message, place=_PLACE, hint=f"these do: {', '.join(map(str, fits))}")
    return Sensor(width, height, polarities, block, merge)


def _field(events: Any, name: str, limit: int, example: int) -> Int64:
    """A field of the events, below ``limit``; where there is only one value it may be missing, and is not looked at."""
    if limit == 1:
        return np.zeros(len(events), np.int64)
    if events.dtype.names is None or name not in events.dtype.names:
        message = f"example {example}: events have no field '{name}'."
        raise errors.StateError("E791", message, place=_PLACE, hint="fields are t, x, and for cameras y and p")
    values: Int64 = events[name].astype(np.int64)
    bad = (values < 0) | (values >= limit)
    if bad.any():
        message = f"example {example}: an event with {name} = {values[np.argmax(bad)]} lies outside the sensor."
        raise errors.StateError("E791", message, place=_PLACE, hint=f"'{name}' goes from 0 to {limit - 1}")
    return values


def _binned(units: Int64, times: Float64, n_units: int, dt: float, least: int) -> tuple[Int64, Float64]:
    """One spike for each unit and step with at least so many events, at the beginning of the step."""
    steps = steps_of(times, dt, steps_in(float(times.max(initial=0.0)) + dt, dt))
    keys, counts = np.unique(steps * n_units + units, return_counts=True)
    kept = keys[counts >= least]
    return kept % n_units, (kept // n_units) * dt


def _whole_steps(latest: float, step: float) -> float:
    """The end of the step that the latest event is in."""
    return float((steps_of(np.array([latest]), step, np.iinfo(np.int64).max)[0] + 1) * step)


def _names(dataset: Any) -> tuple[str, ...] | None:
    classes = getattr(dataset, "classes", None)
    if classes is None:
        return None
    return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in classes)
