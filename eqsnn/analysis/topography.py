"""Topographic maps between two layers on periodic grids: where the afferents of each target lie, and how widely.

The measures are those of Bamford, Murray & Willshaw (2010, Neural Networks 23, 517), as Bogdan et al. (2018, Front.
Neurosci. 12:434) use them. A layer is a grid of ``width`` times ``height`` neurons that is periodic in both directions;
neuron ``k`` lies at ``x = k % width``, ``y = k // width``. For one target with afferents at ``p`` of weights ``w``, its
*preferred location* is the point ``c`` from which they lie least far away, and its *spread* how far that is,

    ``sigma_aff(c)**2 = sum(w*|p - c|**2)/(2*sum(w))``,

``|.|`` being the distance on the torus. The 2 makes it the standard deviation along one axis, so that a receptive field
drawn from a Gaussian ``exp(-d**2/(2*sigma**2))`` has a spread of nearly ``sigma``. Its *deviation* (AD) is the distance
of ``c`` from the target's own place.

What activity did to a map shows beside a map without it: afferents drawn anew, as many for each target, with the kernel
that synapses form with (`Afferents.regenerated`), and weights shuffled among the synapses of each target
(`Afferents.shuffled`). `refinement` makes both comparisons, with Wilcoxon's signed-rank test over the targets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..optional import require
from ..synapses import Synapses

Floats: TypeAlias = npt.NDArray[np.float64]
Indices: TypeAlias = npt.NDArray[np.int64]
Shape: TypeAlias = tuple[int, int]
Kernel: TypeAlias = Callable[[Floats], Floats]

_FINE = np.arange(-5, 6) / 10
"""The search goes on in tenths around the best whole position; the minimum is never farther than half from it."""
_CHUNK = 1 << 22
"""Pairs of neurons that are dealt with at once where all of them are looked at."""


def gaussian(sigma: float) -> Kernel:
    """The kernel ``exp(-d2/(2*sigma**2))``, of the squared distance ``d2``."""
    return lambda d2: np.exp(-d2 / (2 * sigma**2))


@dataclass(frozen=True)
class Fields:
    """The receptive field of each target, as arrays with one value for each; NaN where a target has no afferents.

    ``x`` and ``y`` are its preferred location, to a tenth, on the grid of the source; ``spread`` (sigma_aff) and
    ``deviation`` (AD) are in units of that grid; ``total`` is the weight of its afferents, or their number.
    """

    x: Floats
    y: Floats
    spread: Floats
    deviation: Floats
    total: Floats


@dataclass(frozen=True)
class Afferents:
    """Synapses ``i -> j`` of weights ``w``, between layers of ``shape`` (width, height).

    ``target_shape`` is that of the target layer where it is another; its neurons are then taken to be spread evenly
    over the source. ``distinct`` says that a pair is connected at most once.

    Example: ``Afferents.of(S, (16, 16)).fields().spread.mean()``.

    :raises StructureError: E870, a shape that is none; E871, arrays that do not go together, or a neuron outside.
    :raises StateError: E873, a weight that is negative or not finite.
    """

    i: Indices
    j: Indices
    w: Floats
    shape: Shape
    target_shape: Shape | None = None
    distinct: bool = True

    def __post_init__(self) -> None:
        for name, dtype in (("i", np.int64), ("j", np.int64), ("w", np.float64)):
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype).reshape(-1))
        for shape in (self.shape, self.targets):
            if len(shape) != 2 or min(shape) < 1:
                raise errors.StructureError("E870", f"{shape} is no (width, height) of a grid.")
        if not len(self.i) == len(self.j) == len(self.w):
            lengths = f"{len(self.i)}, {len(self.j)} and {len(self.w)}"
            raise errors.StructureError("E871", f"i, j and w have {lengths} values; they describe the same synapses.")
        for name, index, shape in (("i", self.i, self.shape), ("j", self.j, self.targets)):
            outside = index[(index < 0) | (index >= shape[0] * shape[1])]
            if len(outside):
                message = f"{name} holds neuron {outside[0]}, and a grid of {shape[0]} x {shape[1]} has no such neuron."
                raise errors.StructureError("E871", message)
        bad = self.w[~((self.w >= 0) & np.isfinite(self.w))]
        if len(bad):
            hint = "take the synapses of one sign, or abs(w)"
            raise errors.StateError("E873", f"a weight of {bad[0]} has no place in a mean position.", hint=hint)

    @classmethod
    def of(cls, synapses: Synapses, shape: Shape, target_shape: Shape | None = None, weight: str = "w") -> Afferents:
        """The synapses of a projection as they are now, with the values of its variable ``weight``.

        :raises StructureError: E870, the grids have not as many neurons as the layers.
        """
        layers = (("source", synapses.source_group, shape), ("target", synapses.target_group, target_shape or shape))
        for side, group, grid in layers:
            if grid[0] * grid[1] != len(group):
                size = f"{grid[0]} x {grid[1]}"
                message = f"the {side} of {synapses.name} has {len(group)} neurons, and a grid of {size} has not."
                raise errors.StructureError("E870", message)
        w = np.asarray(getattr(synapses, weight)[:])
        distinct = synapses.multisynaptic_index is None
        return cls(np.asarray(synapses.i[:]), np.asarray(synapses.j[:]), w, shape, target_shape, distinct)

    @property
    def targets(self) -> Shape:
        """Width and height of the target layer."""
        return self.shape if self.target_shape is None else self.target_shape

    @property
    def in_degrees(self) -> Indices:
        """Number of afferents of each target."""
        return np.bincount(self.j, minlength=self.targets[0] * self.targets[1])

    def places(self) -> tuple[Floats, Floats]:
        """Where each target lies, as x and y on the grid of the source."""
        width, height = self.targets
        k = np.arange(width * height)
        return k % width * np.float64(self.shape[0] / width), k // width * np.float64(self.shape[1] / height)

    def fields(self, *, weighted: bool = False) -> Fields:
        """Preferred location, spread and deviation of each target; ``weighted``, with the weights, else each counts 1.

        The squared distance on a torus is a sum of one term for each axis, so the best x and y are found apart. That
        takes, for each axis, one product of the afferents' distribution over the axis with a table of distances.
        """
        total = np.bincount(self.j, self.w if weighted else None, minlength=self.targets[0] * self.targets[1])
        width, height = self.shape
        x, across = self._best(self.i % width, width, len(total), weighted)
        y, along = self._best(self.i // width, height, len(total), weighted)
        with np.errstate(invalid="ignore", divide="ignore"):
            spread = np.sqrt((across + along) / (2 * total))
        x, y = np.where(total > 0, x, np.nan), np.where(total > 0, y, np.nan)
        own_x, own_y = self.places()
        deviation = np.hypot(_around(x - own_x, width), _around(y - own_y, height))
        return Fields(x, y, spread, deviation, total.astype(np.float64))

    def _best(self, position: Indices, size: int, targets: int, weighted: bool) -> tuple[Floats, Floats]:
        """Of one axis, the best position for each target, and the sum of squared distances from there."""
        weights = self.w if weighted else None
        mass = np.bincount(self.j * size + position, weights, minlength=targets * size).reshape(targets, size)
        axis = np.arange(size)
        coarse = np.argmin(mass @ _around(axis[:, None] - axis, size) ** 2, axis=1)
        centred = np.take_along_axis(mass, (coarse[:, None] + axis) % size, axis=1)
        sums = centred @ _around(axis[:, None] - _FINE, size) ** 2
        fine = np.argmin(sums, axis=1)
        return (coarse + _FINE[fine]) % size, np.take_along_axis(sums, fine[:, None], axis=1)[:, 0]

    def regenerated(self, kernel: Kernel, rng: np.random.Generator) -> Afferents:
        """As many afferents for each target, drawn with the probabilities ``kernel(d2)``, with weights of 1.

        ``d2`` is the squared distance from the target's place. They are drawn one after the other; where ``distinct``,
        a partner that a target has already is not drawn again.

        :raises StructureError: E872, a target has more afferents than there are partners within the kernel's reach.
        """
        degrees = self.in_degrees
        width, height = self.shape
        x, y = self.places()
        chunk = max(1, _CHUNK // (width * height))
        partners = [np.empty(0, np.int64)]
        for first in range(0, len(degrees), chunk):
            some = slice(first, first + chunk)
            across = _around(np.arange(width) - x[some, None], width) ** 2
            along = _around(np.arange(height) - y[some, None], height) ** 2
            probability = kernel((along[:, :, None] + across[:, None, :]).reshape(-1, width * height))
            reach = np.count_nonzero(probability, axis=1)
            short = np.flatnonzero(degrees[some] > (reach if self.distinct else np.where(reach, degrees[some], 0)))
            if len(short):
                k = short[0]
                message = f"target {first + k} has {degrees[first + k]} afferents, and {reach[k]} partners in reach."
                raise errors.StructureError("E872", message, hint="a wider kernel, or distinct=False")
            draw = _draw_distinct if self.distinct else _draw
            partners.append(draw(probability, degrees[some], rng))
        j = np.repeat(np.arange(len(degrees)), degrees)
        return replace(self, i=np.concatenate(partners), j=j, w=np.ones(len(j)))

    def shuffled(self, rng: np.random.Generator) -> Afferents:
        """The same synapses, with the weights of each target dealt out anew among its synapses."""
        w = np.empty_like(self.w)
        w[np.argsort(self.j, kind="stable")] = self.w[np.lexsort((rng.random(len(self.j)), self.j))]
        return replace(self, w=w)


def _around(difference: Any, size: int) -> Floats:
    """Distance along an axis that is closed to a ring."""
    short = np.abs(difference) % size
    nearest: Floats = np.minimum(short, size - short)
    return nearest


def _draw(probability: Floats, count: Indices, rng: np.random.Generator) -> Indices:
    """For each row, ``count`` columns with these probabilities, as one array: row after row."""
    reached = np.cumsum(probability, axis=1)
    reached /= np.maximum(reached[:, -1:], np.finfo(float).tiny)
    width = probability.shape[1]
    row = np.repeat(np.arange(len(count)), count)
    ladder = (reached + np.arange(len(count))[:, None]).reshape(-1)
    found = np.searchsorted(ladder, row + rng.random(len(row)), "right") - row * width
    drawn: Indices = np.minimum(found, width - 1)  # row + 0.999... may be rounded up to the next row
    return drawn


def _draw_distinct(probability: Floats, count: Indices, rng: np.random.Generator) -> Indices:
    """The same without repetition: the ``count`` largest of log p + Gumbel noise are such a sample."""
    with np.errstate(divide="ignore"):
        key = np.log(probability) + rng.gumbel(size=probability.shape)
    most = int(count.max(initial=0))
    if most == 0:
        return np.empty(0, np.int64)
    top = np.argpartition(key, -most, axis=1)[:, -most:]
    order = np.argsort(-np.take_along_axis(key, top, axis=1), axis=1)
    ranked: Indices = np.take_along_axis(top, order, axis=1)
    return ranked[np.arange(most) < count[:, None]]


@dataclass(frozen=True)
class Comparison:
    """Means over the targets of what is ``expected`` by chance and what was ``found``, and Wilcoxon's ``p``."""

    expected: float
    found: float
    p: float


