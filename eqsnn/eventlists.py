"""The events of the last steps of a group of neurons: a ring for each kind of event and network of a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .runtime.store import Store

if TYPE_CHECKING:
    from .runtime.rings import Ring


class EventLists:
    """Rings of ``size`` neurons, made when they are first asked for, and kept from run to run."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._rings: dict[str, list[Ring]] = {}

    def ring(self, event: str, copy: int, store: Store, refractory: bool) -> Ring:
        """The events of one network, bound to the memory of its neurons; a new one begins with those of the first."""
        from .runtime.rings import Ring

        rings = self._rings.setdefault(event, [])
        while len(rings) < store.copies:
            rings.append(Ring(self._size, rings[0] if rings else None))
        spikes = event == "spike"
        rings[copy].bind(
            store.buffer(f"{event}_flags", copy).ctypes.data,
            store.buffer("lastspike", copy).ctypes.data if spikes else None,
            store.buffer("not_refractory", copy).ctypes.data if spikes and refractory else None,
        )
        return rings[copy]

    def drop(self, copies: int) -> None:
        """Keep so many networks at most."""
        for rings in self._rings.values():
            del rings[copies:]

    def forget(self) -> None:
        """Keep no event of the past."""
        for rings in self._rings.values():
            for ring in rings:
                ring.forget()
