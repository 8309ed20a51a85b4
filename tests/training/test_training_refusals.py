"""What e-prop cannot follow is refused by name, at the place, with what to do instead."""

from __future__ import annotations

from typing import Any

import pytest
from small import connected, data, parts, trainer

from eqsnn import (
    EProp,
    EventMonitor,
    Hz,
    Network,
    NeuronGroup,
    SpikeInput,
    StructuralPlasticity,
    Synapses,
    linked_var,
    ms,
    mV,
    network_operation,
)  # fmt: skip
from eqsnn.errors import EqsnnError

LEAK = "dv/dt = -v/(20*ms) : 1"
FLAG = LEAK + "\nf : boolean"


def refused(code: str, *words: str, made: dict[str, Any] | None = None, **options: Any) -> None:
    """A trainer of these parts is refused, in words."""
    with pytest.raises(EqsnnError, match=rf"\({code}\)") as caught:
        trainer(made, **options)
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize(
    "code, words, changes",
    [
        ("E582", ("NeuronGroup 'hidden', threshold", "such as 'v > v_th + beta*a'"), dict(model=FLAG, threshold="f")),
        ("E582", ("compares one expression",), dict(threshold="v == 0.6")),
        ("E582", ("compares one expression",), dict(threshold="v > 0.6 and v < 10")),
        ("E582", ("compares one expression",), dict(model=FLAG, threshold="f or v > 0.6")),
        ("E583", ("NeuronGroup 'hidden'", "random number", "add noise to the state"), dict(model="dv/dt = -v/(20*ms) + 0.5*v*xi*(20*ms)**-0.5 : 1", method="milstein")),
        ("E583", ("random number",), dict(model="dv/dt = -v/(20*ms) + 0.5*v*xi_a*(20*ms)**-0.5 : 1", method="heun")),
        ("E583", ("random number",), dict(reset="v *= 0.5*rand()")),
        ("E584", ("'f' changes in the course of a trial",), dict(model="dv/dt = -v/(20*ms)*int(not f) : 1\nf : boolean", reset="v -= 0.6\nf = True")),
        ("E584", ("'n' changes in the course of a trial",), dict(model="dv/dt = -v/(20*ms)*(1 + n) : 1\nn : integer", reset="v -= 0.6\nn += 1")),
        ("E584", ("Synapses 'input'", "'v'", "'g_post += w'"), dict(model=LEAK + "\nda/dt = -a/(50*ms) : 1", on_pre="v_post += w*a_post")),
        ("E573", ("Synapses 'input', on_pre, line 2", "flag it (batch)"), dict(weight="w : 1 (learned)\nx : 1", on_pre="v_post += w*x\nx *= 0.7")),
        ("E585", ("'w' is learned: no code", "when='after_batch'"), dict(on_pre="v_post += w\nw = 0.5*w", weight="w : 1 (learned, batch)")),
        ("E585", ("stands in an equation of the synapses",), dict(weight="w : 1 (learned)\ndu/dt = (w - u)/ms : 1 (clock-driven, batch)", on_pre="v_post += w*u")),
        ("E585", ("weighs a sum over synapses",), dict(model="dv/dt = (s - v)/(20*ms) : 1\ns : 1", weight="w : 1 (learned)\ns_post = w : 1 (summed)", recurrent=False)),
        ("E585", ("added to a variable of the target neuron", "without a branch"), dict(on_pre="if w > 0:\n    v_post += w")),
        ("E585", ("added to a variable of the target neuron",), dict(weight="w : 1 (learned)\nc : 1", on_pre="a = 2*w\nif c > 0:\n    v_post += a")),
        ("E585", ("added to a variable of the target neuron",), dict(model=LEAK + "\ns : 1 (shared)", on_pre="s_post += w")),
        ("E586", ("no code that a spike runs uses it", "such as on_pre='v_post += w'"), dict(on_pre="v_post += 1")),
        ("E586", ("more than one pathway",), dict(on_pre={"one": "v_post += w", "two": "v_post += 2*w"})),
    ],
)  # fmt: skip
def test_models_that_cannot_be_followed(code: str, words: tuple[str, ...], changes: dict[str, Any]) -> None:
    refused(code, *words, made=parts(**changes))


def test_a_reset_that_does_more_than_give_values() -> None:
    made = parts(LEAK + "\ns : 1 (shared)", reset="v -= 0.6\ns += 1")
    refused("E580", "NeuronGroup 'hidden', reset", "'s', which all neurons share", made=made)


@pytest.mark.parametrize("density", [1.0])
def test_delays_of_their_own(density: float) -> None:
    made = parts()
    made["recurrent"].delay = "(i + 1)*ms"
    refused("E586", "Synapses 'recurrent'", "delays of their own", "S.delay = 2*ms", made=made)


