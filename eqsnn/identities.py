"""All that synapses are, as plain arrays, and synapses from such arrays: for checkpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from .synapses import Synapses

Arrays = dict[str, npt.NDArray[Any]]
_COUNTS = ("next_serial", "created", "removed", "refusals")


def identities_of(synapses: Synapses) -> Arrays:
    """Both ends of every synapse, the number that it was created by, and its variables, in order of creation.

    Variables of the copies of a batch are left out, but for those of the first.
    """
    ragged = synapses.ragged
    found: Arrays = {name: ragged.get(name) for name in ragged.columns if "@" not in name}
    counts = np.array([getattr(ragged.fields, name) for name in _COUNTS], np.int64)
    return {**found, "@i": ragged.i, "@j": ragged.j, "@serial": ragged.serial, "@counts": counts}


def restore_identities(synapses: Synapses, arrays: Arrays) -> None:
    """Make the synapses those of `identities_of`, whatever there was before; all copies begin as the first."""
    ragged = synapses.ragged
    ragged.remove(ragged.order())
    ragged.append(arrays["@i"], arrays["@j"])
    for name in ragged.columns:
        ragged.set(name, arrays.get(name.partition("@")[0], 0))
    slots = ragged.order()
    ragged.fixed("serial")[slots] = arrays["@serial"]
    for name, value in zip(_COUNTS, arrays["@counts"].tolist(), strict=True):
        setattr(ragged.fields, name, value)
