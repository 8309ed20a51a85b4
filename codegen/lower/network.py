"""The fourth stage: symbolic tasks become actions on kernels, in the order of a step."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate
from typing import assert_never

from eqsnn.model.declarations import NetworkDeclaration, Neurons, Projection
from eqsnn.model.symbols import Variable
from eqsnn.model.types import Dtype
from eqsnn.symbolic.blocks import removes
from eqsnn.symbolic.model import (
    Advance,
    CallPython,
    CountEvents,
    Deliver,
    Detect,
    Fade,
    Feed,
    Integrate,
    Item,
    Mark,
    MarkFired,
    React,
    RecordEvents,
    RecordState,
    Refresh,
    Regulate,
    Rewire,
    SumUp,
    Sweep,
    SymbolicNetwork,
    Weigh,
)

from ..ir import (
    Action,
    Apply,
    Array,
    CallBack,
    CheckFinite,
    EventSynapses,
    Find,
    Generate,
    ProgramIR,
    Run,
    Synapses,
    Tally,
)
from .access import Surroundings, column, machine_type
from .held import lower_refresh
from .neurons import lower_advance, lower_detect, lower_react, lower_regulate, not_refractory, used_sites
from .record import lower_record_events, lower_record_state
from .rules import lower_rewire
from .synapses import lower_deliver, lower_integrate, lower_sum, lower_synaptic_code, stages_changes
from .traces import lower_fade, lower_mark
from .training import lower_feed, lower_mark_fired, lower_sweep, lower_weigh


def lower(network: SymbolicNetwork, declaration: NetworkDeclaration) -> ProgramIR:
    """Actions of a whole network."""
    around = Surroundings(
        declaration, declaration.neurons(), declaration.projections(), network.refractory, network.traces
    )
    for name, refractory in network.refractory.items():
        clock = around.neurons[name].when.clock
        around.not_refractory[name] = not_refractory(name, clock, refractory, around)
    sites = _sites(network.items)
    fused = _fused(network.items, around)
    actions: list[Action] = []
    for place, item in enumerate(network.items):
        actions += (_owned(action, item.owner) for action in _lower(place, network.items, fused, sites, around))
        if isinstance(item.task, Detect):
            actions.append(_find(item, item.task))
    return ProgramIR((), (*actions, *_end_of_step(actions, around)), backward=network.backward)


def _owned(action: Action, owner: str) -> Action:
    return Run(replace(action.kernel, owner=owner)) if isinstance(action, Run) else action


def _sites(items: tuple[Item, ...]) -> tuple[int, ...]:
    """Program-wide number of each task's first random call."""
    return tuple(accumulate((used_sites(item) for item in items), initial=0))


def _find(item: Item, task: Detect) -> Action:
    if task.condition is None:
        return Generate(task.neurons, item.when.clock)
    return Find(task.neurons, task.event, item.when.clock)


_CHANGES_NO_NEURON = Advance | Detect | Fade | Integrate | RecordState | RecordEvents | CountEvents | Sweep
"""Tasks that leave alone what a threshold reads (of other groups, where they advance those)."""


def _fused(items: tuple[Item, ...], around: Surroundings) -> dict[int, int]:
    """Places of updates, with the place of the threshold that is computed in the same loop.

    Allowed where nothing that runs between the two can change what the threshold reads.
    """
    found = {}
    for place, item in enumerate(items):
        if not isinstance(item.task, Advance) or around.neurons[item.task.neurons].links:
            continue
        for later in range(place + 1, len(items)):
            task = items[later].task
            if isinstance(task, Detect) and task.neurons == item.task.neurons and task.condition is not None:
                if task.event == "spike" and items[later].when.clock == item.when.clock:
                    found[place] = later
                break
            if not isinstance(task, _CHANGES_NO_NEURON):
                break
    return found


