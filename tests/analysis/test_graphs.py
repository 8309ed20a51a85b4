"""Wiring goes to SciPy and networkx and comes back; measures of graphs agree with what is known of them."""

from __future__ import annotations

import importlib
import math

import networkx
import numpy as np
import pytest
import scipy.sparse
import scipy.sparse.linalg

from eqsnn import *
from eqsnn import errors
from eqsnn.analysis import graphs


def cells(n=12):
    return NeuronGroup(n, "v : 1\nsgn : 1 (constant)", threshold="v > 1")


def wired(source=None, target=None, **options):
    """Synapses with a weight, a conductance, an event-driven trace and a shared parameter, some pairs connected."""
    source = cells() if source is None else source
    model = """w : 1
               g : siemens
               n_used : integer
               twice = 2*w : 1
               rate : Hz (shared)
               dtrace/dt = -trace/(10*ms) : 1 (event-driven)"""
    S = Synapses(source, source if target is None else target, model, on_pre="v_post += w\ntrace += 1", **options)
    S.connect(p=0.3)
    S.w, S.g, S.n_used = "1 + i + 100*j", "(i + 1)*nS", "i*j"
    return S


# ---- SciPy ----------------------------------------------------------------------------------------------------------


def test_entries_are_values_of_synapses():
    S = wired()
    i, j = np.asarray(S.i), np.asarray(S.j)
    ones, w, g = S.to_scipy(), S.to_scipy("w"), S.to_scipy("g")
    assert isinstance(w, scipy.sparse.csr_array)
    assert ones.shape == w.shape == (12, 12) and ones.nnz == len(S) and (ones.data == 1).all()
    expected = np.zeros((12, 12))
    expected[i, j] = 1 + i + 100 * j
    assert (w.toarray() == expected).all()
    assert np.allclose(g.toarray()[i, j], (i + 1) * 1e-9, rtol=1e-14)


def test_entries_may_be_expressions_subexpressions_and_arrays():
    S = wired()
    S.source_group.sgn = "1 - 2*(i % 2)"
    w, i = S.to_scipy("w").toarray(), np.arange(12)
    factor = 3.0
    assert (S.to_scipy("factor*w*sgn_pre").toarray() == factor * w * (1 - 2 * (i % 2))[:, None]).all()
    assert (S.to_scipy("twice").toarray() == 2 * w).all()
    assert (S.to_scipy(np.asarray(S.w)).toarray() == w).all()
    assert S.to_scipy("N_incoming").toarray().max() == max(S.N_incoming_post)


def test_entries_are_numbers_that_linear_algebra_takes():
    S = wired()
    for values in (None, "w", "n_used", "w > 200", "N_incoming"):
        assert S.to_scipy(values).dtype == np.float64
    assert S.to_scipy("w > 200").sum() == (np.asarray(S.w) > 200).sum() > 0


def test_delays_are_entries_whether_common_or_not():
    S = wired(delay=3 * ms)
    assert np.allclose(S.to_scipy("delay").data, 3e-3)
    S.delay = "(1 + i)*ms"
    assert np.allclose(S.to_scipy("delay").toarray()[S.i, S.j], (1 + np.asarray(S.i)) * 1e-3)


def test_synapses_of_a_pair_are_added_up_and_zeros_stay():
    G = cells(3)
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", multisynaptic_index="k")
    S.connect(i=[0, 0, 1], j=[1, 1, 2])
    S.w = [2, 3, 0]
    A = S.to_scipy("w")
    assert A.nnz == 2 and A[0, 1] == 5 and A[1, 2] == 0
    assert S.to_scipy()[0, 1] == 2


def test_two_groups_make_an_oblong_matrix():
    S = wired(cells(5), cells(7))
    assert S.to_scipy().shape == (5, 7)
    assert (S.to_scipy().sum(0) == S.N_incoming_post).all() and (S.to_scipy().sum(1) == S.N_outgoing_pre).all()


def test_eigenvalues_of_a_random_network_fill_a_disc():
    """Girko's law: weights of variance 1/N have their eigenvalues within the unit circle."""
    N = 400
    G = cells(N)
    S = Synapses(G, G, "w : 1")
    S.connect(p=0.2)
    S.w = "randn()/sqrt(0.2*N_post)"
    leading = scipy.sparse.linalg.eigs(S.to_scipy("w"), k=1, return_eigenvectors=False, v0=np.ones(N))
    assert abs(abs(leading[0]) - 1) < 0.12


