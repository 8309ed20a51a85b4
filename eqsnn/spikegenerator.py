"""`SpikeGeneratorGroup`: neurons that spike when they are told to."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .clocks import Clock
from .givenspikes import GivenSpikes, Indices, checked_spikes, steps_of
from .grammar import errors
from .model.dimensions import SECOND
from .model.types import real
from .units import quantity
from .values import broadcast, checked

if TYPE_CHECKING:
    from .network import Network

log = logging.getLogger("eqsnn")


class SpikeGeneratorGroup(GivenSpikes):
    """``N`` neurons; neuron ``indices[k]`` spikes at ``times[k]``.

    With a ``period``, the spikes come again and again; it must be a whole number of steps, and later than every
    time. ``sorted`` tells that times ascend already.

    Example: ``SpikeGeneratorGroup(2, [0, 1, 0], [1, 2, 5]*ms)``.

    :raises StateError: E730, indices and times differ in number; E731, an index out of range; E732, a negative time.
    :raises DimensionError: E223, times or period are no times.
    """

    _kind = "spikegeneratorgroup"

    def __init__(
        self,
        N: int,
        indices: Any,
        times: Any,
        dt: Any = None,
        clock: Clock | None = None,
        period: Any = 0,
        when: str = "thresholds",
        order: int = 0,
        sorted: bool = False,  # noqa: A002 - Brian2's name
        name: str | None = None,
    ) -> None:
        super().__init__(N, dt, clock, when, order, name)
        self.set_spikes(indices, times, period, sorted)

    def set_spikes(self, indices: Any, times: Any, period: Any = 0, sorted: bool = False) -> None:  # noqa: A002
        """Replace all spikes. Those before the start of the next run are left out.

        :raises StateError: as the constructor.
        """
        ids, seconds = checked_spikes(indices, times, self._size, self.title)
        self._period = float(broadcast(checked(period, real(SECOND), "period", self.title), 1, "period", self.title)[0])
        if self._period < 0:
            raise errors.StateError("E732", "the period is negative or infinite.", place=self.title)
        if not sorted:
            order = np.lexsort((ids, seconds))
            ids, seconds = ids[order], seconds[order]
        self._ids, self._seconds = ids, seconds
        self._steps: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._changed = True

    @property
    def spike_times(self) -> Any:
        """All spike times, ascending, a quantity in seconds."""
        return quantity(self._seconds.copy(), SECOND)

    @property
    def spike_indices(self) -> npt.NDArray[np.int32]:
        """The neuron of each of `spike_times`."""
        return self._ids.copy()

    def before_run(self, network: Network) -> None:
        """Tell the times by steps of the present dt.

        :raises RunError: E912, a neuron spikes twice in a step; E913, the period is no whole number of steps, or some
            spikes come after it.
        """
        super().before_run(network)
        dt = self.clock.dt_
        steps = steps_of(self._seconds, dt)
        order = np.lexsort((self._ids, steps))  # two times may fall into one step in the wrong order of neurons
        self._steps, self._sorted_ids = steps[order], np.ascontiguousarray(self._ids[order], np.int32)
        self._check_twice(dt)
        self._period_steps = self._whole_period(dt)
        late = int((self._steps < self.clock.step).sum())
        if self._changed and late and not self._period_steps:
            log.warning("%s: %d spikes lie before the start of the run, and are left out", self.title, late)
        self._changed = False

    def _check_twice(self, dt: float) -> None:
        twice = (np.diff(self._steps) == 0) & (np.diff(self._sorted_ids) == 0)
        if twice.any():
            k = int(np.argmax(twice))
            neuron, when = self._sorted_ids[k], self._steps[k] * dt * 1e3
            message = f"neuron {neuron} spikes more than once in the step of {dt * 1e3:g} ms at {when:g} ms."
            raise errors.RunError("E912", message, place=self.title, hint="choose a smaller dt")

    def _whole_period(self, dt: float) -> int:
        if self._period == 0 or self._period == np.inf:
            return 0
        steps = round(self._period / dt)
        if steps < 1 or abs(steps * dt - self._period) > 1e-6 * dt:
            message = f"the period of {self._period * 1e3:g} ms is no whole number of steps of {dt * 1e3:g} ms."
            raise errors.RunError("E913", message, place=self.title)
        if len(self._steps) and self._steps[-1] >= steps:
            message = f"spikes at {self._steps[-1] * dt * 1e3:g} ms come after the period of {self._period * 1e3:g} ms."
            raise errors.RunError("E913", message, place=self.title)
        return steps

    def _of_run(self, copy: int) -> tuple[npt.NDArray[np.int64], Indices, int]:
        return self._steps, self._sorted_ids, self._period_steps
