"""What is legal but hardly ever meant is told in the log, with the place."""

import pytest

from eqsnn import *

TOLD = (
    "StructuralPlasticity 'rule', rule, line 2: 'n_lost' counts for all, so every neuron of post gets the whole number; "
    "a counter for each of them has a name that ends in '_post', such as 'n_lost_post'."
)


@pytest.fixture
def synapses():
    start_scope()
    G = NeuronGroup(5, "x : 1")
    S = Synapses(G, G, "w : 1")
    S.connect("i != j")
    return S


@pytest.mark.parametrize(
    "after",
    [
        "for each pair in sample(n_lost, per=post, unconnected): create synapse",
        "for each synapse: remove synapse limit n_lost per post",
    ],
)
def test_a_counter_of_all_as_the_number_for_each_neuron(synapses, caplog, after):
    rule = StructuralPlasticity(synapses, f"for each synapse: n_lost += int(w < 0)\n{after}", name="rule")
    rule.run()
    assert [record.getMessage() for record in caplog.records if "n_lost" in record.getMessage()] == [TOLD]


@pytest.mark.parametrize(
    "rule",
    [
        "for each synapse: n_lost_post += 1\nfor each pair in sample(n_lost_post, per=post): create synapse",
        "for each synapse: n_lost += 1\nfor each pair in sample(n_lost/N_post, per=post): create synapse",
        "for each synapse: n_lost += 1\nfor each pair in sample(n_lost): create synapse limit n_lost",
    ],
)
def test_other_numbers_are_not_told(synapses, caplog, rule):
    StructuralPlasticity(synapses, rule).run()
    assert not [record for record in caplog.records if "counts for all" in record.getMessage()]
