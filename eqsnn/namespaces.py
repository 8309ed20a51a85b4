"""What names outside a model mean: an explicit ``namespace=``, then the variables of the caller.

A value that no text can use is passed over, because a local variable of a text may have the same name; `explain` tells
why, for the message about a name that is then not known.
"""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .functions import Function
from .grammar import errors
from .language_units import units as units
from .model.declarations import Declaration
from .model.functions import FUNCTIONS
from .model.scope import MATHEMATICAL, External
from .model.symbols import Constant
from .model.types import BOOLEAN, INTEGER, real
from .timedarray import TimedArray
from .units import Quantity, dimension_of, to_base

_OURS = frozenset({"eqsnn", "numpy", "astropy", "contextlib", "functools"})
_ABSENT = object()


# ---- the caller -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frame:
    """Names of the code that called: its local variables, then those of its module. The same for all texts of a run."""

    variables: tuple[Mapping[str, Any], ...]

    def __repr__(self) -> str:
        return f"Frame({', '.join(f'{len(names)} names' for names in self.variables)})"

    def get(self, name: str) -> Any:
        """The Python value of a name; a private marker where there is none."""
        for mapping in self.variables:
            if name in mapping:
                return mapping[name]
        return _ABSENT

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let `caller` return this frame inside a ``with`` block."""
        token = _active.set(self)
        try:
            yield
        finally:
            _active.reset(token)


_active: ContextVar[Frame | None] = ContextVar("frame", default=None)


def caller() -> Frame:
    """The innermost frame that is not eqsnn's own, or the one made active by `Frame.active`."""
    active = _active.get()
    if active is not None:
        return active
    frame: types.FrameType | None = sys._getframe(1)
    while frame is not None and str(frame.f_globals.get("__name__", "")).partition(".")[0] in _OURS:
        frame = frame.f_back
    if frame is None:
        return Frame(())
    if frame.f_locals is frame.f_globals:
        return Frame((frame.f_globals,))
    return Frame(({name: _kept(value) for name, value in frame.f_locals.items()}, frame.f_globals))


@dataclass(frozen=True, slots=True)
class _Left:
    """Stands for a local value that no text can use: the value itself must not be kept alive, as a group would be."""

    noun: str
    is_array: bool
    is_callable: bool


def _kept(value: Any) -> Any:
    if isinstance(value, bool | int | float | str | np.ndarray | np.generic | TimedArray | Function):
        return value
    is_function = callable(value) and not isinstance(value, type)
    return _Left(type(value).__name__, isinstance(value, list | tuple), is_function)


def given(names: Mapping[str, Any]) -> Frame:
    """A frame of explicit names, as ``run(..., namespace=...)`` gives them."""
    return Frame((names,))


# ---- one object's names ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Namespace:
    """Resolver of the texts of one object.

    Constants of ``explicit`` are named ``'owner.name'``, those of the frame plainly ``'name'``, so that objects share
    them. ``internal`` constants are eqsnn's own (``_refractory``) and named as explicit ones. ``tables`` collects the
    TimedArrays that were asked for, by the name of their `TimedArraySpec`.
    """

    owner: str
    explicit: Mapping[str, Any] = field(default_factory=dict)
    frame: Frame = field(default_factory=lambda: Frame(()))
    internal: Mapping[str, Any] = field(default_factory=dict)
    tables: dict[str, TimedArray] = field(default_factory=dict, compare=False)
    meanings: dict[str, External | None] = field(default_factory=dict, compare=False)

    def asked(self) -> dict[str, External | None]:
        """Every name that was asked for, with what it meant."""
        return dict(self.meanings)

    def __call__(self, name: str) -> External | None:
        """What a name means to the compiler, or None: not there, or of no use to a text."""
        self.meanings[name] = found = self._meaning(name)
        return found

    def _meaning(self, name: str) -> External | None:
        value, qualified = self._look_up(name)
        if value is _ABSENT:
            return None
        if isinstance(value, TimedArray):
            self.tables[value.name] = value
            return value.spec
        if isinstance(value, Function):
            return value.definition
        return _constant(qualified, name, value)

    resolve = __call__

    def value(self, constant: str) -> float | int | bool:
        """Present value, in SI base units, of a constant by its `Constant.name` (with or without the owner).

        :raises NameError: E301, it is there no longer, or can be used no longer.
        """
        name = constant.rpartition(".")[2]
        value, qualified = self._look_up(name)
        found = None if value is _ABSENT else _constant(qualified, name, value, anew=True)
        if found is None:
            why = self.explain(name)
            message, hint = why or (f"'{name}' is not known any more.", None)
            raise errors.NameError("E301", message, hint=hint, place=self.owner)
        return found.value

    def explain(self, name: str) -> tuple[str, str | None] | None:
        """Why a name of the script cannot be used in a text, and what to do; None where there is no such name."""
        value, _ = self._look_up(name)
        return None if value is _ABSENT else _objection(name, value)

    def names(self) -> Iterator[str]:
        """Names of the script and of ``explicit`` that are numbers; units are left out, and what begins with ``_``."""
        for mapping in (self.explicit, *self.frame.variables):
            for name, value in mapping.items():
                if not name.startswith("_") and name not in units().table and _objection(name, value) is None:
                    yield name

    def _look_up(self, name: str) -> tuple[Any, str]:
        for mapping in (self.internal, self.explicit):
            if name in mapping:
                return mapping[name], f"{self.owner}.{name}"
        return self.frame.get(name), name


