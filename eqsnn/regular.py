"""Code that runs for a group at every step of a clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from . import namespaces
from .base import NetworkObject, text_source
from .clocks import Clock
from .model.declarations import Regular
from .namespaces import Namespace


class _Owner(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def namespace(self) -> Mapping[str, Any]: ...
    def extent(self) -> tuple[str, int, int]: ...


class RunRegularly(NetworkObject):
    """Code that runs for a group at every step. Made by ``run_regularly`` of groups, subgroups and synapses.

    It knows the group by name only: the group contains it, and both would keep each other alive.
    """

    def __init__(
        self,
        owner: _Owner,
        text: object,
        name: str | None = None,
        *,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "start",
        order: int = 0,
    ) -> None:
        kind = f"{owner.name}_run_regularly"
        super().__init__(kind, name, dt=dt, clock=clock, otherwise=owner.clock, when=when, order=order, contained=True)
        from .grammar.parser import parse_statements

        self.code = parse_statements(text_source(text, owner.title, "run_regularly"))
        self._extent, self._namespace = owner.extent(), owner.namespace

    @property
    def group(self) -> str:
        """Name of the group that the code belongs to."""
        return self._extent[0]

    def declare(self) -> tuple[Regular, ...]:
        """The code, for the elements it was given for."""
        group, start, stop = self._extent
        resolver = Namespace(group, self._namespace, namespaces.caller())
        return (Regular(self.name, self.title, group, start, stop, self.code, resolver, self.schedule()),)
