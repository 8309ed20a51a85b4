"""The wiring itself: which neurons are connected, how strongly, and how many synapses each neuron has."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..history import Connectivity
from ..model.types import Dtype
from ..synapses import Synapses
from ..units import quantity
from .axes import EXPECTED, PRESENT, axes_or_current, finish, scaled, with_unit

_FINEST = 1000  # rows and columns that are told apart; more are drawn as means of blocks


def connectivity_matrix(synapses: Synapses | Connectivity, values: str | None = None, *, ax: Any = None) -> Any:
    """Draw which source neuron (rows, from above) is connected to which target neuron (columns). Returns the axes.

    By default the colour tells the number of synapses of each pair; with ``values``, the name of a variable, its sum
    over them, with a scale beside it. Pairs without a synapse stay white. Where there are more than 1000 neurons on a
    side, each dot is the mean of a block of pairs. The past can be drawn too: ``connectivity_matrix(S.history_at(t))``.

    :raises StateError: E867, ``values`` of the past, of which only the wiring is known. :raises EqsnnError: as ``S.w``.
    """
    ax = axes_or_current(ax)
    if isinstance(synapses, Connectivity):
        if values is not None:
            message = f"'{values}' is not known of the past, only which synapses there were."
            raise errors.StateError("E867", message, hint="log it: StructureMonitor(S, variables=...)")
        i, j, shape = synapses.i, synapses.j, (synapses.n_pre, synapses.n_post)
    else:
        i, j = np.asarray(synapses.i), np.asarray(synapses.j)
        shape = (len(synapses.source_group), len(synapses.target_group))
    weights, symbol = (np.ones(len(i)), "") if values is None else scaled(_values(synapses, values))
    blocks = _blocks(i, j, weights.astype(np.float64), shape)
    image = ax.imshow(
        blocks, extent=(-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5), aspect="auto", interpolation="nearest",
        cmap="viridis_r", vmin=None if (blocks < 0).any() else 0,
    )  # fmt: skip
    if values is not None:
        ax.figure.colorbar(image, ax=ax, label=with_unit(values, symbol))
    ax.set(xlabel="target neuron", ylabel="source neuron", title=f"{len(i)} synapses")
    return ax


def _values(synapses: Any, name: str) -> Any:
    """Values of a variable or subexpression, as numbers with a unit, whatever its kind."""
    view = getattr(synapses, name)
    found = view[:] if np.ndim(view) else np.full(len(synapses), float(np.asarray(view)))
    member = synapses.model.variables.get(name)
    if np.ndim(view) == 0 and member is not None and member.type.dtype is Dtype.REAL:
        return quantity(found, member.type.dimension)
    return found


def _blocks(
    i: npt.NDArray[Any], j: npt.NDArray[Any], weights: npt.NDArray[Any], shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Sums by pair, or means over blocks of pairs; NaN where there are no synapses."""
    rows, columns = (-(-max(n, 1) // _FINEST) for n in shape)
    grid = (-(-max(shape[0], 1) // rows), -(-max(shape[1], 1) // columns))
    sums, count = np.zeros(grid), np.zeros(grid)
    np.add.at(sums, (i // rows, j // columns), weights)
    np.add.at(count, (i // rows, j // columns), 1)
    return np.where(count > 0, sums / (rows * columns), np.nan)


def degree_distribution(
    synapses: Synapses | Connectivity, side: str = "post", *, expected: npt.ArrayLike | None = None, ax: Any = None,
    **style: Any,
) -> Any:  # fmt: skip
    """Draw how many neurons have how many synapses: incoming ones, or with ``side="pre"`` outgoing. Returns the axes.

    ``expected`` gives the probabilities of degrees 0, 1, ..., as `eqsnn.analysis.degrees.degree_probabilities` does,
    and is drawn as a line through the expected numbers of neurons. ``style`` goes to the bars (``label``, ``color``,
    ...). The past can be drawn too: ``degree_distribution(S.history_at(t))``.

    :raises StructureError: E868, ``side`` is neither.
    """
    if side not in ("pre", "post"):
        raise errors.StructureError("E868", f"side is 'pre' or 'post', not {side!r}.")
    if isinstance(synapses, Connectivity):
        degree = synapses.in_degree if side == "post" else synapses.out_degree
    else:
        degree = np.asarray(synapses.N_incoming_post if side == "post" else synapses.N_outgoing_pre, np.int64)
    ax = axes_or_current(ax)
    numbers = np.bincount(degree)
    given = {"label": f"mean {degree.mean() if len(degree) else 0:.1f}", "color": PRESENT, "alpha": 0.6, **style}
    ax.bar(np.arange(len(numbers)), numbers, width=0.9, **given)
    if expected is not None:
        probability = np.asarray(expected, float)
        mean = float(probability @ np.arange(len(probability)))
        shown = np.flatnonzero(probability > 1e-4 * probability.max())
        ax.plot(
            shown, len(degree) * probability[shown], ".-", color=EXPECTED, linewidth=1.2,
            label=f"expected: mean {mean:.1f}",
        )  # fmt: skip
    ax.legend(frameon=False)
    kind, neurons = ("in-degree", "target") if side == "post" else ("out-degree", "source")
    return finish(ax, xlabel=kind, ylabel=f"{neurons} neurons")
