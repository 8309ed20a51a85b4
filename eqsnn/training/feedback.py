"""By what errors come back to hidden neurons: weights of their synapses onto the output, or numbers of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import seeds
from ..grammar import errors

if TYPE_CHECKING:
    from .setup import Plan
    from .trial import Trial
    from .weights import Learner

Array = npt.NDArray[Any]
KINDS = {"symmetric": "weights", "adaptive": "synapses", "random": "matrix"}
_STREAM = 0x66656564  # tells these draws from others of the same seed


def feedback_of(kind: str) -> str:
    """How the compiler sees a kind of feedback.

    :raises NameError: E324.
    """
    if kind not in KINDS:
        raise errors.NameError("E324", f"feedback is one of {', '.join(map(repr, KINDS))}, not {kind!r}.")
    return KINDS[kind]


class Feedback:
    """Fills the matrices by which errors come back.

    ``'symmetric'``: what a spike adds to the output, B = W_out. ``'random'``: B drawn from N(0, 1/N) for N neurons of
    a group, once. ``'adaptive'`` (Bellec et al. 2020): B drawn once for each synapse onto the output, and changed by
    as much as its weight in each batch.
    """

    def __init__(self, kind: str, plan: Plan, learners: Sequence[Learner]) -> None:
        self.kind, self._plan = kind, plan
        self._readouts = [x for x in learners if x.projection.target_group is plan.output]
        self._random = np.random.default_rng((seeds.current_seed(), _STREAM))
        self._matrices: dict[str, Array] = {}
        self._before: list[Array] = []
        if kind == "adaptive":
            for learner in self._readouts:
                n = len(learner.projection)
                scale = 1 / np.sqrt(len(learner.projection.source_group))
                learner.projection.ragged.set(f"{learner.weight}_feedback", self._random.normal(0, scale, n))

    def weigh(self, trial: Trial) -> None:
        """Fill the matrices for the batch that begins."""
        if self.kind != "random":
            trial.weigh()
            if self.kind == "adaptive":
                self._before = [x.projection.ragged.view(x.weight).copy() for x in self._readouts]
            return
        derivation = self._plan.programs.derivation
        targets = dict.fromkeys(t for d in derivation.drives if d.post == self._plan.output.name for t in d.slopes)
        for group in self._plan.hidden:
            for target in targets:
                name = f"{group.name}._feedback_{target}"
                matrix = trial.feedback(name)
                if name not in self._matrices:
                    self._matrices[name] = self._random.normal(0, 1 / np.sqrt(len(group)), matrix.shape)
                matrix[:] = self._matrices[name]

    def follow(self) -> None:
        """Change adaptive feedback as the optimiser has changed the weights."""
        if self.kind != "adaptive":
            return
        for learner, before in zip(self._readouts, self._before, strict=True):
            ragged = learner.projection.ragged
            ragged.view(f"{learner.weight}_feedback")[:] += ragged.view(learner.weight) - before

    def state(self) -> dict[str, Array]:
        """What a checkpoint must keep: matrices that were drawn."""
        return dict(self._matrices)

    def restore(self, matrices: dict[str, Array]) -> None:
        """From a checkpoint."""
        self._matrices = dict(matrices)
