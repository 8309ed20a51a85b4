"""Looking inside: what an object was compiled to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base import flatten
from .compiler import translate
from .devices import target_of
from .execute import declare, surroundings
from .language_units import units
from .model.declarations import NetworkDeclaration

if TYPE_CHECKING:
    from .codegen.program import Program


def source(group: Any, target: str) -> str:
    """C++ or CUDA of a group or of synapses, with the objects that they contain."""
    wanted = target_of(target)
    own = list(flatten([group]))
    program: Program | None = group._programs.get(target)
    if program is None:
        objects = dict.fromkeys((*surroundings(group), *own))
        program = translate(NetworkDeclaration(declare(objects)), units(), group.store.real.name, wanted)
    return program.source_of({item.name for item in own})
