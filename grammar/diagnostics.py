"""How an error reads: the only place that decides the layout.

NeuronGroup 'excitatory', model, line 2
  dge/dt = -ge + 1 : volt
           ^^^^^^^
  volt and 1 cannot be added. (E203)
  'dge/dt' needs volt/second on its right side: did you mean '-ge/tau_e'?
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from .source import Span

_INDENT = "  "


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What went wrong, where, and what to write instead.

    ``code`` is stable across versions (``'E203'``); ``span`` is None where no text is at fault; ``place`` then names
    the object (``"Synapses 'recurrent'"``).
    """

    code: str
    message: str
    span: Span | None = None
    hint: str | None = None
    place: str | None = None


def render(diagnostic: Diagnostic) -> str:
    """The text of an error: title and line, the source line, carets, what is wrong, what to write instead."""
    lines: list[str] = []
    if diagnostic.span is not None:
        lines += _excerpt(diagnostic.span)
    elif diagnostic.place is not None:
        lines.append(diagnostic.place)
    explanation = [f"{diagnostic.message} ({diagnostic.code})"]
    if diagnostic.hint is not None:
        explanation.append(diagnostic.hint)
    indent = _INDENT if lines else ""
    return "\n".join(lines + [indent + line for part in explanation for line in part.split("\n")])


def _excerpt(span: Span) -> list[str]:
    """Title, source line without its indentation, and carets under the part of the span that is in this line."""
    number, column = span.source.position(span.start)
    raw = "".join(map(_shown, span.source.line(number).rstrip()))
    line = raw.lstrip()
    start = max(column - 1 - (len(raw) - len(line)), 0)
    end = min(start + max(span.end - span.start, 1), len(line))
    # At least one caret, also for a span at the end of the line, or one that is empty.
    carets = "^" * max(_width(line[start:end]), 1)
    before = line[:start].ljust(start)
    padding = "".join("\t" if character == "\t" else " " * _width(character) for character in before)
    title = f"{span.source.title}, line {number}"
    return [title, f"{_INDENT}{line}", f"{_INDENT}{padding}{carets}"] if line else [title]


def _shown(character: str) -> str:
    """A control character would move the cursor of a terminal, and the caret with it."""
    return character if character.isprintable() or character in "\t\xa0" else "\N{REPLACEMENT CHARACTER}"


def _width(text: str) -> int:
    """Columns that a terminal uses for the text."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Cf":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
