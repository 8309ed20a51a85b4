"""`network_operation`: a Python function that runs at every step."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, overload

from .base import NetworkObject
from .clocks import Clock
from .grammar import errors
from .model.declarations import PythonCall


class NetworkOperation(NetworkObject):
    """A function that is called at every step of a clock, with the time (a quantity) where it takes an argument.

    The step loop waits for it: give it a ``dt`` as long as it may be.

    :raises TypeError: E427, it is no function of none or one argument.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(_kind(function), name, dt=dt, clock=clock, when=when, order=order)
        self.function = function
        self._takes_time = _takes_time(function, self.title)

    def declare(self) -> tuple[PythonCall, ...]:
        """A call from the step loop."""
        return (PythonCall(self.name, self.schedule()),)

    def call(self) -> None:
        """Call the function; its clock stands at the present step."""
        if self._takes_time:
            self.function(self.clock.t)
        else:
            self.function()

    def __call__(self, *args: Any) -> Any:
        """Call the function by hand."""
        return self.function(*args)


def _kind(function: object) -> str:
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() and name.isascii() else "networkoperation"


def _takes_time(function: object, place: str) -> bool:
    if not callable(function):
        raise errors.TypeError("E427", f"a network operation is a function, not {function!r}.", place=place)
    parameters = inspect.signature(function).parameters.values()
    needed = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if len(needed) > 1 or any(p.kind is p.KEYWORD_ONLY and p.default is p.empty for p in parameters):
        message = f"a network operation has no argument, or the time: not {inspect.signature(function)}."
        raise errors.TypeError("E427", message, place=place, hint="write 'def f():' or 'def f(t):'")
    return bool(needed)


@overload
def network_operation(function: Callable[..., Any]) -> NetworkOperation: ...
@overload
def network_operation(
    *, dt: Any = None, clock: Clock | None = None, when: str = "start", order: int = 0, name: str | None = None
) -> Callable[[Callable[..., Any]], NetworkOperation]: ...
def network_operation(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """Make a function run at every step: ``@network_operation``, or ``@network_operation(dt=1*ms, when='end')``.

    The function has no argument, or one that is the time, a quantity.

    :raises TypeError: E427, it has other arguments.
    """
    if function is not None:
        return NetworkOperation(function)
    return lambda decorated: NetworkOperation(decorated, **options)
