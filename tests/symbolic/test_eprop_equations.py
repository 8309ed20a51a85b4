"""The equations that e-prop derives, as people read them, beside the published ones.

Bellec et al. (2020), Nat. Commun. 11:3625, for adaptive LIF neurons with α = exp(-dt/τ_m), ρ = exp(-dt/τ_a):

    ε_v(t+1) = α ε_v + z_i        ε_a(t+1) = ψ ε_v + (ρ - ψ β) ε_a        e = ψ (ε_v - β ε_a)

What is derived here has ψ_v = ψ and ψ_a = -β ψ, so that its e is the same. The one difference is that ε_a(t+1) = ρ (e +
ε_a): an equation `da/dt` lets the jump of the step itself decay in the next one, where the published a(t+1) = ρ a + z
takes it whole. With `a += 1/rho` for the reset both are equal.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from eqsnn import EProp, Network, NeuronGroup, SpikeInput, Synapses

LIF = dict(model="dv/dt = -v/tau_m : 1", threshold="v > v_th", reset="v -= v_th")
ALIF = dict(
    model="dv/dt = -v/tau_m : 1\nda/dt = -a/tau_a : 1", threshold="v > v_th + beta*a", reset="v -= v_th\na += 1"
)
CONSTANTS = "\ntau_m : second (constant)\ntau_a : second (constant)\nv_th : 1 (constant)\nbeta : 1 (constant)"


def equations(neurons: dict[str, str], psi: str, codes: tuple[str, ...] = ("v_post += w",), **options: Any) -> Any:
    """What is derived for two inputs, a hidden group and an output."""
    inputs = SpikeInput(3, name="inputs")
    hidden = NeuronGroup(2, neurons["model"] + CONSTANTS, threshold=neurons["threshold"], reset=neurons["reset"], method="exact", name="hidden")
    output = NeuronGroup(2, "dout/dt = -out/tau_out : 1\ntau_out : second (constant)", name="output")
    made = [Synapses(inputs, hidden, "w : 1 (learned)", on_pre=code, name=f"in_{k}") for k, code in enumerate(codes)]
    made.append(Synapses(hidden, output, "w : 1 (learned)", on_pre="out_post += w", name="readout"))
    for synapses in made:
        synapses.connect()
    net = Network(inputs, hidden, output, *made)
    return EProp(net, output=output.out, pseudo_derivative={"hidden": psi}, **options).equations


def rows(text: Any) -> list[str]:
    """Lines without what they mean, and single spaces."""
    return [re.sub(r"\s+", " ", line.split("#")[0]).strip() for line in str(text).splitlines()]


OUTPUT = ["NeuronGroup 'output'", "eps_out(t+1) = eps_out*exp(-dt/tau_out) + z_i", "dE/dw = sum_t(dE/dout*eps_out)"]


def test_lif() -> None:
    found = equations(LIF, "gamma_/v_th*maximum(0, 1 - abs(v - v_th)/v_th)".replace("gamma_", "0.3"))
    assert rows(found)[:-1] == [
        "NeuronGroup 'hidden'",
        "psi_v = 0.3*maximum(0, 1 - abs(v - v_th)/v_th)/v_th",
        "eps_v(t+1) = eps_v*exp(-dt/tau_m) + z_i",
        "e = eps_v*psi_v",
        "dE/dw = sum_t(M*e)",
        *OUTPUT,
    ]
    assert "(adjoint)" in rows(found)[-1]


def test_alif() -> None:
    found = equations(ALIF, "maximum(0, 1 - abs(v - v_th - beta*a)/v_th)")
    psi = "maximum(0, 1 - abs(-a*beta + v - v_th)/v_th)"
    assert rows(found)[:6] == [
        "NeuronGroup 'hidden'",
        f"psi_v = {psi}",
        f"psi_a = -beta*{psi}",
        "eps_v(t+1) = eps_v*exp(-dt/tau_m) + z_i",
        "eps_a(t+1) = e*exp(-dt/tau_a) + eps_a*exp(-dt/tau_a)",
        "e = eps_a*psi_a + eps_v*psi_v",
    ]


@pytest.mark.parametrize("through, terms", [("nothing", "eps_a*exp(-dt/tau_a)"), ("everything", "e*exp(-dt/tau_a) + eps_a*exp(-dt/tau_a)")])
def test_what_the_reset_passes_on(through: Any, terms: str) -> None:
    found = rows(equations(ALIF, "1", spike_gradient=through))
    assert f"eps_a(t+1) = {terms}" in found
    pulled = "eps_v(t+1) = -e*v_th*exp(-dt/tau_m) + eps_v*exp(-dt/tau_m) + z_i"
    assert (pulled in found) == (through == "everything")


def test_projections_that_add_different_things() -> None:
    found = rows(equations(LIF, "1", ("v_post += w", "v_post += 2*w")))
    assert "eps_v(t+1) = eps_v*exp(-dt/tau_m) + z_in_0 + 2*z_in_1" in found
    assert "eps_v(t+1) = eps_v*exp(-dt/tau_m) + 3*w**2*z_i" in rows(equations(LIF, "1", ("v_post += w**3",) * 2))


LATEX = r"""\begin{align*}
\psi_{v} &= \max\left(0, 1 - \frac{\left|- a \, \beta + v - v_{\mathrm{th}}\right|}{v_{\mathrm{th}}}\right) \\
\psi_{a} &= - \beta \, \max\left(0, 1 - \frac{\left|- a \, \beta + v - v_{\mathrm{th}}\right|}{v_{\mathrm{th}}}\right) \\
\varepsilon_{v}(t+1) &= \varepsilon_{v} \, e^{- \frac{\Delta t}{\tau_{m}}} + z_{i} \\
\varepsilon_{a}(t+1) &= e \, e^{- \frac{\Delta t}{\tau_{a}}} + \varepsilon_{a} \, e^{- \frac{\Delta t}{\tau_{a}}} \\
e &= \varepsilon_{a} \, \psi_{a} + \varepsilon_{v} \, \psi_{v} \\
\frac{dE}{dw} &= \sum_t M \, e \\
\varepsilon_{\mathrm{out}}(t+1) &= \varepsilon_{\mathrm{out}} \, e^{- \frac{\Delta t}{\tau_{\mathrm{out}}}} + z_{i} \\
\frac{dE}{dw} &= \sum_t \frac{\partial E}{\partial \mathrm{out}} \, \varepsilon_{\mathrm{out}}
\end{align*}"""


def test_latex() -> None:
    found = equations(ALIF, "maximum(0, 1 - abs(v - v_th - beta*a)/v_th)")
    assert found.latex() == LATEX == found._repr_latex_()


def test_latex_can_be_set() -> None:
    """Every row is mathematics to a program that knows LaTeX."""
    mathtext = pytest.importorskip("matplotlib.mathtext")
    parser = mathtext.MathTextParser("path")
    for neurons, psi in ((LIF, "exp(-abs(v - v_th))"), (ALIF, "0.3/(1 + abs(v - v_th))**2 + tanh(beta)*minimum(a, 1) + clip(v, 0, 1)")):
        text = equations(neurons, psi).latex()
        for row in text.splitlines()[1:-1]:
            parser.parse(f"${row.removesuffix(chr(92) * 2).replace('&', '')}$")


def test_branches_in_latex() -> None:
    branched = {**LIF, "reset": "if v > 1:\n    v *= 0.5\nelse:\n    v = v**2"}
    found = equations(branched, "1")
    assert "where(spiked, where(v > 1, 0.5, 2*v), 1)" in str(found)
    assert r"\begin{cases} 0.5 & v > 1 \\ 2 \, v & \text{else} \end{cases} & \mathrm{spiked}" in found.latex()