def wilcoxon(a: Floats, b: Floats) -> float:
    """The p of Wilcoxon's signed-rank test (two-sided) on pairs of values; pairs with a NaN are left out.

    It is 1 where all pairs are equal.

    :raises BuildError: E875, SciPy is not installed.
    """
    difference = np.asarray(a, float) - np.asarray(b, float)
    difference = difference[~np.isnan(difference)]
    if not np.any(difference):
        return 1.0
    return float(require("scipy.stats", "Wilcoxon's test").wilcoxon(difference).pvalue)


@dataclass(frozen=True)
class Refinement:
    """What rewiring did to spread and deviation (connectivity beside one regenerated), and what the weights do besides.

    ``spread`` and ``deviation`` are unweighted; ``weighted_spread`` and ``weighted_deviation`` compare the weights with
    shuffled ones. ``in_degree`` is the mean number of afferents.
    """

    spread: Comparison
    deviation: Comparison
    weighted_spread: Comparison
    weighted_deviation: Comparison
    in_degree: float


def refinement(afferents: Afferents, kernel: Kernel, rng: np.random.Generator) -> Refinement:
    """The comparisons of Bamford et al. (2010); ``rng`` draws the connectivity and the shuffled weights.

    ``kernel`` is the probability of formation as a function of the squared distance, up to a factor: `gaussian`, say.

    :raises EqsnnError: as `Afferents.regenerated` and `wilcoxon`.
    """
    drawn, found = afferents.regenerated(kernel, rng).fields(), afferents.fields()
    shuffled, weighted = afferents.shuffled(rng).fields(weighted=True), afferents.fields(weighted=True)

    def compare(expected: Floats, observed: Floats) -> Comparison:
        return Comparison(_mean(expected), _mean(observed), wilcoxon(expected, observed))

    return Refinement(
        compare(drawn.spread, found.spread), compare(drawn.deviation, found.deviation),
        compare(shuffled.spread, weighted.spread), compare(shuffled.deviation, weighted.deviation),
        float(afferents.in_degrees.mean()),
    )  # fmt: skip


def _mean(values: Floats) -> float:
    """The mean of what is there; NaN without a warning where nothing is."""
    there = values[~np.isnan(values)]
    return float(there.mean()) if len(there) else float("nan")
