"""Events that come to all neurons of a group with one probability are drawn as gaps between events.

    for i in 0..N: flags[i] = uniform() < p;  find flags     becomes     Lottery(p)

Precondition: after hoisting, so that a probability that is the same for all no longer stands in the loop. A `Run` whose
body is only that store, with the `Find` of the same event, becomes one `Run` over a `Lottery`: its cost follows the
events, not the neurons. Other draws come out of it than of the loop, from the same distribution.
"""

from __future__ import annotations

from dataclasses import replace

from ..ir import (
    Action,
    Argument,
    Binary,
    Elements,
    Expression,
    Find,
    Kernel,
    Literal,
    Load,
    Local,
    Lottery,
    ProgramIR,
    Random,
    Run,
    Store,
)
from .traverse import walk


def lottery(program: ProgramIR) -> ProgramIR:
    """Replace loops that draw one uniform number a neuron only to compare it with a common probability."""
    actions: list[Action] = []
    drawn: dict[tuple[str, str], Kernel] = {}
    for action in program.actions:
        match action:
            case Run(kernel) if (found := _drawn(kernel)) is not None:
                domain = found.domain
                assert isinstance(domain, Lottery)
                drawn[domain.neurons, domain.event] = found
            case Find(neurons, event, _) if (neurons, event) in drawn:
                actions.append(Run(drawn.pop((neurons, event))))
            case _:
                actions.append(action)
    return replace(program, actions=tuple(actions))


def _drawn(kernel: Kernel) -> Kernel | None:
    """The kernel as a lottery, where it is one."""
    match kernel.domain, kernel.body:
        case (
            Elements(Literal(0, _), Argument(size, _), True),
            (Store(flags, Local("i", _), Binary("<", Random("uniform", site, (), _), probability)),),
        ) if _common(probability):
            neurons, _, name = flags.name.rpartition(".")
            if size == f"{neurons}.N" and name.endswith("_flags"):
                domain = Lottery(neurons, name.removesuffix("_flags"), probability, site)
                return replace(kernel, domain=domain, body=())
    return None


def _common(x: Expression) -> bool:
    """Whether an expression has one value for all neurons."""
    for part in walk(x):
        match part:
            case Local("i", _) | Random():
                return False
            case Load(_, index) if not isinstance(index, Literal):
                return False
    return True
