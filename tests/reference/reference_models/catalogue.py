"""The register of reference models, and how monitors become plain arrays.

A model is a function of the simulator's namespace `b` (the module `brian2` or `eqsnn`) that builds a network with the
API common to both, runs it, and returns plain arrays by name. Integer arrays must agree exactly; the others to a
tolerance.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Arrays = dict[str, NDArray[Any]]
Model = Callable[[Any], Arrays]

MODELS: dict[str, Model] = {}
STOCHASTIC: dict[str, Model] = {}


def deterministic(function: Model) -> Model:
    """Register a model whose every number is fixed by its text."""
    MODELS[function.__name__] = function
    return function


def stochastic(function: Model) -> Model:
    """Register a model that returns samples, one independent draw to an element."""
    STOCHASTIC[function.__name__] = function
    return function


def begin(b: Any, dt: float = 0.1) -> np.random.Generator:
    """Forget earlier models; the generator returned gives weights and wiring, the same for both simulators.

    `dt` is in milliseconds.
    """
    b.start_scope()
    b.defaultclock.dt = dt*b.ms
    return np.random.default_rng(20251120)


def pairs(rng: np.random.Generator, n_pre: int, n_post: int, p: float) -> tuple[NDArray[Any], NDArray[Any]]:
    """Draw each (i, j) pair with probability `p`; sorted by i, then j."""
    i, j = np.nonzero(rng.random((n_pre, n_post)) < p)
    return i, j


def events(b: Any, monitor: Any, dt: float = 0.1) -> NDArray[np.int32]:
    """Return what a spike or event monitor saw as rows (integer step, neuron), sorted; `dt` in milliseconds.

    The order of neurons within a step is no part of a model's meaning, hence the sort.
    """
    steps = np.rint(np.asarray(monitor.t/b.ms, dtype=float)/dt).astype(np.int32)
    neurons = np.asarray(monitor.i).astype(np.int32)
    order = np.lexsort((neurons, steps))
    return np.stack([steps[order], neurons[order]])


def plain(values: ArrayLike) -> NDArray[np.float64]:
    """Return a dimensionless array as float64."""
    return np.array(values, dtype=np.float64)
