"""What training adds to a step: sweeps over neurons that keep what they find, and errors that come back."""

from __future__ import annotations

from eqsnn.model.symbols import Variable
from eqsnn.symbolic.model import Feed, Item, MarkFired, Sweep, Weigh

from ..from_sympy import convert
from ..ir import (
    BOOL,
    INT,
    LONG,
    REAL,
    Accumulate,
    Action,
    Argument,
    Array,
    Binary,
    Cast,
    Events,
    Expression,
    Feedback,
    Kernel,
    Literal,
    Run,
    Store,
    Synapses,
    Zero,
)
from .access import I, Surroundings, kept_array, kept_index, machine_type
from .body import Body
from .neurons import access, everyone
from .synapses import synaptic


def lower_sweep(item: Item, task: Sweep, network: Surroundings, site: int) -> Kernel:
    """One step for each neuron; what is kept goes to the row of this step."""
    body = Body(access(network, task.neurons, item), item.names, site)
    body.update(task.update)
    for remembered, value in task.kept:
        array = kept_array(remembered)
        found = convert(body.expression(value), array.type)
        body.statements.append(Store(array, kept_index(remembered.owner, item.when.clock), found))
    return Kernel(f"{task.neurons}_{task.label}", item.when.clock, everyone(task.neurons), body.store())


def lower_mark_fired(item: Item, task: MarkFired, network: Surroundings) -> tuple[Action, ...]:
    """Truth values of the neurons in the list of this step."""
    array, clock = _array(task.fired), item.when.clock
    domain = Events(task.neurons, "spike", 0, network.neurons[task.neurons].size)
    kernel = Kernel(f"{task.neurons}_fired", clock, domain, (Store(array, I, Literal(True, BOOL)),))
    return Zero(array, 0, None, clock), Run(kernel)


def lower_feed(item: Item, task: Feed) -> tuple[Action, ...]:
    """Errors times what they are weighed by, summed up."""
    signal, clock = _array(task.signal), item.when.clock
    actions: list[Action] = [Zero(signal, 0, None, clock)]
    for source in task.sources:
        matrix = Array(f"{task.neurons}.{source.matrix}", signal.type)
        delay = Argument(source.delay, LONG)
        sizes = (Argument(f"{task.neurons}.N", LONG), Argument(f"{source.output}.N", LONG))
        actions.append(Feedback(matrix, kept_array(source.error), signal, delay, *sizes, clock))
    return tuple(actions)


def lower_weigh(item: Item, task: Weigh, network: Surroundings, site: int) -> tuple[Action, ...]:
    """A dense matrix of what is sparse: no synapse, zero."""
    matrix, clock = Array(f"{task.neurons}.{task.matrix}", REAL), item.when.clock
    body = synaptic(network, item, task.projection, site)
    value = convert(body.expression(task.value), REAL)
    row, column = (Cast(body.access.index(side), LONG) for side in ("post", "pre"))
    index: Expression = Binary("*", row, Cast(Argument(f"{task.neurons}.N", INT), LONG))
    body.statements.append(Accumulate(matrix, Binary("+", index, column), value))
    kernel = Kernel(f"{task.projection}{task.matrix}", clock, Synapses(task.projection), body.store())
    return Zero(matrix, 0, None, clock), Run(kernel)


def _array(variable: Variable) -> Array:
    return Array(f"{variable.owner}.{variable.name}", machine_type(variable.type))


