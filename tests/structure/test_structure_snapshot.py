"""A pass reads the network as it was when it began, also what it accumulates into itself (language.md, section 4)."""

import numpy as np
import pytest

from eqsnn import NeuronGroup, StructuralPlasticity, Synapses, seed, start_scope


@pytest.fixture
def pieces():
    start_scope()
    seed(3)
    A, B = NeuronGroup(6, "x : 1"), NeuronGroup(5, "y : 1\nz : 1")
    A.x, B.y, B.z = "i + 1.0", "0.5*i", 1
    S = Synapses(A, B, "w : 1\ntotal : 1 (shared)")
    S.connect(p=0.6)
    S.w = "rand()"
    return A, B, S


def test_a_neuron_variable_that_is_read_and_accumulated(pieces):
    _, B, S = pieces
    i, j, w, y = np.array(S.i), np.array(S.j), np.array(S.w), np.array(B.y)
    rule = StructuralPlasticity(S, """
        for each synapse:
            y_post += w*x_pre/(1 + y_post)
            total += 1 + total
        for each post:
            z_post = y_post
        """)
    expected = y + np.bincount(j, w*(i + 1)/(1 + y[j]), minlength=5)
    for _ in range(2):
        rule.run()
        np.testing.assert_allclose(B.y, expected, rtol=1e-14)
        np.testing.assert_array_equal(B.z, B.y)     # the next pass sees it
        expected = expected + np.bincount(j, w*(i + 1)/(1 + expected[j]), minlength=5)
    assert S.total == len(S) + len(S)*(1 + len(S))


def test_a_counter_that_is_read_while_it_is_counted_on(pieces):
    _, _, S = pieces
    rule = StructuralPlasticity(S, """
        for each synapse: n_seen_post += 1
        for each synapse:
            n_seen_post += 1
            remove synapse if n_seen_post > 2
        """)
    degrees = np.array(S.N_incoming_post)
    rule.run()
    assert len(S) == degrees[degrees <= 2].sum()
