"""A place where the parser stopped: what stands there, what stands around it, and what could have stood there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from lark import Lark, Token
from lark.exceptions import UnexpectedInput, UnexpectedToken

from . import errors
from .lexemes import Lexeme, lexemes
from .source import Source, Span

if TYPE_CHECKING:
    from .parser import Kind


@dataclass(frozen=True)
class Failure:
    """The lexeme at ``index`` is the first that the parser could not take; ``accepts`` names the terminals it would."""

    kind: Kind
    source: Source
    lexemes: tuple[Lexeme, ...]
    index: int
    accepts: frozenset[str]

    @property
    def here(self) -> Lexeme:
        """The lexeme that was refused."""
        return self.lexemes[self.index]

    @cached_property
    def before(self) -> Lexeme | None:
        """The lexeme before it, on whichever line."""
        return next((lexeme for lexeme in reversed(self.lexemes[: self.index]) if lexeme.kind != "newline"), None)

    @property
    def after(self) -> Lexeme:
        """The lexeme after it, which may be the end of its line."""
        return self.lexemes[min(self.index + 1, len(self.lexemes) - 1)]

    @property
    def at_line_end(self) -> bool:
        """Whether the refused lexeme is the end of a line or of the text."""
        return self.here.kind in ("newline", "end")

    @property
    def first_on_line(self) -> bool:
        """Whether nothing stands before it on its line."""
        return self.index == 0 or self.lexemes[self.index - 1].kind == "newline"

    @cached_property
    def line(self) -> tuple[Lexeme, ...]:
        """What stands before it on its line."""
        start = self.index
        while start > 0 and self.lexemes[start - 1].kind != "newline":
            start -= 1
        return self.lexemes[start : self.index]

    @cached_property
    def rest(self) -> tuple[Lexeme, ...]:
        """It, and what stands after it on its line."""
        end = self.index
        while self.lexemes[end].kind not in ("newline", "end"):
            end += 1
        return self.lexemes[self.index : end]

    @cached_property
    def open(self) -> list[Lexeme]:
        """The parentheses before it that are still open."""
        stack: list[Lexeme] = []
        for lexeme in self.lexemes[: self.index]:
            if lexeme.text == "(":
                stack.append(lexeme)
            elif lexeme.text == ")" and stack:
                stack.pop()
        return stack

    @property
    def wants_operand(self) -> bool:
        """Whether a value is due."""
        return "NUMBER" in self.accepts

    @property
    def wants_operator(self) -> bool:
        """Whether a value has just ended."""
        return not self.wants_operand and bool(self.accepts & {"SIGN", "UNIT_MULTIPLY"})

    def error(self, code: str, message: str, hint: str | None = None, at: Lexeme | None = None) -> errors.SyntaxError:
        """An error at a lexeme; by default at the one refused, or at the one before it where a line ended too early."""
        if at is None:
            at = self.before if self.at_line_end and self.before is not None else self.here
        return errors.SyntaxError(code, message, Span(self.source, at.start, at.end), hint)

    def span(self, first: Lexeme, last: Lexeme) -> Span:
        """From one lexeme to another."""
        return Span(self.source, first.start, last.end)


def locate(kind: Kind, source: Source, parser: Lark, problem: UnexpectedInput) -> Failure:
    """The failure behind one of Lark's exceptions."""
    text = source.text.rstrip()
    found = tuple(lexemes(text))
    offset = _offset(problem, len(text))
    index = next((n for n, lexeme in enumerate(found) if lexeme.end > offset), len(found) - 1)
    return Failure(kind, source, found, index, _accepted(parser, text, kind))


def _offset(problem: UnexpectedInput, end: int) -> int:
    if isinstance(problem, UnexpectedToken) and problem.token == "":
        # The layout step or Lark added this token after another, whose position it has.
        return problem.token.end_pos if problem.token.end_pos is not None else end
    return problem.pos_in_stream if problem.pos_in_stream is not None else end


def _accepted(parser: Lark, text: str, start: str) -> frozenset[str]:
    """The terminals that could have followed the last token that the parser took.

    Lark's own list is for the state in which the parser gave up. On its way there it may have closed an expression
    that could still have gone on, so the tokens before the refused one are parsed again.
    """
    good = sum(1 for _ in _parse_on(parser.parse_interactive(text, start)))
    again: _Attempt = parser.parse_interactive(text, start)
    for _ in islice(_parse_on(again), good):
        pass
    return frozenset(again.accepts())


def _parse_on(attempt: _Attempt) -> Iterator[Token]:
    """The tokens that the parser takes, up to the first that it refuses."""
    try:
        for token in attempt.lexer_thread.lex(attempt.parser_state):
            attempt.feed_token(token)
            yield token
    except UnexpectedInput:
        return


class _Lexer(Protocol):
    """Lark's ``LexerThread``, which has no annotations."""

    def lex(self, parser_state: object) -> Iterator[Token]: ...


class _Attempt(Protocol):
    """Lark's ``InteractiveParser``, which has none either."""

    parser_state: Any

    @property
    def lexer_thread(self) -> _Lexer: ...

    def feed_token(self, token: Token) -> object: ...

    def accepts(self) -> set[str]: ...
