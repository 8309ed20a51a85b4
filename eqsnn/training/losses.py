"""What a trial is judged by: losses of the output over time, with their derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..model.dimensions import SECOND
from ..units import dimension_of, to_base

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Judgement:
    """The ``loss`` of each of C examples, its ``gradient`` by the output (C, T, K); which class is ``predicted``."""

    loss: npt.NDArray[np.float64]
    gradient: Array
    correct: npt.NDArray[np.bool_] | None = None
    predicted: npt.NDArray[np.int64] | None = None


class Loss(Protocol):
    """Judges C examples by their output (C, T, K), K output neurons in T steps of ``dt`` seconds."""

    def __call__(self, output: Array, targets: Array, dt: float) -> Judgement:
        """The judgement; ``targets`` are those of the examples, one along the first axis for each."""

    def check(self, targets: Array, outputs: int, steps: int) -> None:
        """Refuse targets that do not fit the network, before anything runs.

        :raises StateError: E760 labels that no output neuron stands for, E761 targets of another shape.
        """


@dataclass(frozen=True, slots=True)
class Windowed:
    """A loss of a part of the trial: ``window`` is its start and end, times since the trial began."""

    window: Any = None

    def steps(self, total: int, dt: float) -> slice:
        """The steps that count.

        :raises StateError: E762. :raises DimensionError: E225.
        """
        if self.window is None:
            return slice(0, total)
        start, stop = (_seconds(edge) for edge in self.window)
        found = slice(round(start / dt), min(total, round(stop / dt)))
        if not 0 <= found.start < found.stop:
            message = f"the window of the loss, {start:g} s to {stop:g} s, has no step of a trial of {total * dt:g} s."
            raise errors.StateError("E762", message)
        return found


@dataclass(frozen=True, slots=True)
class CrossEntropy(Windowed):
    """Sparse categorical cross-entropy of softmax(output); targets are class numbers.

    ``per='step'``, as published for e-prop (Bellec et al. 2020): -log softmax(y(t))[target], summed over steps, so that
    the error of output k in each step is softmax(y)_k - target_k. ``per='trial'``: of the sum of the output over the
    trial. The class predicted is the neuron with the largest sum.
    """

    per: Literal["step", "trial"] = "step"

    def __call__(self, output: Array, targets: Array, dt: float) -> Judgement:
        """Loss, gradient, and what was right."""
        counted, examples = self.steps(output.shape[1], dt), np.arange(len(output))
        total = output[:, counted].sum(1, dtype=np.float64)
        scores = output[:, counted] if self.per == "step" else total[:, None]
        above = scores - scores.max(-1, keepdims=True)  # in the precision of the network: this is a tenth of a batch
        error = np.exp(above)
        norm = error.sum(-1, keepdims=True)
        loss = (np.log(norm[..., 0]) - above[examples, :, targets]).sum(-1, dtype=np.float64)
        error /= norm
        error[examples, :, targets] -= 1
        gradient = np.zeros_like(output)
        gradient[:, counted] = error
        predicted = total.argmax(-1)
        return Judgement(loss, gradient, predicted == targets, predicted)

    def check(self, targets: Array, outputs: int, steps: int) -> None:
        """Labels are numbers of output neurons."""
        if targets.ndim != 1 or targets.dtype.kind not in "iu":
            message = "cross-entropy needs a class number for each example."
            raise errors.StateError("E761", message, hint="loss='mse' takes real targets")
        bad = targets[(targets < 0) | (targets >= outputs)]
        if len(bad):
            message = f"there is a label {bad[0]}; the output has {outputs} neurons, for classes 0 to {outputs - 1}."
            raise errors.StateError("E760", message)


@dataclass(frozen=True, slots=True)
class MeanSquaredError(Windowed):
    """½ Σ_t Σ_k (y_k(t) - target_k)²; targets of shape (n, K), held for the whole trial, or (n, T, K)."""

    def __call__(self, output: Array, targets: Array, dt: float) -> Judgement:
        """Loss and gradient."""
        counted = self.steps(output.shape[1], dt)
        wanted = targets[:, None, :] if targets.ndim == 2 else targets[:, counted]
        gradient = np.zeros_like(output)
        gradient[:, counted] = output[:, counted] - wanted
        return Judgement(0.5 * (gradient.astype(np.float64) ** 2).sum((1, 2)), gradient)

    def check(self, targets: Array, outputs: int, steps: int) -> None:
        """Targets fit the output."""
        fits = targets.shape[1:] in ((outputs,), (steps, outputs))
        if not fits or targets.dtype.kind != "f":
            message = f"targets of shape {targets.shape} do not fit an output of {outputs} neurons and {steps} steps."
            hint = f"give real numbers of shape (examples, {outputs}) or (examples, {steps}, {outputs})"
            raise errors.StateError("E761", message, hint=hint)


LOSSES: dict[str, type[CrossEntropy] | type[MeanSquaredError]] = {
    "crossentropy": CrossEntropy,
    "mse": MeanSquaredError,
}


def loss_of(given: str | Loss) -> Loss:
    """A loss by its name, or one that is given.

    :raises NameError: E324.
    """
    if callable(given) and hasattr(given, "check"):
        return given
    if not isinstance(given, str):
        message = (
            f"a loss is one of {', '.join(map(repr, LOSSES))}, or an object that judges and checks, not {given!r}."
        )
        raise errors.NameError("E324", message, hint="see eqsnn.training.losses.Loss")
    if given not in LOSSES:
        raise errors.NameError("E324", f"there is no loss {given!r}.", hint=f"there are {', '.join(map(repr, LOSSES))}")
    return LOSSES[given]()


def _seconds(time: Any) -> float:
    if dimension_of(time) != SECOND:
        raise errors.DimensionError("E225", f"a window is two times, not {time!r}.", hint="such as (200*ms, 300*ms)")
    return float(to_base(time))
