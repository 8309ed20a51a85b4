"""Wiring as others keep it: sparse matrices of SciPy, graphs of networkx; to them and from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .base import described
from .grammar import errors
from .model.dimensions import SECOND
from .model.symbols import Variable
from .model.types import ValueType, real
from .optional import require
from .state import common
from .subgroup import whole
from .units import dimension_of, to_base
from .values import checked

if TYPE_CHECKING:
    from .synapses import Synapses

Array = npt.NDArray[Any]
_RELABEL = "networkx.convert_node_labels_to_integers(graph) numbers nodes from 0"


class GraphExchange:
    """What `Synapses` can do with matrices and graphs: `to_scipy`, `to_networkx`, `connect_graph`."""

    def to_scipy(self: Any, values: Any = None) -> Any:
        """The synapses as a sparse matrix of shape (N_pre, N_post), a `scipy.sparse.csr_array`.

        The entry of row i and column j is 1, or ``values`` of the synapse from i to j: the name of a variable, an
        expression (``'w*sgn_pre'``) or an array with one value for each synapse. Entries are plain numbers in SI base
        units (``'delay'`` in seconds). Several synapses of a pair are added up; one whose value is 0 has an entry too.

        Example::

            A = S.to_scipy('w')
            leading = scipy.sparse.linalg.eigs(A, k=1, return_eigenvectors=False)

        :raises BuildError: E875, SciPy is not installed. :raises EqsnnError: as for any text.
        :raises StateError: E876, there is not one value for each synapse.
        """
        sparse = require("scipy.sparse", "to_scipy()")
        shape = (len(self.source_group), len(self.target_group))
        data = np.ones(len(self)) if values is None else _of_each_synapse(self, values, f"{self.title}, to_scipy")
        ends = np.asarray(self.i), np.asarray(self.j)
        return sparse.coo_array((np.asarray(data, np.float64), ends), shape=shape).tocsr()

    def to_networkx(self: Any, variables: str | Iterable[str] | None = None) -> Any:
        """The synapses as edges of a `networkx.DiGraph`, whose attributes are variables of each synapse.

        ``variables`` names them, also subexpressions and delays; by default all that the synapses store, but for those
        that are event-driven, which are brought up to date by events alone. Attributes are plain numbers in SI base
        units.

        Where both ends are in one group, a node is a neuron of that group, under its number there: graphs of several
        projections of a group go together with `networkx.compose`. Where they are in two, nodes 0 to N_pre - 1 are the
        sources, those from N_pre on the targets, and the node attribute ``bipartite`` is 0 or 1. With
        ``multisynaptic_index`` it is a `networkx.MultiDiGraph`, with that index as the key of an edge.

        :raises BuildError: E875, networkx is not installed. :raises NameError: E301, there is no such variable.
        """
        networkx = require("networkx", "to_networkx()")
        key = self.multisynaptic_index
        graph = networkx.DiGraph() if key is None else networkx.MultiDiGraph()
        first, second, bipartite = _numbering(self)
        for start, group, side in ((first, self.source_group, 0), (second, self.target_group, 1)):
            nodes = range(start, start + len(group))
            graph.add_nodes_from(nodes, **({"bipartite": side} if bipartite else {}))
        names = _stored(self) if variables is None else [variables] if isinstance(variables, str) else list(variables)
        columns = [_of_each_synapse(self, name, f"{self.title}, to_networkx").tolist() for name in names]
        ends = [(np.asarray(self.i) + first).tolist(), (np.asarray(self.j) + second).tolist()]
        if key is not None:
            ends.append(np.asarray(getattr(self, key)).tolist())
        rows: Iterable[tuple[Any, ...]] = zip(*columns, strict=True) if columns else ((),) * len(self)
        graph.add_edges_from(
            (*edge, dict(zip(names, row, strict=True))) for edge, row in zip(zip(*ends, strict=True), rows, strict=True)
        )
        return graph

    def connect_graph(
        self: Any,
        graph: Any,
        values: str | Iterable[str] | Mapping[str, str] | None = None,
        skip_if_invalid: bool = False,
    ) -> None:
        """Connect the pairs of a networkx graph, or of the entries of a matrix.

        A graph's nodes are neurons as in `to_networkx`; an edge without direction makes a synapse each way. Its edge
        attributes ``values`` become the variables of these names, by default all that the synapses have;
        ``{'w': 'weight'}`` takes w from the attribute weight.
        ``skip_if_invalid`` leaves out edges that do not lead from a source to a target, so that projections may share
        a graph of their group. A matrix, of SciPy or NumPy, has shape (N_pre, N_post); its entries (of a sparse one,
        those that are stored) become the variable ``values``, where that is given. Plain numbers are in SI base units;
        quantities are converted.

        Example::

            S.connect_graph(networkx.watts_strogatz_graph(len(neurons), 8, 0.1, seed=1))
            S.connect_graph(weights, 'w')

        :raises StructureError: E612 a pair would be connected twice, E613 there is no such neuron, E876 this is no
            graph or matrix of these neurons, E877 an edge lacks a value. :raises StateError: as for ``S.w = ...``.
        """
        wanted = None if values is None else _by_variable(values)
        place = f"{self.title}, connect_graph"
        types = {name: _type(self, name, place) for name in wanted or ()}
        if hasattr(graph, "is_directed"):
            i, j, columns = _edges(self, graph, wanted, skip_if_invalid, place)
        else:
            i, j, columns = _entries(self, graph, wanted, place)
        ready = {}
        for name, column in columns:
            type_ = types.get(name) or _type(self, name, place)
            plain = dimension_of(column).is_dimensionless
            ready[name] = checked(column, ValueType(type_.dtype) if plain else type_, name, place)
        _check_delays(self, ready)
        before = len(self)
        self.connect(i=i, j=j)
        for name, column in ready.items():
            self.separate_delays(name)
            self.write_state(name, np.arange(before, len(self)), column)


def _numbering(synapses: Synapses) -> tuple[int, int, bool]:
    """The nodes of the first source and of the first target, and whether these are two sets of nodes."""
    source, target = synapses.source_group, synapses.target_group
    if whole(source) is whole(target):
        return source.extent()[1], target.extent()[1], False
    return 0, len(source), True


def _stored(synapses: Synapses) -> list[str]:
    """Variables that each synapse has, less those that number it, are not of this moment, or differ in a batch."""
    left_out = {*synapses.model.event_driven(), synapses.multisynaptic_index}
    if synapses.store.copies > 1:
        left_out |= {*synapses.model.per_copy()}
    return [
        name for name, member in synapses.model.variables.items()
        if isinstance(member, Variable) and not member.shared and name not in left_out
    ]  # fmt: skip


def _of_each_synapse(synapses: Synapses, values: Any, place: str) -> Array:
    """What a name, an expression or an array says of each synapse, as plain numbers."""
    count = len(synapses)
    if not isinstance(values, str):
        found = np.asarray(to_base(values))
        if found.shape != (count,):
            message = f"values have the shape {found.shape}, but there are {count} synapses."
            raise errors.StateError("E876", message, place=place)
        return found
    delays = {p.variable: p.seconds for p in synapses.pathways.values() if not p.each}
    if values in delays:
        return np.full(count, delays[values])
    view = synapses.view(values)
    found = np.asarray(view) if view is not None else synapses.evaluate_text(values, None, f"{place}, '{values}'")
    found = common(found, place, "ask for what they make together, as in 'batch_mean(g)'")
    return np.broadcast_to(found, (count,))


def _by_variable(values: str | Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    """Which edge attribute each variable is taken from."""
    names = [values] if isinstance(values, str) else values
    return dict(names) if isinstance(names, Mapping) else {name: name for name in names}


# ---- what is given --------------------------------------------------------------------------------------------------


def _entries(synapses: Synapses, matrix: Any, wanted: dict[str, str] | None, place: str) -> Any:
    """Row, column and value of each entry of a matrix."""
    shape = (len(synapses.source_group), len(synapses.target_group))
    given = getattr(matrix, "shape", None)
    if given != shape:
        message = f"the matrix must have shape {shape}, not {given}." if given else f"{described(matrix)} is no graph."
        hint = "give a networkx graph, or a matrix with a row for each source and a column for each target"
        raise errors.StructureError("E876", message, place=place, hint=hint)
    if wanted is not None and len(wanted) != 1:
        message = f"a matrix has values for one variable, not for {len(wanted)}."
        raise errors.StructureError("E876", message, place=place, hint="give values='w'")
    if hasattr(matrix, "tocoo"):
        entries = matrix.tocoo()
        i, j, data = entries.row, entries.col, entries.data
    else:
        i, j = np.nonzero(to_base(matrix))
        data = matrix[i, j]
    return i, j, [] if wanted is None else [(name, data) for name in wanted]


def _edges(synapses: Synapses, graph: Any, wanted: dict[str, str] | None, skip: bool, place: str) -> Any:
    """Source and target of each edge of a graph, and its attributes."""
    first, second, bipartite = _numbering(synapses)
    sources = range(first, first + len(synapses.source_group))
    targets = range(second, second + len(synapses.target_group))
    _check_nodes(graph, () if skip else (sources, targets), place)
    edges = list(graph.to_directed(as_view=True).edges(data=True))
    if skip or (bipartite and not graph.is_directed()):
        edges = [edge for edge in edges if edge[0] in sources and edge[1] in targets]
    for source, target, _ in edges:
        if source not in sources or target not in targets:
            message = f"the edge from {source} to {target} does not lead from a source to a target."
            hint = (
                f"sources are nodes {sources.start} to {sources.stop - 1}, targets {targets.start} to "
                f"{targets.stop - 1}; skip_if_invalid=True leaves out other edges"
            )
            raise errors.StructureError("E876", message, place=place, hint=hint)
    i = np.array([edge[0] for edge in edges], np.int64) - first
    j = np.array([edge[1] for edge in edges], np.int64) - second
    if wanted is None:
        known = set(_stored(synapses)) | {pathway.variable for pathway in synapses.pathways.values()}
        wanted = {name: name for _, _, attributes in edges for name in attributes if name in known}
    return i, j, [(name, _attribute(attribute, edges, place)) for name, attribute in wanted.items()]


def _check_nodes(graph: Any, neurons: tuple[range, ...], place: str) -> None:
    """Require nodes that are numbers, of ``neurons`` where these are given."""
    for node in graph.nodes:
        if not isinstance(node, int | np.integer):
            message = f"the node {node!r} is no number of a neuron."
            raise errors.StructureError("E876", message, place=place, hint=_RELABEL)
        if neurons and not any(node in part for part in neurons):
            message = f"node {node}: there is no such neuron."
            numbers = " and ".join(dict.fromkeys(f"{part.start} to {part.stop - 1}" for part in neurons))
            raise errors.StructureError("E613", message, place=place, hint=f"nodes may be {numbers}")


def _attribute(name: str, edges: list[Any], place: str) -> list[Any]:
    """The attribute of each edge."""
    for source, target, attributes in edges:
        if name not in attributes:
            near = ", ".join(repr(key) for key in attributes) or "none"
            message = f"the edge from {source} to {target} has no attribute '{name}'."
            raise errors.StructureError("E877", message, place=place, hint=f"its attributes: {near}")
    return [attributes[name] for _, _, attributes in edges]


def _type(synapses: Synapses, name: str, place: str) -> ValueType:
    """Type of a variable that each synapse has."""
    if any(pathway.variable == name for pathway in synapses.pathways.values()):
        return real(SECOND)
    known = (*_stored(synapses), *synapses.model.event_driven())
    if name not in known:
        message, hint = f"'{name}' is no variable of each synapse.", f"those are: {', '.join(known) or 'none'}"
        raise errors.StateError("E877", message, place=place, hint=hint)
    return synapses.model.variables[name].type


def _check_delays(synapses: Synapses, columns: dict[str, Array]) -> None:
    """Refuse delays that are negative before anything is connected."""
    for pathway in synapses.pathways.values():
        if pathway.variable in columns:
            synapses._check_delays(columns[pathway.variable])
