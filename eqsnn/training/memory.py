"""What training keeps of each lane beside the state of the network, and the two as one for a program."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy.typing as npt

from ..binding import Binding
from ..codegen.ir import Array
from ..runtime.context import Generator
from ..runtime.ragged import Ragged
from ..runtime.recording import Recording
from ..runtime.rings import Ring, Way

Values = npt.NDArray[Any]


class LaneMemory:
    """Arrays of one lane by name: ``'hidden._left_v'``, one number a neuron; ``'hidden._v_now@kept'``, one each step.

    Some, such as what errors are weighed by, are those of all lanes.
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Values] = {}
        self._found: dict[str, list[Values]] = {}

    def add(self, name: str, values: Values) -> None:
        """Add an array."""
        self._arrays[name] = values
        self._found.clear()

    def __contains__(self, name: str) -> bool:
        return name in self._arrays

    def __getitem__(self, name: str) -> Values:
        return self._arrays[name]

    def clear(self, beginning: str) -> None:
        """Zero the arrays of neurons whose names begin so; not what was kept for each step."""
        for values in self._beginning(beginning):
            values[:] = 0

    def _beginning(self, beginning: str) -> list[Values]:
        if beginning not in self._found:
            names = (name for name in self._arrays if "@" not in name and name.partition(".")[2].startswith(beginning))
            self._found[beginning] = [self._arrays[name] for name in names]
        return self._found[beginning]

    def __iter__(self) -> Iterator[Values]:
        return iter(self._arrays.values())


class TrialState:
    """The state of one lane for a program: that of the network, with the memory of training."""

    def __init__(self, network: Binding, memory: LaneMemory, numbers: Mapping[str, float]) -> None:
        self.network, self.memory, self.numbers = network, memory, numbers

    def buffer(self, array: Array) -> Values:
        """Padded memory of a flat array."""
        return self.memory[array.name] if array.name in self.memory else self.network.buffer(array)

    def number(self, name: str) -> float:
        """Value of an argument."""
        return self.numbers[name] if name in self.numbers else self.network.number(name)

    def ragged(self, projection: str) -> Ragged:
        """Storage of a projection."""
        return self.network.ragged(projection)

    def ring(self, neurons: str, event: str) -> Ring:
        """Events of the trial."""
        return self.network.ring(neurons, event)

    def way(self, projection: str, pathway: str) -> Way:
        """A pathway, bound to what it hears."""
        return self.network.way(projection, pathway)

    def recording(self, name: str) -> Recording:
        """Memory of a monitor."""
        return self.network.recording(name)

    def generator(self, neurons: str) -> Generator:
        """Events given beforehand."""
        return self.network.generator(neurons)

    def callback(self, name: str) -> Callable[[], None]:
        """A function of the user's."""
        return self.network.callback(name)

    def shape(self) -> object:
        """What stays equal while all memory is where it was."""
        return self.network.shape()
