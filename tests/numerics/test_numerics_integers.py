"""Whole numbers in compiled code divide as in Python, and nothing ends the process."""

from __future__ import annotations

import numpy as np

from eqsnn import NeuronGroup, start_scope


def test_division_and_remainder() -> None:
    start_scope()
    G = NeuronGroup(40, "k : integer\na : integer\nq : integer\nr : integer")
    G.k, G.a = "i % 8 - 4", "i - 20"
    G.q, G.r = "a // k", "a % k"
    k, a = np.array(G.k), np.array(G.a)
    some = k != 0
    np.testing.assert_array_equal(G.q[some], a[some] // k[some])
    np.testing.assert_array_equal(G.r[some], a[some] % k[some])
    np.testing.assert_array_equal(G.q[~some], 0)  # there is no such number, and a machine would stop here
    np.testing.assert_array_equal(G.r[~some], 0)
    G.a = -(2**31)
    G.q = "a // (-1 + 0*k)"
    np.testing.assert_array_equal(G.q, 0)
