"""Checkpoints of a training: one ``.npz`` file without pickle, replaced whole, and the history beside it.

Everything that the next batch depends on is in it: every variable of every learned synapse with its identity,
neurons' parameters being the script's own; optimiser, feedback, counters of rules, and where the random numbers are.
So a training that goes on from a checkpoint comes to the same bits as one that was never interrupted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .. import seeds
from ..grammar import errors
from ..identities import identities_of, restore_identities
from ..synapses import Synapses
from .records import History

if TYPE_CHECKING:
    from .eprop import EProp

_NAME, _FORMAT = "checkpoint.npz", 1
Arrays = dict[str, npt.NDArray[Any]]


def exists(folder: Path) -> bool:
    """Whether a folder holds a checkpoint."""
    return (folder / _NAME).exists()


def save(trainer: EProp, folder: Path) -> None:
    """Write everything to ``folder``; what was there stays until the new file is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: Arrays = {}
    for projection in trainer.plan.projections:
        arrays |= {f"synapses/{projection.name}/{key}": values for key, values in identities_of(projection).items()}
    arrays |= {f"feedback/{name}": matrix for name, matrix in trainer._feedback.state().items()}
    arrays |= {f"rule/{rule.name}": rule.store["_changes"].copy() for rule in trainer.plan.rules}
    arrays |= {f"batches/{rule.name}": np.array(rule.batches) for rule in trainer.plan.rules}
    about = {
        "format": _FORMAT,
        "network": _signature(trainer),
        "batches": trainer.batches,
        "epochs": trainer.epochs,
        "random": seeds.state(),
        "history": trainer.history.to_rows(),
    }
    arrays["about"] = np.frombuffer(json.dumps(about).encode(), np.uint8)
    unfinished = folder / f"{_NAME}.{os.getpid()}"
    with unfinished.open("wb") as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(folder / _NAME)
    trainer.history.write(folder)


def load(trainer: EProp, folder: Path) -> None:
    """Take up what `save` has written.

    :raises RunError: E933.
    """
    try:
        with np.load(folder / _NAME, allow_pickle=False) as file:
            arrays: Arrays = dict(file)
        about = json.loads(arrays.pop("about").tobytes())
    except (OSError, ValueError, KeyError) as error:
        message = f"there is no checkpoint in '{folder}' that can be read: {error}"
        raise errors.RunError("E933", message) from None
    if about.get("format") != _FORMAT or about["network"] != _signature(trainer):
        message = f"the checkpoint in '{folder}' is one of another network."
        hint = "use another folder, or build the network and its EProp as they were"
        raise errors.RunError("E933", message, hint=hint)
    for projection in trainer.plan.projections:
        restore_identities(projection, _part(arrays, f"synapses/{projection.name}/"))
    trainer._feedback.restore(_part(arrays, "feedback/"))
    for rule in trainer.plan.rules:
        rule.store["_changes"][:] = arrays[f"rule/{rule.name}"]
        rule.batches = int(arrays[f"batches/{rule.name}"])
    trainer.batches, trainer.epochs = about["batches"], about["epochs"]
    trainer.history = History.of_rows(about["history"])
    seeds.restore(about["random"])


def _part(arrays: Mapping[str, npt.NDArray[Any]], beginning: str) -> Arrays:
    return {name.removeprefix(beginning): values for name, values in arrays.items() if name.startswith(beginning)}


def _signature(trainer: EProp) -> list[list[Any]]:
    """What must agree: the learned projections, their sizes and variables."""
    return [_described(projection) for projection in trainer.plan.projections]


def _described(projection: Synapses) -> list[Any]:
    columns = [[name, np.dtype(kind).str] for name, kind in projection.ragged.columns.items() if "@" not in name]
    return [projection.name, len(projection.source_group), len(projection.target_group), columns]