# ---- networkx -------------------------------------------------------------------------------------------------------


def test_edges_have_the_variables():
    S = wired(delay=2 * ms)
    graph = S.to_networkx()
    assert type(graph) is networkx.DiGraph and list(graph.nodes) == list(range(12))
    assert sorted(graph.edges) == sorted(zip(S.i[:].tolist(), S.j[:].tolist(), strict=True))
    for i, j, found in graph.edges(data=True):
        assert set(found) == {"w", "g", "n_used"}
        assert found["w"] == 1 + i + 100 * j and found["n_used"] == i * j and math.isclose(found["g"], (i + 1) * 1e-9)
        assert type(found["w"]) is float and type(found["n_used"]) is int


def test_edges_have_the_variables_that_are_named():
    S = wired(delay=2 * ms)
    assert all(found == {} for _, _, found in S.to_networkx(()).edges(data=True))
    found = S.to_networkx(["twice", "delay", "trace", "rate"])
    assert all(set(e) == {"twice", "delay", "trace", "rate"} for _, _, e in found.edges(data=True))
    assert all(e["delay"] == 0.002 for _, _, e in found.edges(data=True))
    assert all(set(e) == {"w"} for _, _, e in S.to_networkx("w").edges(data=True))


def test_several_synapses_of_a_pair_are_edges_of_a_multigraph():
    G = cells(3)
    S = Synapses(G, G, "w : 1", on_pre="v_post += w", multisynaptic_index="k")
    S.connect(i=[0, 0, 1], j=[1, 1, 2])
    S.w = [2, 3, 4]
    graph = S.to_networkx()
    assert type(graph) is networkx.MultiDiGraph
    assert graph.edges[0, 1, 0]["w"] == 2 and graph.edges[0, 1, 1]["w"] == 3 and graph.edges[1, 2, 0]["w"] == 4


def test_two_groups_make_a_bipartite_graph():
    S = wired(cells(5), cells(7))
    graph = S.to_networkx()
    sources = {node for node, side in graph.nodes(data="bipartite") if side == 0}
    assert len(graph) == 12 and sources == set(range(5))
    assert all(i in sources and j not in sources for i, j in graph.edges)
    assert [graph.in_degree(5 + j) for j in range(7)] == list(S.N_incoming_post)


def test_parts_of_a_group_keep_its_numbers():
    G = cells()
    to_all, back = wired(G[:8], G), wired(G[8:], G[:8])
    both = networkx.compose(to_all.to_networkx("w"), back.to_networkx("w"))
    assert set(both) == set(range(12)) and both.number_of_edges() == len(to_all) + len(back)
    assert all(i >= 8 and j < 8 for i, j in back.to_networkx().edges)


# ---- and back -------------------------------------------------------------------------------------------------------


def like(S):
    """Synapses of the same model and groups, not connected yet."""
    return Synapses(S.source_group, S.target_group, S._model_text, on_pre=S.pre.code)


@pytest.mark.parametrize("ends", ["one group", "two groups", "parts of a group"])
def test_a_graph_keeps_everything(ends):
    G = cells()
    pair = {"one group": (G, G), "two groups": (cells(5), cells(7)), "parts of a group": (G[2:6], G[4:])}[ends]
    S = wired(*pair)
    S.delay = "(1 + j)*ms"
    copy = like(S)
    copy.connect_graph(S.to_networkx())
    assert len(copy) == len(S) > 0
    for name in ("w", "g", "n_used", "delay"):
        assert (copy.to_scipy(name) != S.to_scipy(name)).nnz == 0


@pytest.mark.parametrize("form", ["csr_array", "coo_matrix", "toarray"])
def test_a_matrix_gives_one_variable(form):
    S = wired()
    given = S.to_scipy("w")
    given = given.toarray() if form == "toarray" else getattr(scipy.sparse, form)(given)
    copy = like(S)
    copy.connect_graph(given, "w")
    assert (copy.to_scipy("w") != S.to_scipy("w")).nnz == 0 and not np.asarray(copy.n_used).any()


