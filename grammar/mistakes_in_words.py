"""Single words and signs that the language does not have, wherever they stand."""

from __future__ import annotations

import keyword
import re
import unicodedata

from . import errors
from .failure import Failure

_LOOKALIKES = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "×": "*", "·": "*", "∙": "*", "⋅": "*", "∗": "*", "÷": "/", "⁄": "/",
    "∕": "/", "≤": "<=", "≥": ">=", "≠": "!=", "²": "**2", "³": "**3", "：": ":", "，": ",", "（": "(", "）": ")",
    "√": "sqrt(...)", "½": "0.5", "¬": "not", "∧": "and", "∨": "or", "∞": "a large number",
}  # fmt: skip

_OPERATORS = {
    "&&": "and", "||": "or", "&": "and", "|": "or", "!": "not", "~": "not", "^": "**", "<>": "!=", "===": "==",
    "!==": "!=", "=<": "<=", "=>": ">=", ":=": "=", "->": "=",
}  # fmt: skip

_WORDS = {
    "lambda": "Write the expression itself, or register a function with '@eqsnn.function'.",
    "is": "Write '==' to compare.",
    "None": "Leave the name out where nothing is meant.",
    "pass": "Leave the statement out, or leave out the 'if' that has nothing to do.",
    "while": "The text runs once a time step or event: write 'if' for a condition.",
    "import": "Names come from the group, from 'namespace=', or from the script.",
    "from": "Names come from the group, from 'namespace=', or from the script.",
    "return": "Assign to a variable instead.",
    "def": "Register a function with '@eqsnn.function'.",
    "del": "Write 'remove synapse' to remove a synapse.",
}

_NUMBER = re.compile(r"([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+\-]?[0-9]+)?")
_NUMBER_THEN_NAME = re.compile(_NUMBER.pattern + r"(?P<name>[A-Za-z_]\w*)")


def check(failure: Failure) -> errors.SyntaxError | None:
    """The error, if the refused word or sign is one of these mistakes."""
    match failure.here.kind:
        case "stray":
            return _stray(failure)
        case "string":
            return _string(failure)
        case "number":
            return _number(failure)
        case "name":
            return _name(failure)
        case "open" | "close" if failure.here.text != "(" and failure.here.text != ")":
            return _bracket(failure)
        case "operator":
            return _operator(failure)
        case "newline" | "end" if failure.before is not None and failure.before.text in ("++", "--"):
            return _increment(failure)
    return None


def _stray(failure: Failure) -> errors.SyntaxError:
    character = failure.here.text
    if character in _LOOKALIKES:
        message = f"'{character}' is not a sign of the language."
        return failure.error("E106", message, f"Write '{_LOOKALIKES[character]}'.")
    if character == "'" and failure.before is not None and failure.before.kind == "name":
        name = failure.before.text
        return failure.error("E108", "A derivative is not written with a quote.", f"Write 'd{name}/dt'.")
    if character in "\"'":
        return failure.error("E120", "A text in quotes has no place here.", "Write names and numbers without quotes.")
    if character.isspace() or not character.isprintable():
        name = unicodedata.name(character, "").lower() or f"U+{ord(character):04X}"
        return failure.error("E106", f"There is an invisible character here ({name}).", "Delete it, or type a space.")
    return failure.error("E106", f"'{character}' is not a sign of the language.")


def _string(failure: Failure) -> errors.SyntaxError:
    side = failure.here.text[1:-1]
    if failure.index > 1 and failure.lexemes[failure.index - 2].text == "per" and side in ("pre", "post"):
        return failure.error("E120", "A side stands without quotes.", f"Write 'per={side}'.")
    return failure.error("E120", "A text in quotes has no place here.", "Write names and numbers without quotes.")


def _number(failure: Failure) -> errors.SyntaxError | None:
    text = failure.here.text
    if _NUMBER.fullmatch(text):
        return None
    joined = text.replace("_", "")
    if _NUMBER.fullmatch(joined):
        return failure.error("E121", f"'{text}' is not a number.", f"Write '{joined}'.")
    if re.fullmatch(r"0[xXoObB]\w+", text):
        return failure.error("E121", f"'{text}' is not a number.", "Numbers are decimal: write '31', '0.5' or '1e-3'.")
    if (found := _NUMBER_THEN_NAME.fullmatch(text)) and found["name"] not in ("e", "E"):
        name = found["name"]
        message = f"'{text}' is neither a number nor a name."
        return failure.error("E121", message, f"Write '{text[: -len(name)]}*{name}' to multiply.")
    return failure.error("E121", f"'{text}' is not a number.", "Write it as in '31', '0.5' or '1e-3'.")


