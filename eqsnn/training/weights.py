"""What learning keeps of a projection's synapses, and how its weights change after a batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..grammar import errors
from ..model.symbols import Variable
from ..model.types import REAL
from ..plasticity import StructuralPlasticity
from ..synapses import Synapses
from ..units import dimension_of, quantity
from .optimisers import Optimiser


class Learner:
    """The learned ``weight`` of a projection, its gradient, what an ``optimiser`` keeps, and the rule that changes it.

    The variables are those of the synapses: ``S.w_gradient`` is the mean gradient of the last batch. ``l1`` is added to
    the gradient with the sign of the weight.
    """

    def __init__(
        self, projection: Synapses, weight: str, optimiser: Optimiser, l1: float, feedback: bool,
        traces: Iterable[str] = (),
    ) -> None:  # fmt: skip
        self.projection, self.weight, self.optimiser, self.l1 = projection, weight, optimiser, l1
        self.gradient, self.summed = f"{weight}_gradient", f"_{weight}_gradient"  # of the batch, and of each lane
        names = [self.gradient, *optimiser.variables(weight), *([f"{weight}_feedback"] if feedback else [])]
        own = [Variable(name, projection.name, REAL, "parameter") for name in names]
        of_lanes = (self.summed, *traces)
        self._names = {*names, *of_lanes}
        projection.extend([*own, *(Variable(n, projection.name, REAL, "parameter", batch=True) for n in of_lanes)])
        gradient = self.gradient + (f" + l1*sign({weight})" if l1 else "")
        for name in (*names, *of_lanes):
            projection.ragged.set(name, 0)  # another trainer may have used it
        text, name = optimiser.rule(weight, gradient), f"{projection.name}_optimiser"
        self.rule = StructuralPlasticity(projection, text, namespace=self._numbers(0), name=name)
        self.rule.active = False
        projection.contained.remove(self.rule)  # no part of a network: it may be trained by another optimiser later

    def _numbers(self, batch: int) -> dict[str, Any]:
        check_rate(self.projection, self.weight, self.optimiser, batch)
        return {**self.optimiser.numbers(batch), **({"l1": self.l1} if self.l1 else {})}

    def step(self, batch: int) -> None:
        """Change the weights by the gradient that was collected; ``batch`` numbers batches from 0."""
        self.rule.namespace.update(self._numbers(batch))
        self.rule.run()

    def bytes_of_synapse(self) -> int:
        """What is kept of a synapse for learning."""
        columns = self.projection.ragged.columns
        return sum(np.dtype(kind).itemsize for name, kind in columns.items() if name.partition("@")[0] in self._names)

    def broken(self) -> str | None:
        """The first of its variables that holds a value that is not finite."""
        for name in (self.weight, self.gradient, *self.optimiser.variables(self.weight)):
            if not np.isfinite(self.projection.ragged.get(name)).all():
                return name
        return None


def check_rate(projection: Synapses, weight: str, optimiser: Optimiser, batch: int = 0) -> None:
    """Refuse a learning rate in another unit than the weight.

    :raises DimensionError: E227.
    """
    rate, wanted = optimiser.numbers(batch)["rate"], projection.model.variables[weight].type.dimension
    if dimension_of(rate) != wanted:
        unit = quantity(1.0, wanted)
        message = f"the learning rate {rate!r} has not the unit of '{weight}', {unit!r}."
        hint = "give each projection an optimiser of its own: optimiser={synapses: Adam(0.1*mV)}"
        raise errors.DimensionError("E227", message, place=projection.title, hint=hint)
