"""What a network may consist of: every group that its objects refer to, and in a batch what several can share."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from typing import Any

from .base import NetworkObject
from .devices import device
from .grammar import errors
from .names import check_distinct
from .neurongroup import NeuronGroup
from .operations import NetworkOperation
from .poisson import PoissonInput
from .regular import RunRegularly
from .subgroup import Subgroup, whole


def check_complete(objects: list[NetworkObject]) -> None:
    """Every group that others refer to must be in the network.

    :raises RunError: E901, E908. :raises NameError: E312, two have one name.
    """
    if not objects:
        raise errors.RunError(
            "E901", "there is nothing to run.", hint="make a NeuronGroup first, and keep a reference to it"
        )
    check_distinct((item.name, item.title) for item in objects)
    names = {item.name for item in objects}
    for item in objects:
        for name, title in _needed(item):
            if name not in names:
                message = f"it needs {title}, which is not in the network."
                hint = "give it to Network(...) too, or to its add(...)"
                raise errors.RunError("E908", message, place=item.title, hint=hint)


def check_batch_size(value: Any) -> int:
    """Return the number of networks of a batch.

    :raises ModelError: E572, it is no integer of at least 1.
    """
    try:
        size = operator.index(value)
    except TypeError:
        size = 0
    if isinstance(value, bool) or not 1 <= size < 1 << 20:
        message = f"batch_size must be a whole number of at least 1, not {value!r}."
        raise errors.ModelError("E572", message, hint="it is the number of networks that run side by side")
    return size


def check_batch(objects: list[NetworkObject], copies: int) -> None:
    """Refuse what the networks of a batch cannot share.

    :raises UnsupportedError: E006.
    """
    if copies == 1:
        return
    if device.name != "cpp":
        message = f"a batch of {copies} networks runs on the processor only."
        raise errors.UnsupportedError("E006", message, hint="call device('cpp') first")
    for item in objects:
        if isinstance(item, NetworkOperation):
            message = "a network operation cannot run in a batch: there is no moment at which all networks wait for it."
            hint = "write it as run_regularly(...), or use batch_size=1"
            raise errors.UnsupportedError("E006", message, place=item.title, hint=hint)


def _needed(item: NetworkObject) -> Iterator[tuple[str, str]]:
    """Name and title of every object that one refers to."""
    parts = ("source_group", "target_group", "source", "target")
    others = [vars(item).get(part) for part in parts]
    if hasattr(type(item), "synapses") or "synapses" in vars(item):
        others.append(item.synapses)  # type: ignore[attr-defined]
    if isinstance(item, NeuronGroup):
        links = (item.link_source(name) for name in item.model.variables)
        others += [link.group for link in links if link is not None]
    for other in others:
        if isinstance(other, NetworkObject | Subgroup):
            group = whole(other) if isinstance(other, Subgroup) else other
            yield group.name, group.title
    if isinstance(item, RunRegularly | PoissonInput):
        yield item.group, f"'{item.group}'"
