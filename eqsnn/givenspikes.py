"""Neurons whose spikes are given beforehand: what `SpikeGeneratorGroup` and `SpikeInput` have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .clocks import Clock
from .grammar import errors
from .model.declarations import When
from .model.dimensions import SECOND
from .model.types import INTEGER, real
from .neurongroup import NeuronGroup
from .values import checked

if TYPE_CHECKING:
    from .runtime.context import Generator

_SHIFT = 1e-3  # of dt: a time this little before a step belongs to it, as in `timestep(t, dt)`
Indices = npt.NDArray[np.int32]
Seconds = npt.NDArray[np.float64]


class GivenSpikes(NeuronGroup):
    """Neurons without equations, which spike when they are told to."""

    def __init__(self, N: int, dt: Any, clock: Clock | None, when: str, order: int, name: str | None) -> None:
        super().__init__(N, dt=dt, clock=clock, when=when, order=order, name=name)
        self._generators: list[Generator] = []

    def _is_external(self) -> bool:
        return True

    @property
    def events(self) -> tuple[str, ...]:
        """``('spike',)``."""
        return ("spike",)

    def event_schedule(self, event: str) -> When:
        """Where in a step the spikes are."""
        if event != "spike":
            self._event(event)
        return self.schedule()

    def _of_run(self, copy: int) -> tuple[npt.NDArray[np.int64], Indices, int]:
        """Steps and neurons of the spikes to come in one network, in their order, and a period in steps or 0."""
        raise NotImplementedError

    def generator(self, copy: int = 0) -> Generator:
        """The spikes of the run to come, as the compiled loop reads them; this group keeps the memory alive."""
        from .runtime.context import Generator

        while len(self._generators) <= copy:
            self._generators.append(Generator())
        found, (steps, ids, period) = self._generators[copy], self._of_run(copy)
        found.step, found.index = steps.ctypes.data, ids.ctypes.data
        found.n, found.position, found.period = len(steps), 0, period
        return found


def checked_spikes(indices: Any, times: Any, count: int, place: str) -> tuple[Indices, Seconds]:
    """Neurons, of which there are ``count``, and times in seconds, one for each spike.

    :raises StateError: E730, indices and times differ in number; E731, an index out of range; E732, a negative time.
    :raises DimensionError: E223, the times are none.
    """
    ids = np.atleast_1d(checked(indices, INTEGER, "indices", place)).reshape(-1)
    seconds = np.atleast_1d(checked(times, real(SECOND), "times", place)).reshape(-1)
    if len(ids) != len(seconds):
        raise errors.StateError("E730", f"there are {len(ids)} indices, but {len(seconds)} times.", place=place)
    if len(ids) and (ids.min() < 0 or ids.max() >= count):
        bad = ids[(ids < 0) | (ids >= count)][0]
        hint = f"indices go from 0 to {count - 1}"
        raise errors.StateError("E731", f"there is no neuron {bad}.", place=place, hint=hint)
    if len(seconds) and not (seconds.min() >= 0 and seconds.max() < np.inf):
        raise errors.StateError("E732", "a spike time is negative or infinite.", place=place)
    return ids, seconds


def steps_of(seconds: Seconds, dt: float) -> npt.NDArray[np.int64]:
    """The step that each time falls into."""
    return np.floor((seconds + _SHIFT * dt) / dt).astype(np.int64)
