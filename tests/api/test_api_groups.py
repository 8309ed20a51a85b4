"""Groups of neurons, subgroups, links, Poisson groups and spike generators: what they check and what they declare."""

import logging

import numpy as np
import pytest
from api_fakes import Evaluated

from eqsnn.attributes import UnknownVariableError
from eqsnn.grammar import errors
from eqsnn.linked import linked_var
from eqsnn.model.declarations import Neurons
from eqsnn.neurongroup import NEVER, NeuronGroup
from eqsnn.poisson import PoissonGroup, PoissonInput
from eqsnn.spikegenerator import SpikeGeneratorGroup
from eqsnn.units import Hz, kHz, ms, mV, nS, second


def declared(group) -> Neurons:
    (only,) = group.declare()
    return only


# ---- NeuronGroup ----


def test_a_group_declares_its_texts():
    group = NeuronGroup(
        7, "dv/dt = -v/tau : volt (unless refractory)", threshold="v > 1*mV", reset="v = 0*mV", refractory=5 * ms,
        method="euler", events={"high": "v > 2*mV"}, namespace={"tau": 3 * ms}, name="exc", dt=1 * ms, order=2,
    )  # fmt: skip
    group.run_on_event("high", "v = 1*mV")
    found = declared(group)
    assert (found.name, found.title, found.size, found.method) == ("exc", "NeuronGroup 'exc'", 7, "euler")
    assert [(e.name, e.when.slot, e.when.order) for e in found.events] == [
        ("spike", "thresholds", 2), ("high", "after_thresholds", 2)]
    assert [(r.event, r.when.slot) for r in found.reactions] == [("spike", "resets"), ("high", "after_resets")]
    assert found.when.clock == "clock" and found.resolver("tau").value == 0.003
    assert found.resolver(found.refractory.expression.id).name == "exc._refractory"
    assert found.resolver("_refractory").value == 0.005 and found.model.events == ("spike", "high")


def test_storage():
    group = NeuronGroup(3, "v : 1\nk : integer (shared)\nI = v : 1 (constant over dt)\nJ = v : 1\nl : 1 (linked)",
                        threshold="v > 1", events={"high": "v > 2"})
    assert set(group.store) == {"v", "k", "I", "lastspike", "not_refractory", "spike_flags", "high_flags"}
    assert len(group.store["k"]) == 1 and group.store["lastspike"].tolist() == [NEVER] * 3
    assert group.store["not_refractory"].all() and not group.store["spike_flags"].any()


def test_the_schedule_of_an_event_can_be_chosen():
    group = NeuronGroup(1, "v : 1", threshold="v > 1")
    group.set_event_schedule("spike", "before_thresholds", 4)
    when = declared(group).events[0].when
    assert (when.slot, when.order) == ("before_thresholds", 4)


def test_text_of_a_group():
    group = NeuronGroup(2, "v : volt", threshold="v > 1*mV", reset="v = 0*mV", refractory="v > 0*mV", name="exc")
    assert repr(group).splitlines() == [
        "NeuronGroup 'exc': 2 neurons", "  model:", "    v : volt", "  threshold:", "    v > 1*mV", "  reset:",
        "    v = 0*mV", "  refractory:", "    v > 0*mV",
    ]  # fmt: skip


