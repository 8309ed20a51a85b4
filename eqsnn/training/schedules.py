"""Learning rates that change in the course of training: functions of the number of batches done."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Schedule: TypeAlias = Callable[[int], Any]
"""Gives the learning rate of batch number n, from 0."""


@dataclass(frozen=True, slots=True)
class Exponential:
    """``start`` times ``factor`` for every ``every`` batches."""

    start: Any
    factor: float
    every: float = 1

    def __call__(self, batch: int) -> Any:
        """The rate of a batch."""
        return self.start * self.factor ** (batch / self.every)


@dataclass(frozen=True, slots=True)
class Steps:
    """``start`` times ``factor`` from each batch of ``at`` on."""

    start: Any
    factor: float
    at: tuple[int, ...]

    def __call__(self, batch: int) -> Any:
        """The rate of a batch."""
        return self.start * self.factor ** sum(batch >= edge for edge in self.at)


@dataclass(frozen=True, slots=True)
class Cosine:
    """From ``start`` to ``end`` within ``batches``, along half a cosine (Loshchilov & Hutter 2017, no restarts)."""

    start: Any
    batches: int
    end: Any = 0.0

    def __call__(self, batch: int) -> Any:
        """The rate of a batch."""
        share = (1 + math.cos(math.pi * min(batch, self.batches) / self.batches)) / 2
        return self.end + (self.start - self.end) * share


def rate_of(given: Any, batch: int) -> Any:
    """The learning rate of a batch: of a schedule, or always the same number."""
    return given(batch) if callable(given) else given
