"""Runs examples through trials and adds up their gradients: what `EProp` does with data."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import seeds
from ..binding import Binding
from ..clocks import whole_steps
from ..grammar import errors
from ..prefs import prefs
from ..synapses import Synapses
from ..timing import clocks_of, timing_of
from .feedback import Feedback
from .losses import Judgement, Loss
from .records import Score
from .setup import Plan
from .trial import Example, Trial
from .weights import Learner

if TYPE_CHECKING:
    from ..data import SpikeData
    from ..data.binning import Binned
    from ..symbolic.eprop.synapses import Drive

LANES = 8
"""Examples that are worked on at once: two for each thread of a machine with four, and few enough for its caches."""
_REMEMBERED = 2  # data whose spikes are kept by steps: those that are trained on, and those of validation

Array = npt.NDArray[Any]
Chosen = npt.NDArray[np.int64]


class Engine:
    """Examples in, outputs and gradients out.

    ``method`` is ``'adjoint'`` or ``'traces'``; ``numbers`` are arguments that training's programs have of their own;
    ``duration`` is the length of a trial in seconds, or None: that of the first data.
    """

    def __init__(
        self, plan: Plan, loss: Loss, method: str, feedback: Feedback, learners: Sequence[Learner],
        numbers: Mapping[str, float], duration: float | None,
    ) -> None:  # fmt: skip
        self.plan, self.loss, self.method = plan, loss, method
        self.feedback, self.learners, self._numbers = feedback, learners, numbers
        self.clock = plan.output.clock
        self._steps = 0 if duration is None else self._steps_of(duration)
        self._trial: Trial | None = None
        self._delays = {drive.projection: self._delay(drive) for drive in plan.programs.derivation.drives}
        self._binned: dict[int, tuple[SpikeData, Binned]] = {}

    # ---- examples ----

    def check(self, data: SpikeData) -> None:
        """Refuse examples that do not fit the network.

        :raises RunError: E932 they last longer than a trial, or come from other units.
        :raises StateError: E760, E761, their labels or targets do not fit the output.
        """
        self.loss.check(np.asarray(data.labels), len(self.plan.output), self.trial(data).steps)

    def chosen(self, data: SpikeData, chosen: npt.ArrayLike | None) -> Chosen:
        """Numbers of the chosen examples: of all, where nothing is chosen.

        :raises RunError: E931, there are none, or not those.
        """
        found = np.arange(len(data)) if chosen is None else np.asarray(chosen)
        if found.size == 0:
            raise errors.RunError("E931", "there is no example.")
        if found.ndim != 1 or found.dtype.kind not in "iu" or found.min() < 0 or found.max() >= len(data):
            message = f"examples are chosen by their numbers, 0 to {len(data) - 1}, not by {chosen!r}."
            raise errors.RunError("E931", message)
        return found.astype(np.int64)

    def trial(self, data: SpikeData) -> Trial:
        """The trial that the examples run in."""
        inputs = self.plan.inputs
        if data.n_units > len(inputs):
            message = f"the examples come from {data.n_units} units, but {inputs.title} has {len(inputs)} neurons."
            raise errors.RunError("E932", message)
        needed = self._steps_of(data.duration)
        if self._trial is None:
            self._steps = self._steps or needed
            self._trial = self._new_trial()
        if needed > self._steps:
            message = f"the examples last {data.duration:g} s, a trial only {self._steps * self.clock.dt_:g} s."
            raise errors.RunError("E932", message, hint="give EProp a longer trial, or crop the examples")
        return self._trial

    def _steps_of(self, duration: float) -> int:
        dt = self.clock.dt_
        return max(1, round(duration / dt) if whole_steps(duration, dt) else int(duration / dt) + 1)

    def _new_trial(self) -> Trial:
        plan, objects = self.plan, dict(self.plan.objects)
        timing = timing_of(clocks_of(objects.values()))
        binding = Binding(objects, plan.resolvers, dict.fromkeys(timing.periods, 0), plan.programs.real)
        delays = {drive.delay_argument: float(self._delay(drive) or 0) for drive in plan.programs.derivation.drives}
        numbers = {**self._numbers, **delays, f"{plan.output.name}._no_delay": 0.0}
        return Trial(
            objects, plan.programs, binding, timing, steps=self._steps, lanes=LANES,
            inputs=plan.inputs,
            output=(plan.output, plan.variable), numbers=numbers, delay=int(max(delays.values(), default=0)),
        )  # fmt: skip

    def _examples(self, data: SpikeData, chosen: Chosen) -> list[Example]:
        known = self._binned.get(id(data))
        if known is None:
            while len(self._binned) >= _REMEMBERED:
                del self._binned[next(iter(self._binned))]
            known = self._binned[id(data)] = data, data.binned(self.clock.dt)
        steps, neurons, offsets = known[1]
        return [(steps[offsets[k] : offsets[k + 1]], neurons[offsets[k] : offsets[k + 1]]) for k in chosen]

    # ---- running ----

    def outputs(self, data: SpikeData, chosen: Chosen, trial_number: int) -> Iterator[tuple[Chosen, Array]]:
        """Run the chosen examples without learning: which they are, and the output (examples, T, K), chunk by chunk."""
        with self._batch(data) as trial:
            for chunk, seeds_ in self._chunks(chosen, trial_number):
                yield chunk, trial.forward(self._examples(data, chunk), seeds_)

    def judge(self, output: Array, data: SpikeData, chunk: Chosen) -> Judgement:
        """The loss of some examples.

        :raises StateError: E763, a loss of the user's own gives something else than was asked for.
        """
        with np.errstate(invalid="ignore", over="ignore"):  # told afterwards, with the batch and the variable
            found = self.loss(output, np.asarray(data.labels)[chunk], self.clock.dt_)
        loss, gradient = np.shape(found.loss), np.shape(found.gradient)
        if loss != (len(chunk),) or gradient != output.shape:
            message = f"the loss gives a loss of shape {loss} and a gradient of shape {gradient}."
            hint = f"one number for each example, ({len(chunk)},), and one for each of the output, {output.shape}"
            raise errors.StateError("E763", message, hint=hint)
        return found

    def gradients(self, data: SpikeData, chosen: Chosen, batch: int) -> tuple[Score, float]:
        """Work out the mean gradient of the chosen examples; their score, and the firing rate of hidden neurons in Hz.

        The gradients are then variables of the synapses (see `Learner`).
        """
        judgements, spikes = [], 0
        with self._batch(data) as trial:
            self.feedback.weigh(trial)
            for chunk, seeds_ in self._chunks(chosen, batch):
                examples = self._examples(data, chunk)
                judgement = self.judge(trial.forward(examples, seeds_), data, chunk)
                judgements.append(judgement)
                spikes += sum(int(trial.spikes(group, len(chunk)).sum()) for group in self.plan.hidden)
                if self.method == "adjoint":
                    trial.backward(judgement.gradient)
                else:
                    trial.traces(judgement.gradient, examples, seeds_)
        for learner in self.learners:
            trial.collect(learner.projection, learner.summed, learner.gradient, len(chosen))
        return self.score(judgements), self._rate(spikes, len(chosen))

    @contextmanager
    def _batch(self, data: SpikeData) -> Iterator[Trial]:
        """The trial, for one batch; afterwards the network is as before, also where an error or control-C ends it."""
        trial = self.trial(data)
        self._before_run(trial)
        trial.begin()
        try:
            yield trial
        except BaseException:
            trial.abandon()
            raise
        trial.rest()

    def _before_run(self, trial: Trial) -> None:
        """Have objects prepare for runs from time zero that last a trial.

        :raises RunError: E926, the network has run, or its delays are others than those that training was made for.
        """
        network = self.plan.network
        if network.t_:
            message = f"the network stands at {network.t_ * 1e3:g} ms, and trials begin at time zero."
            raise errors.RunError("E926", message, hint="call its restart() before it is trained")
        for drive in self.plan.programs.derivation.drives:
            if self._delay(drive) != self._delays[drive.projection]:
                place = self.plan.objects[drive.projection].title
                message = "its delay is not the one that training was prepared for."
                raise errors.RunError("E926", message, place=place, hint="make EProp anew")
        network.tick, network.duration = trial.timing.tick, self._steps * self.clock.dt_
        for clock in clocks_of(self.plan.objects.values()).values():
            clock.seek(0)
        for item in self.plan.objects.values():
            if item is not self.plan.inputs:
                item.before_run(network)
        trial.threads = prefs.threads or min(os.cpu_count() or 1, LANES)

    def _delay(self, drive: Drive) -> int | None:
        """The delay of a learned projection in steps; None where synapses have delays of their own."""
        projection = self.plan.objects[drive.projection]
        assert isinstance(projection, Synapses)
        pathway = projection.pathways[drive.pathway]
        return None if pathway.each else round(pathway.seconds / self.clock.dt_)

    def score(self, found: Sequence[Judgement]) -> Score:
        """What several judgements come to."""
        loss = np.concatenate([judgement.loss for judgement in found])
        right = [judgement.correct for judgement in found if judgement.correct is not None]
        accuracy = float(np.concatenate(right).mean()) if right else None
        return Score(float(loss.mean()) / self._steps, accuracy, len(loss))

    def _chunks(self, chosen: Chosen, trial: int) -> Iterator[tuple[Chosen, list[int]]]:
        """Examples that run side by side, with their seeds: by their place in the batch, and the number of it."""
        for first in range(0, len(chosen), LANES):
            chunk = chosen[first : first + LANES]
            yield chunk, [seeds.run_key(1 + first + k, trial) for k in range(len(chunk))]

    def _rate(self, spikes: int, examples: int) -> float:
        """Spikes of a hidden neuron in a second."""
        neurons = sum(map(len, self.plan.hidden))
        return spikes / (neurons * examples * self._steps * self.clock.dt_) if neurons else 0.0

    def release(self) -> None:
        """Leave objects with the state of as many networks as the batch has, not of lanes."""
        for item in self.plan.objects.values():
            item.set_batch(self.plan.network.batch_size)

    def memory(self) -> int:
        """Bytes that trials keep beside the state of the network."""
        return 0 if self._trial is None else self._trial.memory()