def test_a_pathway_at_another_place_of_the_step() -> None:
    made = parts()
    made["input"].pre.when = "before_groups"
    refused("E586", "'before_groups'", "in the slot 'synapses'", made=made)


def test_a_weight_that_is_used_when_the_target_spikes() -> None:
    made = parts(recurrent=False)
    made["back"] = connected(made["hidden"], made["hidden"], "w : 1 (learned)", on_post="v_post += w", name="back")
    refused("E586", "Synapses 'back'", "used by on_post", made=made)


def test_a_weight_that_waits_for_another_event() -> None:
    made = parts(recurrent=False)
    made["hidden"] = group = NeuronGroup(4, LEAK, threshold="v > 0.6", reset="v = 0", events={"high": "v > 0.3"}, name="h")
    for name, source, target, code in (("input", made["inputs"], group, "v"), ("readout", group, made["output"], "y")):
        made[name] = connected(source, target, "w : 1 (learned)", on_pre=f"{code}_post += w", name=f"{name}2")
    made["event"] = connected(group, group, "w : 1 (learned)", on_pre="v_post += w", on_event="high", name="event")
    refused("E586", "Synapses 'event'", "is 'high', not a spike", made=made, pseudo_derivative="1")


def test_what_else_changes_the_state() -> None:
    made = parts()
    made["hidden"].run_regularly("v *= 0.9", dt=1 * ms)
    refused("E584", "'v'", "depends on the neuron's state", made=made)


def test_a_linked_variable_that_weighs_the_state() -> None:
    made = parts("dv/dt = -k*v/(20*ms) : 1\nk : 1 (linked)")
    made["source"] = NeuronGroup(4, "dk/dt = -k/(10*ms) : 1", name="source")
    made["hidden"].k = linked_var(made["source"], "k")
    refused("E584", "NeuronGroup 'hidden'", "'k' changes in the course of a trial", made=made)


def test_a_sum_that_weighs_the_state() -> None:
    made = parts("dv/dt = -s*v/(20*ms) : 1\ns : 1")
    made["sum"] = connected(made["hidden"], made["hidden"], "c : 1\ns_post = c : 1 (summed)", name="sum")
    refused("E584", "'s' changes in the course of a trial", made=made)


def test_what_is_worked_out_beside_the_equations() -> None:
    held = LEAK.replace("-v", "(h - v)") + "\nh = -0.5*v : 1 (constant over dt)"
    refused("E584", "'h' is worked out beside the equations", "into its equations", made=parts(held))
    trainer(parts(LEAK.replace("-v", "(h - v)") + "\nh = 0.1*sin(t/ms) : 1 (constant over dt)"))
    gaps = "c : 1\ns_post = c*({} - {}) : 1 (summed)"
    for ends, fine in ((("v_pre", "v_post"), False), (("v_pre", "0.1"), True)):
        made = parts("dv/dt = (s - v)/(20*ms) : 1\ns : 1", recurrent=False)
        made["gap"] = connected(made["hidden"], made["hidden"], gaps.format(*ends), name=f"gap_{fine}")
        if fine:
            trainer(made)
        else:
            refused("E584", "'s' is worked out beside the equations", made=made)


def test_several_clocks() -> None:
    made = parts()
    made["fast"] = SpikeInput(2, dt=0.5 * ms, name="fast")
    made["in2"] = connected(made["fast"], made["hidden"], "w : 1 (learned)", on_pre="v_post += w", name="in2")
    refused("E587", "'hidden' and SpikeInput 'fast'", "same dt", made=made, inputs=made["inputs"])


def test_pseudo_derivatives() -> None:
    refused("E581", "NeuronGroup 'hidden'", "needs a pseudo-derivative", "0.3/v_th*maximum", pseudo_derivative=None)
    volts = dict(threshold="v > 6*mV", reset="v -= 6*mV", weight="w : volt (learned)", scale=0.01)
    made = parts("dv/dt = -v/(20*ms) : volt", **volts)
    refused("E226", "pseudo_derivative of 'hidden'", "its unit is volt**-1", made=made, pseudo_derivative={"hidden": "0.5"})
    refused("E924", "'nobody', which is no group of neurons", pseudo_derivative={"nobody": "1"})
    refused("E301", "pseudo_derivative of 'hidden', line 1", "'nothing' is not known", pseudo_derivative={"hidden": "nothing"})


def test_groups_that_are_neither_hidden_nor_the_output() -> None:
    made = parts()
    made["more"] = NeuronGroup(2, "dz/dt = -z/ms : 1", name="more")
    made["to"] = connected(made["hidden"], made["more"], "w : 1 (learned)", on_pre="z_post += w", name="to")
    refused("E588", "NeuronGroup 'more'", "neither spike nor are the output", made=made)


