"""`EProp`: trains the weights of a network by e-prop, derived from the network's own equations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from .. import namespaces
from ..clocks import seconds
from ..grammar import errors
from ..model.dimensions import SECOND
from ..network import Network
from ..runtime.interrupts import Interrupts
from ..spikeinput import SpikeInput
from ..state import VariableView
from ..units import dimension_of, to_base
from .engine import Engine
from .feedback import Feedback, feedback_of
from .losses import Loss, Windowed, loss_of
from .optimisers import Adam, Optimiser
from .records import History, Score
from .setup import Plan, plan
from .weights import Learner, check_rate

if TYPE_CHECKING:
    from ..data import SpikeData

Array = npt.NDArray[Any]
log = logging.getLogger("eqsnn")


@dataclass(frozen=True, slots=True)
class Batch:
    """What came of a batch: mean ``loss`` of an example and step, share of examples classified right, ``rate`` of
    hidden neurons in Hz, and how many synapses rules have created after it (``rewired``).
    """

    loss: float
    accuracy: float | None
    rate: float
    rewired: int


class EProp:
    """Trains the weights of ``network`` that are flagged ``(learned)``, by e-prop (Bellec et al. 2020).

    The eligibility traces are derived from the neurons' own equations, with their threshold and reset: see
    `equations`. ``output`` is the variable of neurons that do not spike, such as ``readout.y``, by which a trial is
    judged; ``inputs`` the `SpikeInput` that examples are given to, where there are several.

    - ``pseudo_derivative``: an expression for the derivative of spikes by what the threshold compares, one for all
      groups that spike or one for each, ``{hidden: '...'}``. It counts as zero while a neuron is refractory.
    - ``loss``: ``'crossentropy'``, ``'mse'``, or a `Loss`. ``optimiser``: `Adam`, `SGD`, or an `Optimiser` of one's
      own; one for all projections, or one for each, ``{synapses: Adam(0.1*mV)}``, where weights have different units.
    - ``feedback``: by what errors come back to hidden neurons. ``'symmetric'``, the weights of their synapses onto the
      output; ``'random'``, numbers drawn once; ``'adaptive'``, numbers drawn once that change as those weights do.
    - ``rate_regularisation``: ``(strength, rate)`` pulls the firing rate of each hidden neuron, filtered over
      ``rate_window``, towards a rate.
    - ``spike_gradient``: through which variables' reset the gradient of a spike goes: ``'adaptation'``, those that
      synapses do not drive, as published for LIF and ALIF neurons; ``'nothing'``; ``'everything'``.
    - ``method``: ``'adjoint'``, a sweep backward in time for each neuron, and spikes delivered; ``'traces'``, forward
      with traces of each synapse, which gives the same gradients; by default the adjoint wherever it exists.
    - ``l1``: added to each gradient with the sign of the weight: a number, or one for each projection, ``{synapses:
      0.1}``.
    - ``trial``: the length of a trial; by default that of the first data.

    Rules with ``when='after_batch'`` run after the optimiser. A batch is ``network.batch_size`` examples. Monitors do
    not record while a network is trained.

    Example::

        trainer = EProp(Network(collect(), batch_size=64), output=readout.y, optimiser=Adam(1e-3),
                        pseudo_derivative='0.3/v_th*maximum(0, 1 - abs(v - v_th)/v_th)')
        trainer.fit(train, epochs=10, validation=valid)
        print(trainer.evaluate(test))

    :raises EqsnnError: the network cannot be trained, with the reason and the place; E58x, E92x.
    """

    def __init__(
        self, network: Network, *, output: VariableView, loss: str | Loss = "crossentropy",
        optimiser: Optimiser | Mapping[Any, Optimiser] | None = None,
        pseudo_derivative: str | Mapping[Any, str] | None = None,
        inputs: SpikeInput | None = None, feedback: Literal["symmetric", "random", "adaptive"] = "symmetric",
        rate_regularisation: tuple[float, Any] | None = None, rate_window: Any = None,
        spike_gradient: Literal["adaptation", "nothing", "everything"] = "adaptation",
        method: Literal["adjoint", "traces"] | None = None, l1: float | Mapping[Any, float] = 0.0, trial: Any = None,
    ) -> None:  # fmt: skip
        self.network, self.loss, self.optimiser = network, loss_of(loss), Adam() if optimiser is None else optimiser
        self.batch_size = network.batch_size
        self.history, self.batches, self.epochs = History(), 0, 0
        self._frame = namespaces.caller()
        _check_choice("spike_gradient", spike_gradient, ("adaptation", "nothing", "everything"))
        _check_choice("method", method, ("adjoint", "traces", None))
        kind = feedback_of(feedback)
        options = {"through": spike_gradient, "feedback": kind, "rate": rate_regularisation is not None}
        with self._frame.active():
            self.plan: Plan = plan(network, output, inputs, pseudo_derivative, options)
        self.method = self._chosen(method)
        self.learners = self._learners(l1, kind == "synapses")
        self._feedback = Feedback(feedback, self.plan, self.learners)
        duration = None if trial is None else seconds(trial, "trial")
        numbers = _rates(rate_regularisation, rate_window)
        self.engine = Engine(self.plan, self.loss, self.method, self._feedback, self.learners, numbers, duration)

    def _learners(self, l1: float | Mapping[Any, float], feedback: bool) -> tuple[Learner, ...]:
        plan = self.plan
        strengths, optimisers = plan.for_each("l1", l1, 0.0), plan.for_each("optimiser", self.optimiser, Adam())
        traces = plan.traces if self.method == "traces" else {}
        for p in plan.projections:
            check_rate(p, plan.learned[p.name], optimisers[p.name])
        return tuple(
            Learner(p, plan.learned[p.name], optimisers[p.name], strengths[p.name], feedback, traces.get(p.name, ()))
            for p in plan.projections
        )

    def _chosen(self, method: Literal["adjoint", "traces"] | None) -> Literal["adjoint", "traces"]:
        derivation = self.plan.programs.derivation
        if derivation.static:
            return method or "adjoint"
        what = f"what spikes of {derivation.moving()} add changes in a trial"
        if method == "adjoint":
            message = f"the gradient of this network is no delivery of spikes: {what}."
            raise errors.RunError("E925", message, hint="leave the method out, or use method='traces'")
        if method is None:
            log.info("network '%s': %s, so gradients need traces of each synapse", self.network.name, what)
        return "traces"

    # ---- looking inside ----

    @property
    def equations(self) -> Any:
        """What was derived: ``print(trainer.equations)``, ``trainer.equations.latex()``."""
        from ..symbolic.eprop.equations import equations_of

        return equations_of(self.plan.programs.derivation)

    def source(self, program: str = "backward") -> str:
        """Generated C++ of a trial: ``'forward'``, ``'backward'``, ``'signals'``, ``'traces'`` or ``'weigh'``."""
        return self.plan.programs[program].program.source

    # ---- training ----

    def fit(
        self, train: SpikeData, epochs: int, validation: SpikeData | None = None, *,
        checkpoint: str | Path | None = None, report: str | None = None, shuffle: bool = True,
        after_batch: Callable[[EProp, Batch], None] | None = None,
    ) -> History:  # fmt: skip
        """Train for ``epochs`` passes through ``train`` in all; return the history.

        Examples are shuffled anew in each epoch, by the seed of `eqsnn.seed`. ``report='text'`` shows a progress bar
        with loss, accuracy and rewirings. With a ``checkpoint`` folder, everything is written there after each epoch,
        with ``history.csv`` and ``history.json``, and training goes on from what is there already: a run that was
        killed ends with the same bits. ``after_batch`` is called with the trainer and what came of each batch.

        :raises RunError: E930 the loss is not finite; the checkpoint of the last epoch stays as it is.
        """
        from .fitting import fit

        folder = None if checkpoint is None else Path(checkpoint)
        return fit(self, train, epochs, validation, folder, report, shuffle, after_batch)

    def train_batch(self, data: SpikeData, chosen: npt.ArrayLike | None = None) -> Batch:
        """One step of the optimiser by the gradient of these examples, then the rules of ``after_batch``.

        ``chosen`` are the numbers of some of the examples; by default all are meant.
        """
        numbers = self.engine.chosen(data, chosen)
        self.engine.check(data)
        with self._frame.active():
            score, rate = self.engine.gradients(data, numbers, self.batches)
            self._check_finite(score)
            with Interrupts() as interrupts:  # weights of one batch all change, or none
                for learner in self.learners:
                    learner.step(self.batches)
                self._feedback.follow()
                rewired = self._rewire()
                self.batches += 1
        if interrupts.pressed:
            raise KeyboardInterrupt
        self._check_weights()
        return Batch(score.loss, score.accuracy, rate, rewired)

    def gradients(self, data: SpikeData) -> dict[str, Array]:
        """The mean gradient of the loss by every learned weight, in order of creation, by name of the projection.

        Without L1 terms, which belong to the optimiser; with the regularisation of rates. No weight changes.
        """
        numbers = self.engine.chosen(data, None)
        self.engine.check(data)
        with self._frame.active():
            self.engine.gradients(data, numbers, self.batches)
        return {learner.projection.name: learner.projection.ragged.get(learner.gradient) for learner in self.learners}

    def evaluate(self, data: SpikeData) -> Score:
        """Loss and accuracy, without learning."""
        numbers = self.engine.chosen(data, None)
        self.engine.check(data)
        with self._frame.active():
            runs = self.engine.outputs(data, numbers, self.batches)
            return self.engine.score([self.engine.judge(output, data, chunk) for chunk, output in runs])

    def outputs(self, data: SpikeData) -> Array:
        """The output variable, shape (examples, T, K)."""
        numbers = self.engine.chosen(data, None)
        with self._frame.active():
            return np.concatenate([y for _, y in self.engine.outputs(data, numbers, self.batches)])

    def predict(self, data: SpikeData) -> npt.NDArray[np.int64]:
        """The output neuron with the largest sum over the trial, or the window of the loss, for each example."""
        outputs, loss = self.outputs(data), self.loss
        counted = loss.steps(outputs.shape[1], self.engine.clock.dt_) if isinstance(loss, Windowed) else slice(None)
        return np.asarray(outputs[:, counted].sum(1).argmax(1), np.int64)

    def save(self, folder: str | Path) -> None:
        """Write a checkpoint: weights, wiring, optimiser, history, random numbers (see `fit`)."""
        from .checkpoint import save

        save(self, Path(folder))

    def load(self, folder: str | Path) -> None:
        """Take up a checkpoint of the same network.

        :raises RunError: E933 there is none, or it is of another network.
        """
        from .checkpoint import load

        load(self, Path(folder))

    # ---- one batch ----

    def _rewire(self) -> int:
        before = sum(rule.created for rule in self.plan.rules)
        for rule in self.plan.rules:
            if rule.active:
                rule.run()
        return sum(rule.created for rule in self.plan.rules) - before

    def _check_finite(self, score: Score) -> None:
        """Stop where a loss or a gradient is no number: nothing has changed since the last batch."""
        broken = next(((x, name) for x in self.learners if (name := x.broken()) is not None), None)
        if np.isfinite(score.loss) and broken is None:
            return
        where = f"'{self.plan.variable}' of {self.plan.output.title}"
        if broken is not None:
            where = f"'{broken[1]}' of {broken[0].projection.title}"
        message = f"in batch {self.batches} {where} is not finite; the weights are as they were before it."
        raise errors.RunError("E930", message, hint="a smaller learning rate, or a checkpoint to go back to")

    def _check_weights(self) -> None:
        """Stop where an optimiser has made a weight that is no number, before a checkpoint is written."""
        for learner in self.learners:
            if not np.isfinite(learner.projection.ragged.get(learner.weight)).all():
                where = f"'{learner.weight}' of {learner.projection.title}"
                message = f"batch {self.batches - 1} has made {where} a number that is not finite."
                hint = "go back to a checkpoint, and train with a smaller learning rate"
                raise errors.RunError("E930", message, hint=hint)

    def memory(self) -> int:
        """Bytes that training keeps beside the network.

        For each learned synapse these are 1 + s + L*(1 + c) numbers in the network's precision: the gradient, s that
        the optimiser (and adaptive feedback) keeps, and for each of L = 8 lanes its gradient; with ``method='traces'``
        c traces, one for each state variable of the neuron and, where that spikes, the eligibility. For each neuron,
        lane and step a few numbers are kept of the way forward, and in a lane some for each neuron.
        """
        return self.engine.memory() + sum(len(x.projection) * x.bytes_of_synapse() for x in self.learners)

    def __repr__(self) -> str:
        learned = ", ".join(f"{p.name}.{self.plan.learned[p.name]}" for p in self.plan.projections)
        return f"<EProp of {learned} by {self.plan.output.name}.{self.plan.variable}, {self.batches} batches done>"


def _check_choice(name: str, given: object, known: tuple[object, ...]) -> None:
    if given not in known:
        raise errors.NameError("E324", f"{name} is one of {', '.join(map(repr, known))}, not {given!r}.")


def _rates(given: tuple[float, Any] | None, window: Any) -> dict[str, float]:
    if given is None:
        return {}
    pair = isinstance(given, tuple | list) and len(given) == 2
    strength, rate = given if pair else (0.0, 0.0)
    if not pair or dimension_of(rate) != SECOND**-1:
        message = f"rate_regularisation is (strength, rate), not {given!r}."
        raise errors.DimensionError("E225", message, hint="such as (1e-3, 10*Hz)")
    tau = 0.5 if window is None else seconds(window, "rate_window")
    return {"_rate_strength": float(strength), "_rate_target": float(to_base(rate)), "_rate_tau": tau}