def _name(failure: Failure) -> errors.SyntaxError | None:
    text = failure.here.text
    if not text.isascii():
        return _foreign_letter(failure)
    if keyword.iskeyword(text) and text not in ("if", "elif", "else", "for", "in", "and", "or", "not", "True", "False"):
        message = f"'{text}' is a word of Python that the language does not have."
        return failure.error("E120", message, _WORDS.get(text, "As a name it cannot be used either: choose another."))
    if text == "in" and not failure.accepts & {"_IN"} and failure.kind not in ("rule", "generator"):
        return failure.error("E120", "The language has no 'in'.", "Compare with '==', and join with 'or'.")
    return None


def _foreign_letter(failure: Failure) -> errors.SyntaxError:
    text = failure.here.text
    letter = next(character for character in text if not character.isascii())
    if letter in _LOOKALIKES:  # a raised digit is a letter to Python
        return failure.error("E106", f"'{letter}' is not a sign of the language.", f"Write '{_LOOKALIKES[letter]}'.")
    spelled = "".join(_spelled(character) for character in text)
    hint = "Names are made of the letters a to z, digits and '_'"
    hint += f": write '{spelled}'." if spelled.isascii() and spelled.isidentifier() else "."
    return failure.error("E106", f"A name cannot contain '{letter}'.", hint)


def _spelled(character: str) -> str:
    """``tau`` for the Greek letter; a letter with its accent left out."""
    name = unicodedata.name(character, "")
    if name.startswith("GREEK") or character == "µ":
        last = "mu" if character == "µ" else name.split(" WITH ")[0].rsplit(" ", 1)[-1].lower()
        return last.capitalize() if character.isupper() else last
    return unicodedata.normalize("NFKD", character)[0]


def _bracket(failure: Failure) -> errors.SyntaxError:
    text, before = failure.here.text, failure.before
    if text == "[" and before is not None and before.kind == "name":
        hint = f"Every element runs by itself: write '{before.text}', or a neuron's variable with '_pre' or '_post'."
        return failure.error("E120", f"'{before.text}' cannot be indexed.", hint)
    return failure.error("E120", f"'{text}' is not a sign of the language.", "Group with '(' and ')'.")


def _operator(failure: Failure) -> errors.SyntaxError | None:
    text, before = failure.here.text, failure.before
    if text in _OPERATORS:
        return failure.error("E110", f"'{text}' is not an operator of the language.", f"Write '{_OPERATORS[text]}'.")
    if text in ("++", "--") and not failure.wants_operand:
        return _increment(failure)
    if text in ("**=", "//=", "%=", "&=", "|=", "^="):
        name = before.text if before is not None and before.kind == "name" else "x"
        known = f" {text[:-1]} ..." if text in ("**=", "//=", "%=") else " ..."
        return failure.error("E110", f"'{text}' is not an assignment.", f"Write '{name} = {name}{known}'.")
    if text in ("<<", ">>", "@"):
        return failure.error("E110", f"'{text}' is not an operator of the language.")
    if text == "?":
        return failure.error("E111", "There is no '? :' in the language.", "Write 'where(condition, a, b)'.")
    if text == ".":
        return _dot(failure)
    return None


def _increment(failure: Failure) -> errors.SyntaxError:
    at = failure.here if failure.here.text in ("++", "--") else failure.before
    assert at is not None
    return failure.error("E110", f"'{at.text}' is not an operator of the language.", f"Write '{at.text[0]}= 1'.", at)


def _dot(failure: Failure) -> errors.SyntaxError:
    before, after = failure.before, failure.after
    if before is None or before.kind != "name" or after.kind != "name":
        return failure.error("E106", "'.' has no place here.")
    hint = f"Write '{after.text}'; in a synapse, '{after.text}_pre' or '{after.text}_post' for a neuron's variable."
    return failure.error("E120", f"'{before.text}.{after.text}': names have no parts.", hint)
