"""Optimisers, as rules in the language of structural rules: what they know of a synapse lives with the synapse.

An optimiser's variables are synaptic variables. They move with their synapse and are gone with it, and a synapse that a
rule creates begins with zeros. `Optimiser` is a text of one's own; `SGD` and `Adam` are texts written down here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from textwrap import dedent
from typing import Any

from ..grammar import errors
from .schedules import rate_of


@dataclass(frozen=True, slots=True)
class Optimiser:
    """Changes weights by a text: one or several statements that run for each synapse after a batch.

    In ``update``, ``{w}`` stands for the weight; ``{g}`` for the gradient of the loss by it, averaged over the
    examples of the batch, a number: by the weight in base units; ``rate`` for the learning rate, in the unit of the
    weight; names of ``constants`` for their values. ``state`` names variables of each synapse, which ``update`` uses as
    ``{name}``.

    Example::

        Optimiser('{w} -= rate*sign({g})', rate=1e-3)                    # sign descent
        Optimiser('{m} = 0.9*{m} + {g}\\n{w} -= rate*{m}', rate=1e-2, state=('m',))

    ``rate`` is a number, a quantity, or a schedule: a function of the number of batches done.
    """

    update: str
    rate: Any = 1e-3
    state: tuple[str, ...] = ()
    constants: Mapping[str, float] = field(default_factory=dict)

    def variables(self, weight: str) -> tuple[str, ...]:
        """Names of the synaptic variables that it keeps for a weight."""
        return tuple(f"{weight}_{name}" for name in self.state)

    def rule(self, weight: str, gradient: str) -> str:
        """The rule; ``gradient`` is an expression.

        :raises RunError: E927, ``update`` has braces for something else than w, g and the state.
        """
        names = {"w": weight, "g": "descent", **dict(zip(self.state, self.variables(weight), strict=True))}
        try:
            lines = dedent(self.update.format_map(names)).strip().splitlines()
        except (KeyError, IndexError, ValueError) as error:
            message = f"the text of an optimiser has braces that stand for nothing: {error}."
            hint = f"there are {', '.join('{' + name + '}' for name in names)}"
            raise errors.RunError("E927", message, hint=hint) from None
        return "\n".join(["for each synapse:", f"    descent = {gradient}", *(f"    {line}" for line in lines)])

    def numbers(self, batch: int) -> dict[str, Any]:
        """Values of the names in the rule, in batch number ``batch``."""
        return {"rate": rate_of(self.rate, batch), **self.constants}


def SGD(  # noqa: N802 - its name in the field
    learning_rate: Any = 1e-2, momentum: float = 0.0, weight_decay: float = 0.0
) -> Optimiser:
    """Gradient descent: m ← momentum m + g, w ← w - rate m. ``weight_decay`` is the share that w loses in a batch."""
    update = "{w} = (1 - weight_decay)*{w}" if weight_decay else ""
    constants = {"weight_decay": weight_decay} if weight_decay else {}
    if momentum == 0:
        return Optimiser(f"{update}\n{{w}} -= rate*{{g}}", learning_rate, (), constants)
    update += "\n{momentum} = momentum*{momentum} + {g}\n{w} -= rate*{momentum}"
    return Optimiser(update, learning_rate, ("momentum",), {**constants, "momentum": momentum})


def Adam(  # noqa: N802 - its name in the field
    learning_rate: Any = 1e-3, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
    weight_decay: float = 0.0,
) -> Optimiser:  # fmt: skip
    """Adam (Kingma & Ba 2015): w ← w - rate m̂ / (sqrt(v̂) + epsilon).

    m and v are running means of the gradient and of its square, corrected for their start at zero by the number of
    updates of each synapse, so that one that was created an hour later learns as one that was there from the start.
    ``weight_decay`` is the share that w loses in a batch, apart from the gradient (Loshchilov & Hutter 2019).
    """
    update = """{updates} += 1
{mean} = beta1*{mean} + (1 - beta1)*{g}
{square} = beta2*{square} + (1 - beta2)*{g}**2
{w} -= rate*({mean}/(1 - beta1**{updates}))/(sqrt({square}/(1 - beta2**{updates})) + epsilon)"""
    constants = {"beta1": beta1, "beta2": beta2, "epsilon": epsilon}
    if weight_decay:
        update, constants = "{w} = (1 - weight_decay)*{w}\n" + update, {**constants, "weight_decay": weight_decay}
    return Optimiser(update, learning_rate, ("updates", "mean", "square"), constants)
