"""Receptive fields on periodic grids: where afferents lie, and how widely (see `eqsnn.analysis.topography`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..analysis.topography import Afferents, Kernel, Shape
from ..grammar import errors
from ..history import Connectivity
from ..model.dimensions import DIMENSIONLESS, Dimension
from ..synapses import Synapses
from ..units import dimension_of, quantity
from .axes import EXPECTED, PRESENT, axes_or_current, finish, scaled, with_unit


def receptive_fields(
    synapses: Synapses | Connectivity | Afferents, shape: Shape | None = None, *, weight: str | None = None,
    ax: Any = None,
) -> Any:  # fmt: skip
    """Draw the mean receptive field: how many afferents lie where, seen from each target. Returns the axes.

    ``shape`` is the (width, height) of the grid that both layers are. The colour of the place (x, y) is the number of
    synapses from the neuron that lies so far from the target, on the torus, in the mean over targets; with ``weight``,
    the name of a variable, its sum.

    :raises StructureError: E868, no shape. :raises StateError: E867, ``weight`` of the past.
    :raises EqsnnError: as `eqsnn.analysis.topography.Afferents`.
    """
    ax = axes_or_current(ax)
    afferents = _afferents(synapses, shape, weight)
    width, height = afferents.shape
    x, y = afferents.places()
    across = (afferents.i % width - np.rint(x).astype(int)[afferents.j] + width // 2) % width
    along = (afferents.i // width - np.rint(y).astype(int)[afferents.j] + height // 2) % height
    field = np.zeros((height, width))
    np.add.at(field, (along, across), afferents.w)
    extent = (-0.5 - width // 2, width - width // 2 - 0.5, -0.5 - height // 2, height - height // 2 - 0.5)
    numbers, symbol = scaled(quantity(field / len(x), _dimension(synapses, weight)))
    image = ax.imshow(numbers, origin="lower", extent=extent, cmap="magma_r", vmin=0, interpolation="nearest")
    ax.plot(0, 0, "+", color="#00b4d8", markersize=9, markeredgewidth=1.5)
    ax.figure.colorbar(image, ax=ax, label=with_unit(f"{weight or 'synapses'} per pair", symbol))
    ax.set(xlabel="x from target", ylabel="y from target")
    return ax


def receptive_field_spread(
    synapses: Synapses | Connectivity | Afferents, shape: Shape | None = None, *, weight: str | None = None,
    kernel: Kernel | None = None, seed: int = 0, bins: Any = 30, ax: Any = None,
) -> Any:  # fmt: skip
    """Draw how widely the afferents of each target spread: a histogram of sigma_aff. Returns the axes.

    With ``kernel``, the probability of formation as a function of the squared distance, a second histogram shows what
    connectivity of the same in-degrees spreads that is drawn with it, from ``seed``. ``weight`` names a variable that
    weighs the afferents; without it each counts 1.

    :raises EqsnnError: as `receptive_fields`.
    """
    ax = axes_or_current(ax)
    afferents = _afferents(synapses, shape, weight)
    cases = [("", afferents.fields(weighted=weight is not None).spread, PRESENT)]
    if kernel is not None:
        drawn = afferents.regenerated(kernel, np.random.default_rng(seed)).fields().spread
        cases.append(("drawn anew, ", drawn, EXPECTED))
    known = [spread[np.isfinite(spread)] for _, spread, _ in cases]
    edges = np.histogram_bin_edges(np.concatenate(known), bins) if np.ndim(bins) == 0 else np.asarray(bins)
    for (label, _, colour), spread in zip(cases, known, strict=True):
        mean = spread.mean() if len(spread) else np.nan
        ax.hist(spread, edges, color=colour, alpha=0.6, label=f"{label}mean {mean:.2f}")
    ax.legend(frameon=False)
    return finish(ax, xlabel=r"spread of afferents $\sigma_\mathrm{aff}$", ylabel="target neurons")


def _afferents(synapses: Any, shape: Shape | None, weight: str | None) -> Afferents:
    """The afferents, each with its weight, or with 1."""
    if isinstance(synapses, Afferents):
        return synapses if weight is not None else replace(synapses, w=np.ones(len(synapses.w)))
    if shape is None:
        hint = "give shape=(width, height)"
        raise errors.StructureError("E868", "the shape of the grid on which neurons lie is missing.", hint=hint)
    if weight is not None:
        if isinstance(synapses, Connectivity):
            raise errors.StateError("E867", f"'{weight}' is not known of the past, only which synapses there were.")
        return Afferents.of(synapses, shape, weight=weight)
    i, j = np.asarray(synapses.i), np.asarray(synapses.j)
    return Afferents(i, j, np.ones(len(i)), shape)


def _dimension(synapses: Any, weight: str | None) -> Dimension:
    return dimension_of(getattr(synapses, weight)) if weight and isinstance(synapses, Synapses) else DIMENSIONLESS
