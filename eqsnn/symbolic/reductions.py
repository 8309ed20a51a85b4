"""What a pass of a rule asks of all synapses before it begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import sympy

from ..model.symbols import Aggregate, Whose

Function: TypeAlias = Literal["count", "sum", "mean", "min", "max", "quantile", "rank"]


@dataclass(frozen=True, slots=True)
class Reduction:
    """``function(value)`` over the synapses there are, ``per`` neuron of a side where given.

    ``value`` is a truth value for ``count`` (None: every synapse counts). ``order`` is the q of ``quantile(x, q)``.
    """

    result: Aggregate
    function: Function
    per: Whose
    value: sympy.Basic | None = None
    order: sympy.Expr | None = None
