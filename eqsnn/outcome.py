"""What stopped a run, in the user's terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .grammar.errors import RunError
from .runtime.context import FAULT_MEMORY, FAULT_NOT_FINITE, FAULT_TOO_MANY
from .runtime.store import of_copy

if TYPE_CHECKING:
    from .codegen.program import Program
    from .runtime.bind import Timing
    from .runtime.session import Outcome


def raise_fault(
    outcome: Outcome, program: Program, objects: Mapping[str, Any], timing: Timing, copies: int = 1
) -> None:
    """Raise the error that a run of so many networks ended with, if any.

    :raises RunError: E903 memory ran out, E904 too many synapses, E914 a value is not finite.
    """
    if not outcome.fault:
        return
    action, now = program.actions[outcome.action], f"{outcome.tick * timing.tick * 1e3:g} ms"
    now += f" in copy {outcome.copy} of the batch" if copies > 1 else ""
    if outcome.fault == FAULT_MEMORY:
        hint = "record less, or build a smaller network; the synapses are as they were before the change that failed"
        raise RunError("E903", f"at t = {now} memory ran out in '{program.labels[outcome.action]}'.", hint=hint)
    if outcome.fault == FAULT_TOO_MANY:
        raise RunError("E904", f"at t = {now} a projection would have more than 2**31 synapses.")
    assert outcome.fault == FAULT_NOT_FINITE
    array = action.array  # type: ignore[union-attr]
    owner, _, name = array.name.rpartition(".")
    found = objects[owner]
    where = f"{name}[{outcome.index}]"
    if array.space == "slot":
        storage = found.ragged
        where = f"{name}[{storage.fixed('pre')[outcome.index]}, {storage.fixed('post')[outcome.index]}]"
        column = of_copy(name, outcome.copy)
        value = storage.view(column if column in storage.columns else name)[outcome.index]
    else:
        value = found.store.buffer(name, outcome.copy)[outcome.index]
    hint = "look for a division by zero, or a step dt too long for the equations"
    raise RunError("E914", f"at t = {now} '{where}' became {value}.", hint=hint, place=found.title)
