"""What the parser could not read, in the user's terms.

The codes, which do not change:

    E100  none of the others           E111  conditional expression       E122  two things side by side
    E101  missing unit                 E112  else, elif without if        E123  a line that does nothing
    E102  '=' for '=='                 E113  malformed head of a pass     E124  left side that is no name
    E103  chained comparison           E114  missing ':'                  E125  statement outside a pass
    E104  '(' never closed             E115  indentation                  E126  flags
    E105  ')' never opened             E116  missing body                 E127  units
    E106  stray sign or letter         E117  structural statement         E128  sample, match, range
    E107  missing operand              E118  limit                        E129  arguments of a call
    E108  malformed derivative         E119  empty text                   E130  nested too deeply
    E109  missing '='                  E120  Python that is not here      E132  pass inside a pass
    E110  operator of elsewhere        E121  numbers
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from lark import Lark
from lark.exceptions import UnexpectedInput

from . import (
    errors,
    mistakes_in_equations,
    mistakes_in_expressions,
    mistakes_in_rules,
    mistakes_in_statements,
    mistakes_in_words,
)
from .failure import Failure, locate
from .layout import BadIndentation
from .lexemes import lexemes
from .source import Source, Span

if TYPE_CHECKING:
    from .parser import Kind

Check: TypeAlias = Callable[[Failure], errors.SyntaxError | None]

# The first that applies explains the failure: what can only be one mistake comes first.
_FIRST: tuple[Check, ...] = (
    mistakes_in_expressions.check_empty,
    mistakes_in_words.check,
    mistakes_in_expressions.check_parentheses,
)
_OF_KIND: dict[Kind, tuple[Check, ...]] = {
    "expression": (),
    "generator": (mistakes_in_rules.check,),
    "equations": (mistakes_in_equations.check,),
    "unit": (mistakes_in_equations.check,),
    "block": (mistakes_in_statements.check,),
    "rule": (mistakes_in_rules.check, mistakes_in_statements.check),
}


def explain(kind: Kind, source: Source, parser: Lark, problem: UnexpectedInput) -> errors.SyntaxError:
    """The error that a user sees in place of Lark's."""
    failure = locate(kind, source, parser, problem)
    for check in (*_FIRST, *_OF_KIND[kind], mistakes_in_expressions.check):
        if error := check(failure):
            return error
    return _unexpected(failure)


def explain_indentation(source: Source, problem: BadIndentation) -> errors.SyntaxError:
    """A line that is in no block."""
    lexeme = next(lexeme for lexeme in lexemes(source.text) if lexeme.end > problem.offset or lexeme.kind == "end")
    if problem.deeper:
        message = "This line is indented deeper than the one before it, which opens no block."
        hint = "Indent it as the line before, which must end with ':' to open a block."
    else:
        message = "The indentation of this line fits none of the lines before it."
        hint = "Indent it as the block it belongs to."
    return errors.SyntaxError("E115", message, Span(source, lexeme.start, lexeme.end), hint)


def _unexpected(failure: Failure) -> errors.SyntaxError:
    if failure.at_line_end:
        before = failure.before
        place = f" after '{before.text}'" if before is not None else ""
        return failure.error("E100", f"Something is missing{place}: the line ends too early.")
    return failure.error("E100", f"'{failure.here.text}' has no place here.")
