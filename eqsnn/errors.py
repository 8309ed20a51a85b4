"""Every error that eqsnn raises on purpose, for ``except eqsnn.errors.DimensionError``.

All derive from `EqsnnError` and have a stable ``code`` such as ``'E203'``; printing one shows the text at fault.
"""

from __future__ import annotations

from .attributes import UnknownVariableError
from .grammar.errors import (
    BuildError,
    Diagnostic,
    DimensionError,
    EqsnnError,
    ModelError,
    NameError,
    RunError,
    StateError,
    StructureError,
    SyntaxError,
    TypeError,
    UnsupportedError,
)
from .prefs import UnknownPreferenceError

__all__ = [
    "BuildError",
    "Diagnostic",
    "DimensionError",
    "EqsnnError",
    "ModelError",
    "NameError",
    "RunError",
    "StateError",
    "StructureError",
    "SyntaxError",
    "TypeError",
    "UnknownPreferenceError",
    "UnknownVariableError",
    "UnsupportedError",
]

for _name in __all__:  # what stands above a message in a traceback
    globals()[_name].__module__ = __name__