def test_quantities_are_converted_and_plain_numbers_are_base_units():
    G = cells(3)
    S = Synapses(G, G, "g : siemens")
    S.connect_graph(networkx.DiGraph([(0, 1, {"g": 2 * nS}), (1, 2, {"g": 3 * uS})]))
    assert np.allclose(S.g / nS, [2, 3000])
    S.connect_graph(np.array([[0, 0, 4e-9], [0, 0, 0], [0, 0, 0]]), "g")
    assert np.allclose(S.g / nS, [2, 3000, 4])
    with pytest.raises(errors.DimensionError, match="E223"):
        S.connect_graph(networkx.DiGraph([(2, 1, {"g": 2 * mV})]))
    assert len(S) == 3


def test_a_variable_may_be_called_otherwise_in_the_graph():
    G = cells(3)
    S = Synapses(G, G, "w : 1\nd : second")
    S.connect_graph(networkx.DiGraph([(0, 1, {"weight": 2.0, "length": 3e-3})]), {"w": "weight", "d": "length"})
    assert S.w[0] == 2 and S.d[0] == 3 * ms
    with pytest.raises(errors.StructureError, match="has no attribute 'size'"):
        S.connect_graph(networkx.DiGraph([(1, 2, {"weight": 2.0})]), {"w": "size"})


def test_an_edge_without_direction_is_a_synapse_each_way():
    G = cells(20)
    S = Synapses(G, G)
    S.connect_graph(networkx.watts_strogatz_graph(20, 4, 0.1, seed=1))
    A = S.to_scipy()
    assert len(S) == 80 and (A != A.T).nnz == 0
    pair = Synapses(cells(2), cells(3))
    pair.connect_graph(networkx.complete_bipartite_graph(2, 3))
    assert (pair.to_scipy().toarray() == 1).all()


def test_multigraphs_and_multiple_entries_need_an_index():
    G = cells(3)
    graph = networkx.MultiDiGraph([(0, 1, {"w": 2.0}), (0, 1, {"w": 3.0})])
    S = Synapses(G, G, "w : 1", multisynaptic_index="k")
    S.connect_graph(graph)
    assert sorted(zip(S.k[:].tolist(), S.w[:].tolist(), strict=True)) == [(0, 2), (1, 3)]
    with pytest.raises(errors.StructureError, match="E612"):
        Synapses(G, G, "w : 1").connect_graph(graph)


def test_a_network_connected_from_a_graph_runs_as_one_connected_by_index():
    def spikes(connect):
        start_scope()
        seed(1)
        G = NeuronGroup(10, "dv/dt = (1.1 - v)/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact")
        G.v = "i/N"
        S = Synapses(G, G, "w : 1", on_pre="v_post += w")
        connect(S)
        M = SpikeMonitor(G)
        Network(G, S, M).run(200 * ms)
        return M.t_, M.i

    def by_index(S):
        S.connect(i=np.arange(10), j=(np.arange(10) + 1) % 10)
        S.w = 0.1

    ring = networkx.cycle_graph(10, create_using=networkx.DiGraph)
    networkx.set_edge_attributes(ring, 0.1, "w")
    first, second = spikes(by_index), spikes(lambda S: S.connect_graph(ring))
    assert len(first[0]) > 50 and all((a == b).all() for a, b in zip(first, second, strict=True))


def mistakes():
    ring = networkx.cycle_graph(12)
    half = networkx.DiGraph([(0, 1, {"w": 1.0}), (1, 2)])
    yield "E876", "is no graph", lambda S: S.connect_graph([(0, 1)])
    yield "E876", r"must have shape \(12, 12\), not \(3, 3\)", lambda S: S.connect_graph(np.ones((3, 3)))
    yield "E876", "for one variable, not for 2", lambda S: S.connect_graph(np.ones((12, 12)), ["w", "g"])
    yield "E876", r"the node \(0, 0\) is no number", lambda S: S.connect_graph(networkx.grid_2d_graph(3, 4))
    yield "E876", r"there are 0 synapses", lambda S: S.to_scipy([1, 2])
    yield "E613", "node 12: there is no such neuron", lambda S: S.connect_graph(networkx.cycle_graph(13))
    yield "E877", "from 1 to 2 has no attribute 'w'", lambda S: S.connect_graph(half)
    yield "E877", "from 0 to 1 has no attribute 'w'", lambda S: S.connect_graph(ring, "w")
    yield "E877", "'v' is no variable of each synapse", lambda S: S.connect_graph(ring, "v")
    yield "E877", "'k' is no variable of each synapse", lambda S: S.connect_graph(np.ones((12, 12)), "k")
    yield "E703", "'w' cannot be set to NaN", lambda S: S.connect_graph(np.full((12, 12), np.nan), "w")
    yield "E610", "must not be negative", lambda S: S.connect_graph(-np.ones((12, 12)), "delay")
    yield "E614", r"connect_graph\(...\) with a matrix or a graph", lambda S: S.connect(ring)
    yield "E614", r"connect_graph\(...\) with a matrix or a graph", lambda S: S.connect(np.ones((12, 12)) > 0)
    yield "E301", "'weight' is not known", lambda S: S.to_scipy("weight")
    yield "E301", "'weight' is not known", lambda S: S.to_networkx(["w", "weight"])


