"""State of groups and synapses as a script sees it: ``G.v``, ``G.v[3:7]``, ``G.v['x > 2'] = 'rand()*mV'``."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
from numpy.lib.mixins import NDArrayOperatorsMixin

from . import namespaces
from .grammar import errors
from .model.symbols import Subexpression, Variable
from .model.types import ValueType
from .units import quantity
from .values import broadcast, checked

Array: TypeAlias = npt.NDArray[Any]
Indices: TypeAlias = npt.NDArray[np.int64]
Member: TypeAlias = Variable | Subexpression


class StateOwner(Protocol):
    """What a view needs of the group or synapses that it shows. Indices are 1-d and counted from the owner's first."""

    @property
    def title(self) -> str:
        """How messages call the owner."""

    def __len__(self) -> int: ...

    def state_copies(self, name: str) -> int:
        """Number of networks of a batch that have a value each; 1: one for all, and values have no axis for it."""

    def state_variables(self) -> Mapping[str, Member]:
        """Variables and subexpressions by name, with those that the language gives a meaning (``i``, ``lastspike``)."""

    def select_elements(self, item: Any) -> Indices:
        """Elements that an index means (not a string, not all of them): a 1-d array, 0-d for a single one.

        :raises StateError: E701, out of range; E704, no index.
        """

    def read_state(self, name: str, indices: Indices | None) -> Array:
        """Copy of a variable's values in SI base units; None: of all elements. A shared variable has one.

        Where each network of a batch has a value, the first axis is theirs.
        """

    def write_state(self, name: str, indices: Indices | None, values: Array) -> None:
        """Set a variable; one value for each index, in a batch perhaps with a first axis for its networks."""

    def evaluate_text(self, text: str, indices: Indices | None, title: str) -> Array:
        """Values of an expression."""

    def require_condition(self, text: str, title: str) -> None:
        """Refuse an expression that is a number.

        :raises TypeError: E402.
        """

    def assign_text(self, name: str, operator: str, text: str, indices: Indices | None, title: str) -> None:
        """Run ``name operator text`` for the elements."""


_OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    "+=": operator.add, "-=": operator.sub, "*=": operator.mul, "/=": operator.truediv,
    "//=": operator.floordiv, "%=": operator.mod, "**=": operator.pow,
}  # fmt: skip


