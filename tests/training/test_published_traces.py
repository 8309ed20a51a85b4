"""The derived gradients are those of the published algorithm, where a model is written as that one is discretised.

Bellec et al. (2020), Nat. Commun. 11:3625, adaptive LIF neurons, as Knight, Senk & Nowotny (2025) train them:

    v(t+1) = α v(t) + Σ w z_i(t) - v_th z(t)        a(t+1) = ρ a(t) + z(t)        z(t) = Θ(v(t) - v_th - β a(t))
    z̄(t+1) = α z̄(t) + z_i(t)                        ε(t+1) = ψ z̄ + (ρ - ψ β) ε      e = ψ (z̄ - β ε)
    ē(t) = κ ē(t-1) + e(t)                          Δw = Σ_t E ē + c_reg (f̄ - f*) e,  E = Σ_k w_out (softmax(y)_k - target_k)

In eqsnn a step first follows the equations, and spikes and resets come after that; what they add is therefore divided by
the decay that it meets in the next step.
"""

from __future__ import annotations

import numpy as np

from eqsnn import EProp, Hz, Network, NeuronGroup, SpikeInput, Synapses
from eqsnn.data import SpikeData

STEPS, UNITS, HIDDEN, OUTPUTS = 80, 6, 5, 3
alpha, rho, kappa = np.exp(-1 / 20), np.exp(-1 / 200), np.exp(-1 / 15)
v_th, beta, c_reg, target_rate, rate_decay = 0.6, 0.1, 2e-3, 20.0, np.exp(-1 / 500)


def published(w_in: np.ndarray, w_rec: np.ndarray, w_out: np.ndarray, x: np.ndarray, label: int) -> dict[str, np.ndarray]:
    """The algorithm, online in time, with traces for every pair."""
    n = UNITS + HIDDEN
    v, a, y, f = np.zeros(HIDDEN), np.zeros(HIDDEN), np.zeros(OUTPUTS), np.zeros(HIDDEN)
    zbar, eps, ebar = np.zeros(n), np.zeros((n, HIDDEN)), np.zeros((n, HIDDEN))
    gradient, out, filtered = np.zeros((n, HIDDEN)), np.zeros((HIDDEN, OUTPUTS)), np.zeros(HIDDEN)
    for t in range(STEPS):
        z = (v - v_th - beta * a > 0).astype(float)
        psi = 0.3 / v_th * np.maximum(0, 1 - abs(v - v_th - beta * a) / v_th)
        f = rate_decay * f + (1 - rate_decay) * z / 1e-3
        y = kappa * y + z @ w_out
        p = np.exp(y - y.max())
        error = p / p.sum() - np.eye(OUTPUTS)[label]
        e = psi * (zbar[:, None] - beta * eps)
        ebar = kappa * ebar + e
        gradient += ebar * (w_out @ error) + c_reg * (f - target_rate) * e
        filtered = kappa * filtered + z
        out += filtered[:, None] * error
        eps = psi * zbar[:, None] + (rho - psi * beta) * eps
        sources = np.concatenate([x[t], z])
        zbar = alpha * zbar + sources
        v = alpha * v + sources @ np.concatenate([w_in, w_rec]) - v_th * z
        a = rho * a + z
    return {"input": gradient[:UNITS], "recurrent": gradient[UNITS:], "readout": out}


def test_derived_gradients_are_the_published_ones() -> None:
    rng = np.random.default_rng(4)
    w_in, w_rec, w_out = rng.normal(0.2, 0.5, (UNITS, HIDDEN)), rng.normal(0, 0.4, (HIDDEN, HIDDEN)), rng.normal(0, 0.5, (HIDDEN, OUTPUTS))  # fmt: skip
    x = rng.random((STEPS, UNITS)) < 0.15
    constants = {"alpha": alpha, "rho": rho, "v_th": v_th, "beta": beta}
    inputs = SpikeInput(UNITS)
    hidden = NeuronGroup(
        HIDDEN, "dv/dt = -v/(20*ms) : 1\nda/dt = -a/(200*ms) : 1", threshold="v > v_th + beta*a",
        reset="v -= v_th/alpha\na += 1/rho", namespace=constants,
    )  # fmt: skip
    output = NeuronGroup(OUTPUTS, "dy/dt = -y/(15*ms) : 1")
    made = {}
    for name, source, target, code, weights in (
        ("input", inputs, hidden, "v_post += w/alpha", w_in), ("recurrent", hidden, hidden, "v_post += w/alpha", w_rec),
        ("readout", hidden, output, "y_post += w", w_out),
    ):  # fmt: skip
        made[name] = Synapses(source, target, "w : 1 (learned)", on_pre=code, namespace=constants, name=name)
        made[name].connect()
        made[name].w = weights.reshape(-1)
    trainer = EProp(
        Network(inputs, hidden, output, *made.values()), output=output.y, rate_regularisation=(c_reg, target_rate * Hz),
        pseudo_derivative="0.3/v_th*maximum(0, 1 - abs(v - v_th - beta*a)/v_th)",
    )  # fmt: skip
    times, units = np.nonzero(x)
    data = SpikeData(units, times * 1e-3, [0, len(units)], [1], UNITS, STEPS * 1e-3, n_classes=OUTPUTS)
    found, wanted = trainer.gradients(data), published(w_in, w_rec, w_out, x, 1)
    for name, values in wanted.items():
        assert np.abs(values).max() > 0.1
        assert np.allclose(found[name].reshape(values.shape), values, rtol=1e-9, atol=1e-9 * np.abs(values).max())