MISTAKES = {
    "size": (lambda: NeuronGroup(0), "E558"),
    "size, real": (lambda: NeuronGroup(2.5), "E558"),
    "size, text": (lambda: NeuronGroup("v : 1"), "E558"),
    "model": (lambda: NeuronGroup(1, 3), "E420"),
    "threshold": (lambda: NeuronGroup(1, "v : 1", threshold=3), "E420"),
    "unit": (lambda: NeuronGroup(1, "v : vlt"), "E206"),
    "flag": (lambda: NeuronGroup(1, "v : 1 (summed)"), "E501"),
    "reset alone": (lambda: NeuronGroup(1, "v : 1", reset="v = 0"), "E557"),
    "refractory alone": (lambda: NeuronGroup(1, "v : 1", refractory=5 * ms), "E557"),
    "refractory number": (lambda: NeuronGroup(1, "v : 1", threshold="v > 1", refractory=5), "E224"),
    "refractory True": (lambda: NeuronGroup(1, "v : 1", threshold="v > 1", refractory=True), "E224"),
    "refractory array": (lambda: NeuronGroup(2, "v : 1", threshold="v > 1", refractory=[1, 2] * ms), "E224"),
    "refractory negative": (lambda: NeuronGroup(1, "v : 1", threshold="v > 1", refractory=-5 * ms), "E559"),
    "method": (lambda: NeuronGroup(1, "v : 1", method="eulr"), "E320"),
    "slot": (lambda: NeuronGroup(1, when="group"), "E315"),
    "order": (lambda: NeuronGroup(1, order=1.5), "E556"),
    "event name": (lambda: NeuronGroup(1, "v : 1", events={"spike": "v > 1"}), "E321"),
    "no event": (lambda: NeuronGroup(1, "v : 1").run_on_event("spike", "v = 1"), "E322"),
    "two codes": (
        lambda: NeuronGroup(1, "v : 1", threshold="v > 1", reset="v=0").run_on_event("spike", "v = 1"), "E560"),
    "both clocks": (lambda: NeuronGroup(1, dt=1 * ms, clock=NeuronGroup(1).clock), "E555"),
    "regular": (lambda: NeuronGroup(1, "v : 1").run_regularly(3), "E420"),
    "unlinked": (lambda: NeuronGroup(1, "v : 1 (linked)").v[:], "E707"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes(name):
    make, code = MISTAKES[name]
    with pytest.raises(errors.EqsnnError) as caught:
        make()
    assert caught.value.code == code
    assert "NeuronGroup 'neurongroup" in str(caught.value) or code in ("E555",)


def test_code_that_runs_regularly():
    group = NeuronGroup(10, "v : 1", namespace={"a": 1}, dt=1 * ms)
    whole, part = group.run_regularly("v += a"), group[3:5].run_regularly("v = 0", dt=2 * ms, when="end", name="part")
    assert group.contained == [whole, part]
    (first,), (second_,) = whole.declare(), part.declare()
    assert (first.group, first.start, first.stop, first.when.clock) == (group.name, 0, 10, group.clock.name)
    assert (second_.start, second_.stop, second_.when.slot, second_.name) == (3, 5, "end", "part")
    assert part.clock.dt_ == 0.002 and first.resolver("a").name == f"{group.name}.a"
    assert whole.name == "neurongroup_run_regularly"


# ---- Subgroup ----


def test_subgroups_see_their_part():
    group = NeuronGroup(10, "v : volt\ns : 1 (shared)", threshold="v > 0*mV")
    group.v = np.arange(10) * mV
    part = group[4:8]
    assert (len(part), part.N, part.start, part.stop, part.extent()) == (4, 4, 4, 8, (group.name, 4, 8))
    assert np.allclose(part.v / mV, [4, 5, 6, 7]) and part.i[:].tolist() == [0, 1, 2, 3]
    part.v[0], part.v[-1] = 40 * mV, 70 * mV
    part.s = 3
    part.v += 1 * mV
    assert np.allclose(group.v / mV, [0, 1, 2, 3, 41, 6, 7, 71, 8, 9]) and group.s == 3
    inner = part[1:3]
    assert (inner.start, inner.stop, inner.parent) == (5, 7, group) and np.allclose(inner.v / mV, [6, 7])
    assert part[1].extent()[1:] == (5, 6) and group[[2, 3]].extent()[1:] == (2, 4)
    assert part.title == "NeuronGroup 'neurongroup'[4:8]" and part.clock is group.clock


@pytest.mark.parametrize("item", [slice(None, None, 2), slice(5, 2), [1, 3], [3, 2], 4, slice(7, 9)])
def test_what_is_no_subgroup(item):
    with pytest.raises(errors.StateError) as caught:
        NeuronGroup(4)[item]
    assert caught.value.code in ("E708", "E701")


def test_mistakes_in_subgroups():
    part = NeuronGroup(4, "v : volt")[1:3]
    with pytest.raises(UnknownVariableError, match="no variable 'w'"):
        part.w = 3
    with pytest.raises(errors.StateError, match="3 values are given for 2 elements"):
        part.v = [1, 2, 3] * mV
    with pytest.raises(errors.StateError, match="there is no element 2"):
        part.v[2] = 3 * mV


# ---- linked variables ----


def linked(n=3):
    return NeuronGroup(n, "x : volt (linked)", name="target")


@pytest.fixture
def source():
    group = NeuronGroup(6, "v : volt\ns : volt (shared)\nw = v : volt\nk : integer", name="source")
    group.v, group.s = np.arange(6) * mV, 9 * mV
    return group


def test_kinds_of_links(source):
    cases = [
        (linked_var(source[2:5], "v"), [2, 3, 4], "direct", 2),
        (linked_var(source, "v", index=[0, 1, 2]), [0, 1, 2], "direct", 0),
        (linked_var(source, "v", index=[5, 0, 1]), [5, 0, 1], "indexed", 0),
        (linked_var(source[3], "v"), [3, 3, 3], "scalar", 3),
        (linked_var(source, "v", index=2), [2, 2, 2], "scalar", 2),
        (linked_var(source.s), [9, 9, 9], "scalar", 0),
        (linked_var(source[1:4].v, index=[2, 1, 0]), [3, 2, 1], "indexed", 0),
    ]
    for link, values, kind, offset in cases:
        group = linked()
        group.x = link
        assert np.allclose(group.x / mV, values)
        found = declared(group).links["x"]
        assert (found.group, found.kind, found.offset) == ("source", kind, offset)
        assert group.surroundings() == (group, source)
        if kind == "indexed":
            assert group.link_index("x")[:3].tolist() == values


def test_links_to_links(source):
    middle = NeuronGroup(3, "x : volt (linked)")
    middle.x = linked_var(source, "v", index=[5, 3, 1])
    group = linked(2)
    group.x = linked_var(middle[1:], "x")
    assert np.allclose(group.x / mV, [3, 1]) and declared(group).links["x"].group == "source"


def test_mistakes_in_links(source):
    group = linked()
    cases = [
        (linked_var(source, "v"), "E561"),
        (linked_var(source, "v", index=[1, 2]), "E561"),
        (linked_var(source, "v", index=[1.5, 2, 3]), "E561"),
        (linked_var(source, "v", index=[1, 2, 6]), "E701"),
        (linked_var(source, "k", index=0), "E225"),
        (linked_var(source, "w", index=0), "E005"),
        (linked_var(source, "u", index=0), "E319"),
    ]
    for link, code in cases:
        with pytest.raises(errors.EqsnnError) as caught:
            group.x = link
        assert caught.value.code == code
    with pytest.raises(errors.ModelError, match="'v' is not declared"):
        source.v = linked_var(source, "v")
    with pytest.raises(errors.TypeError):
        linked_var(3, "v")
    group.x = linked_var(source, "v", index=0)
    with pytest.raises(errors.StateError, match="is linked to another group's variable"):
        group.x = 3 * mV


# ---- PoissonGroup ----


def test_one_rate_is_shared_until_rates_differ():
    group = PoissonGroup(4, rates=15 * Hz)
    assert declared(group).model.variables["rates"].shared and group.rates_[:].tolist() == [15] * 4
    group.rates = 20 * Hz
    group.rates *= 2
    assert declared(group).model.variables["rates"].shared and group.rates_[:].tolist() == [40] * 4
    group.rates[1] = 0
    assert not declared(group).model.variables["rates"].shared and group.rates_[:].tolist() == [40, 0, 40, 40]
    assert group[1:3].rates_[:].tolist() == [0, 40]


def test_rates_for_each_neuron_and_as_text():
    each = PoissonGroup(3, rates=[1, 2, 3] * kHz)
    assert each.rates_[:].tolist() == [1000, 2000, 3000] and not declared(each).model.variables["rates"].shared
    text = PoissonGroup(3, rates="i*Hz", when="start", order=3, name="noise")
    assert text.model.variables["rates"].expression.span.source.title == "PoissonGroup 'noise', rates"
    event = declared(text).events[0]
    assert (event.name, event.when.slot, event.when.order) == ("spike", "start", 3)
    assert "rates = i*Hz : hertz" in repr(text)


def test_code_that_sets_rates_separates_them():
    group = PoissonGroup(3, rates=5 * Hz)
    group.run_regularly("if t > 1*second:\n    rates = i*Hz")
    assert not declared(group).model.variables["rates"].shared and group.rates_[:].tolist() == [5] * 3


def test_a_string_for_rates_separates_them():
    class Texts(PoissonGroup, Evaluated):
        pass

    group = Texts(3, rates=5 * Hz)
    group.add_attribute("calls", [])
    group.rates = "10 + i"
    assert group.rates_[:].tolist() == [10, 11, 12]


@pytest.mark.parametrize(("rates", "code"), [(3, "E223"), (3 * mV, "E223"), (-1 * Hz, "E562"), ([1, 2] * Hz, "E702"),
                                             ("3 +", "E107"), (float("nan") * Hz, "E703"), (None, "E424")])
def test_what_cannot_be_rates(rates, code):
    with pytest.raises(errors.EqsnnError) as caught:
        PoissonGroup(3, rates=rates)
    assert caught.value.code == code
    with pytest.raises(errors.ModelError):
        PoissonGroup(3, rates=1 * Hz).rates = [1, -1, 1] * Hz


# ---- PoissonInput ----


def test_an_input_is_code_for_its_target():
    group = NeuronGroup(10, "v : volt\nw : volt", dt=0.5 * ms)
    whole, part = PoissonInput(group, "v", 100, 10 * Hz, 2 * mV), PoissonInput(group[2:4], "v", 5, 1 * Hz, "2*w")
    assert group.contained == [whole, part] and whole.clock is group.clock
    (code,), (other,) = whole.declare(), part.declare()
    assert (code.group, code.start, code.stop, code.when.slot) == (group.name, 0, 10, "synapses")
    assert [code.resolver(n).value for n in ("_N", "_rate", "_weight")] == [100, 10.0, 0.002]
    assert (other.start, other.stop) == (2, 4) and other.code.statements[0].value.left.span.text == "2*w"
    whole.rate = 20 * Hz
    assert whole.declare()[0].resolver("_rate").value == 20 and whole.rate / Hz == 20
    whole.before_run(None)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(("u", 1, 1 * Hz, 1 * mV), "E319"), (("v", 0, 1 * Hz, 1 * mV), "E558"), (("v", 1, 1, 1 * mV), "E223"),
     (("v", 1, -1 * Hz, 1 * mV), "E562"), (("v", 1, 1 * Hz, 1), "E223"), (("v", 1, 1 * Hz, [1, 2] * mV), "E563"),
     (("s", 1, 1 * Hz, 1 * mV), "E563"), (("w", 1, 1 * Hz, 1 * mV), "E563"), (("v", 1, 1 * Hz, "2*"), "E107")],
)  # fmt: skip
def test_mistakes_in_inputs(arguments, code):
    group = NeuronGroup(2, "v : volt\ns : volt (shared)\nw = v : volt")
    with pytest.raises(errors.EqsnnError) as caught:
        PoissonInput(group, *arguments)
    assert caught.value.code == code and not group.contained


