"""Names of objects: ``neurongroup``, ``neurongroup_1``, ... as in Brian2, or the user's own."""

from __future__ import annotations

import keyword
import weakref
from collections import Counter
from collections.abc import Iterable

from .grammar import errors

_owners: dict[str, weakref.ref[object]] = {}


def claim(kind: str, name: str | None, owner: object) -> str:
    """Give ``owner`` a name: its ``name``, or the first of ``kind``, ``kind_1``, ... that no living object has.

    Names of objects that are gone are used again, so that a function that builds the same model twice gets the same
    names, and with them the same compiled code.

    :raises NameError: E310, ``name`` is not a name; E311, it is ``defaultclock``.
    """
    if name is None:
        name = _free(kind)
    else:
        _check(name)
    _owners[name] = weakref.ref(owner)
    return name


def forget() -> None:
    """Number automatic names from the start again, whoever has them."""
    _owners.clear()


def check_distinct(objects: Iterable[tuple[str, str]]) -> None:
    """Check that the (name, title) of the objects of a network have all different names.

    :raises NameError: E312.
    """
    pairs = list(objects)
    counts = Counter(name for name, _ in pairs)
    for name, title in pairs:
        if counts[name] > 1:
            others = ", ".join(t for n, t in pairs if n == name)
            raise errors.NameError(
                "E312",
                f"{counts[name]} objects of this network are called '{name}': {others}.",
                place=title,
                hint="give each its own name=, or call start_scope() before building a new model",
            )


def _free(kind: str) -> str:
    number, name = 0, kind
    while name in _owners and _owners[name]() is not None:
        number += 1
        name = f"{kind}_{number}"
    return name


def _check(name: object) -> None:
    if not isinstance(name, str) or not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name):
        raise errors.NameError(
            "E310",
            f"{name!r} cannot be the name of an object.",
            hint="a name starts with a letter and has letters, digits and '_' only, such as 'excitatory'",
        )
    if name == "defaultclock":
        message = "'defaultclock' is the name of the clock that all share."
        raise errors.NameError("E311", message, hint="choose another name")
