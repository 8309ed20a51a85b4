"""What monitors have in common: a source, and the memory that a run writes into."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..attributes import UnknownVariableError
from ..base import NetworkObject
from ..grammar import errors
from ..grammar.suggest import suggest
from ..model.dimensions import SECOND
from ..model.types import Dtype, ValueType
from ..units import quantity

if TYPE_CHECKING:
    from ..network import Network
    from ..runtime.recording import Recording

Array = npt.NDArray[Any]


class Monitor(NetworkObject):
    """Base of all monitors. Recorded variables are attributes: ``M.v`` with its unit, ``M.v_`` without.

    ``recordings``, one for each network of a batch, are made when the first run begins, and kept from run to run.
    """

    recordings: tuple[Recording, ...] = ()
    source: Any
    _copies: int = 1
    _types: dict[str, ValueType]

    def _new_recording(self) -> Recording:
        raise NotImplementedError

    def before_run(self, network: Network) -> None:
        """Make room for what is to be recorded."""
        if not self.recordings:
            self.recordings = tuple(self._new_recording() for _ in range(self._copies))
            self.set_precision(self._precision())
        for recording in self.recordings:
            recording.begin(self.clock.dt_)

    def set_precision(self, dtype: npt.DTypeLike) -> None:
        """Record in another precision, where nothing is recorded yet."""
        for recording in self.recordings:
            recording.set_real(dtype)

    def set_batch(self, copies: int) -> None:
        """Record so many networks.

        :raises RunError: E917, another number of them was recorded.
        """
        if copies == self._copies:
            return
        if any(recording.events or recording.struct.step.bytes for recording in self.recordings):
            message = f"it has recorded a batch of {self._copies}, and cannot go on with one of {copies}."
            raise errors.RunError("E917", message, place=self.title, hint="make a new monitor, or call its reinit()")
        self._copies, self.recordings = copies, ()

    def restart(self) -> None:
        """Forget everything recorded so far: time begins anew."""
        self.reinit()

    def reinit(self) -> None:
        """Forget everything recorded so far."""
        for recording in self.recordings:
            recording.clear()
            recording.begin(self.clock.dt_)

    def _stacked(self, parts: list[Array]) -> Array:
        """What the networks of a batch have recorded, along a first axis; of a single network as it is."""
        return parts[0] if self._copies == 1 else np.stack(parts)

    def _precision(self) -> Any:
        return getattr(self.source, "parent", self.source).store.real

    def times(self) -> Array:
        """Times of all records, in seconds."""
        return self.recordings[0].times() if self.recordings else np.empty(0)

    @property
    def t(self) -> Any:
        """Times of all records, a quantity in seconds."""
        return quantity(self.times(), SECOND)

    @property
    def t_(self) -> Array:
        """Times of all records in seconds, without a unit."""
        return self.times()

    @property
    def N(self) -> int:
        """Number of records so far."""
        return len(self.times())

    def __len__(self) -> int:
        return self.N

    def __bool__(self) -> bool:
        return True  # also where nothing is recorded

    def _column(self, name: str) -> Array:
        """Values of a recorded variable in SI base units."""
        raise NotImplementedError

    def __getattr__(self, name: str) -> Any:
        types: dict[str, ValueType] = vars(self).get("_types", {})
        base = name.removesuffix("_")
        if name in types:
            return quantity(self._column(name), types[name].dimension)
        if base in types:
            return self._column(base)
        if name.startswith("_") or "_types" not in vars(self):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        near = suggest(name, types)
        known = ", ".join(f"'{n}'" for n in types) or "no variables"
        hint = f"did you mean '{near[0]}'?" if near else f"it records {known}"
        raise UnknownVariableError("E323", f"'{name}' is not recorded.", place=self.title, hint=hint)


def as_kind(values: Array, type_: ValueType) -> Array:
    """Recorded numbers as what the variable is; integers and truth values are recorded as numbers."""
    if type_.dtype is Dtype.REAL:
        return values
    if np.isnan(values).any():  # of a synapse that was removed
        return values
    return values.astype(np.bool_ if type_.dtype is Dtype.BOOLEAN else np.int32)


def types_of(source: Any, names: list[str], place: str) -> dict[str, ValueType]:
    """Kinds and dimensions of what is to be recorded.

    :raises UnknownVariableError: E319, the source has no such variable.
    """
    return {name: _type_of(source, name, place) for name in names}


def _type_of(source: Any, name: str, place: str) -> ValueType:
    if not isinstance(name, str):
        raise errors.TypeError("E428", f"a variable is recorded by its name, not by {name!r}.", place=place)
    known = source.state_variables()
    if name in known:
        found: ValueType = known[name].type
        return found
    if hasattr(source, "ragged"):  # synapses see their neurons' variables, and numbers of their own
        from ..execute import scope_of
        from ..namespaces import Namespace

        reference = scope_of(source, Namespace(source.name)).find(name)
        if reference is not None:
            return reference.type
    near = suggest(name, known)
    hint = f"did you mean {' or '.join(repr(n) for n in near)}?" if near else f"it has {', '.join(known)}"
    raise UnknownVariableError("E319", f"{source.title} has no variable '{name}'.", place=place, hint=hint)


def listed(variables: Any) -> list[str]:
    """Names given as one string or several, each once, in their order."""
    if variables is None:
        return []
    return [variables] if isinstance(variables, str) else list(dict.fromkeys(variables))