@pytest.mark.parametrize(("code", "message", "act"), list(mistakes()))
def test_mistakes_are_told_and_connect_nothing(code, message, act):
    G = cells()
    S = Synapses(G, G, "w : 1\ng : siemens", on_pre="v_post += w")
    with pytest.raises(errors.EqsnnError, match=message) as caught:
        act(S)
    assert caught.value.code == code and S.title in str(caught.value)
    assert len(S) == 0


def test_an_edge_from_target_to_source_is_refused():
    S = Synapses(cells(2), cells(3))
    with pytest.raises(errors.StructureError, match="from 3 to 0 does not lead from a source to a target") as caught:
        S.connect_graph(networkx.DiGraph([(3, 0)]))
    assert "sources are nodes 0 to 1, targets 2 to 4" in str(caught.value)


def test_projections_share_the_graph_of_their_group():
    G = cells(20)
    graph = networkx.watts_strogatz_graph(20, 4, 0.1, seed=1)
    excitatory, inhibitory = Synapses(G[:15], G), Synapses(G[15:], G)
    with pytest.raises(errors.StructureError, match="skip_if_invalid=True leaves out other edges"):
        inhibitory.connect_graph(graph)
    for S in (excitatory, inhibitory):
        S.connect_graph(graph, skip_if_invalid=True)
    assert len(excitatory) > len(inhibitory) > 0
    both = networkx.compose(excitatory.to_networkx(), inhibitory.to_networkx())
    assert set(both.edges) == set(graph.to_directed().edges)


@pytest.mark.parametrize(
    ("library", "act"),
    [("scipy", lambda S: S.to_scipy()), ("networkx", lambda S: S.to_networkx()), ("scipy", graphs.path_length),
     ("networkx", graphs.clustering)],
)  # fmt: skip
def test_a_missing_library_is_named(monkeypatch, library, act):
    S = wired()
    there = importlib.import_module

    def without(name, *rest):
        if name.partition(".")[0] == library:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return there(name, *rest)

    monkeypatch.setattr(importlib, "import_module", without)
    with pytest.raises(errors.BuildError, match=f"(?s)E875.*python -m pip install {library}"):
        act(S)


# ---- measures -------------------------------------------------------------------------------------------------------

KNOWN = {
    "complete": (networkx.complete_graph(6), 1, 1, 1),
    "cycle": (networkx.cycle_graph(5), 0, 1.5, 0.75),
    "star": (networkx.star_graph(4), 0, 1.6, 0.7),
    "path": (networkx.path_graph(3), 0, 4 / 3, 5 / 6),
}


@pytest.mark.parametrize("name", KNOWN)
def test_measures_of_simple_graphs(name):
    graph, clustering, length, efficiency = KNOWN[name]
    assert graphs.clustering(graph) == pytest.approx(clustering)
    assert graphs.path_length(graph) == pytest.approx(length)
    assert graphs.efficiency(graph) == pytest.approx(efficiency)
    assert graphs.largest_component(graph) == 1
    assert list(graphs.degrees(graph)) == [degree for _, degree in graph.degree]


