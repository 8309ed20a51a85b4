"""What the parser could not read, in the user's terms."""

from __future__ import annotations

from lark.exceptions import UnexpectedInput

from . import errors
from .layout import BadIndentation
from .source import Source, Span


def explain(kind: str, source: Source, problem: UnexpectedInput | BadIndentation) -> errors.SyntaxError:
    """The error that a user sees."""
    offset = problem.offset if isinstance(problem, BadIndentation) else getattr(problem, "pos_in_stream", 0) or 0
    return errors.SyntaxError("E100", "This cannot be read here.", Span(source, offset, offset + 1))
