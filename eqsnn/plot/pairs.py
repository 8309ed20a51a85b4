"""Values of the pairs of neurons that synapses connect, also of synapses that are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from ..execute import Trial, evaluate_expressions, scope_of
from ..grammar import errors
from ..grammar.source import Source
from ..monitors import StructureMonitor
from ..namespaces import Namespace, caller
from ..units import dimension_of, quantity, to_base


def values_of_pairs(monitor: StructureMonitor, values: str | npt.ArrayLike | Callable[..., Any]) -> Any:
    """One value for each change that ``monitor`` has logged, with its unit: see `changes_by_distance`.

    :raises StateError: E869, there is not one for each change. :raises EqsnnError: as for any text.
    """
    i, j, synapses = monitor.i, monitor.j, monitor.synapses
    if isinstance(values, str):
        return _expression(synapses, values, i, j)
    found = values(i, j) if callable(values) else values
    shape = (len(synapses.source_group), len(synapses.target_group))
    if np.shape(found) == shape:
        return quantity(np.asarray(to_base(found))[i, j], dimension_of(found))
    if np.shape(found) != (len(i),):
        message = f"an array of shape {np.shape(found)} gives no distance for each of {len(i)} changes."
        hint = f"give one for each change, or for each pair: shape {shape}"
        raise errors.StateError("E869", message, place=monitor.title, hint=hint)
    return quantity(np.asarray(to_base(found)), dimension_of(found))


def _expression(synapses: Any, text: str, i: npt.NDArray[Any], j: npt.NDArray[Any]) -> Any:
    """Values of an expression that needs no synapse, for each pair of neurons (several times, where it comes again)."""
    from ..grammar.parser import parse_expression
    from ..model.infer import infer

    node = parse_expression(Source(text, f"{synapses.title}, distance"))
    namespace = Namespace(synapses.name, synapses.namespace, caller())
    keys, place = np.unique(i.astype(np.int64) * len(synapses.target_group) + j, return_inverse=True)
    pairs = Trial.of(synapses, *np.divmod(keys, len(synapses.target_group)))
    (found,) = evaluate_expressions(synapses, (node,), None, namespace, pairs)
    return quantity(found[place], infer(node, scope_of(synapses, namespace)).dimension)
