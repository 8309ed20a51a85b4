"""Trees as plain tuples, without spans: what two texts that mean the same have in common."""

from dataclasses import fields, is_dataclass

from eqsnn.grammar import parser
from eqsnn.grammar.source import Source, Span


def shape(node):
    """Class name and fields of a node, all the way down, without spans and sources."""
    if is_dataclass(node):
        kept = [getattr(node, f.name) for f in fields(node) if f.name not in ("span", "source")]
        return (type(node).__name__, *map(shape, kept))
    if isinstance(node, tuple):
        return tuple(map(shape, node))
    return (type(node).__name__, node)  # 1 is not True, nor 1.0


def nodes(node):
    """A node and all nodes below it."""
    if isinstance(node, tuple):
        for part in node:
            yield from nodes(part)
    elif is_dataclass(node) and not isinstance(node, Source | Span):
        yield node
        for f in fields(node):
            yield from nodes(getattr(node, f.name))


def expression(text):
    return parser.parse_expression(Source(text))


def statements(text):
    return parser.parse_statements(Source(text)).statements


def definitions(text):
    return parser.parse_equations(Source(text)).definitions


def passes(text):
    return parser.parse_rule(Source(text)).passes


PARSERS = {
    "expression": parser.parse_expression,
    "equations": parser.parse_equations,
    "unit": parser.parse_unit,
    "block": parser.parse_statements,
    "rule": parser.parse_rule,
    "generator": parser.parse_generator,
}