def test_an_output_that_spikes() -> None:
    made = parts()
    net = Network(*made.values(), batch_size=2)
    with pytest.raises(EqsnnError, match="neurons that do not spike") as caught:
        EProp(net, output=made["hidden"].v, pseudo_derivative="1")
    assert "(E588)" in str(caught.value) and "leave out their threshold" in str(caught.value)


def test_no_way_back_from_the_output() -> None:
    made = parts()
    made["deep"] = NeuronGroup(3, LEAK, threshold="v > 0.6", reset="v = 0", name="deep")
    made["to"] = connected(made["inputs"], made["deep"], "w : 1 (learned)", on_pre="v_post += w", name="to")
    psi = {"hidden": "1", "deep": "1"}
    refused("E589", "NeuronGroup 'deep'", "feedback='random'", made=made, pseudo_derivative=psi)
    assert trainer(made, pseudo_derivative=psi, feedback="random").plan.hidden == (made["hidden"], made["deep"])


def test_networks_that_cannot_be_trained() -> None:
    made = parts()

    @network_operation(dt=1 * ms)
    def look() -> None:
        pass

    refused("E920", "cannot call Python", "between batches", made={**made, "look": look})
    net = Network(*made.values(), batch_size=2)
    net.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
    with pytest.raises(EqsnnError, match=r"usual order of slots(.|\n)*\(E920\)"):
        EProp(net, output=made["output"].y, pseudo_derivative="1")
    loose = {**made, "loose": Synapses(made["inputs"], made["hidden"], "w : 1", on_pre="v_post += w", name="loose")}
    refused("E902", "Synapses 'loose'", "call its connect", made=loose)
    del made["inputs"]
    refused("E908", "Synapses 'input'", "needs SpikeInput 'inputs'", made=made)


def test_a_rule_on_a_clock() -> None:
    made = parts()
    StructuralPlasticity(made["input"], "for each synapse:\n    remove synapse if rand() < 0.1", dt=1 * ms)
    refused("E920", "runs after each batch", "when='after_batch'", made=made)


def test_outputs_inputs_and_weights() -> None:
    made = parts()
    net = Network(*made.values(), batch_size=2)
    for output in (made["output"], made["input"].w, 3):
        with pytest.raises(EqsnnError, match=r"(.|\n)*\(E921\)"):
            EProp(net, output=output)
    other = NeuronGroup(1, "dy/dt = -y/ms : 1", name="other")
    with pytest.raises(EqsnnError, match=r"'other', the output, is not in the network. \(E921\)"):
        EProp(net, output=other.y)
    refused("E922", "there is SpikeInput 'elsewhere'", "inputs=", inputs=SpikeInput(5, name="elsewhere"))
    two = {**parts(), "second": SpikeInput(3, name="second")}
    refused("E922", "there is 2 of them", made=two)
    refused("E923", "no weight is learned", "'w : 1 (learned)'", made=parts(weight="w : 1", readout_weight="w : 1"))
    refused("E923", "'w' and 'u' are both (learned)", made=parts(weight="w : 1 (learned)\nu : 1 (learned)"))


def test_names_of_training() -> None:
    refused("E303", "Synapses 'input'", "'w_gradient'", made=parts(weight="w : 1 (learned)\nw_gradient : 1"))


def test_choices() -> None:
    for option, value in (("loss", "hinge"), ("feedback", "none"), ("method", "bptt"), ("spike_gradient", "all")):
        refused("E324", repr(value), **{option: value})
    refused("E225", "rate_regularisation is (strength, rate)", "(1e-3, 10*Hz)", rate_regularisation=(1e-3, 10))
    refused("E225", "rate_regularisation is (strength, rate)", rate_regularisation=10 * Hz)
    with pytest.raises(EqsnnError, match=r"(.|\n)*\(E324\)"):
        trainer().fit(data(), 1, report="html")


def test_the_adjoint_where_slopes_change() -> None:
    refused("E925", "method='traces'", made=parts(weight="w : 1 (learned)", on_pre="v_post += w*t/ms"), method="adjoint")


def test_learning_rates_have_the_unit_of_the_weight() -> None:
    from eqsnn import Adam

    made = parts()
    refused("E227", "Synapses 'input'", "the learning rate 1*mV has not the unit of 'w'", made=made, optimiser=Adam(1 * mV))
    trainer(made)  # nothing is left behind


def test_event_monitors_are_no_part_of_training() -> None:
    made = parts()
    made["monitor"] = EventMonitor(made["hidden"], "spike")
    trainer(made).train_batch(data())
    assert made["monitor"].num_events == 0
