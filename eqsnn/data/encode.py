"""Real numbers as spikes: features from 0 to 1, one unit each, told by when or by how often it spikes.

Features are (n, units) or (n, ...), which is taken row by row; labels and groups as in `SpikeData`. What an example
draws depends on the seed and on its place among the examples, not on how many there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..units import Hz, ms
from .parameters import Seed, fraction, generator, hertz, seconds
from .spikes import SpikeData
from .validation import Float64, Int64

__all__ = ["latency_code", "linear_latency_code", "poisson_code", "regular_code"]

_UNBOUNDED: Final = 1e-12  # of a value above the threshold: the time would be forever
_ROUNDING: Final = 1e-9  # of a spike: one that only rounding puts before the end is at the end


def latency_code(
    values: npt.ArrayLike, labels: Any, *, duration: Any, tau: Any = 20 * ms, threshold: float = 0.2, **about: Any
) -> SpikeData:
    """One spike a unit, the earlier the greater its value: when a leaky integrator with that input reaches threshold.

    ``v(t) = x*(1 - exp(-t/tau))`` crosses ``threshold`` at ``t = tau*log(x/(x - threshold))``. Values at or below the
    threshold, and those whose time would not lie before ``duration``, give no spike. With the defaults, those of Zenke
    & Ganguli (2018; SpyTorch) for images, 1 comes at 4.5 ms and 0.25 at 32 ms.

    ``about`` is what else `SpikeData` takes: ``groups``, ``names``, ``n_classes``.

    :raises StateError: E789, values outside 0 ... 1; E790, a parameter out of range; others as `SpikeData`.
    :raises DimensionError: E223, a parameter has the wrong unit.
    """
    place = "latency_code"
    features, end = _features(values, place), seconds(duration, "duration", place)
    tau_, level = seconds(tau, "tau", place), fraction(threshold, "threshold", place)
    spiking = features > level * (1 + _UNBOUNDED)
    times = np.full(features.shape, np.inf)
    times[spiking] = tau_ * np.log(features[spiking] / (features[spiking] - level))
    return _one_spike(times, labels, end, about)


def linear_latency_code(
    values: npt.ArrayLike, labels: Any, *, earliest: Any, latest: Any, duration: Any, **about: Any
) -> SpikeData:
    """One spike a unit at ``earliest + x*(latest - earliest)``: 0 comes first and 1 last (Göltz et al. 2021).

    :raises StateError: E789, values outside 0 ... 1; E790, times that are not in this order; others as `SpikeData`.
    :raises DimensionError: E223, a parameter has the wrong unit.
    """
    place = "linear_latency_code"
    features, end = _features(values, place), seconds(duration, "duration", place)
    first, last = seconds(earliest, "earliest", place, zero=True), seconds(latest, "latest", place)
    if not first <= last < end:
        message = f"spikes from {first * 1e3:g} to {last * 1e3:g} ms do not fit into {end * 1e3:g} ms."
        raise errors.StateError("E790", message, place=place, hint="earliest <= latest < duration")
    return _one_spike(first + features * (last - first), labels, end, about)


def poisson_code(
    values: npt.ArrayLike, labels: Any, *, duration: Any, maximum: Any = 100 * Hz, seed: Seed = 0, **about: Any
) -> SpikeData:
    """Poisson spikes at ``x*maximum``: their number in a trial is Poisson distributed, their times are uniform.

    :raises StateError: E789, values outside 0 ... 1; E790, a parameter out of range; others as `SpikeData`.
    :raises DimensionError: E223, a parameter has the wrong unit. :raises ModelError: E551, no seed.
    """
    place = "poisson_code"
    features, end = _features(values, place), seconds(duration, "duration", place)
    means = features * (hertz(maximum, "maximum", place, zero=True) * end)
    counts, times = [], []
    for k, row in enumerate(means):
        rng = generator(seed, k)
        counts.append(rng.poisson(row))
        times.append(rng.random(counts[-1].sum()) * end)
    shape = np.array(counts, np.int64).reshape(features.shape)
    return _gathered(shape, before(np.concatenate([np.empty(0), *times]), end), labels, end, about)


def regular_code(
    values: npt.ArrayLike, labels: Any, *, duration: Any, maximum: Any = 100 * Hz, **about: Any
) -> SpikeData:
    """Regular spikes at ``x*maximum``, the first after half an interval: ``(k + 1/2)/(x*maximum)``, k = 0, 1, ...

    :raises StateError: E789, values outside 0 ... 1; E790, a parameter out of range; others as `SpikeData`.
    :raises DimensionError: E223, a parameter has the wrong unit.
    """
    place = "regular_code"
    features, end = _features(values, place), seconds(duration, "duration", place)
    rates = features * hertz(maximum, "maximum", place, zero=True)
    counts = np.ceil(np.maximum(rates * end - 0.5 - _ROUNDING, 0)).astype(np.int64)
    number = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts.reshape(-1), counts.reshape(-1))
    times = (number + 0.5) / np.repeat(rates.reshape(-1), counts.reshape(-1))
    return _gathered(counts, before(times, end), labels, end, about)


def before(times: Float64, end: float) -> Float64:
    """Times that rounding may have put at the end of a trial, just before it."""
    return np.minimum(times, np.nextafter(end, 0))


def _features(values: npt.ArrayLike, place: str) -> Float64:
    """Values as (n, units).

    :raises StateError: E789, they are no numbers from 0 to 1, or there is no unit.
    """
    found = np.asarray(values)
    if found.ndim < 2 or found.dtype.kind not in "iuf":
        message = f"values of the shape {found.shape} and type {found.dtype} are no features."
        raise errors.StateError("E789", message, place=place, hint="features are (n, units), one row an example")
    features = found.reshape(len(found), int(np.prod(found.shape[1:]))).astype(np.float64)
    bad = ~((features >= 0) & (features <= 1))
    if bad.any():
        k, unit = np.argwhere(bad)[0]
        message = f"example {k}: the value {features[k, unit]:g} of unit {unit} is not from 0 to 1."
        raise errors.StateError("E789", message, place=place, hint="divide by the greatest value there can be")
    return features


def _one_spike(times: Float64, labels: Any, end: float, about: dict[str, Any]) -> SpikeData:
    """Data of one spike for each unit whose time, (n, units), lies before the end."""
    keep = times < end
    return _gathered(keep.astype(np.int64), times[keep], labels, end, about)


def _gathered(counts: Int64, times: Float64, labels: Any, end: float, about: dict[str, Any]) -> SpikeData:
    """Data of so many spikes of each unit, (n, units), with their times in that order."""
    n, n_units = counts.shape
    units = np.repeat(np.tile(np.arange(n_units), n), counts.reshape(-1))
    offsets = np.concatenate([[0], np.cumsum(counts.sum(axis=1))])
    return SpikeData(units, times, offsets, labels, n_units, end, **about)


def joined(parts: Sequence[tuple[Int64, Float64]], labels: Any, n_units: int, end: float, **about: Any) -> SpikeData:
    """Data of examples that are given one by one, as units and times."""
    offsets = np.cumsum([0, *(len(units) for units, _ in parts)], dtype=np.int64)
    units = np.concatenate([np.empty(0, np.int64), *(units for units, _ in parts)])
    times = np.concatenate([np.empty(0), *(times for _, times in parts)])
    return SpikeData(units, times, offsets, labels, n_units, end, **about)
