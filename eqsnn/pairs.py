"""Pairs of neurons as arrays, and what is common to all ways of finding them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import seeds
from .grammar import ast, errors

if TYPE_CHECKING:
    from .synapses import Synapses

Pairs = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
INDEX = np.int32


def place(synapses: Synapses) -> str:
    """How messages call a call of `connect`."""
    return f"{synapses.title}, connect"


def neuron_numbers(synapses: Synapses, value: Any, name: str) -> npt.NDArray[Any]:
    """Neurons given as integers.

    :raises StructureError: E617, they are none.
    """
    numbers = np.asarray(value)
    if numbers.size == 0:
        return np.empty(0, np.int64)
    if numbers.dtype.kind not in "iu" or numbers.ndim > 1:
        raise errors.StructureError(
            "E617",
            f"{name} must be integers, not {value!r}.",
            place=place(synapses),
            hint="neurons are numbered from 0",
        )
    return numbers.astype(np.int64)


def existing(synapses: Synapses, i: npt.NDArray[Any], j: npt.NDArray[Any], skip: bool) -> Pairs:
    """Pairs of neurons that exist; others are left out, or an error."""
    valid = np.ones(len(i), bool)
    for name, neurons, group in (("i", i, synapses.source_group), ("j", j, synapses.target_group)):
        inside = (neurons >= 0) & (neurons < len(group))
        if not skip and not inside.all():
            first = neurons[np.argmin(inside)]
            raise errors.StructureError(
                "E613",
                f"{name} = {first}: there is no such neuron, they go from 0 to {len(group) - 1}.",
                place=place(synapses),
                hint="skip_if_invalid=True leaves such pairs out",
            )
        valid &= inside
    return i[valid].astype(INDEX), j[valid].astype(INDEX)


def check_whole(synapses: Synapses, node: ast.Expression, values: npt.NDArray[Any]) -> None:
    """Require whole numbers.

    :raises StructureError: E617.
    """
    if values.dtype.kind == "b" or not np.array_equal(values, np.round(values)):
        raise errors.StructureError(
            "E617", f"'{node.span.text}' must give whole numbers.", node.span, "round it with int(...)"
        )


def statement_generator() -> np.random.Generator:
    """NumPy's generator for one statement, keyed by the seed and the number of the statement."""
    return np.random.Generator(np.random.Philox(key=[seeds.current_seed(), seeds.next_stream()]))
