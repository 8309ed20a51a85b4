"""What the networks of a batch make together: reductions over what each has, and one value given to all."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .grammar import ast
from .model.functions import BATCH_REDUCTIONS
from .model.unread import assignments

if TYPE_CHECKING:
    from .codegen.program import Program
    from .synapses import Synapses

Array = npt.NDArray[Any]
_REDUCTION = re.compile(rf"({'|'.join(BATCH_REDUCTIONS)})\((.*)\)")


def reduce(synapses: Synapses, program: Program) -> None:
    """Work out the reductions over the batch that a program reads, each into a column of the synapses."""
    names = (a.name.removeprefix(f"{synapses.name}.") for a in program.arrays if a.projection == synapses.name)
    for found in filter(None, map(_REDUCTION.fullmatch, names)):
        function, variable = found.groups()
        _reduce_into(synapses, found.group(), function, variable)


def _reduce_into(synapses: Synapses, column: str, function: str, variable: str) -> None:
    ragged = synapses.ragged
    columns = [ragged.view(own) for own in synapses.copies_of(variable)]
    if column not in ragged.columns:
        synapses.take_log()
        kind = columns[0].dtype if function != "batch_mean" else synapses.store.real
        ragged.add_column(column, kind)
        columns = [ragged.view(own) for own in synapses.copies_of(variable)]
    ragged.view(column)[:] = _reduced(columns, function)


def _reduced(columns: list[Array], function: str) -> Array:
    """One value for each slot; sums in the order of the networks, in double precision."""
    first, *others = columns
    exact = function in ("batch_min", "batch_max")
    result = first.astype(first.dtype if exact else np.float64 if first.dtype.kind == "f" else np.int64)
    combine = {"batch_min": np.minimum, "batch_max": np.maximum}.get(function, np.add)
    for column in others:
        combine(result, column, out=result)
    return np.asarray(result / len(columns)) if function == "batch_mean" else result


def spread(synapses: Synapses, rule: ast.Rule, mark: int) -> None:
    """Give all networks what a rule gave the first: variables that it sets, and all of synapses created from ``mark``.

    ``mark`` is the number that the next synapse would have got before the rule.
    """
    own = set(synapses.model.per_copy())
    names = {node.target.id for part in rule.passes for node in assignments(part.body)} & own
    ragged = synapses.ragged
    _copy(synapses, names, ragged.order())
    if ragged.fields.next_serial != mark:
        slots = ragged.order()
        _copy(synapses, (*own, "lastupdate"), slots[np.searchsorted(ragged.fixed("serial")[slots], mark) :])


def _copy(synapses: Synapses, names: Iterable[str], slots: npt.NDArray[np.int32]) -> None:
    for name in names:
        first, *others = synapses.copies_of(name) or [""]
        for other in others:
            synapses.ragged.view(other)[slots] = synapses.ragged.view(first)[slots]
