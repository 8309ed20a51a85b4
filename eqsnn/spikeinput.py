"""`SpikeInput`: the spikes of one trial, other ones for each network of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .clocks import Clock
from .givenspikes import GivenSpikes, Indices, Seconds, checked_spikes, steps_of
from .grammar import errors

if TYPE_CHECKING:
    from .network import Network

_NONE: tuple[Indices, Seconds] = np.empty(0, np.int32), np.empty(0)


class SpikeInput(GivenSpikes):
    """``N`` neurons that play the spikes of a trial: every run begins with them anew, until `set_spikes` gives others.

    Example::

        inputs = SpikeInput(700)
        network = Network(collect(), batch_size=2)
        inputs.set_spikes([[0, 3, 3], [5]], [[1, 2, 9]*ms, [4]*ms])    # of the first network, of the second
        network.run(100*ms)
        network.restart()                                              # the next trial
    """

    _kind = "spikeinput"

    def __init__(
        self,
        N: int,
        dt: Any = None,
        clock: Clock | None = None,
        when: str = "thresholds",
        order: int = 0,
        name: str | None = None,
    ) -> None:
        super().__init__(N, dt, clock, when, order, name)
        self._spikes = [_NONE]
        self._played: list[tuple[npt.NDArray[np.int64], Indices]] = []

    def set_spikes(self, indices: Any, times: Any) -> None:
        """Let neuron ``indices[k]`` spike at ``times[k]`` after the start of each run from the next one on.

        Both are arrays, for all networks of a batch alike, or sequences of arrays, one for each network. Spikes of a
        neuron in one step are one spike.

        :raises StateError: E730, indices and times differ in number; E731, an index out of range; E732, a negative
            time. :raises DimensionError: E223, the times are none.
        """
        if not _is_for_each(indices):
            self._spikes = [checked_spikes(indices, times, self._size, self.title)]
            return
        given = len(times) if isinstance(times, Sequence | np.ndarray) and getattr(times, "shape", True) != () else 1
        if len(indices) != given:
            message = f"there are indices for {len(indices)} networks, but times for {given}."
            raise errors.StateError("E730", message, place=self.title)
        pairs = zip(indices, times, strict=True)
        self._spikes = [checked_spikes(*pair, self._size, f"{self.title}, copy {k}") for k, pair in enumerate(pairs)]

    def play(self, trials: Sequence[tuple[npt.NDArray[np.int64], Indices]]) -> None:
        """Let the next run play spikes that are told by steps: (steps, neurons) for each network, in their order."""
        self._played = list(trials)

    def before_run(self, network: Network) -> None:
        """Tell the times by steps of the run to come.

        :raises StateError: E733, there are spikes for another number of networks.
        :raises RunError: E918, a spike comes after the end of the run.
        """
        super().before_run(network)
        if len(self._spikes) not in (1, self.store.copies):
            message = f"spikes are given for {len(self._spikes)} networks, but the batch has {self.store.copies}."
            hint = "give as many arrays as batch_size, or one for all"
            raise errors.StateError("E733", message, place=self.title, hint=hint)
        steps = -(-round(network.duration / network.tick) // round(self.clock.dt_ / network.tick))
        self._played = [self._in_steps(*spikes, steps) for spikes in self._spikes]

    def _in_steps(self, ids: Indices, seconds: Seconds, count: int) -> tuple[npt.NDArray[np.int64], Indices]:
        """Steps and neurons in their order, each once; the run has ``count`` steps."""
        steps = steps_of(seconds, self.clock.dt_)
        if len(steps) and steps.max() >= count:
            late = seconds[steps >= count].min()
            message = f"there is a spike at {late * 1e3:g} ms, but the run lasts {count * self.clock.dt_ * 1e3:g} ms."
            hint = "times count from the start of the run: leave out later spikes, or run for longer"
            raise errors.RunError("E918", message, place=self.title, hint=hint)
        keys = steps * self._size + ids
        if not (keys[1:] > keys[:-1]).all():
            keys.sort()
            keys = keys[np.diff(keys, prepend=-1) > 0]  # each once: np.unique takes ten times as long
            steps, ids = np.divmod(keys, self._size)
        return steps + self.clock.step, np.ascontiguousarray(ids, np.int32)

    def _of_run(self, copy: int) -> tuple[npt.NDArray[np.int64], Indices, int]:
        return *self._played[copy if len(self._played) > 1 else 0], 0


def _is_for_each(indices: Any) -> bool:
    """Whether indices are given for each network, and not for all alike."""
    if isinstance(indices, np.ndarray) and indices.dtype != object:
        return indices.ndim > 1
    return isinstance(indices, Sequence | np.ndarray) and any(np.ndim(part) > 0 for part in indices)
