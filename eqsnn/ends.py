"""Variables of the neurons that synapses connect, as a script sees them: ``S.x_pre``, one value for each synapse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .model.symbols import Variable
from .state import VariableView

if TYPE_CHECKING:
    from .delays import DelayedGroup
    from .neurongroup import NeuronGroup
    from .subgroup import Subgroup


def view_of_end(synapses: DelayedGroup, name: str) -> VariableView | None:
    """The view of ``x_pre`` or ``x_post`` (``x_pre_``: without unit), which cannot be set; None: no such variable."""
    plain = name.endswith("_")
    found = _end(synapses, base := name.removesuffix("_"))
    if found is None:
        return None
    group, variable, _ = found
    type_ = group.state_variables()[variable].type
    member = Variable(base, synapses.name, type_, "parameter", read_only=True)
    return VariableView(synapses, base, member, plain=plain)


def read_end(synapses: DelayedGroup, name: str, subset: Any) -> npt.NDArray[Any]:
    """Values of ``x_pre`` or ``x_post`` for some synapses, in order of creation."""
    found = _end(synapses, name)
    assert found is not None
    group, variable, neurons = found
    if group.state_variables()[variable].shared:
        value = group.read_state(variable, None)
        return np.broadcast_to(value, value.shape[:-1] + neurons[subset].shape)
    return group.read_state(variable, neurons[subset])


def _end(synapses: DelayedGroup, name: str) -> tuple[NeuronGroup | Subgroup, str, npt.NDArray[np.int32]] | None:
    """What ``v_post`` means: the target, ``v``, and the neuron of each synapse."""
    for suffix, group, neurons in (("_pre", synapses.source_group, "i"), ("_post", synapses.target_group, "j")):
        variable = name.removesuffix(suffix)
        if variable != name and variable in group.state_variables():
            return group, variable, getattr(synapses.ragged, neurons)
    return None