@pytest.mark.parametrize("directed", [False, True])
def test_measures_agree_with_networkx_in_every_form(directed):
    S = wired(cells(40))
    graph = S.to_networkx(())
    graph.remove_edges_from(list(networkx.selfloop_edges(graph)))
    seen = graph if directed else graph.to_undirected()
    for form in (S, S.to_scipy("w"), S.to_scipy().toarray(), S.to_networkx()):
        assert graphs.clustering(form, directed) == pytest.approx(networkx.average_clustering(seen))
        assert graphs.path_length(form, directed) == pytest.approx(networkx.average_shortest_path_length(seen))
        if not directed:
            assert graphs.efficiency(form) == pytest.approx(networkx.global_efficiency(seen))


def test_an_efficiency_with_direction_counts_pairs_without_a_path():
    line = networkx.DiGraph([(0, 1), (1, 2)])
    assert graphs.efficiency(line, directed=True) == pytest.approx(2.5 / 6)
    assert graphs.path_length(line, directed=True) == pytest.approx(4 / 3)


def test_weights_signs_and_self_connections_make_no_difference():
    A = np.array([[5, -2, 0], [0, 0, 1e-9], [0, 0, 0]])
    assert graphs.efficiency(A) == pytest.approx(5 / 6) and list(graphs.degrees(A)) == [1, 2, 1]
    S = wired(cells(6))
    S.w = 0
    assert graphs.adjacency(S.to_scipy("w")).nnz == graphs.adjacency(S).nnz > 0


def test_components():
    two = networkx.disjoint_union(networkx.cycle_graph(6), networkx.path_graph(4))
    assert graphs.largest_component(two) == 0.6
    assert graphs.path_length(two) == pytest.approx((6 * 9 + 2 * 10) / (30 + 12))
    one_way = networkx.DiGraph([(0, 1), (1, 0), (1, 2), (2, 3)])
    assert graphs.largest_component(one_way) == 1 and graphs.largest_component(one_way, connection="strong") == 0.5


def test_the_wiring_of_the_past_is_measured_too():
    S = wired(cells(30))
    changes = StructureMonitor(S)
    rule = StructuralPlasticity(S, "for each synapse: remove synapse if i < 10", dt=10 * ms, when="start")
    rule.active = False
    network = Network(S.source_group, S, rule, changes)
    before = graphs.efficiency(S)
    network.run(5 * ms)
    rule.active = True
    network.run(20 * ms)
    assert graphs.efficiency(S.history_at(2 * ms)) == before > graphs.efficiency(S)
    assert (S.history_at(25 * ms).to_scipy() != S.to_scipy()).nnz == 0 and len(S.history_at(2 * ms)) > len(S)


def test_a_network_without_synapses():
    G = cells(5)
    S = Synapses(G, G)
    S.connect(False)
    assert graphs.clustering(S) == graphs.efficiency(S) == 0 and graphs.largest_component(S) == 0.2
    assert math.isnan(graphs.path_length(S)) and math.isnan(graphs.degree_exponent(S))


def test_the_exponent_of_a_power_law_is_found():
    """Degrees of the configuration model, drawn from p(k) ~ k^-2.5; and the 3 of preferential attachment."""
    random = np.random.default_rng(1)
    k = random.zipf(2.5, 4000)
    k = k[k < 60]
    graph = networkx.Graph(networkx.configuration_model([*k, *([1] * (k.sum() % 2))], seed=1))
    assert graphs.degree_exponent(graph) == pytest.approx(2.5, abs=0.15)
    attached = networkx.barabasi_albert_graph(20_000, 4, seed=1)
    assert graphs.degree_exponent(attached, k_min=12) == pytest.approx(3, abs=0.15)
    assert graphs.degree_exponent(networkx.gnm_random_graph(20_000, 80_000, seed=1), k_min=12) > 6


def test_small_worlds_are_told_from_random_networks():
    """Watts & Strogatz (1998): some rewired connections shorten paths and leave the clustering."""
    lattice, small, random = (networkx.watts_strogatz_graph(300, 10, p, seed=1) for p in (0, 0.1, 1))
    assert graphs.path_length(small) < 0.3 * graphs.path_length(lattice)
    assert graphs.clustering(small) > 0.6 * graphs.clustering(lattice)
    assert graphs.small_world_index(small) > 8 > 2 > graphs.small_world_index(random) > 0.5


@pytest.mark.parametrize("other", [np.ones((2, 3)), [1, 2], 3])
def test_what_is_no_network_of_one_group_is_refused(other):
    with pytest.raises(errors.StructureError, match="is no network of one group"):
        graphs.efficiency(other)