def check_namespace(namespace: object, place: str) -> dict[str, Any]:
    """Return a copy of what was given as ``namespace=``.

    It may be ``vars(module)``: what Python and ``from eqsnn import *`` put there is left out.

    :raises TypeError: E421, not a dictionary with names as keys.
    :raises NameError: E316, with what is wrong with a value.
    """
    if namespace is None:
        return {}
    if not isinstance(namespace, Mapping) or not all(isinstance(name, str) for name in namespace):
        message = f"namespace must be a dictionary of names and values, not {namespace!r}."
        raise errors.TypeError("E421", message, place=place)
    namespace = {name: value for name, value in namespace.items() if not _comes_with_a_module(name, value)}
    for name, value in namespace.items():
        objection = None if isinstance(value, TimedArray | Function) else _objection(name, value)
        if objection is not None and not callable(value):
            raise errors.NameError("E316", f"namespace: {objection[0]}", hint=objection[1], place=place)
    return namespace


def _comes_with_a_module(name: str, value: Any) -> bool:
    ours = vars(sys.modules[__name__.partition(".")[0]])
    return name[:2] == name[-2:] == "__" or isinstance(value, types.ModuleType) or ours.get(name, _ABSENT) is value


def _constant(qualified: str, name: str, value: Any, *, anew: bool = False) -> Constant | None:
    if _objection(name, value) is not None:
        return None
    if not anew and name in MATHEMATICAL and value == MATHEMATICAL[name]:
        return None  # it means the same without the script, and is then known to the compiler
    number, dimension = to_base(value), dimension_of(value)
    if isinstance(number, bool):
        return Constant(qualified, number, BOOLEAN, literal=False)
    if isinstance(number, int) and dimension.is_dimensionless and abs(number) < 1 << 31:
        return Constant(qualified, number, INTEGER, literal=False)
    return Constant(qualified, float(number), real(dimension), literal=False)


def _objection(name: str, value: Any) -> tuple[str, str | None] | None:
    """What keeps a Python value from being a constant of a text, and what to do about it."""
    if isinstance(value, bool | int | float) or (isinstance(value, Quantity) and value.shape == ()):
        return _bad_number(name, value)
    if isinstance(value, np.ndarray | np.generic) and value.ndim == 0 and value.dtype.kind in "biuf":
        return _bad_number(name, value)
    left = value if isinstance(value, _Left) else _kept(value)
    if isinstance(value, np.ndarray) or (isinstance(left, _Left) and left.is_array):
        return (
            f"'{name}' is an array in the script; a text can use single numbers only.",
            f"declare '{name} : <unit> (constant)' in the model and set it, or make it a TimedArray",
        )
    if isinstance(value, str):
        return f"'{name}' is a string in the script, not a number.", None
    if isinstance(value, TimedArray):
        return f"'{name}' is a TimedArray, a function of time.", f"write '{name}(t)'"
    is_function = isinstance(left, _Left) and left.is_callable
    if isinstance(value, Function) or (is_function and name in FUNCTIONS):
        return f"'{name}' is a function.", f"call it: '{name}(...)'"
    if is_function:
        return (
            f"'{name}' is a Python function, which cannot be compiled.",
            "give it as an expression: decorate it with @eqsnn.function(...)",
        )
    noun = left.noun if isinstance(left, _Left) else type(value).__name__
    return f"'{name}' is {_article(noun)} in the script, not a number.", None


def _bad_number(name: str, value: Any) -> tuple[str, str | None] | None:
    try:
        number = to_base(value)
        dimension_of(value)
    except errors.DimensionError as error:
        return f"'{name}' cannot be used: {error.diagnostic.message}", error.diagnostic.hint
    if isinstance(number, float) and math.isnan(number):
        return f"'{name}' is not a number (NaN) in the script.", "give it a value before run()"
    return None


def _article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


# ---- what a program was compiled for --------------------------------------------------------------------------------


def resolvers_of(declarations: Iterable[Declaration]) -> dict[str, Namespace]:
    """The namespace of each object that has one."""
    pairs = ((item.name, getattr(item, "resolver", None)) for item in declarations)
    return {name: resolver for name, resolver in pairs if isinstance(resolver, Namespace)}


def same_kind(now: External | None, then: External | None) -> bool:
    """Whether a name means what it did, as far as the compiled program is concerned: the value of a constant is not."""
    if isinstance(now, Constant) and isinstance(then, Constant):
        return (now.name, now.type) == (then.name, then.type)
    return now == then
