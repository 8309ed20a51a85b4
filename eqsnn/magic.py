"""`run`: the network of all objects that the script has made, and not dropped."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, MutableSet
from typing import Any

from .base import NetworkObject, collect
from .network import Network, running


def run(
    duration: Any, report: str | Any = None, *, namespace: Mapping[str, Any] | None = None, profile: bool = False
) -> Network:
    """Run all objects made since `start_scope`; the network is returned, and goes on if the same objects run again.

    It keeps no object alive: what the script drops is gone from the next run on. Arguments are those of `Network.run`.
    """
    network = _network_of(collect())
    network.run(duration, report, namespace=namespace, profile=profile)
    return network


def stop() -> None:
    """Stop whatever runs after the present step: for a `network_operation`. `Network.stop` does so for one network."""
    for network in running:
        network.stop()


class _MagicNetwork(Network):
    """The network of `run`: objects that the script drops are gone from it."""

    def _no_members(self) -> MutableSet[NetworkObject]:
        return weakref.WeakSet()


_last: _MagicNetwork | None = None


def _network_of(objects: list[NetworkObject]) -> Network:
    """The network of the last `run` where what is left of its objects is among those now, else a new one."""
    global _last
    before = [] if _last is None else _last.objects
    if _last is None or not before or not set(before) <= set(objects):
        _last = _MagicNetwork(objects)
    else:
        _last.add(objects)
    return _last
