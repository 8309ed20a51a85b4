"""After an error, everything is as it was, and the script can go on."""

import numpy as np
import pytest

import eqsnn.compiler
from eqsnn import *
from eqsnn import errors


@pytest.fixture(autouse=True)
def nothing_is_compiled(monkeypatch):
    def compiled(*args, **kwargs):
        raise AssertionError("compiled")

    monkeypatch.setattr(eqsnn.compiler, "_library", compiled)


@pytest.fixture
def synapses():
    G = NeuronGroup(4, "v : volt", threshold="v > 1*mV")
    S = Synapses(G, G, "w : 1", on_pre="v_post += w*mV", delay=2 * ms)
    S.connect(i=[0, 1, 2], j=[1, 2, 3])
    S.w = [1, 2, 3]
    return S


@pytest.mark.parametrize(
    "value", [[1, 2] * mV, 5 * ms, [1, np.nan, 3, 4] * mV, "u + 1*mV", "5*ms", "v +", None, np.ones((2, 2)) * mV]
)
def test_a_refused_value_changes_no_neuron(value):
    G = NeuronGroup(4, "v : volt")
    G.v = [1, 2, 3, 4] * mV
    with pytest.raises(errors.EqsnnError):
        G.v = value
    assert np.allclose(G.v / mV, [1, 2, 3, 4])


@pytest.mark.parametrize("item", [4, [0, 9], "x > 3", "i", 1.5, [True]])
def test_a_refused_index_changes_no_neuron(item):
    G = NeuronGroup(4, "v : volt")
    with pytest.raises(errors.EqsnnError):
        G.v[item] = 1 * mV
    assert (np.asarray(G.v) == 0).all()


@pytest.mark.parametrize(
    "arguments",
    [dict(i=[3, 0], j=[0, 1]), dict(i=[3, 4], j=[0, 0]), dict(p=2), dict(condition="x > 1"), dict(j="k for k in 3"),
     dict(i=[0], j=[7]), dict(condition="w > 1"), dict(i=1.5, j=0), dict(n=2)],
)  # fmt: skip
def test_a_refused_connect_keeps_all_synapses(synapses, arguments):
    S = synapses
    with pytest.raises(errors.EqsnnError):
        S.connect(**arguments)
    assert list(S.i) == [0, 1, 2] and list(S.j) == [1, 2, 3] and list(S.w) == [1, 2, 3]


@pytest.mark.parametrize("delay", [[1, -1, 2] * ms, [1, 2] * ms, -1 * ms, 3, "2*mV", "z*ms", [1, np.nan, 1] * ms])
def test_a_refused_delay_keeps_the_common_one(synapses, delay):
    S = synapses
    with pytest.raises(errors.EqsnnError):
        S.delay = delay
    assert float(S.delay / ms) == 2
    S.delay = [1, 2, 3] * ms
    assert np.allclose(S.delay / ms, [1, 2, 3])


def test_a_refused_delay_keeps_those_of_each_synapse(synapses):
    S = synapses
    S.delay = [1, 2, 3] * ms
    for delay in ([3, 2, -1] * ms, -1 * ms, 7, [1] * ms):
        with pytest.raises(errors.EqsnnError):
            S.delay = delay
        assert np.allclose(S.delay / ms, [1, 2, 3])


def test_a_refused_run_moves_no_time(synapses):
    S = synapses
    G = S.source_group
    G.v = 3 * mV
    R = StructuralPlasticity(S, "for each synapse: remove synapse if w < w_min")
    net = Network(G, S, R)
    with pytest.raises(errors.NameError):
        net.run(1 * ms)
    assert float(net.t / ms) == 0 and np.allclose(G.v / mV, 3) and len(S) == 3
    with pytest.raises(errors.NameError):
        R.run()
    assert len(S) == 3


def test_a_refused_preference_and_dt_keep_their_values():
    with pytest.raises(errors.ModelError):
        prefs.threads = -1
    assert prefs.threads is None
    defaultclock.dt = 0.2 * ms
    with pytest.raises(errors.ModelError):
        defaultclock.dt = 0 * ms
    assert float(defaultclock.dt / ms) == pytest.approx(0.2)
    defaultclock.dt = 0.1 * ms


def test_a_group_that_was_refused_leaves_its_name_and_nothing_to_run():
    with pytest.raises(errors.SyntaxError):
        NeuronGroup(4, "dv/dt = : volt", name="excitatory")
    with pytest.raises(errors.RunError) as caught:
        run(1 * ms)
    assert caught.value.code == "E901"
    assert NeuronGroup(4, "v : volt", name="excitatory").name == "excitatory"


def test_an_update_in_place_that_is_refused_changes_nothing():
    G = NeuronGroup(3, "v : volt")
    G.v = 1 * mV
    for value in (1 * ms, "1*ms", [1, 2] * mV):
        with pytest.raises(errors.EqsnnError):
            G.v += value
    assert np.allclose(G.v / mV, 1)


def test_a_group_of_parameters_alone_runs(monkeypatch):
    monkeypatch.undo()
    G = NeuronGroup(3, "v : volt")
    run(1 * ms)
    assert float(G.t / ms) == pytest.approx(1)
