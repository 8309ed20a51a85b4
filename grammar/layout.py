"""Where a line ends and a block begins: the step between Lark's lexer and its parser.

Both classes are stateless: `process` is a generator of its own for each parse, so a grammar may serve several threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from lark import Token
from lark.lark import PostLex

NEWLINE, INDENT, DEDENT = "_NEWLINE", "_INDENT", "_DEDENT"


class BadIndentation(Exception):  # noqa: N818 - carries an offset to the parser, is never shown
    """A line's indentation fits no block that is open."""

    def __init__(self, offset: int, deeper: bool) -> None:
        super().__init__(offset)
        self.offset = offset
        self.deeper = deeper


class EquationLayout(PostLex):
    """Keeps a line's end only after a unit, so that an expression may go on over several lines."""

    always_accept = (NEWLINE,)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Drop the ends of lines that end no definition."""
        depth, in_unit = 0, False
        for token in stream:
            depth += _depth_change(token)
            if token.type == NEWLINE:
                if depth > 0 or not in_unit:
                    continue
                in_unit = False
            elif token.type == "COLON":
                in_unit = depth <= 0
            yield token


class BlockLayout(PostLex):
    """Python's blocks, except that a block opens only after a ':'.

    Outside blocks indentation means nothing, so a triple-quoted text may be indented as its surroundings are. What
    stands on the first line of the text has no known indentation: its quotes may be anywhere in the line.
    """

    always_accept = (NEWLINE,)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """Insert the beginnings and ends of blocks; the text must have no white space at its end."""
        blocks, depth, last = _Blocks(), 0, None
        for token in stream:
            depth += _depth_change(token)
            if token.type != NEWLINE:
                yield token
            elif last is None:
                blocks.indentation = _indentation(token)
                continue
            elif depth > 0:
                continue
            else:
                yield token
                yield from blocks.next_line(token, opening=last.type == "COLON")
            last = token
        if last is not None:
            if last.type != NEWLINE:
                yield Token.new_borrow_pos(NEWLINE, "", last)
            yield from (Token.new_borrow_pos(DEDENT, "", last) for _ in blocks.open)


@dataclass(slots=True)
class _Blocks:
    """The blocks that are open: the indentation of the head (None: not known) and of the body."""

    indentation: int | None = None
    open: list[tuple[int | None, int]] = field(default_factory=list)

    def next_line(self, newline: Token, opening: bool) -> Iterator[Token]:
        if "#" in newline.rpartition("\n")[2]:  # a comment ends the text
            return
        before, now = self.indentation, _indentation(newline)
        self.indentation = now
        if opening and now > (before or 0):
            self.open.append((before, now))
            yield Token.new_borrow_pos(INDENT, "", newline)
            return
        if not opening and self.open and now > self.open[-1][1]:
            raise BadIndentation(_end(newline), deeper=True)
        while self.open and now < self.open[-1][1]:
            head, _ = self.open.pop()
            enclosing = self.open[-1][1] if self.open else head
            if enclosing is not None and now > enclosing:
                raise BadIndentation(_end(newline), deeper=False)
            yield Token.new_borrow_pos(DEDENT, "", newline)


def _depth_change(token: Token) -> int:
    return {"LPAR": 1, "RPAR": -1}.get(token.type, 0)


def _end(token: Token) -> int:
    return (token.start_pos or 0) + len(token)


def _indentation(newline: Token) -> int:
    return len(newline.rpartition("\n")[2].expandtabs(8))
