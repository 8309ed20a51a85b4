"""Names, scopes, and what a magic run finds."""

import gc

import pytest

from eqsnn.base import collect, flatten, start_scope
from eqsnn.grammar import errors
from eqsnn.names import check_distinct
from eqsnn.neurongroup import NeuronGroup


def test_automatic_names_count_up_and_are_used_again():
    first, second = NeuronGroup(1), NeuronGroup(1)
    assert (first.name, second.name) == ("neurongroup", "neurongroup_1")
    del first
    gc.collect()
    assert NeuronGroup(1).name == "neurongroup"


def test_start_scope_starts_names_and_objects_again():
    old = NeuronGroup(1)
    start_scope()
    new = NeuronGroup(1)
    assert (old.name, new.name) == ("neurongroup", "neurongroup")
    assert collect() == [new]


def test_objects_are_gone_as_soon_as_nobody_uses_them():
    group = NeuronGroup(2, "v : 1")
    group.run_regularly("v += 1")
    group[:1].run_regularly("v += 1")
    gc.disable()
    try:
        del group
        assert collect() == []
    finally:
        gc.enable()


def test_collect_is_in_the_order_of_creation_and_flatten_adds_what_is_contained():
    a, b = NeuronGroup(1, "v : 1", name="a"), NeuronGroup(1, "v : 1", name="b")
    operation = a.run_regularly("v = 0", name="later")
    assert collect() == [a, b]
    assert [item.name for item in flatten([b, a, operation])] == ["a", "b", "later"]


@pytest.mark.parametrize("name", ["two words", "1st", "", "for", "é", "defaultclock", 3])
def test_what_cannot_be_a_name(name):
    with pytest.raises(errors.NameError) as caught:
        NeuronGroup(1, name=name)
    assert caught.value.code in ("E310", "E311")


def test_a_network_needs_distinct_names():
    check_distinct([("a", "A"), ("b", "B")])
    with pytest.raises(errors.NameError, match="2 objects of this network are called 'a': A 'a', B 'a'") as caught:
        check_distinct([("a", "A 'a'"), ("a", "B 'a'")])
    assert caught.value.code == "E312"


def test_automatic_names_avoid_those_given():
    given = NeuronGroup(1, name="neurongroup")
    assert NeuronGroup(1).name == "neurongroup_1"
    assert given.title == "NeuronGroup 'neurongroup'"
