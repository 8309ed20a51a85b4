"""Objects of a network: each has a name and a clock, declares itself to the compiler, and is found by `run`."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import names
from .clocks import Clock, choose_clock
from .grammar import ast, errors
from .grammar.source import Source, Span
from .grammar.suggest import suggest
from .model.declarations import SLOTS, Declaration, When

if TYPE_CHECKING:
    import numpy.typing as npt

    from .codegen.program import Program
    from .network import Network

_serials = itertools.count()
_live: weakref.WeakSet[NetworkObject] = weakref.WeakSet()
_scope = 0


class _Registered(type):
    """Makes objects known to `collect` when they are complete: one whose making failed is never run."""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        made = super().__call__(*args, **kwargs)
        if not made.is_contained:
            _live.add(made)
        return made


class NetworkObject(metaclass=_Registered):
    """Base of groups, synapses, monitors, inputs and operations.

    ``contained`` objects belong to this one and run with it (`run_regularly`, `PoissonInput`); they must not hold a
    reference to it, so that both are gone as soon as nobody uses them, and are not found by a later `run`.
    """

    def __init__(
        self,
        kind: str,
        name: str | None,
        *,
        dt: Any = None,
        clock: Clock | None = None,
        otherwise: Clock | None = None,
        when: str = "start",
        order: int = 0,
        contained: bool = False,
    ) -> None:
        self.name = names.claim(kind, name, self)
        self.clock = choose_clock(dt, clock) if otherwise is None else choose_clock(dt, clock, otherwise)
        self.when = check_slot(when, self.title)
        self.order = check_order(order, self.title)
        self.contained: list[NetworkObject] = []
        self._programs: dict[str, Program] = {}  # by target, those of the last networks it ran in
        self._serial, self._scope = next(_serials), _scope
        self.is_contained = contained

    @property
    def title(self) -> str:
        """How messages call this object: ``"NeuronGroup 'excitatory'"``."""
        return f"{type(self).__name__} '{self.name}'"

    def schedule(self, when: str | None = None, order: int | None = None) -> When:
        """This object's place in a step, or another place on its clock."""
        return When(when or self.when, self.order if order is None else order, self.clock.name)

    def declare(self) -> tuple[Declaration, ...]:
        """What the compiler needs to know of this object, without the objects it contains."""
        raise NotImplementedError

    def set_precision(self, dtype: npt.DTypeLike) -> None:
        """Store real variables in another precision."""
        store = getattr(self, "store", None)
        if store is not None:
            store.set_precision(dtype)

    def set_batch(self, copies: int) -> None:
        """Hold the state of so many networks; new ones begin as the first is now."""
        store = getattr(self, "store", None)
        if store is not None:
            store.set_copies(copies)

    def before_run(self, network: Network) -> None:
        """Prepare for a run; the network's clocks stand at its start."""

    def remember(self) -> None:
        """A run is about to begin at time zero: keep what `restart` needs."""

    def restart(self) -> None:
        """Be again as when the last run from time zero began, apart from what was learned."""

    def after_batch(self) -> None:
        """All networks of a batch have come to the end of a run; also where there is only one."""

    def after_run(self, network: Network) -> None:
        """Tidy up after a run, also one that failed."""

    def __repr__(self) -> str:
        return f"<{self.title}>"


def text_source(text: object, place: str, part: str) -> Source:
    """A text of the user's with where it was given: ``text_source(model, "NeuronGroup 'exc'", 'model')``.

    :raises TypeError: E420, ``text`` is not a string.
    """
    if not isinstance(text, str):
        raise errors.TypeError("E420", f"{part} must be a string, not {text!r}.", place=place)
    return Source(text, f"{place}, {part}")


def described(thing: object) -> str:
    """What a message calls something that stands where it should not: a title, or its value in one line."""
    title = getattr(thing, "title", None)
    if isinstance(title, str) and isinstance(thing, NetworkObject):
        return title
    text = " ".join(repr(thing).split())
    return text if len(text) <= 60 else f"{type(thing).__name__} {text[:40]}..."


def name_node(text: str, title: str) -> ast.Name:
    """A name as the user gave it to Python, for messages that point at it."""
    source = Source(text, title)
    return ast.Name(text, Span(source, 0, len(text)))


def check_slot(when: object, place: str) -> str:
    """Return a slot of a time step.

    :raises NameError: E315, with the nearest slots.
    """
    known = [prefix + slot for slot in SLOTS for prefix in ("", "before_", "after_")]
    if isinstance(when, str) and when in known:
        return when
    near = suggest(str(when), known)
    hint = f"did you mean '{near[0]}'?" if near else f"slots are {', '.join(SLOTS)}, and before_ and after_ each"
    raise errors.NameError("E315", f"a step has no slot {when!r}.", hint=hint, place=place)


def check_order(order: object, place: str) -> int:
    """Return an order in a slot.

    :raises ModelError: E556, it is not an integer.
    """
    if isinstance(order, bool) or not isinstance(order, int):
        raise errors.ModelError("E556", f"order must be an integer, not {order!r}.", place=place)
    return order


def start_scope() -> None:
    """Start a new model: objects made so far are no longer found by `run`, and automatic names start again."""
    global _scope
    _scope += 1
    names.forget()


def collect() -> list[NetworkObject]:
    """Living objects made since the last `start_scope`, in the order they were made, without contained ones."""
    return sorted((item for item in _live if item._scope == _scope), key=lambda item: item._serial)


def flatten(objects: Iterable[NetworkObject]) -> Iterator[NetworkObject]:
    """Objects with those that they contain, each once, in the order they were made."""
    seen: dict[int, NetworkObject] = {}
    waiting = list(objects)
    while waiting:
        item = waiting.pop()
        if item._serial not in seen:
            seen[item._serial] = item
            waiting += item.contained
    return iter(sorted(seen.values(), key=lambda item: item._serial))
