"""The programs of a trial, compiled when they are first asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ..base import NetworkObject
from ..codegen.ir import BOOL, DOUBLE, INT, KEPT, LONG, Array
from ..model.declarations import NetworkDeclaration
from ..prefs import prefs
from ..runtime.session import Session

if TYPE_CHECKING:
    from ..symbolic.eprop.derive import Derivation

_KINDS = {BOOL: np.dtype(np.bool_), INT: np.dtype(np.int32), LONG: np.dtype(np.int64), DOUBLE: np.dtype(np.float64)}
_FEEDBACK = "_feedback"


@dataclass(slots=True)
class Programs:
    """Compiled forms of a `Derivation`: ``programs['backward']`` is a session of it."""

    declaration: NetworkDeclaration
    derivation: Derivation
    real: np.dtype[Any]
    output: str
    _sessions: dict[str, Session] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Session:
        if name not in self._sessions:
            from ..compiler import compile_tasks

            program, library = compile_tasks(
                getattr(self.derivation, name), self.declaration, self.real.name, name=f"training_{name}",
                cache_dir=prefs.cache_dir, compiler=prefs.compiler,
            )  # fmt: skip
            self._sessions[name] = Session(program, library, self.real)
        return self._sessions[name]

    def sizes(
        self, name: str, objects: Mapping[str, NetworkObject], steps: int, later: int
    ) -> dict[str, tuple[int, np.dtype[Any]]]:
        """Number and kind of the values of every array of training that a program uses.

        What is kept has a row for each of ``steps`` steps, and zeros for ``later`` steps after the last.
        """
        found = {}
        for array in self[name].program.arrays:
            count = self._count(array, objects, steps + later)
            if count:
                found[array.name] = count, _KINDS.get(array.type, self.real)
        return found

    def _count(self, array: Array, objects: Mapping[str, NetworkObject], rows: int) -> int:
        owner, _, variable = array.name.rpartition(".")
        if array.space != "flat" or owner not in objects or not variable.startswith("_"):
            return 0
        if not hasattr(objects[owner], "size_of") or variable in getattr(objects[owner], "store", ()):
            return 0
        neurons: int = objects[owner].size_of("N")  # type: ignore[attr-defined]
        if variable.startswith(_FEEDBACK):
            return neurons * int(objects[self.output].size_of("N"))  # type: ignore[attr-defined]
        return neurons * rows if variable.endswith(KEPT) else neurons

    def is_shared(self, name: str) -> bool:
        """Whether an array is the same for all lanes."""
        return name.rpartition(".")[2].startswith(_FEEDBACK)
