"""Data in .npz files: plain arrays, no pickle."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..grammar import errors

_FORMAT: Final = 1
_SCALARS: Final = ("n_units", "duration", "n_classes")


def write(path: Path, fields: Mapping[str, Any]) -> None:
    """Write fields of a set of data; those that are None are left out. The file appears in one step."""
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in fields.items() if value is not None}
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            np.savez(file, format=np.int64(_FORMAT), **arrays)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Any]:
    """Return the fields that `write` wrote, as arguments of a set of data.

    :raises StateError: E786, there is no such file, or it is not one of these.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as found:
            if int(found["format"]) != _FORMAT:
                raise _unreadable(f"'{path}' is of format {found['format']}, which this version does not read.")
            fields: dict[str, Any] = {name: found[name] for name in found.files if name != "format"}
    except FileNotFoundError:
        raise _unreadable(f"there is no file '{path}'.") from None
    except (KeyError, ValueError, TypeError, AttributeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if isinstance(error, errors.EqsnnError):
            raise
        raise _unreadable(f"'{path}' holds no data of spikes, or is damaged.") from None
    fields.update({name: fields[name].item() for name in _SCALARS if name in fields})
    if "names" in fields:
        fields["names"] = tuple(fields["names"].tolist())
    return fields


def _unreadable(message: str) -> errors.StateError:
    hint = "such files are written by 'data.save(path)'"
    return errors.StateError("E786", message, place="SpikeData.load", hint=hint)
