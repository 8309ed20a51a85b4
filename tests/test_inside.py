"""Looking inside a model: its C++ and every stage of its compilation."""

from __future__ import annotations

import pytest

from eqsnn import Network, NeuronGroup, StructuralPlasticity, Synapses, device, errors, ms, start_scope


@pytest.fixture
def network():
    start_scope()
    group = NeuronGroup(10, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", method="exact", name="cells")
    group.run_regularly("v += 0.1", dt=1 * ms)
    synapses = Synapses(group, group, "w : 1", on_pre="v_post += w", name="links")
    StructuralPlasticity(synapses, "for each synapse: remove synapse if w < 0", dt=1 * ms, name="pruning")
    synapses.connect(p=0.5)
    return Network(group, synapses)


def test_source_before_a_run_is_that_of_the_object_alone(network):
    group, synapses = network.objects
    assert "cells_update" in group.source()
    assert "cells_run_regularly" in group.source()
    assert "links_pre" not in group.source()
    assert "links_pre" in synapses.source("cpp")
    assert "pruning_pass0" in synapses.source("cpp")
    assert "cells_update" not in synapses.source("cpp")


def test_source_after_a_run_is_part_of_what_ran(network):
    network.run(1 * ms)
    for item in network.objects:
        functions = item.source("cpp").split("\n\n")
        assert len(functions) > 1
        assert all(function.strip() in network.compiled.source for function in functions)


def test_a_subgroup_shows_its_group(network):
    group = network.objects[0]
    assert group[2:5].source() == group.source()


def test_cuda_without_a_gpu(network):
    group = network.objects[0]
    assert device.name == "cpp"
    for _ in range(2):  # before a run, and after one on another target
        assert "static __device__ void cells_update(" in group.source("cuda")
        assert "static __device__ void cells_run_regularly(" in group.source("cuda")
        assert "__device__" not in group.source()
        network.run(1 * ms)


def test_what_cuda_cannot_do_is_named(network, monkeypatch):
    from eqsnn.codegen import cuda

    def emit(*_):
        raise cuda.NotYetError("a thing of tomorrow")

    monkeypatch.setattr(cuda, "emit", emit)
    with pytest.raises(errors.UnsupportedError, match=r"'cuda' cannot do this yet: a thing of tomorrow.*E004"):
        network.objects[1].source("cuda")


def test_other_targets(network):
    with pytest.raises(errors.NameError, match="E314"):
        network.objects[1].source("fortran")


def test_source_of_a_text_that_is_wrong(network):
    group = NeuronGroup(10, "dv/dt = -v/nowhere : 1")
    with pytest.raises(errors.NameError, match="nowhere"):
        group.source()


def test_every_stage_is_kept(network):
    network.run(1 * ms)
    compiled = network.compiled
    assert compiled.declaration.objects[0].name == "cells"
    assert compiled.symbolic.items
    text = str(compiled.ir)
    assert "links_pre at defaultclock: rows of links reached by pre" in text
    assert "remove links" in text
    assert str(compiled.lowered) != text
    assert compiled.library.exists()


def test_compiled_before_a_run(network):
    with pytest.raises(errors.RunError, match="E906"):
        str(network.compiled)


def test_profile(network):
    network.run(1 * ms)
    with pytest.raises(errors.RunError, match="E907"):
        str(network.profile)
    network.run(1 * ms, profile=True)
    assert network.profile["cells_update"] > 0
    assert "cells_update" in str(network.profile)
