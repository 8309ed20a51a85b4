"""`SpikeData`: examples of spikes with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..grammar import errors
from ..model.dimensions import HERTZ, SECOND
from ..model.types import real
from ..positions import select_positions
from ..units import dimension_of, quantity
from ..values import checked
from . import archive, validation
from .binning import Binned, bin_events, steps_in
from .parameters import Seed, generator, seconds, whole
from .validation import Array, Float64, Int32, Int64

_PLACE = "SpikeData"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SpikeData:
    """n examples, each a list of spikes with a label; immutable.

    The spikes of all examples lie one after another. Those of example k are ``units[offsets[k]:offsets[k+1]]`` and
    ``times[...]`` of the same range; their order has no meaning.

    * ``units``: the unit of each spike, int32, below ``n_units``;
    * ``times``: its time since the trial began, float64, in seconds (a quantity is converted);
    * ``offsets``: int64, (n + 1,), from 0 to the number of spikes;
    * ``labels``: int64 classes (n,), or float64 targets (n, K), or (n, T, K) for each of T steps;
    * ``n_units``: the number of units that could spike;
    * ``duration``: how long a trial lasts, in seconds (a quantity is converted); every time lies before it;
    * ``groups``: int64 (n,), who made the example (speaker, user, writer), or None;
    * ``names``: names of the classes, or None;
    * ``n_classes``: by default as many as there are names, else one more than the greatest label; None for targets.

    Indices choose examples: ``data[3]``, ``data[:100]`` and ``data[labels == 2]`` are `SpikeData`.

    Example: ``SpikeData([0, 1, 0], [1, 2, 5]*ms, [0, 2, 3], labels=[1, 0], n_units=2, duration=10*ms)``.

    :raises StateError: E780, numbers or shapes that do not fit; E781, a unit that does not exist; E782, a time outside
        the trial; E783, a label out of range; E790, ``n_units`` or ``duration`` is not positive.
    :raises DimensionError: E223, times or duration are no times.
    """

    units: Array
    times: Array
    offsets: Array
    labels: Array
    n_units: int
    duration: float
    groups: Array | None = None
    names: tuple[str, ...] | None = None
    n_classes: int | None = None

    def __post_init__(self) -> None:
        self._set("n_units", whole(self.n_units, "n_units", _PLACE))
        self._set("duration", seconds(_in_seconds(self.duration), "duration", _PLACE))
        units, offsets = validation.integers(self.units, "units"), validation.integers(self.offsets, "offsets")
        times = _times(self.times)
        validation.check_events(units, times, offsets, self.n_units, self.duration)
        self._set("names", None if self.names is None else tuple(map(str, self.names)))
        if self.n_classes is not None:
            self._set("n_classes", whole(self.n_classes, "n_classes", _PLACE, least=0))
        labels, n = np.asarray(self.labels), len(offsets) - 1
        self._set("n_classes", validation.check_labels(labels, n, self.n_classes, self.names))
        self._keep("units", units.astype(np.int32))
        self._keep("times", times)
        self._keep("offsets", offsets)
        self._keep("labels", labels.astype(np.int64 if labels.ndim == 1 else np.float64, copy=False))
        if self.groups is not None:
            groups = validation.integers(self.groups, "groups")
            validation.check_groups(groups, n)
            self._keep("groups", groups)

    def _set(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)

    def _keep(self, name: str, values: Array) -> None:
        """Keep an array so that it cannot be written to through this object."""
        view = values.view()
        view.flags.writeable = False
        self._set(name, view)

    # ---- examples

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, item: Any) -> SpikeData:
        """Choose examples: an integer, a slice, a list of integers, or truth values.

        :raises StateError: E701, out of range; E702, truth values of another number; E704, no index.
        """
        chosen = np.atleast_1d(select_positions(item, len(self), _PLACE))
        lengths = np.diff(self.offsets)[chosen]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        events = np.repeat(self.offsets[chosen] - offsets[:-1], lengths) + np.arange(offsets[-1])
        return replace(
            self, units=self.units[events], times=self.times[events], offsets=offsets, labels=self.labels[chosen],
            groups=None if self.groups is None else self.groups[chosen],
        )  # fmt: skip

    def __iter__(self) -> Iterator[SpikeData]:
        return (self[k] for k in range(len(self)))

    def example(self, k: int) -> tuple[Int32, Float64]:
        """Return the units and the times, in seconds, of the spikes of example ``k``.

        :raises StateError: E701, there is no such example; E704, ``k`` is no integer.
        """
        position = select_positions(k, len(self), _PLACE)
        if position.ndim or not position.size:
            raise errors.StateError("E704", f"{k!r} is no index of one example.", place=_PLACE)
        start, stop = self.offsets[position], self.offsets[position + 1]
        return self.units[start:stop], self.times[start:stop]

    @classmethod
    def concatenate(cls, parts: Sequence[SpikeData]) -> SpikeData:
        """Join sets of data that have the same units, duration and classes.

        :raises StateError: E785, there are none, or they differ.
        """
        if not parts:
            raise errors.StateError("E785", "there is nothing to concatenate.", place=_PLACE)
        for name in ("n_units", "duration", "n_classes", "names"):
            found = [getattr(part, name) for part in parts]
            if any(value != found[0] for value in found):
                other = next(value for value in found if value != found[0])
                message = f"data with '{name}' = {found[0]} and {other} cannot be concatenated."
                raise errors.StateError("E785", message, place=_PLACE)
        if len({part.groups is None for part in parts}) > 1 or len({part.labels.shape[1:] for part in parts}) > 1:
            raise errors.StateError("E785", "only some of the data have groups, or targets differ.", place=_PLACE)
        starts = np.cumsum([0, *(len(part.units) for part in parts)])
        ends = [part.offsets[1:] + start for part, start in zip(parts, starts[:-1], strict=True)]
        return replace(
            parts[0],
            units=np.concatenate([part.units for part in parts]),
            times=np.concatenate([part.times for part in parts]),
            offsets=np.concatenate([np.zeros(1, np.int64), *ends]),
            labels=np.concatenate([part.labels for part in parts]),
            groups=None if parts[0].groups is None else np.concatenate([part.groups for part in parts]),
        )

    def cropped(self, duration: Any) -> SpikeData:
        """Return trials that end at ``duration``, or last until then: later spikes are left out.

        :raises StateError: E790, it is not positive. :raises DimensionError: E223, it is no time.
        """
        end = seconds(duration, "duration", f"{_PLACE}.cropped")
        keep = self.times < end
        offsets = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])[self.offsets]
        return replace(self, units=self.units[keep], times=self.times[keep], offsets=offsets, duration=end)

    # ---- the order of examples

    def shuffled(self, seed: Seed) -> SpikeData:
        """Return the examples in an order that depends on ``seed`` and on their number alone.

        :raises ModelError: E551, no seed.
        """
        return self[generator(seed).permutation(len(self))]

    def batches(self, size: int, seed: Seed | None = None, drop_last: bool = False) -> Iterator[Int64]:
        """Yield indices of ``size`` examples at a time, every example once; the last batch may be smaller.

        Without a seed they come in order; ``seed=(seed, epoch)`` gives each epoch an order of its own. ``drop_last``
        leaves a smaller last batch out.

        :raises StateError: E790, the size is not positive. :raises ModelError: E551, no seed.
        """
        step = whole(size, "size", f"{_PLACE}.batches")
        order = np.arange(len(self)) if seed is None else generator(seed).permutation(len(self))
        end = len(order) - len(order) % step if drop_last else len(order)
        return (order[start : start + step] for start in range(0, end, step))

    # ---- time

    def n_steps(self, dt: Any) -> int:
        """The number of steps of ``dt`` in a trial.

        :raises StateError: E790, ``dt`` is not positive. :raises DimensionError: E223, it is no time.
        """
        return steps_in(self.duration, seconds(dt, "dt", f"{_PLACE}.n_steps"))

    def binned(self, dt: Any) -> Binned:
        """Return the spikes by steps of ``dt``: ``steps, ids, offsets = data.binned(1*ms)``.

        Those of an example come by step and then by unit; a unit that spikes several times in a step does so once.
        A time belongs to the step that `SpikeGeneratorGroup` would spike in.

        :raises StateError: E790, ``dt`` is not positive. :raises DimensionError: E223, it is no time.
        """
        dt_ = seconds(dt, "dt", f"{_PLACE}.binned")
        return bin_events(self.units, self.times, self.offsets, self.n_units, self.duration, dt_)

    def rate(self) -> Any:
        """The mean rate of a unit over all examples, a quantity in Hz; NaN where there is no example."""
        trials = len(self) * self.n_units * self.duration
        return quantity(np.float64(len(self.units) / trials if trials else np.nan), HERTZ)

    # ---- files

    def save(self, path: str | Path) -> None:
        """Write an .npz file, which needs no pickle to be read, and is whole or not there."""
        archive.write(Path(path), {name: getattr(self, name) for name in self.__slots__})

    @classmethod
    def load(cls, path: str | Path) -> SpikeData:
        """Read what `save` wrote.

        :raises StateError: E786, there is no such file, or it is none of `save`.
        """
        return cls(**archive.read(Path(path)))

    def __repr__(self) -> str:
        kind = f"{self.n_classes} classes" if self.n_classes is not None else f"targets {self.labels.shape[1:]}"
        who = "" if self.groups is None else f" by {len(np.unique(self.groups))} groups"
        trial = f"{self.n_units} units for {self.duration * 1e3:g} ms"
        spikes = f", {len(self.units) / len(self):.4g} spikes each ({self.rate():.3g} a unit)" if len(self) else ""
        return f"<SpikeData: {len(self)} examples{who}, {kind}, {trial}{spikes}>"


def _in_seconds(value: Any) -> Any:
    """A plain number of the constructor is in seconds, as the attribute is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return quantity(np.float64(value), SECOND)
    return value


def _times(values: Any) -> Float64:
    """Times in seconds, plain or with a unit; their range is checked elsewhere."""
    try:
        plain = dimension_of(values).is_dimensionless
        return np.asarray(values if plain else checked(values, real(SECOND), "times", _PLACE), np.float64)
    except (ValueError, TypeError) as error:
        if isinstance(error, errors.EqsnnError):
            raise
        raise errors.StateError("E780", "'times' are no numbers.", place=_PLACE) from None
