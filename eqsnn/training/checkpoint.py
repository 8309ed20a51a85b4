"""Checkpoints of a training: one ``.npz`` file without pickle, replaced whole, and the history beside it.

Everything that the next batch depends on is in it: all synapses that are learned or rewired, each variable with its
identity, and what neurons share, other parameters being the script's own; optimiser, feedback, counters of rules, and
where the random numbers are. So a training that goes on from a checkpoint comes to the same bits as one that was never
interrupted.
"""

from __future__ import annotations

import json
import os
import zipfile
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
_UNREADABLE = OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile
Arrays = dict[str, npt.NDArray[Any]]


def exists(folder: Path) -> bool:
    """Whether a folder holds a checkpoint."""
    return (folder / _NAME).exists()


def save(trainer: EProp, folder: Path) -> None:
    """Write everything to ``folder``; what was there stays until the new file is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{_NAME}.{os.getpid()}"
    try:
        with unfinished.open("wb") as file:
            np.savez(file, **_arrays(trainer))  # type: ignore[arg-type]
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / _NAME)
    finally:
        unfinished.unlink(missing_ok=True)
    trainer.history.write(folder)


def load(trainer: EProp, folder: Path) -> None:
    """Take up what `save` has written; nothing changes where that is not possible.

    :raises RunError: E933.
    """
    arrays, about = _read(folder)
    if about.get("format") != _FORMAT or about.get("network") != _signature(trainer):
        message = f"the checkpoint in '{folder}' is one of another network."
        hint = "use another folder, or build the network and its EProp as they were"
        raise errors.RunError("E933", message, hint=hint)
    for synapses in _kept(trainer):
        restore_identities(synapses, _part(arrays, f"synapses/{synapses.name}/"))
    trainer._feedback.restore(_part(arrays, "feedback/"))
    for key, values in _accounts(trainer).items():
        values[:] = arrays[f"accounts/{key}"]
    for rule in trainer.plan.rules:
        rule.store["_changes"][:] = arrays[f"rule/{rule.name}"]
        rule.batches = int(arrays[f"batches/{rule.name}"])
    trainer.batches, trainer.epochs = about["batches"], about["epochs"]
    trainer.history = History.of_rows(about["history"])
    seeds.restore(about["random"])


def _arrays(trainer: EProp) -> Arrays:
    found: Arrays = {}
    for synapses in _kept(trainer):
        found |= {f"synapses/{synapses.name}/{key}": values for key, values in identities_of(synapses).items()}
    found |= {f"feedback/{name}": matrix for name, matrix in trainer._feedback.state().items()}
    found |= {f"accounts/{key}": values[0].copy() for key, values in _accounts(trainer).items()}
    found |= {f"rule/{rule.name}": rule.store["_changes"].copy() for rule in trainer.plan.rules}
    found |= {f"batches/{rule.name}": np.array(rule.batches) for rule in trainer.plan.rules}
    about = {
        "format": _FORMAT,
        "network": _signature(trainer),
        "batches": trainer.batches,
        "epochs": trainer.epochs,
        "random": seeds.state(),
        "history": trainer.history.to_rows(),
    }
    return {**found, "about": np.frombuffer(json.dumps(about).encode(), np.uint8)}


def _read(folder: Path) -> tuple[Arrays, dict[str, Any]]:
    try:
        with (folder / _NAME).open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays: Arrays = dict(file)
        about = json.loads(arrays.pop("about").tobytes())
    except (*_UNREADABLE, AttributeError, TypeError) as error:  # the last two: an array, not a file of several
        message = f"there is no checkpoint in '{folder}' that can be read: {error}"
        raise errors.RunError("E933", message) from None
    return arrays, about if isinstance(about, dict) else {}


def _part(arrays: Mapping[str, npt.NDArray[Any]], beginning: str) -> Arrays:
    return {name.removeprefix(beginning): values for name, values in arrays.items() if name.startswith(beginning)}


def _kept(trainer: EProp) -> tuple[Synapses, ...]:
    """Synapses that change from batch to batch: those that are learned, and those that rules change."""
    changed = (*trainer.plan.projections, *(rule.synapses for rule in trainer.plan.rules))
    return tuple({synapses.name: synapses for synapses in changed}.values())


def _accounts(trainer: EProp) -> Arrays:
    """Variables that the neurons of a group share: there rules keep accounts that are for several projections."""
    found = {}
    for group in trainer.plan.hidden:
        for member in group.model.variables.values():
            if member.shared and member.name in group.store and not getattr(member, "constant", False):
                found[f"{group.name}.{member.name}"] = group.store.each(member.name)
    return found


def _signature(trainer: EProp) -> list[Any]:
    """What must agree: the projections, their sizes and variables; the rules; how errors come back."""
    rules = [[rule.name, rule.rule] for rule in trainer.plan.rules]
    synapses = [_described(synapses) for synapses in _kept(trainer)]
    return [synapses, rules, sorted(_accounts(trainer)), trainer._feedback.kind]


def _described(synapses: Synapses) -> list[Any]:
    columns = [[name, np.dtype(kind).str] for name, kind in synapses.ragged.columns.items() if "@" not in name]
    return [synapses.name, len(synapses.source_group), len(synapses.target_group), sorted(columns)]
