"""Text to syntax tree: one function for each kind of text. All raise `errors.SyntaxError`, and nothing else.

A grammar is built when its kind of text is first met (some 20 ms each, tables included), and Lark is imported then.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from . import ast
from .source import Source

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

Kind: TypeAlias = Literal["expression", "equations", "unit", "block", "rule", "generator"]

_FILES: dict[Kind, str] = {
    "expression": "generator",
    "generator": "generator",
    "equations": "equations",
    "unit": "equations",
    "block": "statements",
    "rule": "rule",
}


def parse_expression(source: Source) -> ast.Expression:
    """A condition, a probability, a value: one expression, possibly over several lines."""
    from . import transform

    return transform.expression(_parse("expression", source), source)


def parse_equations(source: Source) -> ast.Equations:
    """The text of ``model=``; an empty text defines nothing."""
    from . import transform

    return transform.equations(_parse("equations", source), source)


def parse_unit(source: Source) -> ast.Expression:
    """A unit as it stands after the ':' of a definition, such as ``siemens*meter**-2``."""
    from . import transform

    return transform.expression(_parse("unit", source), source)


def parse_statements(source: Source) -> ast.Block:
    """Event code; an empty text does nothing."""
    from . import transform

    return transform.block(_parse("block", source), source)


def parse_rule(source: Source) -> ast.Rule:
    """A structural rule: at least one pass."""
    from . import transform

    return transform.rule(_parse("rule", source), source)


def parse_generator(source: Source) -> ast.Generator | ast.Expression:
    """The text of ``connect(j=...)``: ``element for k in range(...)``, or a plain expression."""
    from . import transform

    return transform.generator(_parse("generator", source), source)


def cache_tables_in(directory: Path | None) -> None:
    """Keep the parsers' tables as files in ``directory`` from now on: some 2 ms to load instead of 20 ms to build.

    The files are pickles, so the directory must be one that only this user can write to. None, the default, keeps none.
    """
    global _table_directory
    _table_directory = directory
    _lark.cache_clear()


_table_directory: Path | None = None


def _parse(kind: Kind, source: Source) -> Tree[Token]:
    from lark.exceptions import UnexpectedInput

    from .layout import BadIndentation

    parser = _lark(_FILES[kind])
    try:
        # The layout step relies on a text that does not end in white space.
        return parser.parse(source.text.rstrip(), start=kind)
    except (UnexpectedInput, BadIndentation) as problem:
        from .syntax_errors import explain, explain_indentation

        if isinstance(problem, BadIndentation):
            error = explain_indentation(source, problem)
        else:
            error = explain(kind, source, parser, problem)
    raise error  # outside the handler, so that the error has no Lark exception as its context


@cache
def _lark(file: str) -> Lark:
    from lark import Lark

    from .layout import BlockLayout, EquationLayout

    layouts = {"equations": EquationLayout(), "statements": BlockLayout(), "rule": BlockLayout()}
    starts = [kind for kind, name in _FILES.items() if name == file]
    table = str(_table_directory / f"{file}.tables") if _table_directory is not None else False
    return Lark.open(
        str(Path(__file__).with_name(f"{file}.lark")),
        parser="lalr",
        start=starts,
        propagate_positions=True,
        postlex=layouts.get(file),
        cache=table,
    )
