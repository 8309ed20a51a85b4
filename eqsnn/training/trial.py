"""One trial of a trained network, in several lanes at once: forward, and back with the gradient.

A lane is one copy of the network's state with what a trial keeps. Lanes are few, however large a batch is: examples
pass through them one after the other, so that all a trial keeps stays in the caches. Their number is fixed, so the
sum of the gradients has the same order whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import addressof, c_char
from typing import Any

import numpy as np
import numpy.typing as npt

from ..base import NetworkObject
from ..binding import Binding
from ..givenspikes import GivenSpikes
from ..neurongroup import NeuronGroup
from ..outcome import raise_fault
from ..runtime.bind import Timing
from ..runtime.lanes import Lanes
from ..runtime.store import aligned_zeros, of_copy
from ..spikeinput import SpikeInput
from ..synapses import Synapses
from .memory import LaneMemory, TrialState
from .programs import Programs

Array = npt.NDArray[Any]
Example = tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]
"""Steps and neurons of the spikes of an example, sorted by step."""

_SILENCE: Example = np.empty(0, np.int64), np.empty(0, np.int32)
_SPIKE_LIST = np.dtype([("index", "u8"), ("count", "i4"), ("room", "i4")])  # `SpikeList` of ``eqsnn/module.h``


class Trial:
    """Runs trials of ``steps`` steps, one example in each lane.

    ``objects`` hold the state, of which ``inputs`` are given the examples and ``output`` has the variable that is
    judged; ``binding`` is that of the first lane; ``numbers`` are arguments of the programs that are training's own;
    ``delay`` is the longest of a learned projection, in steps.
    """

    def __init__(
        self, objects: Mapping[str, NetworkObject], programs: Programs, binding: Binding, timing: Timing, *,
        steps: int, lanes: int, inputs: SpikeInput, output: tuple[NeuronGroup, str],
        numbers: Mapping[str, float], delay: int,
    ) -> None:  # fmt: skip
        self.objects, self.programs, self.timing = objects, programs, timing
        self.steps, self.lanes, self.threads = steps, lanes, 1
        self.inputs, self.output = inputs, output
        self._delay = delay
        for item in objects.values():
            item.set_batch(lanes)
        self._start: dict[str, dict[str, Array]] = {}
        self._columns: dict[Synapses, dict[str, Array]] = {}
        self._keep_spikes()
        self._shared: dict[str, Array] = {}
        self._memories = [LaneMemory() for _ in range(lanes)]
        self._provided: set[str] = set()
        states = [binding, *(binding.of_copy(k) for k in range(1, lanes))]
        self._states = [TrialState(s, m, numbers) for s, m in zip(states, self._memories, strict=True)]
        self._bound: dict[str, Lanes] = {}
        self._renewed: set[str] = set()

    def _keep_spikes(self) -> None:
        """Have every group keep the events of a whole trial: that is what the way back delivers."""
        for group in self.objects.values():
            if isinstance(group, NeuronGroup) and "spike" in group.events:
                for k in range(self.lanes):
                    group.ring("spike", k).deepen(self.steps, 0)

    def _provide(self, name: str) -> None:
        """Memory for what a program works on."""
        if name in self._provided:
            return
        self._provided.add(name)
        sizes = self.programs.sizes(name, self.objects, self.steps, self._delay)
        for array, (count, kind) in sizes.items():
            for memory in self._memories:
                if self.programs.is_shared(array):
                    memory.add(array, self._shared.setdefault(array, aligned_zeros(count, kind)))
                elif array not in memory:
                    memory.add(array, aligned_zeros(count, kind))

    # ---- running ----

    @property
    def period(self) -> int:
        """Ticks of a step."""
        return self.timing.periods[self.output[0].clock.name]

    def begin(self) -> None:
        """Take up weights, wiring, constants, and what trials begin with, as they are now, until the next call.

        Every lane begins as the first network is now.
        """
        self._renewed.clear()
        for item in self.objects.values():
            item.set_batch(self.lanes)
        self._keep_spikes()
        self._start = {name: _variables(item) for name, item in self.objects.items() if hasattr(item, "store")}
        self._columns = {item: _columns(item) for item in self.objects.values() if isinstance(item, Synapses)}

    def weigh(self) -> None:
        """Fill the matrices by which errors come back, from the synapses as they are now."""
        self._run("weigh", 0, self.period, [0])

    def feedback(self, array: str) -> Array:
        """The matrix of a group's own feedback, ``'hidden._feedback_y'``: (outputs, neurons), to be filled."""
        self._provide("backward")
        outputs = len(self.output[0])
        values = self._shared[array]
        neurons = len(self.objects[array.rpartition(".")[0]])  # type: ignore[arg-type]
        return values[: outputs * neurons].reshape(outputs, neurons)

    def forward(self, examples: Sequence[Example], seeds: Sequence[int]) -> Array:
        """Run the examples, one in each of the first lanes; the output, shape (examples, T, K)."""
        self._begin(examples)
        self._run("forward", 0, self.steps * self.period, seeds)
        return np.stack(self._kept(f"_{self.output[1]}_output", len(examples)))

    def backward(self, gradient: Array) -> None:
        """Add the gradients of the trials that have just run; ``gradient`` is that of the loss by the output."""
        self._provide("backward")
        self._give(gradient)
        self._run("backward", self.steps * self.period, 0, [0] * len(gradient))

    def traces(self, gradient: Array, examples: Sequence[Example], seeds: Sequence[int]) -> None:
        """The same by traces of each synapse, in a second run forward of the same trials."""
        for name in ("signals", "traces"):
            self._provide(name)
        self._give(gradient)
        self._run("signals", self.steps * self.period, 0, [0] * len(gradient))
        for projection, names in self.programs.derivation.trace_names().items():
            ragged = self.objects[projection].ragged  # type: ignore[attr-defined]
            for name in names:
                for k in range(len(examples)):
                    ragged.view(of_copy(name, k))[:] = 0
        self._begin(examples)
        self._run("traces", 0, self.steps * self.period, seeds)

    def rest(self, lanes: int | None = None) -> None:
        """Leave the network as it was at first, in the first lanes or in all, with no spike under way."""
        count = self.lanes if lanes is None else lanes
        for name, variables in self._start.items():
            store = self.objects[name].store  # type: ignore[attr-defined]
            for variable, values in variables.items():
                store.each(variable)[:count] = values
        for synapses, columns in self._columns.items():
            synapses.clear_queues()
            for variable, values in columns.items():
                for k in range(count):
                    synapses.ragged.view(of_copy(variable, k))[:] = values

    def abandon(self) -> None:
        """Forget a batch that was broken off, with the gradients that were added up for it."""
        self.rest()
        for drive in self.programs.derivation.drives:
            ragged = self.objects[drive.projection].ragged  # type: ignore[attr-defined]
            for k in range(self.lanes):
                ragged.view(of_copy(f"_{drive.weight}_gradient", k))[:] = 0

    def _begin(self, examples: Sequence[Example]) -> None:
        """The network as it was at first, and spikes to come."""
        self.rest(len(examples))
        for memory in self._memories[: len(examples)]:
            memory.clear("_rate")
        self.inputs.play([*examples, *[_SILENCE] * (self.lanes - len(examples))])
        for item in self.objects.values():
            if isinstance(item, GivenSpikes):
                for k in range(self.lanes):
                    item.generator(k)  # programs that are bound already read it where it was

    def _give(self, gradient: Array) -> None:
        for values, given in zip(self._kept(f"_error_{self.output[1]}", len(gradient)), gradient, strict=True):
            values[:] = given
        for memory in self._memories:
            memory.clear("_left_")

    def _kept(self, name: str, lanes: int) -> list[Array]:
        """What the first lanes keep of the output group: views of shape (T, K)."""
        group = self.output[0]
        size = self.steps * len(group)
        return [m[f"{group.name}.{name}@kept"][:size].reshape(self.steps, -1) for m in self._memories[:lanes]]

    def _run(self, name: str, start: int, end: int, seeds: Sequence[int]) -> None:
        self._provide(name)
        lanes = self._bound.get(name)
        if lanes is None:
            lanes = self._bound[name] = Lanes(self.programs[name], self._states, self.timing)
        elif name not in self._renewed:
            lanes.renew(self._states, self.timing)
        self._renewed.add(name)
        outcome = lanes.run(start, end, seeds, self.threads)
        raise_fault(outcome, lanes.session.program, self.objects, self.timing, self.lanes)

    # ---- what came of it ----

    def spikes(self, group: NeuronGroup, lanes: int) -> npt.NDArray[np.int64]:
        """Number of spikes of a group in each of the last trials."""
        return np.array([_counts(group.ring("spike", k), self.steps).sum() for k in range(lanes)], np.int64)

    def collect(self, projection: Synapses, gradient: str, into: str, examples: int) -> None:
        """The mean gradient of so many examples, summed up lane after lane; the lanes begin again at zero."""
        ragged = projection.ragged
        total = ragged.view(into)
        total[:] = 0
        for k in range(self.lanes):
            column = ragged.view(of_copy(gradient, k))
            total += column
            column[:] = 0
        total /= examples

    def memory(self) -> int:
        """Bytes that lanes keep beside the state of the network."""
        arrays = {id(values): values.nbytes for memory in self._memories for values in memory}
        return sum(arrays.values())


def _variables(item: Any) -> dict[str, Array]:
    """What a run may change of a group, or of what synapses have in common, with its values now."""
    fixed = {name for name, member in item.model.variables.items() if getattr(member, "constant", False)}
    return {name: item.store.each(name)[0].copy() for name in item.store if name not in fixed}


def _columns(synapses: Synapses) -> dict[str, Array]:
    """What a run may change of each synapse, with its values now."""
    ragged = synapses.ragged
    names = (name for name in (*synapses.of_trial(), "lastupdate") if name in ragged.columns)
    return {name: ragged.view(name).copy() for name in names}


def _counts(ring: Any, steps: int) -> Array:
    """Events of each step that a ring keeps."""
    struct = ring.struct.contents
    memory = (c_char * (_SPIKE_LIST.itemsize * struct.depth)).from_address(addressof(struct.lists.contents))
    return np.frombuffer(memory, _SPIKE_LIST)["count"][:steps]