def _lower(
    place: int, items: tuple[Item, ...], fused: dict[int, int], sites: tuple[int, ...], around: Surroundings
) -> tuple[Action, ...]:
    """Actions of the task at ``place``."""
    item, site = items[place], sites[place]
    match item.task:
        case Advance() as task:
            later = fused.get(place)
            detect = None if later is None else (items[later], sites[later])
            return (Run(lower_advance(item, task, detect, around, site)),)
        case Refresh() as task:
            return lower_refresh(item, task, around, site)
        case Detect() as task:
            if task.condition is None or place in fused.values():
                return ()
            return (Run(lower_detect(item, task, around, site)),)
        case React() as task:
            return (Run(lower_react(item, task, around, site)),)
        case Regulate() as task if task.group in around.neurons:
            return (Run(lower_regulate(item, task, around, site)),)
        case Regulate() as task:
            return (Run(lower_synaptic_code(item, task, around, site)),)
        case Deliver() as task:
            return lower_deliver(item, task, around, site)
        case Fade() as task:
            return (Run(lower_fade(item, task, around, site)),)
        case Mark() as task:
            return (Run(lower_mark(item, task, around, site)),)
        case Integrate() as task:
            return (Run(lower_integrate(item, task, around, site)),)
        case SumUp() as task:
            return lower_sum(item, task, around, site)
        case Rewire() as task:
            first = (Apply(task.projection, item.when.clock),) if _staged_before(place, items) else ()
            return (*first, *lower_rewire(item, task, around, site))
        case RecordState() as task:
            return (Run(lower_record_state(item, task, around, site)),)
        case RecordEvents() as task:
            return (Run(lower_record_events(item, task, around, site)),)
        case CountEvents(neurons, start, stop):
            return (Tally(item.owner, neurons, start, stop, item.when.clock),)
        case Sweep() as task:
            return (Run(lower_sweep(item, task, around, site)),)
        case MarkFired() as task:
            return lower_mark_fired(item, task, around)
        case Feed() as task:
            return lower_feed(item, task)
        case Weigh() as task:
            return lower_weigh(item, task, around, site)
        case CallPython():
            return (CallBack(item.owner, item.when.clock),)
        case _:
            assert_never(item.task)


def _staged_before(place: int, items: tuple[Item, ...]) -> bool:
    """Whether code of events may have removed synapses of a rule's projection earlier in the step.

    The rule sees that.
    """
    rewire = items[place].task
    assert isinstance(rewire, Rewire)
    for item in items[:place]:
        task = item.task
        projection = task.projection if isinstance(task, Deliver) else task.group if isinstance(task, Regulate) else ""
        if isinstance(task, Deliver | Regulate) and projection == rewire.projection and removes(task.body):
            return True
    return False


def _end_of_step(actions: list[Action], around: Surroundings) -> list[Action]:
    """What event code has staged takes effect; then values are looked at, where asked for."""
    last: list[Action] = []
    for action, following in zip(actions, [*actions[1:], None], strict=False):
        if isinstance(action, Run) and isinstance(action.kernel.domain, EventSynapses | Synapses):
            kernel = action.kernel
            if stages_changes(kernel.body) and not isinstance(following, Apply):  # a rule's passes have their own
                last.append(Apply(action.kernel.domain.projection, kernel.clock))
    if around.declaration.check_finite:
        last += _finite(around)
    return list(dict.fromkeys(last))


def _finite(around: Surroundings) -> list[Action]:
    result: list[Action] = []
    groups: tuple[Neurons | Projection, ...] = (*around.neurons.values(), *around.projections.values())
    for item in groups:
        for variable in item.model.variables.values():
            if not isinstance(variable, Variable) or variable.type.dtype is not Dtype.REAL or variable.linked:
                continue
            slot = item.name in around.projections and not variable.shared
            type_ = machine_type(variable.type)
            array = column(item.name, variable.name, type_) if slot else Array(f"{item.name}.{variable.name}", type_)
            result.append(CheckFinite(array, item.title, item.when.clock))
    return result
