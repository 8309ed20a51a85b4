"""The errors a user can meet. Each carries a diagnostic; `diagnostics.render` alone decides how one reads."""

from __future__ import annotations

from .diagnostics import Diagnostic as Diagnostic
from .diagnostics import render
from .source import Span


class EqsnnError(Exception):
    """Base class of every error eqsnn raises on purpose."""

    def __init__(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        hint: str | None = None,
        place: str | None = None,
    ) -> None:
        self.diagnostic = Diagnostic(code, message, span, hint, place)
        super().__init__(self.diagnostic)

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between processes, as those of a parameter sweep do."""
        d = self.diagnostic
        return type(self), (d.code, d.message, d.span, d.hint, d.place)

    @property
    def code(self) -> str:
        """The stable code of the message, such as ``'E203'``."""
        return self.diagnostic.code

    def __str__(self) -> str:
        return render(self.diagnostic)


class SyntaxError(EqsnnError):  # noqa: A001 - the user's SyntaxError is about the user's text
    """E1xx: the text does not follow the grammar."""


class DimensionError(EqsnnError, ValueError):
    """E2xx: physical dimensions do not fit."""


class NameError(EqsnnError):  # noqa: A001
    """E3xx: a name is unknown, ambiguous, reserved or defined twice."""


class TypeError(EqsnnError):  # noqa: A001
    """E4xx: a boolean, an integer or a real number stands where another is needed."""


class ModelError(EqsnnError):
    """E5xx: well formed, but it means something that cannot be: order-dependent code, illegal flags, no method."""


class StructureError(EqsnnError):
    """E6xx: illegal structural statement, or connectivity that does not fit the groups."""


class StateError(EqsnnError, IndexError):
    """E7xx: state access: index out of range, wrong shape, read-only variable, a value that is not finite."""


class BuildError(EqsnnError):
    """E8xx: the machine: no compiler, a failed compilation, a cache that cannot be written."""


class RunError(EqsnnError):
    """E9xx: a run cannot start or go on: incommensurable time steps, a value that is not finite, nothing to run."""


class UnsupportedError(EqsnnError):
    """E0xx: part of the language that this version does not run yet."""
