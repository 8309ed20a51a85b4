"""Words and signs of a text that the parser has refused. Forgiving: every text has lexemes, right or wrong ones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias, cast

LexemeKind: TypeAlias = Literal["name", "number", "string", "operator", "open", "close", "newline", "stray", "end"]

# Operators of other languages are lexemes here, so that a message can name them as a whole.
_PATTERN = re.compile(
    r"""
      (?P<skip>     [ \t\f\r]+ | \#[^\n]* | \\[ \t]*\r?\n )
    | (?P<newline>  \n )
    | (?P<number>   (?:\d|\.\d) (?: [eE][+\-]?(?=\d) | [\w.] )* )
    | (?P<name>     [^\W\d]\w* )
    | (?P<string>   '[^'\n]*' | "[^"\n]*" )
    | (?P<open>     [(\[{] )
    | (?P<close>    [)\]}] )
    | (?P<operator> === | !== | \*\*= | //= | \*\* | // | == | != | <= | >= | <> | << | >> | => | =< | -> | := | \+\+
                    | -- | && | \|\| | [-+*/%&|^]= | ;; | [-+*/%<>=!&|^~?:;,.@] )
    | (?P<stray>    . )
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Lexeme:
    """One word or sign, from offset ``start`` to ``end``."""

    kind: LexemeKind
    text: str
    start: int
    end: int


def lexemes(text: str) -> list[Lexeme]:
    """All of a text's lexemes without white space and comments; the last is ``end``, of no length."""
    found = [
        Lexeme(cast(LexemeKind, match.lastgroup), match.group(), match.start(), match.end())
        for match in _PATTERN.finditer(text)
        if match.lastgroup != "skip"
    ]
    return [*found, Lexeme("end", "", len(text), len(text))]
