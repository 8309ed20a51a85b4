"""`Network` and `run`: objects are compiled together, then their steps are run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableSet
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from . import namespaces
from .base import NetworkObject, described, flatten
from .binding import Binding
from .clocks import Clock, whole_steps
from .devices import device
from .engine import Engine
from .grammar import errors
from .members import check_batch, check_batch_size, check_complete
from .model.declarations import SLOTS
from .model.dimensions import SECOND
from .namespaces import Frame
from .neurongroup import NeuronGroup
from .outcome import raise_fault
from .prefs import prefs
from .profile import Profile
from .progress import Progress
from .report import Report, reporter
from .runtime.bind import Timing
from .state import VariableView
from .subgroup import Subgroup
from .synapses import Synapses
from .timing import clocks_of, duration_in_seconds, ticks, timing_of
from .units import quantity

if TYPE_CHECKING:
    from .compiler import Compiled
    from .runtime.lanes import Lanes

_LARGE = 20_000  # neurons or synapses: below this a second thread does not pay


running: list[Network] = []
"""Networks that run now; more than one where Python code that one of them calls runs another."""


class Network:
    """Objects that run together: ``Network(G, S, M)``, or ``Network(collect())`` for all there are.

    ``precision`` is that of all state variables, ``'float64'`` or ``'float32'``; by default ``prefs.precision``. With a
    ``batch_size``, so many networks run side by side: each has its own neurons and spikes, and all the same synapses.

    Example::

        net = Network(neurons, synapses, spikes)
        net.run(1*second, report='text')
    """

    def __init__(
        self, *objects: NetworkObject | Iterable[NetworkObject], precision: Literal["float64", "float32"] | None = None,
        name: str = "network", batch_size: int = 1,
    ) -> None:  # fmt: skip
        self.name = name
        self.batch_size = check_batch_size(batch_size)
        self._members = self._no_members()
        self.precision = precision or prefs.precision
        if self.precision not in ("float64", "float32"):
            raise errors.ModelError("E570", f"precision is 'float64' or 'float32', not {precision!r}.")
        self.t_ = self.duration = 0.0
        self.tick = 0.0
        self.loop_seconds = 0.0
        self.trial = 0
        self._engine = Engine()
        self._profile: Profile | None = None
        self._stopped = False
        self._schedule = list(SLOTS)
        self.add(*objects)

    def add(self, *objects: NetworkObject | Iterable[NetworkObject]) -> None:
        """Add objects, or collections of them; one that is in the network already stays once."""
        for item in objects:
            if isinstance(item, NetworkObject):
                self._members.add(item)
                for part in flatten([item]) if self.batch_size > 1 else ():
                    part.set_batch(self.batch_size)
            elif isinstance(item, Mapping):
                self.add(*item.values())
            elif isinstance(item, Iterable) and not isinstance(item, str | Subgroup | VariableView):
                self.add(*item)
            else:
                message = f"a network consists of groups, synapses, monitors ..., not {described(item)}."
                raise errors.RunError("E905", message)

    def remove(self, *objects: NetworkObject) -> None:
        """Take objects out of the network.

        :raises RunError: E916, one is not in it.
        """
        for item in objects:
            if item not in self._members:
                raise errors.RunError("E916", f"{described(item)} is not in the network.")
            self._members.remove(item)

    def _no_members(self) -> MutableSet[NetworkObject]:  # `eqsnn.magic` has another
        return set()

    @property
    def objects(self) -> list[NetworkObject]:
        """What the network consists of, in the order in which it was made, without contained objects."""
        return sorted(self._members, key=lambda item: item._serial)

    @property
    def t(self) -> Any:
        """Time reached, a quantity in seconds."""
        return quantity(self.t_, SECOND)

    @property
    def schedule(self) -> list[str]:
        """Order of the slots of a step; set it to another order of the same slots.

        :raises ModelError: E571.
        """
        return list(self._schedule)

    @schedule.setter
    def schedule(self, slots: Iterable[str]) -> None:
        wanted = list(slots)
        if sorted(wanted) != sorted(SLOTS):
            raise errors.ModelError(
                "E571", f"a schedule is an order of {', '.join(SLOTS)}, not {wanted}.", place=f"Network '{self.name}'"
            )
        self._schedule = wanted

    @property
    def compiled(self) -> Compiled:
        """Every stage of the last compilation (see `eqsnn.compiler.Compiled`).

        :raises RunError: E906, nothing was compiled yet.
        """
        if self._engine.compiled is None:
            raise errors.RunError(
                "E906", "the network was not compiled yet.", hint="run it first, if only for 0*second"
            )
        return self._engine.compiled

    @property
    def profile(self) -> Profile:
        """Time spent in each kernel of the last run with ``profile=True``.

        :raises RunError: E907, there was none.
        """
        if self._profile is None:
            raise errors.RunError("E907", "no run was profiled.", hint="call run(..., profile=True)")
        return self._profile

    @property
    def profiling_info(self) -> list[tuple[str, Any]]:
        """The profile as Brian2 gives it: (name, time), the longest first."""
        return [(entry.name, quantity(entry.seconds, SECOND)) for entry in self.profile]

    @property
    def lanes(self) -> Lanes | None:
        """What ran the last batch, bound to its state (see `eqsnn.runtime.lanes`); None where there was none."""
        return self._engine.lanes

    def stop(self) -> None:
        """Stop the run after the present step: for a `network_operation`."""
        self._stopped = True

    # ---- running ----

    def run(
        self,
        duration: Any,
        report: str | Any = None,
        *,
        namespace: Mapping[str, Any] | None = None,
        profile: bool = False,
    ) -> None:
        """Simulate for ``duration``; a later call goes on where this one ends.

        ``report`` is ``'text'`` for a progress bar, or a function of (elapsed seconds, completed fraction, start,
        duration). ``namespace`` replaces the caller's variables. Names in texts are read now: between runs values may
        change, and nothing is compiled again.

        :raises EqsnnError: whatever is wrong with texts or state, before anything runs; RunError E9xx.
        """
        frame = namespaces.given(namespace) if namespace is not None else namespaces.caller()
        with frame.active():
            self._run(duration_in_seconds(duration), reporter(report), frame, profile)

    def _run(self, duration: float, report: Report | None, frame: Frame, profile: bool) -> None:
        objects = list(flatten(self._with_dependencies()))
        clocks = clocks_of(objects)
        timing = timing_of(clocks)
        check_complete(objects)
        check_batch(objects, check_batch_size(self.batch_size))
        if self._engine.torn:
            message = "an error has left the networks of the batch at different times."
            raise errors.RunError("E919", message, place=f"Network '{self.name}'", hint="call its restart() first")
        if not whole_steps(self.t_, timing.tick):
            message = f"the time {self.t_:g} s is not a whole number of steps of {timing.tick * 1e3:g} ms."
            raise errors.RunError(
                "E910", message, hint="change dt where both the old and the new one fit, or build a new Network"
            )
        for clock in clocks.values():
            clock.seek(self.t_)
        real = np.dtype(self.precision)
        self.tick, self.duration = timing.tick, duration
        for item in objects:
            item.set_precision(real)
            item.set_batch(self.batch_size)
        for item in objects:
            item.before_run(self)
        start = round(self.t_ / timing.tick)
        end = start + ticks(duration, timing)
        try:
            self._loop(objects, clocks, timing, (start, end), report, profile)
        finally:
            for item in objects:
                item.after_run(self)
        for item in sorted(objects, key=lambda item: item.order):
            item.after_batch()

    def _loop(
        self, objects: list[NetworkObject], clocks: dict[str, Clock], timing: Timing, span: tuple[int, int],
        report: Report | None, profile: bool,
    ) -> None:  # fmt: skip
        engine = self._engine
        schedule, batch = tuple(self._schedule), self.batch_size > 1
        compiled, resolvers = engine.prepare(objects, schedule, self.precision, self.name, batch)
        steps = {name: clock.step for name, clock in clocks.items()}
        names = {item.name: item for item in objects}
        for item in objects:
            if isinstance(item, Synapses):
                item.traces.begin(compiled.symbolic.traces.get(item.name, {}))
        if span[0] == 0:
            for item in objects:
                item.remember()
        binding = Binding(names, resolvers, steps, self.precision)
        progress = Progress(self, span, timing, clocks, report)
        self._stopped = False
        running.append(self)
        device.running.append(self.name)
        try:
            outcome = engine.run(
                binding, timing, span, progress, copies=self.batch_size, trial=self.trial,
                threads=self._threads(objects), profile=profile,
            )  # fmt: skip
            self._profile = Profile.of(compiled.program, outcome) if profile else None
            raise_fault(outcome, compiled.program, names, timing, self.batch_size)
            progress.end()
        finally:
            running.remove(self)
            device.running.remove(self.name)
            self.t_ = engine.tick * timing.tick
            for clock in clocks.values():
                clock.step = -(-engine.tick // timing.periods[clock.name])
            self.loop_seconds = engine.seconds

    def restart(self) -> None:
        """Begin a new trial: time is zero again, and everything that only a run changes is what it was then.

        Neurons, and variables of synapses that follow equations or are flagged ``(batch)``, have the values with which
        the last run from time zero began. No spike is under way, and monitors have recorded nothing. What was learned
        stays: other variables of synapses, parameters flagged ``(constant)``, and the wiring. Random numbers are new
        ones, told apart by ``trial``, the number of restarts.
        """
        objects = list(flatten(self._with_dependencies()))
        for item in objects:
            item.restart()
        for clock in clocks_of(objects).values():
            clock.step = 0
        self.t_, self.trial = 0.0, self.trial + 1
        self._engine.torn = False

    def _with_dependencies(self) -> list[NetworkObject]:
        return self.objects

    def _threads(self, objects: list[NetworkObject]) -> int:
        """The number asked for, or one that fits the size of the model and the machine."""
        if prefs.threads is not None:
            return prefs.threads
        import os

        if self.batch_size > 1:
            return min(os.cpu_count() or 1, self.batch_size)
        largest = max((len(item) for item in objects if isinstance(item, NeuronGroup | Synapses)), default=0)
        return min(os.cpu_count() or 1, max(1, largest // _LARGE))

    def __contains__(self, item: object) -> bool:
        return isinstance(item, NetworkObject) and item in self._members

    def __getitem__(self, name: str) -> NetworkObject:
        """The object of this name.

        :raises NameError: E309.
        """
        for item in flatten(self.objects):
            if item.name == name:
                return item
        raise errors.NameError("E309", f"there is no object '{name}' in the network.")

    def __len__(self) -> int:
        return len(self.objects)

    def __repr__(self) -> str:
        return "\n".join(
            [f"Network of {len(self)} objects at {self.t}:", *(f"  {item.title}" for item in self.objects)]
        )
