"""Variables of neurons that are linked to the number of their synapses."""

import numpy as np
import pytest

import eqsnn
from eqsnn import *


@pytest.fixture
def network():
    start_scope()
    seed(7)
    inputs = NeuronGroup(30, "v : 1", threshold="rand() < 0.05", name="inputs")
    neurons = NeuronGroup(
        20, "n_ff, n_lat, n_out : integer (linked)\nn_all = n_ff + n_lat : 1\nz : 1", threshold="z > 1e9", name="neurons"
    )
    forward = Synapses(inputs, neurons, "w : 1", on_pre="z_post += w", name="forward")
    lateral = Synapses(neurons, neurons, "w : 1", name="lateral")
    neurons.n_ff = linked_var(forward, "N_incoming")
    neurons.n_lat = linked_var(lateral, "N_incoming")
    neurons.n_out = linked_var(lateral, "N_outgoing")
    return Network(inputs, neurons, forward, lateral), neurons, forward, lateral


def degrees(synapses, side="j"):
    return np.bincount(np.asarray(getattr(synapses, side)), minlength=20)


def test_they_follow_every_change(network):
    net, neurons, forward, lateral = network
    assert not neurons.n_ff[:].any()
    forward.connect(p=0.3)
    lateral.connect(p=0.2)
    assert (neurons.n_ff == degrees(forward)).all()
    rule = StructuralPlasticity(lateral, "for each pair in sample(40):\n    remove synapse if connected\n    create synapse")
    net.add(rule)
    net.run(20 * ms)
    assert rule.created > 0
    assert (neurons.n_lat == degrees(lateral)).all()
    assert (neurons.n_out == degrees(lateral, "i")).all()
    assert (neurons.n_all == degrees(lateral) + degrees(forward)).all()
    assert (neurons[5:9].n_lat == degrees(lateral)[5:9]).all()


def test_equations_texts_and_monitors_read_them(network):
    net, neurons, forward, lateral = network
    forward.connect(p=0.3)
    lateral.connect(False)
    neurons.z = "n_ff + 0.5"
    assert (neurons.z == degrees(forward) + 0.5).all()
    rule = StructuralPlasticity(forward, "for each synapse: remove synapse limit 3")
    monitor = StateMonitor(neurons, ["n_ff", "n_all"], record=True, dt=1 * ms)
    net.add(rule, monitor)
    before = len(forward)
    net.run(5 * ms)
    assert (monitor.n_ff.sum(0) == before - 3 * np.arange(5)).all()


def test_a_slot_shared_by_projections_is_given_once(network):
    net, neurons, forward, lateral = network
    forward.connect(False)
    lateral.connect(False)
    text = "for each pair in sample(200): create synapse limit 9 - n_ff_post - n_lat_post per post"
    net.add(StructuralPlasticity(forward, text), StructuralPlasticity(lateral, text))
    net.run(30 * ms)
    assert (neurons.n_all == 9).all()
    assert 0 < len(lateral) < 180


def test_a_network_without_the_synapses(network):
    _, neurons, *_ = network
    with pytest.raises(eqsnn.errors.RunError, match="it needs Synapses 'forward', which is not in the network"):
        Network(neurons).run(1 * ms)


@pytest.mark.parametrize(
    ("model", "link", "message"),
    [
        ("n : 1 (linked)", lambda S: linked_var(S, "N_incoming"), "declare it 'n : integer"),
        ("n : integer (linked)", lambda S: linked_var(S, "w"), "not to 'w'"),
        ("n : integer", lambda S: linked_var(S, "N_incoming"), "not declared"),
        ("n : integer (linked)", lambda S: linked_var(S, "N_outgoing"), "is of the neurons of NeuronGroup 'others'"),
    ],
)
def test_what_cannot_be_linked(model, link, message):
    start_scope()
    G, H = NeuronGroup(3, model, name="G"), NeuronGroup(3, "x : 1", name="others")
    S = Synapses(H, G, "w : 1", name="S")
    with pytest.raises(eqsnn.errors.EqsnnError, match=message):
        G.n = link(S)