def test_too_high_a_rate():
    much = PoissonInput(NeuronGroup(1, "v : volt"), "v", 1, 11 * kHz, 1 * mV)
    with pytest.raises(errors.RunError, match="more than once in a step"):
        much.before_run(None)


# ---- SpikeGeneratorGroup ----


def spikes(group):
    group.before_run(None)
    return list(zip(group._steps.tolist(), group._sorted_ids.tolist(), strict=True))


def test_spikes_are_sorted_by_step_and_neuron():
    group = SpikeGeneratorGroup(3, [0, 2, 1, 0], [3, 1, 1, 0] * ms, dt=1 * ms)
    assert spikes(group) == [(0, 0), (1, 1), (1, 2), (3, 0)]
    assert np.allclose(group.spike_times / ms, [0, 1, 1, 3]) and group.spike_indices.tolist() == [0, 1, 2, 0]
    assert declared(group).external and not declared(group).events
    generator = group.generator()
    assert (generator.n, generator.position, generator.period) == (4, 0, 0)


def test_times_on_a_step_stay_there():
    times = np.arange(1000) * 0.1
    group = SpikeGeneratorGroup(1, np.zeros(1000, int), times * ms)
    assert [step for step, _ in spikes(group)] == list(range(1000))


def test_periods_are_whole_steps():
    group = SpikeGeneratorGroup(2, [0, 1], [0, 1] * ms, period=2 * ms)
    spikes(group)
    assert group.generator().period == 20
    group.set_spikes([0], [2] * ms, period=2 * ms)
    for period in (2 * ms, 2.05 * ms):
        group.set_spikes([0], [2] * ms, period=period)
        with pytest.raises(errors.RunError) as caught:
            group.before_run(None)
        assert caught.value.code == "E913"


