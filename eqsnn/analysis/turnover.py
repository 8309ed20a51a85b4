"""How fast wiring turns over, and how long synapses live.

The turnover ratio is that of the literature on dendritic spines, where an imaging session is compared with the next;
survival is estimated as Kaplan & Meier do (1958, J. Am. Stat. Assoc. 53, 457).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..history import one_time
from ..model.dimensions import HERTZ, SECOND
from ..monitors import StructureMonitor
from ..units import dimension_of, quantity, to_base

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def intervals(monitor: StructureMonitor, bin: Any) -> Floats:  # noqa: A002 - as histograms call it
    """Edges in seconds of intervals that are ``bin`` long, over the time that was watched; or those that ``bin`` gives.

    What is left of the time at its end is an interval too, a shorter one.

    :raises DimensionError: E220, ``bin`` is neither a time nor several. :raises StateError: E865, it is not positive,
        or its times do not ascend.
    """
    if np.ndim(bin) == 0:
        length = one_time(bin, "bin")
        first, last = float(to_base(monitor.start)), float(to_base(monitor.stop))
        if not 0 < length < np.inf:
            raise errors.StateError("E865", f"an interval of {length:g} s is none.", place=monitor.title)
        whole = first + length * np.arange(int((last - first) / length * (1 + 1e-9)) + 1)
        rest = [last] if last - whole[-1] > 1e-6 * length or len(whole) == 1 else []
        return np.concatenate([whole, rest])
    if dimension_of(bin) != SECOND:
        raise errors.DimensionError("E220", f"{bin!r} are no times.", hint="give them a unit: [0, 10]*second")
    edges = np.asarray(to_base(bin), float)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise errors.StateError("E865", "intervals are two or more times that ascend.", place=monitor.title)
    return edges


@dataclass(frozen=True)
class Turnover:
    """What came and went in each interval: ``gained`` and ``lost`` synapses, shape (n,), between the times ``edges``.

    ``N`` is the number of synapses at the edges, shape (n + 1,): ``N[1:] = N[:-1] + gained - lost``. ``edges`` is a
    quantity in seconds.
    """

    edges: Any
    gained: Counts
    lost: Counts
    N: Counts

    @property
    def ratio(self) -> Floats:
        """Turnover ratio of each interval: gained and lost synapses over twice their mean number, ``N[:-1] + N[1:]``.

        NaN where there were none.
        """
        with np.errstate(invalid="ignore"):
            ratio: Floats = (self.gained + self.lost) / (self.N[:-1] + self.N[1:])
        return ratio

    @property
    def rate(self) -> Any:
        """Turnover ratio over the length of the interval, a quantity in hertz."""
        return quantity(self.ratio / np.diff(to_base(self.edges)), HERTZ)


def turnover(monitor: StructureMonitor, bin: Any, *, transient: bool = True) -> Turnover:  # noqa: A002
    """Synapses gained and lost in intervals of the length ``bin``, or between the times of an array.

    A change belongs to the interval in which its step lies, so `Turnover.N` is what `StructureMonitor.count` gives.
    Synapses that were created and removed within one interval count as gained and as lost; with ``transient=False``
    they do not count, as in experiments, which see no more than what is there at the edges.

    Example: ``turnover(M, 10*second).ratio``.

    :raises EqsnnError: as `intervals` and `StructureMonitor.count`.
    """
    edges = intervals(monitor, bin)
    done = monitor.changes_until(quantity(edges, SECOND))
    interval = np.searchsorted(done, np.arange(monitor.N), side="right") - 1
    inside = (interval >= 0) & (interval < len(edges) - 1)
    created, serial = monitor.change > 0, monitor.serial
    if not transient:
        # Of a synapse with two changes the earlier is its creation: both in one interval, and it was never seen.
        key = interval * (int(serial.max(initial=0)) + 1) + serial
        _, place, times = np.unique(key, return_inverse=True, return_counts=True)
        inside &= times[place] == 1
    gained, lost = (np.bincount(interval[inside & which], minlength=len(edges) - 1) for which in (created, ~created))
    return Turnover(quantity(edges, SECOND), gained, lost, monitor.count(quantity(edges, SECOND)))


@dataclass(frozen=True)
class Lifetimes:
    """Birth and death of each synapse that there was while a monitor watched, in the order of creation.

    ``born`` and ``died``, quantities in seconds, are the ends of the steps that created and removed it: NaN where a
    synapse was there before the monitor, and where it is there still. ``serial``, ``i`` and ``j`` tell which synapse it
    is; ``start`` and ``stop`` between which times, in seconds, it was watched.
    """

    serial: Counts
    i: npt.NDArray[np.int32]
    j: npt.NDArray[np.int32]
    born: Any
    died: Any
    start: float
    stop: float


def lifetimes(monitor: StructureMonitor) -> Lifetimes:
    """Birth and death of each synapse that ``monitor`` has seen.

    :raises EqsnnError: as `StructureMonitor.count`.
    """
    monitor.changes_until(monitor.stop)  # refuses times that do not ascend
    now = monitor.synapses.history_at(monitor.stop)
    serials, first = np.unique(np.concatenate([now.serial, monitor.serial]), return_index=True)
    i, j = np.concatenate([now.i, monitor.i])[first], np.concatenate([now.j, monitor.j])[first]
    born, died = np.full(len(serials), np.nan), np.full(len(serials), np.nan)
    created, done = monitor.change > 0, np.asarray(to_base(monitor.done))
    for moments, which in ((born, created), (died, ~created)):
        moments[np.searchsorted(serials, monitor.serial[which])] = done[which]
    start, stop = (float(to_base(t)) for t in (monitor.start, monitor.stop))
    return Lifetimes(serials, i, j, quantity(born, SECOND), quantity(died, SECOND), start, stop)


@dataclass(frozen=True)
class Survival:
    """Share of synapses that live longer than ``t``: ``S``, with a step at each age at which some died.

    ``t`` begins at 0, where S is 1, and ends at the greatest age that any was watched to. It
    is a quantity in seconds; ``at_risk`` is the number of synapses known to have reached each age, ``deaths`` how many
    of them died at it, ``std`` the standard error of S by Greenwood's formula. All have one shape.
    """

    t: Any
    S: Floats
    at_risk: Counts
    deaths: Counts
    std: Floats

    @property
    def median(self) -> Any:
        """The age that half of them reach, a quantity in seconds; infinite where more than half did until the end."""
        reached = np.flatnonzero(self.S <= 0.5)
        return self.t[reached[0]] if len(reached) else quantity(np.inf, SECOND)

    def at(self, t: Any) -> Any:
        """S at an age or at several; NaN beyond the greatest age that any was watched to."""
        ages, steps = np.asarray(to_base(t)), np.asarray(to_base(self.t))
        found = self.S[np.searchsorted(steps, ages * (1 + 1e-12), side="right") - 1]
        return np.where(ages > steps[-1] * (1 + 1e-9), np.nan, found)[()]


def survival(monitor: StructureMonitor, *, born: Any = None, initial: bool = False) -> Survival:
    """How long synapses live, by the estimate of Kaplan and Meier.

    Those that live still are *censored*: they count up to the age that they have reached. Those that were there
    before the monitor have an unknown age, and are left out. ``born=(t0, t1)`` takes only the cohort created from t0
    up to, but not at, t1. ``initial=True`` takes instead those that were there when the monitor was made, with the time
    since then for their age, as studies of spines follow those of their first session; since they are older than they
    seem, and long-lived synapses are more often found, they usually survive longer than those newly created.

    Example: ``survival(M).median``, ``survival(M, born=[0, 10]*second)``.

    :raises StateError: E866, there are no such synapses. :raises EqsnnError: as `lifetimes`.
    """
    life = lifetimes(monitor)
    birth, death = np.asarray(to_base(life.born)), np.asarray(to_base(life.died))
    chosen = np.isnan(birth) if initial else ~np.isnan(birth)
    if born is not None:
        if initial:
            message = "those that were there at first have no time of birth."
            raise errors.StateError("E866", message, place=monitor.title, hint="give born or initial=True, not both")
        first, last = np.asarray(to_base(born)) - 1e-6 * monitor.synapses.tick
        chosen &= (birth >= first) & (birth < last)
    if not chosen.any():
        raise errors.StateError("E866", "there are no synapses to follow.", place=monitor.title)
    since = life.start if initial else birth[chosen]
    dead = ~np.isnan(death[chosen])
    return _kaplan_meier(np.where(dead, death[chosen], life.stop) - since, dead)


def _kaplan_meier(age: Floats, dead: npt.NDArray[np.bool_]) -> Survival:
    """The estimate from the age that each has reached, and whether it died at it."""
    # Ages are differences of rounded times: those that are the same but for that are put together.
    rounded = np.round(age, 12)
    reached, place = np.unique(np.concatenate([[0.0], rounded]), return_inverse=True)
    deaths = np.bincount(place[1:], dead, minlength=len(reached)).astype(np.int64)
    gone = np.bincount(place[1:], minlength=len(reached))
    at_risk = len(age) - np.concatenate([[0], np.cumsum(gone)[:-1]])
    left = np.cumprod(1 - deaths / np.maximum(at_risk, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(np.where(deaths, deaths / (at_risk * (at_risk - deaths)), 0.0))
        std = np.where(left > 0, left * np.sqrt(variance), 0.0)
    kept = deaths > 0
    kept[[0, -1]] = True
    return Survival(quantity(reached[kept], SECOND), left[kept], at_risk[kept], deaths[kept], std[kept])
