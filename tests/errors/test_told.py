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


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("for each synapse: n_lost_post += 1", "line 1: 'n_lost_post' is a counter that nothing reads."),
        (
            "for each pair in sample(n): create synapse\nfor each synapse: n += 1",
            "line 1: 'n' is always 0 here: it is counted in a later pass, and each run of the rule begins at zero.",
        ),
        (
            "for each synapse:\n    if n < 3: remove synapse\n    n += 1",
            "line 2: 'n' is always 0 here: it is known when this pass has ended; to take at most so many, write "
            "'limit ...' after the condition; to use the number, add a pass after this one.",
        ),
    ],
)
def test_counters_that_are_zero_or_that_nothing_reads(synapses, caplog, rule, told):
    StructuralPlasticity(synapses, rule, name="rule").run()
    assert [record.getMessage() for record in caplog.records if "rule" in record.getMessage()] == [
        f"StructuralPlasticity 'rule', rule, {told}"
    ]
