"""Loading a compiled module into this process."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from pathlib import Path

from ..grammar.errors import BuildError


def load(path: Path, *, share_symbols: bool = False) -> ctypes.CDLL:
    """Load the shared library at ``path``, once per process, with every symbol resolved at once.

    With ``share_symbols`` later libraries may use its symbols (``RTLD_GLOBAL``).

    :raises BuildError: E807, the library cannot be loaded.
    """
    return _load(Path(path).absolute(), share_symbols)


@cache
def _load(path: Path, share_symbols: bool) -> ctypes.CDLL:
    visibility = os.RTLD_GLOBAL if share_symbols else os.RTLD_LOCAL
    try:
        return ctypes.CDLL(str(path), mode=os.RTLD_NOW | visibility)
    except OSError:
        # The loader's own words ("invalid ELF header") help nobody; what to do about it is always the same.
        raise BuildError(
            "E807",
            f"the compiled code at {path} cannot be loaded.",
            hint="it may have been built on another machine or damaged: call eqsnn.runtime.cache.clear() and run again",
        ) from None
