"""The variables of groups as attributes: ``G.v``, ``G.v = -70*mV``."""

from __future__ import annotations

from typing import Any

from .grammar import errors
from .grammar.suggest import suggest
from .state import VariableView


class UnknownVariableError(errors.NameError, AttributeError):
    """E319: a group has no such variable. Also an AttributeError, as `hasattr` and `getattr` expect."""


class StateAccess:
    """Makes the variables of a `StateOwner` its attributes.

    A subclass calls `close_attributes` when it is set up: from then on only variables, and attributes that exist or
    begin with ``_``, can be set, so that a misspelt variable is an error. ``also_reserved`` are further names that no
    variable can have.
    """

    also_reserved: tuple[str, ...] = ()

    def close_attributes(self: Any) -> None:
        """Allow no new attributes from here on.

        :raises NameError: E306, a variable has the name of an attribute.
        """
        for name in self.state_variables():
            if hasattr(type(self), name) or name in vars(self) or name in self.also_reserved:
                message = f"'{name}' cannot be a variable: it is an attribute of every {type(self).__name__}."
                raise errors.NameError("E306", message, place=self.title, hint="choose another name")
        self._closed = True

    def require_condition(self, text: str, title: str) -> None:
        """Refuse an expression that is a number, before it is compiled.

        :raises TypeError: E402.
        """
        from .execute import check_condition

        check_condition(self, text, title)

    def add_attribute(self, name: str, value: Any = None) -> None:
        """Add an attribute for the script's own use, which has nothing to do with the model."""
        object.__setattr__(self, name, value)

    def __getattr__(self: Any, name: str) -> Any:
        if name.startswith("_") or not vars(self).get("_closed"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        view = self.view(name)
        if view is None:
            raise self._unknown(name)
        return view

    def __setattr__(self: Any, name: str, value: Any) -> None:
        if name.startswith("_") or not vars(self).get("_closed"):
            object.__setattr__(self, name, value)
            return
        view = self.view(name)
        if view is not None:
            if not _is_same(view, value):
                view[:] = value
        elif isinstance(fixed := getattr(type(self), name, None), property) and fixed.fset is None:
            raise errors.StateError("E706", f"'{name}' cannot be set.", place=self.title)
        elif name in vars(self) or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            raise self._unknown(name)

    def view(self: Any, name: str) -> VariableView | None:
        """The view of a variable by its name, or of its plain numbers by its name and ``_``; else None."""
        variables = self.state_variables()
        if name in variables:
            return VariableView(self, name, variables[name])
        base = name.removesuffix("_")
        if base != name and base in variables:
            return VariableView(self, base, variables[base], plain=True)
        return None

    def _unknown(self: Any, name: str) -> UnknownVariableError:
        known = list(self.state_variables())
        near = suggest(name, known)
        hint = (
            f"did you mean {' or '.join(repr(n) for n in near)}?"
            if near
            else (f"declare '{name} : <unit>' in the model, or use add_attribute('{name}') for something of your own")
        )
        return UnknownVariableError("E319", f"there is no variable '{name}'.", place=self.title, hint=hint)


def _is_same(view: VariableView, value: Any) -> bool:
    """``G.v += x`` ends by assigning the view to the attribute that it was got from: there is nothing left to do."""
    return isinstance(value, VariableView) and value._owner is view._owner and value._name == view._name
