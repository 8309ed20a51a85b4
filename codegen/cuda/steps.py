"""The step loop of a program, in one of two ways that give the same.

On the device: one kernel runs many steps, with a barrier of the whole grid between actions of which one changes what
the other needs, so that a small network is not bound by launches. On the host: a kernel for each action, and one that
ends a step; the runtime launches them in order, and those that come after the end of a launch do nothing (see
``cuda/steps.h``).
"""

from __future__ import annotations

from collections.abc import Iterator

from ..cpp.statements import indent
from ..cpp.tables import Tables
from ..ir import (
    Action,
    Apply,
    CallBack,
    CheckFinite,
    Enqueue,
    Matching,
    Pairs,
    PairSample,
    Provide,
    Quantile,
    Rank,
    Reserve,
    Run,
    clock_of,
)
from ..program import Target
from .barriers import Footprint, followed_by_barrier
from .ordered import shared_sums


def step_loop(
    actions: tuple[Action, ...], calls: list[str], touched: list[Footprint | None], tables: Tables, target: Target
) -> Iterator[str]:
    """The kernels that carry out steps; ``calls`` are the statements of the actions, '' where there is none."""
    pausing = [_may_pause(action, target.ordered) for action in actions]
    if target.loop == "device":
        return _one_kernel(actions, calls, tables, pausing, list(followed_by_barrier(actions, touched)))
    return _a_kernel_each(actions, calls, tables)


def _one_kernel(
    actions: tuple[Action, ...], calls: list[str], tables: Tables, pausing: list[bool], barriers: list[bool]
) -> Iterator[str]:
    """The step loop: actions in order, those of a clock only at its steps, all threads together.

    A launch may end at an action, and the next one go on there: see ``cuda/steps.h``.
    """
    halting = any(pausing)
    yield 'extern "C" __global__ void __launch_bounds__(block_size) eqsnn_run(Context* home) {'
    yield "    const Grid grid(home->arrived);"
    yield "    Context c = *home;"
    yield f"    Clock clocks[{len(tables.clocks)}];"
    yield f"    for (int32_t k = 0; k < {len(tables.clocks)}; ++k) clocks[k] = home->clocks[k];"
    yield "    c.clocks = clocks;"
    yield "    grid.sync();  // all have read what any may change"
    yield "    Stopwatch watch(c, grid);"
    yield "    for (; c.tick < c.end; ++c.tick) {"
    yield "        c.moment = moment_before(c.tick);"
    if tables.recorders:
        yield "        if (ended(c, home)) break;"
    clocks = [tables.clock(clock_of(action)) for action in actions]
    for clock in range(len(tables.clocks)):
        used = "" if clock in clocks else "[[maybe_unused]] "
        yield f"        {used}const bool due{clock} = begin_step(c, clocks[{clock}]);"
    for place, (action, call) in enumerate(zip(actions, calls, strict=True)):
        if place == 0 or clocks[place - 1] != clocks[place]:
            yield f"        if (due{clocks[place]}) {{"
        if halting:
            yield f"            if (c.resume <= {place}) {{"
        yield from indent(_carried_out(place, action, call, pausing[place], barriers[place]), 4 if halting else 3)
        if halting:
            yield "            }"
        if place + 1 == len(actions) or clocks[place + 1] != clocks[place]:
            yield "        }"
    if halting:
        yield "        c.resume = 0;"
    yield "    }"
    yield f"    watch.stop({len(actions)});"
    yield "    leave(c, home, grid);"
    yield "}"


def _carried_out(place: int, action: Action, call: str, may_pause: bool, barrier: bool) -> Iterator[str]:
    """One action of a step, which may be the last of the launch."""
    if not call:
        return
    if may_pause or isinstance(action, CheckFinite):
        yield f"c.moment = moment_of(c.tick, {place});"
    if isinstance(action, CallBack):
        yield f"{call};"
        yield "break;"
        return
    yield f"{call};"
    yield "grid.sync();" if barrier else "if (c.profile) grid.sync();  // to tell the actions apart"
    if may_pause or isinstance(action, CheckFinite):
        yield "if (ended(c, home)) break;"
    yield f"watch.note({place});"


def _a_kernel_each(actions: tuple[Action, ...], calls: list[str], tables: Tables) -> Iterator[str]:
    """Kernels ``eqsnn_action_<place>``, which know the step from a context behind the first, which they only read."""
    for place, (action, call) in enumerate(zip(actions, calls, strict=True)):
        if not call or isinstance(action, CallBack):
            continue
        yield f'extern "C" __global__ void __launch_bounds__(block_size) eqsnn_action_{place}(Context* home) {{'
        yield "    const Grid grid(home->arrived);"
        yield "    Context c = home[1];"
        yield f"    c.moment = moment_of(c.tick, {place});"
        yield "    if (ended_before(c, home)) return;"
        yield f"    Clock clocks[{len(tables.clocks)}];"
        yield f"    for (int32_t k = 0; k < {len(tables.clocks)}; ++k) clocks[k] = c.clocks[k];"
        yield "    c.clocks = clocks;"
        yield f"    for (int32_t k = 0; k < {len(tables.clocks)}; ++k) begin_step(c, clocks[k]);"
        yield f"    {call};"
        yield "}"
    yield 'extern "C" __global__ void eqsnn_step(Context* home) {'
    yield "    end_step(home);"
    yield "}"


def _may_pause(action: Action, ordered: bool) -> bool:
    """Whether a launch may end at an action, for the next one to go on there: Python is called, or room is wanted."""
    if ordered and isinstance(action, Run) and shared_sums(action.kernel):
        return True
    return has_pairs(action) or isinstance(action, CallBack | Apply | Enqueue | Provide | Rank | Quantile | Reserve)


def has_pairs(action: Action) -> bool:
    """Whether an action visits pairs of neurons."""
    return isinstance(action, Run) and isinstance(action.kernel.domain, Pairs | PairSample | Matching)