class VariableView(NDArrayOperatorsMixin):
    """A variable of a group: reads and writes the group's own values, and behaves as an array with a unit.

    Index with integers, slices, lists, truth values or a string condition; assign numbers with a unit or a string
    expression. ``np.asarray(view)`` gives plain numbers in SI base units.
    """

    __slots__ = ("_frame", "_member", "_name", "_owner", "_plain")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, owner: StateOwner, name: str, member: Member, *, plain: bool = False) -> None:
        self._owner, self._name, self._member, self._plain = owner, name, member, plain
        # The names in a subexpression mean what they mean here, not where some library asks for the values.
        self._frame = namespaces.caller() if isinstance(member, Subexpression) else None

    @property
    def belongs_to(self) -> tuple[StateOwner, str]:
        """The group or synapses, and the name of the variable."""
        return self._owner, self._name

    # ---- reading ----

    def get(self) -> Any:
        """All values, as a quantity or plain array of its own; a scalar where the variable is shared."""
        return self._with_unit(self._all())

    def __getitem__(self, item: Any) -> Any:
        if _is_everything(item):
            return self.get()
        if isinstance(item, tuple) and None in item:  # matplotlib asks for x[:, None]
            return self.get()[item]
        indices = self._indices(item)
        values = self._read(indices.reshape(-1))
        return self._with_unit(values.reshape(values.shape[:-1] + indices.shape))

    def _all(self) -> Array:
        values = self._read(None)
        return values.reshape(values.shape[:-1]) if self._member.shared else values

    def _read(self, indices: Indices | None) -> Array:
        with self._frame.active() if self._frame is not None else nullcontext():
            return self._owner.read_state(self._name, indices)

    def _with_unit(self, values: Array) -> Any:
        plain = self._plain or self._member.type.dimension.is_dimensionless
        if values.ndim == 0 and plain:
            return values.item()
        return values if plain else quantity(values.astype(np.float64, copy=False), self._member.type.dimension)

    def _indices(self, item: Any) -> Indices:
        if self._member.shared:
            message = f"'{self._name}' is shared: it has one value, and no elements."
            raise errors.StateError("E705", message, place=self._owner.title, hint="use it without an index")
        if not isinstance(item, str):
            return self._owner.select_elements(item)
        title = f"{self._owner.title}, index of {self._name}"
        self._owner.require_condition(item, title)
        chosen = self._owner.evaluate_text(item, None, title)
        return np.flatnonzero(np.broadcast_to(common(chosen, title), (len(self._owner),)))

    # ---- writing ----

    def __setitem__(self, item: Any, value: Any) -> None:
        self._check_writable()
        indices = None if _is_everything(item) else self._indices(item)
        flat = None if indices is None else indices.reshape(-1)
        if isinstance(value, str):
            title = f"{self._owner.title}, value of {self._name}"
            self._owner.assign_text(self._name, "=", value, flat, title)
            return
        values = self._checked(value)
        if indices is not None and indices.ndim == 0 and values.size == 1:
            values = values.reshape(())
        count = 1 if self._member.shared else len(self._owner) if flat is None else len(flat)
        self._owner.write_state(self._name, flat, self._spread(values, count, indices))

    def _spread(self, values: Array, count: int, indices: Indices | None = None) -> Array:
        """Values for ``count`` elements, or for as many in each network of a batch."""
        copies = self._owner.state_copies(self._name)
        single = self._member.shared or (indices is not None and indices.ndim == 0)
        if copies > 1 and values.shape == ((copies,) if single else (copies, count)):
            return values.reshape(copies, count)
        return broadcast(values, count, self._name, self._owner.title, copies)

    def _checked(self, value: Any) -> Array:
        if isinstance(value, VariableView):
            value = value.get()
        type_ = ValueType(self._member.type.dtype) if self._plain else self._member.type
        return checked(value, type_, self._name, self._owner.title)

    def _check_writable(self) -> None:
        member, place = self._member, self._owner.title
        if isinstance(member, Subexpression):
            message = f"'{self._name}' is a subexpression and cannot be set."
            raise errors.StateError("E706", message, place=place, hint="set the variables it is made of")
        if member.linked:
            message = f"'{self._name}' is linked to another group's variable and cannot be set here."
            raise errors.StateError("E706", message, place=place, hint="set it where it belongs")
        if member.read_only:
            raise errors.StateError("E706", f"'{self._name}' cannot be set.", place=place)

    def _update(self, operation: str, value: Any) -> VariableView:
        if isinstance(value, str):
            self._check_writable()
            title = f"{self._owner.title}, value of {self._name}"
            self._owner.assign_text(self._name, operation, value, None, title)
        else:
            given = value.get() if isinstance(value, VariableView) else value
            count = 1 if self._member.shared else len(self._owner)
            if np.ndim(given):
                self._spread(np.empty(np.shape(given)), count)
            self[:] = _OPERATIONS[operation](self.get(), given)
        return self

    def __iadd__(self, value: Any) -> VariableView:
        return self._update("+=", value)

    def __isub__(self, value: Any) -> VariableView:
        return self._update("-=", value)

    def __imul__(self, value: Any) -> VariableView:
        return self._update("*=", value)

    def __itruediv__(self, value: Any) -> VariableView:
        return self._update("/=", value)

    def __ifloordiv__(self, value: Any) -> VariableView:
        return self._update("//=", value)

    def __imod__(self, value: Any) -> VariableView:
        return self._update("%=", value)

    def __ipow__(self, value: Any) -> VariableView:
        return self._update("**=", value)

    # ---- as an array ----

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self._all() if dtype is None else self._all().astype(dtype, copy=False)

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(function, method)(*map(_value, inputs), **kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return function(*map(_value, args), **{name: _value(argument) for name, argument in kwargs.items()})

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.get())

    def __float__(self) -> float:
        return float(self.get())

    def __int__(self) -> int:
        return int(self.get())

    def __index__(self) -> int:
        return operator.index(self.get())

    def __bool__(self) -> bool:
        return bool(self.get())

    def __getattr__(self, name: str) -> Any:
        # `unit` and `value` are left out: astropy would take the view for a quantity, and read it twice.
        if name.startswith("_") or name in ("unit", "value"):
            raise AttributeError(name)
        return getattr(np.asarray(self.get()) if self._member.shared and self._plain else self.get(), name)

    # ---- text ----

    def __repr__(self) -> str:
        name = f"{self._name}_" if self._plain else self._name
        return f"<{self._owner.title}, {name}: {self.get()!r}>"

    def __str__(self) -> str:
        return str(self.get())

    def __format__(self, specification: str) -> str:
        return format(self.get(), specification)


def common(values: Array, title: str, hint: str = "choose elements by what they share, as in 'i < 10'") -> Array:
    """The one answer of the networks of a batch to a text, which each has given.

    :raises StateError: E709, they differ.
    """
    if values.ndim < 2:
        return values
    if (values != values[0]).any():
        raise errors.StateError("E709", "the networks of the batch differ in this.", place=title, hint=hint)
    return np.asarray(values[0])


def _is_everything(item: Any) -> bool:
    return item is Ellipsis or (isinstance(item, slice) and item == slice(None))


def _value(argument: Any) -> Any:
    """Replace views in the arguments of a NumPy function by their values."""
    if isinstance(argument, VariableView):
        return argument.get()
    if isinstance(argument, list | tuple) and any(isinstance(part, VariableView) for part in argument):
        return type(argument)(map(_value, argument))
    return argument
