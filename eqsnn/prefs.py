"""Preferences: ``prefs.threads = 4``. Each is checked when it is set; ``print(prefs)`` explains them all."""

from __future__ import annotations

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar, overload

from .grammar import errors
from .grammar.suggest import suggest

T = TypeVar("T")


class UnknownPreferenceError(errors.NameError, AttributeError):
    """E313: there is no such preference. Also an AttributeError, as `hasattr` and `getattr` expect."""


class Preference(Generic[T]):
    """One preference: its default, what it may be (``read`` converts, or raises ValueError), and what it does."""

    def __init__(self, default: T, read: Callable[[object], T], wanted: str, purpose: str) -> None:
        self.default, self.read, self.wanted = default, read, wanted
        self.__doc__ = purpose
        self.name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Preference[T]: ...
    @overload
    def __get__(self, instance: Preferences, owner: type) -> T: ...
    def __get__(self, instance: Preferences | None, owner: type) -> T | Preference[T]:
        if instance is None:
            return self
        value: T = instance._values.get(self.name, self.default)
        return value

    def __set__(self, instance: Preferences, value: object) -> None:
        try:
            instance._values[self.name] = self.read(value)
        except (ValueError, TypeError):
            message = f"prefs.{self.name} must be {self.wanted}, not {value!r}."
            raise errors.ModelError("E552", message, hint=self.__doc__) from None


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _threads(value: object) -> int | None:
    if value is None:
        return None
    number = operator.index(value)  # type: ignore[arg-type]
    if isinstance(value, bool) or not 1 <= number <= 1024:
        raise ValueError
    return number


def _precision(value: object) -> Literal["float64", "float32"]:
    if value == "float64":
        return "float64"
    if value == "float32":
        return "float32"
    raise ValueError


def _loop(value: object) -> Literal["device", "host"]:
    if value == "device":
        return "device"
    if value == "host":
        return "host"
    raise ValueError


def _text(value: object) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ValueError
    return value


def _path(value: object) -> Path | None:
    return None if value is None else Path(value).expanduser()  # type: ignore[arg-type]


class Preferences:
    """All preferences. Set them before `run`; a change holds for the runs that follow.

    :raises ModelError: E552, a value that a preference cannot have.
    :raises UnknownPreferenceError: E313, no preference of that name.
    """

    threads = Preference[int | None](
        None, _threads, "a number of threads, or None", "Threads of a run; None: chosen by the size of the model."
    )
    precision = Preference[Literal["float64", "float32"]](
        "float64", _precision, "'float64' or 'float32'", "Precision of the state variables of objects made from now on."
    )
    check_finite = Preference[bool](
        False, _boolean, "True or False", "Stop a run where a variable becomes NaN or infinite, and say which."
    )
    cache_dir = Preference[Path | None](
        None, _path, "a directory, or None", "Where compiled code is kept; None: the user's cache directory."
    )
    compiler = Preference[str | None](
        None, _text, "a command, such as 'clang++ -O2', or None", "The C++ compiler; None: $CXX, else the first found."
    )
    cuda_loop = Preference[Literal["device", "host"]](
        "device", _loop, "'device' or 'host'",
        "Where steps on a GPU are counted: 'device', one kernel runs many steps; 'host', each action is a launch.",
    )  # fmt: skip
    cuda_ordered = Preference[bool](
        False, _boolean, "True or False",
        "Add up in a fixed order on a GPU: slower, and the same in each run to the last bit.",
    )
    optimise = Preference[bool](
        True, _boolean, "True or False", "Let the C++ compiler optimise; False compiles faster and runs slower."
    )

    def __init__(self) -> None:
        object.__setattr__(self, "_values", {})

    _values: dict[str, Any]

    def reset(self) -> None:
        """Give every preference its default again."""
        self._values.clear()

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _names():
            raise _unknown(name)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        raise _unknown(name)

    def __dir__(self) -> list[str]:
        return [*_names(), "reset"]

    def __repr__(self) -> str:
        lines = (f"prefs.{n} = {getattr(self, n)!r}  # {getattr(type(self), n).__doc__}" for n in _names())
        return "\n".join(lines)


def _names() -> list[str]:
    return [name for name, value in vars(Preferences).items() if isinstance(value, Preference)]


def _unknown(name: str) -> UnknownPreferenceError:
    near = suggest(name, _names())
    hint = f"did you mean 'prefs.{near[0]}'?" if near else f"there are {', '.join(_names())}"
    return UnknownPreferenceError("E313", f"there is no preference '{name}'.", hint=hint)


prefs = Preferences()
