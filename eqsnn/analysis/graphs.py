"""Measures of wiring as a graph: clustering, path lengths, components, degrees.

Each takes `Synapses` within one group of neurons (or what else has ``to_scipy``), a sparse or dense matrix of shape
(N, N), or a networkx graph, and gives a number. They look at which neurons are connected, not at weights, and, as the
measures were first defined, at connections without direction: two neurons are neighbours where there is a synapse
either way; a synapse of a neuron with itself does not count. Where direction can matter, ``directed=True`` follows it.

SciPy and networkx are imported when they are needed: ``pip install 'eqsnn[analysis]'``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from ..grammar import errors
from ..optional import require

_PLACE = "eqsnn.analysis.graphs"


def adjacency(network: Any, directed: bool = False) -> Any:
    """Who is a neighbour of whom: a `scipy.sparse.csr_array` of ones, of shape (N, N), with nothing on the diagonal.

    Row i has an entry at j where a connection leads from i to j, or, unless ``directed``, from j to i.

    :raises BuildError: E875, SciPy is not installed. :raises StructureError: E878, this is no network of one group.
    """
    sparse = require("scipy.sparse", "a measure of graphs")
    if hasattr(network, "to_scipy"):
        network = network.to_scipy()
    elif hasattr(network, "is_directed"):
        network = require("networkx", "a measure of graphs").to_scipy_sparse_array(network, weight=None)
    elif np.ndim(network) == 2 and not sparse.issparse(network):
        network = np.asarray(network) != 0
    shape: tuple[int, ...] = getattr(network, "shape", ())
    if len(shape) != 2 or shape[0] != shape[1]:
        given = f"a matrix of shape {shape}" if len(shape) == 2 else f"a {type(network).__name__}"
        hint = "give Synapses within one group, a square matrix or a networkx graph"
        raise errors.StructureError("E878", f"{given} is no network of one group.", place=_PLACE, hint=hint)
    entries = sparse.coo_array(network)
    i, j = entries.coords if directed else np.hstack([entries.coords, entries.coords[::-1]])
    other = i != j
    found = sparse.coo_array((np.ones(other.sum(), np.int64), (i[other], j[other])), shape=shape).tocsr()
    found.data[:] = 1
    return found


def clustering(network: Any, directed: bool = False) -> float:
    """Mean clustering coefficient, of Watts & Strogatz (1998) or, where ``directed``, of Fagiolo (2007).

    That of a neuron is the share of pairs of its neighbours that are neighbours themselves; 0 where it has fewer than
    two.
    """
    networkx = require("networkx", "clustering()")
    kind = networkx.DiGraph if directed else networkx.Graph
    return float(networkx.average_clustering(networkx.from_scipy_sparse_array(adjacency(network, directed), 0, kind)))


def path_length(network: Any, directed: bool = False) -> float:
    """Characteristic path length: mean number of connections on the shortest path between two neurons.

    Pairs without a path are left out; NaN where no pair has one.
    """
    lengths = _distances(network, directed)
    return float(np.mean(lengths[np.isfinite(lengths)])) if np.isfinite(lengths).any() else float("nan")


def efficiency(network: Any, directed: bool = False) -> float:
    """Global efficiency, of Latora & Marchiori (2001): mean of 1/length of the shortest paths, 0 for pairs without."""
    lengths = _distances(network, directed)
    return float(np.mean(1 / lengths)) if lengths.size else 0.0


def _distances(network: Any, directed: bool) -> npt.NDArray[np.float64]:
    """Lengths of the shortest paths between all pairs of different neurons; infinite where there is none."""
    between = require("scipy.sparse.csgraph", "a measure of paths").shortest_path(
        adjacency(network, directed), method="D", unweighted=True
    )
    return np.asarray(between[~np.eye(len(between), dtype=bool)])


def largest_component(network: Any, connection: str = "weak") -> float:
    """Share of the neurons that are in the largest connected component.

    ``connection='strong'`` counts only those that can reach each other along the direction of the synapses.
    """
    found = adjacency(network, directed=True)
    if not found.shape[0]:
        return 0.0
    count, labels = require("scipy.sparse.csgraph", "largest_component()").connected_components(
        found, directed=True, connection=connection
    )
    return float(np.bincount(labels, minlength=count).max() / found.shape[0])


def degrees(network: Any) -> npt.NDArray[np.int64]:
    """Number of neighbours of each neuron, shape (N,). (`Synapses.N_incoming_post` counts by direction.)"""
    return np.asarray(np.diff(adjacency(network).indptr), np.int64)


def degree_exponent(network: Any, k_min: int = 1) -> float:
    """Exponent γ of a power law, p(k) ∝ k^-γ for k ≥ ``k_min``, that makes the degrees most likely.

    The discrete maximum-likelihood estimate of Clauset, Shalizi & Newman (2009), between 1 and 20. It tells how steep
    the tail is, not whether it is a power law. NaN where no neuron has so many neighbours.
    """
    k = degrees(network)
    k = k[k >= k_min]
    if not k.size:
        return float("nan")
    zeta = require("scipy.special", "degree_exponent()").zeta
    mean_log = np.mean(np.log(k))
    found = require("scipy.optimize", "degree_exponent()").minimize_scalar(
        lambda exponent: np.log(zeta(exponent, k_min)) + exponent * mean_log, bounds=(1 + 1e-6, 20), method="bounded"
    )
    return float(found.x)


def small_world_index(network: Any, n: int = 10, seed: int | None = 0) -> float:
    """Small-world index of Humphries & Gurney (2008): (C/C_random)/(L/L_random), above 1 in a small world.

    C is `clustering` and L `path_length`; of random graphs with as many neurons and connections, the means of ``n``,
    drawn with ``seed``. NaN where the network is too sparse to compare.
    """
    found = adjacency(network)
    networkx = require("networkx", "small_world_index()")
    random = np.random.default_rng(seed)
    edges = found.nnz // 2
    references = [networkx.gnm_random_graph(found.shape[0], edges, int(random.integers(2**31))) for _ in range(n)]
    c, length = (float(np.mean([measure(graph) for graph in references])) for measure in (clustering, path_length))
    return clustering(found) / c / (path_length(found) / length) if c > 0 else float("nan")
