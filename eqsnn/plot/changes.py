"""How wiring changes: creations and removals by distance and by time, the number of synapses, how long they live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..analysis.turnover import Survival, turnover
from ..analysis.turnover import survival as estimate
from ..model.dimensions import SECOND
from ..monitors import StructureMonitor
from ..units import quantity, to_base
from .axes import CREATED, PRESENT, REMOVED, axes_or_current, finish, scaled, with_unit
from .pairs import values_of_pairs

Pairs = npt.NDArray[np.int32]


def changes_by_distance(
    monitor: StructureMonitor,
    distance: str | npt.ArrayLike | Callable[[Pairs, Pairs], Any],
    *,
    bins: Any = 20,
    ax: Any = None,
) -> Any:
    """Draw how many synapses were created and removed at each distance between their neurons. Returns the axes.

    ``distance`` is an expression of the pair, as in `Synapses.connect` (``'d'``, a subexpression of the model, or
    ``'abs(x_pre - x_post)'``), a function of the arrays i and j, a table of shape (N_pre, N_post), or one value for
    each change. ``bins`` is their number, or their edges, with the unit that distances have.

    :raises StateError: E869, there is not one distance for each change. :raises EqsnnError: as for any text.
    """
    ax = axes_or_current(ax)
    numbers, symbol, edges = _binned(values_of_pairs(monitor, distance), bins)
    for sign, colour, label in ((1, CREATED, "created"), (-1, REMOVED, "removed")):
        chosen = numbers[monitor.change == sign]
        ax.stairs(np.histogram(chosen, edges)[0], edges, color=colour, linewidth=1.4, label=f"{label}: {len(chosen)}")
    ax.legend(frameon=False)
    return finish(ax, xlabel=with_unit("distance", symbol), ylabel="synapses", ylim=(0, None))


def _binned(values: Any, bins: Any) -> tuple[npt.NDArray[Any], str, npt.NDArray[Any]]:
    """Numbers in a good unit, its symbol, and the edges of bins in the same unit."""
    numbers, symbol = scaled(values)
    if np.ndim(bins) == 0:
        return numbers, symbol, np.histogram_bin_edges(numbers, bins)
    plain = np.asarray(to_base(values))
    largest = int(np.argmax(np.abs(plain))) if len(plain) else 0
    factor = numbers[largest] / plain[largest] if len(plain) and plain[largest] else 1.0
    return numbers, symbol, np.asarray(to_base(bins)) * factor


def changes_over_time(monitor: StructureMonitor, *, bin: Any = None, ax: Any = None) -> Any:  # noqa: A002
    """Draw how many synapses are created and removed per second, in the course of time. Returns the axes.

    ``bin`` is the length of the intervals that are counted over, a time, by default a fiftieth of the time that was
    watched; or the times between which they lie.

    :raises EqsnnError: as `eqsnn.analysis.turnover.turnover`.
    """
    ax = axes_or_current(ax)
    if bin is None:
        bin = (monitor.stop - monitor.start) / 50  # noqa: A001
    found = turnover(monitor, bin)
    width = np.diff(np.asarray(to_base(found.edges)))
    edges, symbol = scaled(found.edges)
    for counts, colour, label in ((found.gained, CREATED, "created"), (found.lost, REMOVED, "removed")):
        total = f"{label}: {counts.sum()}"
        ax.stairs(counts / width, edges, baseline=None, color=colour, linewidth=1.4, label=total)
    ax.legend(frameon=False)
    return finish(ax, xlabel=with_unit("time", symbol), ylabel="synapses per second", ylim=(0, None))


def synapse_count(monitor: StructureMonitor, *, ax: Any = None, **style: Any) -> Any:
    """Draw the number of synapses in the course of time. Returns the axes; ``style`` goes to the line.

    :raises EqsnnError: as `StructureMonitor.count`.
    """
    ax = axes_or_current(ax)
    start, stop = (np.atleast_1d(to_base(t)) for t in (monitor.start, monitor.stop))
    moments = quantity(np.unique(np.concatenate([start, to_base(monitor.done), stop])), SECOND)
    times, symbol = scaled(moments)
    given = {"color": PRESENT, "linewidth": 1.4, "drawstyle": "steps-post", **style}
    ax.plot(times, monitor.count(moments), **given)
    return finish(ax, xlabel=with_unit("time", symbol), ylabel="synapses", ylim=(0, None))


def survival(monitor: StructureMonitor | Survival, *, ax: Any = None, **arguments: Any) -> Any:
    """Draw the share of synapses that live longer than an age, with its 95 % confidence band. Returns the axes.

    ``arguments`` (``born``, ``initial``) are those of `eqsnn.analysis.turnover.survival`, whose result may be given in
    place of the monitor; others, such as ``label`` and ``color``, go to the line.

    :raises EqsnnError: as `eqsnn.analysis.turnover.survival`.
    """
    ax = axes_or_current(ax)
    choice = {name: arguments.pop(name) for name in ("born", "initial") if name in arguments}
    found = monitor if isinstance(monitor, Survival) else estimate(monitor, **choice)
    age, symbol = scaled(found.t)
    given = {"color": PRESENT, "linewidth": 1.4, "drawstyle": "steps-post", **arguments}
    (line,) = ax.plot(age, found.S, **given)
    low, high = (np.clip(found.S + sign * 1.96 * found.std, 0, 1) for sign in (-1, 1))
    ax.fill_between(age, low, high, step="post", color=line.get_color(), alpha=0.2, linewidth=0)
    return finish(ax, xlabel=with_unit("age", symbol), ylabel="share of synapses alive", ylim=(0, 1.02))
