"""Gradients: the adjoint and the traces against each other, and against PyTorch's automatic differentiation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gradient_models import MODELS, Model, case
from trained import examples, trainer

RECORDED = Path(__file__).parent.parent / "reference" / "by_torch"


def dense(model: Model, name: str, values: np.ndarray) -> np.ndarray:
    """Gradients as a matrix."""
    mask = case(model).masks[name]
    found = np.zeros(mask.shape)
    found[np.nonzero(mask)] = values
    return found


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_gradients_are_those_of_automatic_differentiation(model: Model) -> None:
    numbers = case(model)
    found = trainer(model, numbers).gradients(examples(numbers))
    with np.load(RECORDED / f"{model.name}.npz") as recorded:
        for name, values in found.items():
            wanted = recorded[name]
            assert np.abs(wanted).max() > 1
            assert np.allclose(dense(model, name, values), wanted, rtol=1e-6, atol=1e-6 * np.abs(wanted).max())


@pytest.mark.parametrize("model", [m for m in MODELS if m.name in ("alif_sparse_refractory", "bent_everything_sparse", "lif_delayed", "conductance", "volts")], ids=lambda m: m.name)  # fmt: skip
def test_traces_and_adjoint_agree(model: Model) -> None:
    numbers = case(model)
    data = examples(numbers)
    adjoint = trainer(model, numbers, "adjoint").gradients(data)
    traces = trainer(model, numbers, "traces").gradients(data)
    for name, values in adjoint.items():
        assert np.allclose(values, traces[name], rtol=1e-10, atol=1e-10 * np.abs(values).max())


@pytest.mark.parametrize("model", MODELS[:4], ids=lambda model: model.name)
def test_torch_says_today_what_it_said(model: Model) -> None:
    pytest.importorskip("torch")
    from torch_gradients import gradients

    with np.load(RECORDED / f"{model.name}.npz") as recorded:
        for name, values in gradients(model, case(model)).items():
            assert np.allclose(values, recorded[name], rtol=1e-9, atol=1e-9)
