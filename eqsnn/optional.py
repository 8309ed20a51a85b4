"""Libraries that only some scripts need, imported when they are asked for."""

from __future__ import annotations

import importlib
from typing import Any

from .grammar import errors


def require(module: str, what: str, install: str | None = None) -> Any:
    """Import a library that is not among eqsnn's own requirements, such as ``'scipy.sparse'``, for ``what``.

    ``install`` is the name of its package, where that is another.

    :raises BuildError: E875, it is not installed; the message tells what to install.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        library = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != library:
            raise  # the library is there, but not what it needs itself
        raise errors.BuildError(
            "E875",
            f"{what} needs {install or library}, which is not installed.",
            hint=f"install it with: python -m pip install {install or library}",
        ) from None