def test_two_spikes_in_a_step():
    group = SpikeGeneratorGroup(2, [0, 1, 0], [1, 1, 1.05] * ms)
    with pytest.raises(errors.RunError, match=r"neuron 0 spikes more than once in the step of 0\.1 ms at 1 ms"):
        group.before_run(None)
    group.clock.dt = 0.05 * ms
    group.before_run(None)


def test_spikes_of_the_past_are_left_out(caplog):
    group = SpikeGeneratorGroup(1, [0, 0], [0, 5] * ms)
    group.clock.step = 20
    with caplog.at_level(logging.WARNING, "eqsnn"):
        group.before_run(None)
        group.before_run(None)
    assert len(caplog.records) == 1 and "1 spikes lie before the start" in caplog.text


@pytest.mark.parametrize(
    ("indices", "times", "options", "code"),
    [([0, 1], [1] * ms, {}, "E730"), ([0, 3], [1, 2] * ms, {}, "E731"), ([0, -1], [1, 2] * ms, {}, "E731"),
     ([0], [-1] * ms, {}, "E732"), ([0], [np.inf] * ms, {}, "E732"), ([0], [1], {}, "E223"),
     ([0.5], [1] * ms, {}, "E425"), ([0], [1] * ms, {"period": -1 * ms}, "E732"),
     ([0], [1] * ms, {"period": 3}, "E223"), ([0], [np.nan] * ms, {}, "E703")],
)  # fmt: skip
def test_mistakes_in_spikes(indices, times, options, code):
    with pytest.raises(errors.EqsnnError) as caught:
        SpikeGeneratorGroup(3, indices, times, **options)
    assert caught.value.code == code


def test_no_spikes_at_all():
    group = SpikeGeneratorGroup(3, [], [] * second)
    assert spikes(group) == [] and group.generator().n == 0
    assert 1 * nS > 0 * nS
