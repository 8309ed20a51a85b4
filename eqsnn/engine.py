"""The compiled program of a network, and what runs it: a session, or the lanes of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from . import seeds
from .base import NetworkObject
from .binding import Binding
from .devices import device
from .language_units import units
from .model.declarations import NetworkDeclaration
from .model.scope import External
from .namespaces import Namespace, resolvers_of, same_kind
from .prefs import prefs
from .progress import Progress
from .runtime.bind import Timing

if TYPE_CHECKING:
    from .compiler import Compiled
    from .runtime.cuda.session import CudaSession
    from .runtime.lanes import Lanes
    from .runtime.session import Outcome, Session


class Engine:
    """What a network was compiled to the last time, used again while texts and kinds of names stay what they were.

    After a run ``tick`` is the first that was not run, ``seconds`` the time that the loop took; ``torn`` tells that it
    has left the networks of a batch at different times.
    """

    def __init__(self) -> None:
        self.compiled: Compiled | None = None
        self.lanes: Lanes | None = None
        self.tick, self.seconds, self.torn = 0, 0.0, False
        self._built: tuple[str | None, bool] | None = None  # the compiler, and whether it optimises
        self._session: Session | CudaSession | None = None
        self._meanings: dict[str, dict[str, External | None]] = {}

    def prepare(
        self, objects: list[NetworkObject], schedule: tuple[str, ...], precision: str, name: str, batch: bool
    ) -> tuple[Compiled, dict[str, Namespace]]:
        """The compiled network, and the namespaces of its texts by owner.

        :raises EqsnnError: as `compile_network`.
        """
        from .compiler import compile_network

        declarations = tuple(d for item in objects for d in item.declare())
        resolvers = resolvers_of(declarations)
        declaration = NetworkDeclaration(declarations, (), prefs.check_finite, schedule, batch)
        known, target, built = self.compiled, device.target(), (prefs.compiler, prefs.optimise)
        fits = known is not None and known.declaration == declaration and known.target == target
        if known is None or not fits or built != self._built or not self._same_names(resolvers):
            known = self.compiled = compile_network(
                declaration, units(), precision, once=not prefs.optimise, cache_dir=prefs.cache_dir,
                compiler=prefs.compiler, name=name, target=target,
            )  # fmt: skip
            self._built = built
            self._session = device.session(known, np.dtype(precision))
            self._meanings = {owner: resolver.asked() for owner, resolver in resolvers.items()}
        for item in objects:
            item._programs[known.target.name] = known.program
        return known, resolvers

    def _same_names(self, resolvers: Mapping[str, Namespace]) -> bool:
        """Whether every outside name still means what the program was compiled for; values may differ."""
        return all(
            same_kind(resolver(name), meaning)
            for owner, resolver in resolvers.items()
            for name, meaning in self._meanings.get(owner, {}).items()
        )

    def run(
        self, binding: Binding, timing: Timing, span: tuple[int, int], progress: Progress,
        *, copies: int, trial: int, threads: int, profile: bool,
    ) -> Outcome:  # fmt: skip
        """Run the ticks of ``span`` for all networks of a batch; ``trial`` tells the random numbers of trials apart."""
        assert self._session is not None
        keys = [seeds.run_key(copy, trial) for copy in range(copies)]
        runner = self._session if copies == 1 else self._bound(binding, timing, copies)
        runner.tick, runner.seconds = span[0], 0.0
        try:
            if self.lanes is not None and runner is self.lanes:
                outcome = self.lanes.run(*span, keys, threads, heartbeat=progress.beat, profile=profile)
                self.torn = outcome.fault != 0
                return outcome
            return self._session.run(
                binding, timing, *span, keys[0], threads, heartbeat=progress.beat, position=progress.at,
                stopped=progress.stopped, profile=profile,
            )  # fmt: skip
        finally:
            self.tick, self.seconds = runner.tick, runner.seconds

    def _bound(self, binding: Binding, timing: Timing, copies: int) -> Lanes:
        """The networks of a batch, bound to their state; what has not moved since the last run stays bound."""
        from .runtime.lanes import Lanes
        from .runtime.session import Session

        assert isinstance(self._session, Session)
        states = [binding.of_copy(copy) for copy in range(copies)]
        if self.lanes is None or self.lanes.session is not self._session:
            self.lanes = Lanes(self._session, states, timing)
        else:
            self.lanes.renew(states, timing)
        return self.lanes
