"""In- and out-degrees of neurons over time, and their distribution where pairs are connected independently."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..monitors import StructureMonitor

Counts = npt.NDArray[np.int64]


def in_degrees(monitor: StructureMonitor, t: Any) -> Counts:
    """Number of synapses onto each target neuron at a time, shape (N_post,), or at several, shape (times, N_post).

    They are what they were when a run had come to ``t``.

    Example: ``in_degrees(M, arange(11)*second).mean(axis=1)``.

    :raises EqsnnError: as `StructureMonitor.count`.
    """
    return _degrees(monitor.j, monitor.synapses.N_incoming_post, monitor, t)


def out_degrees(monitor: StructureMonitor, t: Any) -> Counts:
    """Number of synapses of each source neuron at a time, shape (N_pre,), or at several, shape (times, N_pre).

    :raises EqsnnError: as `StructureMonitor.count`.
    """
    return _degrees(monitor.i, monitor.synapses.N_outgoing_pre, monitor, t)


def _degrees(neuron: npt.NDArray[np.int32], now: npt.NDArray[np.int32], monitor: StructureMonitor, t: Any) -> Counts:
    """The present degrees less what changed later, at a cost of the changes and of what comes out."""
    done = np.atleast_1d(monitor.changes_until(t))
    order = np.argsort(done, kind="stable")
    # A change is yet to come at the first `rank` of the times in this order.
    rank = np.searchsorted(done[order], np.arange(len(neuron)), side="right")
    later = np.zeros((len(done) + 1, len(now)), np.int64)
    np.add.at(later, (rank, neuron), monitor.change)
    found = np.empty((len(done), len(now)), np.int64)
    found[order] = now - np.cumsum(later[:0:-1], axis=0)[::-1]
    return found[0] if np.ndim(t) == 0 else found


def degree_probabilities(probability: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Probability of each degree 0 ... n of a neuron whose n possible synapses exist independently.

    ``probability`` holds the one of each. Their number is Poisson-binomial: its mean is ``sum(p)``, its variance
    ``sum(p*(1 - p))``. For a Gaussian kernel ``p*exp(-d**2/(2*sigma**2))`` over a wide grid of spacing 1 the mean is
    ``2*pi*p*sigma**2``, the kernel's integral.
    """
    found = np.ones(1)
    for p in np.asarray(probability, float).reshape(-1):
        found = np.convolve(found, (1 - p, p))
    return found
