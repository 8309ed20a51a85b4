"""The nearest known names for one that is not known: for hints such as "did you mean 'tau_m'?"."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def suggest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """At most ``most`` of the known names that a user may have meant by ``name``, the nearest first.

    Names that differ only in upper and lower case come before all others.
    """
    ranked = sorted((-_similarity(name, other), other) for other in set(known) if other != name)
    return [other for score, other in ranked if score <= -_threshold(name)][:most]


def question(names: Iterable[str]) -> str | None:
    """``did you mean 'a', 'b' or 'c'?``, or None where there is no name."""
    text = listed(names)
    return f"did you mean {text}?" if text else None


def listed(names: Iterable[str]) -> str:
    """``'a', 'b' or 'c'``; empty where there is no name."""
    quoted = [f"'{name}'" for name in names]
    return " or ".join(filter(None, (", ".join(quoted[:-1]), *quoted[-1:])))


def _similarity(name: str, other: str) -> float:
    if name.lower() == other.lower():
        return 1.0
    # Two words swapped or a letter lost weigh less with autojunk off, which is meant for long texts.
    return SequenceMatcher(None, name.lower(), other.lower(), autojunk=False).ratio() - 0.01


def _threshold(name: str) -> float:
    """In names of two letters one that agrees is enough ('ge' and 'gi'); in longer ones letters agree by chance."""
    return 0.45 if len(name) <= 2 else 0.6
