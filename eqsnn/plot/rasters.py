"""Spikes of an example of data, unit by unit."""

from __future__ import annotations

from typing import Any

from ..data import SpikeData
from .axes import PRESENT, axes_or_current, finish

_HEIGHT = 240  # points of a figure that the marks of all units share
_TALLEST = 20  # points that one of them has, where there are few


def raster(data: SpikeData, example: int = 0, *, ax: Any = None) -> Any:
    """Draw the spikes of one example: time from left to right, units from below. Returns the axes.

    The title tells its class, by name where classes have names: ``raster(digits(), 17)``.

    :raises StateError: E701, there is no such example. :raises BuildError: E875, matplotlib is not installed.
    """
    units, times = data.example(example)
    ax = axes_or_current(ax)
    size = min(_TALLEST, max(1.0, _HEIGHT / data.n_units))
    ax.plot(times * 1e3, units, linestyle="none", marker="|", markersize=size, color=PRESENT)
    return finish(
        ax, xlabel="time (ms)", ylabel="unit", title=_title(data, example),
        xlim=(0, data.duration * 1e3), ylim=(-0.5, data.n_units - 0.5),
    )  # fmt: skip


def _title(data: SpikeData, example: int) -> str:
    if data.n_classes is None:
        return f"example {example}"
    label = int(data.labels[example])
    return f"example {example}: {label if data.names is None else data.names[label]}"
