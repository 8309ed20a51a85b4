"""What the networks of a batch make together: reductions over what each has, and one value given to all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .grammar import ast, errors
from .model.functions import BATCH_REDUCTIONS
from .model.symbols import Variable
from .model.unread import assignments

if TYPE_CHECKING:
    from .base import NetworkObject
    from .codegen.program import Program
    from .model.symbols import GroupModel
    from .runtime.store import Store
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


def accounts(objects: Mapping[str, NetworkObject], program: Program) -> list[tuple[Store, str]]:
    """The variables that neurons share and a rule uses; they are the same in all networks.

    :raises StateError: E743, a network has changed one of them by itself.
    """
    found = []
    for array in program.arrays:
        owner, _, name = array.name.rpartition(".")
        group: Any = objects.get(owner)
        model: GroupModel | None = getattr(group, "model", None)
        variable = None if model is None else model.variables.get(name)
        if not isinstance(variable, Variable) or not variable.shared or variable.linked or array.projection is not None:
            continue
        values = group.store.each(name)
        if (values != values[0]).any():
            message = f"'{name}' is not the same in all networks of the batch, and a rule runs once for all of them."
            hint = "let rules alone change it, or set it from the script between runs"
            raise errors.StateError("E743", message, place=group.title, hint=hint)
        found.append((group.store, name))
    return found


def spread(synapses: Synapses, rule: ast.Rule, mark: int, shared: Iterable[tuple[Store, str]]) -> None:
    """Give all networks what a rule gave the first: variables that it sets, and all of synapses created from ``mark``.

    ``mark`` is the number that the next synapse would have got before the rule; ``shared`` comes from `accounts`.
    """
    for store, name in shared:
        store.each(name)[:] = store.each(name)[0]
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
