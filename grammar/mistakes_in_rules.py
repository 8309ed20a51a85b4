"""Mistakes in the heads of a structural rule and in a generator."""

from __future__ import annotations

from . import errors
from .failure import Failure
from .suggest import suggest

_HEADS = "Write 'for each synapse:', 'for each pre:', 'for each post:' or 'for each pair in ...:'."
_PAIRS = "Write 'for each pair in all:', '... in sample(n):' or '... in match(a, b):'."
_SAMPLE = "Write 'sample(n)', 'sample(n, per=pre)' or 'sample(n, per=post, unconnected)', for instance."
_GENERATOR = "Write 'k for k in range(n)', 'k for k in sample(n, p=0.1)' or 'k for k in sample(n, size=10)'."


def check(failure: Failure) -> errors.SyntaxError | None:
    """The error, if it is one of these mistakes."""
    checks = (_generator,) if failure.kind == "generator" else (_outside, _head, _pairs, _sample, _match, _head_end)
    for one in checks:
        if error := one(failure):
            return error
    return None


def _outside(failure: Failure) -> errors.SyntaxError | None:
    """A line that belongs to no pass."""
    here = failure.here
    if "_FOR" not in failure.accepts or not failure.first_on_line:
        return None
    if here.text.lower() in ("foreach", "for", "every", "each"):
        return failure.error("E113", f"'{here.text}' does not begin a pass.", _HEADS)
    if here.text in ("else", "elif"):
        return None
    message = f"'{here.text}' stands outside a pass."
    if _deeper(failure):
        hint = "Write all statements of a pass on the lines after its ':', indented; one alone may follow the ':'."
        return failure.error("E125", message, hint)
    return failure.error("E125", message, f"Every statement belongs to one. {_HEADS}")


def _deeper(failure: Failure) -> bool:
    """Whether the line is indented deeper than the pass before it."""
    passes = [lexeme for lexeme in failure.lexemes[: failure.index] if lexeme.text == "for"]
    column = failure.source.position
    return bool(passes) and column(failure.here.start)[1] > column(passes[-1].start)[1]


def _head(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    if before is None:
        return None
    if failure.accepts == {"_EACH"}:
        at = before if here.text in ("synapse", "pair", "pre", "post") else None
        return failure.error("E113", "'for' is followed by 'each'.", _HEADS, at)
    if failure.accepts != {"_SYNAPSE", "SIDE", "_PAIR"}:
        return None
    if here.kind != "name":
        return failure.error("E113", "After 'for each' it is not said what.", _HEADS, before)
    near = suggest(here.text, ("synapse", "pair", "pre", "post"), most=1)
    hint = f"Did you mean 'for each {near[0]}'?" if near else _HEADS
    return failure.error("E113", f"There is no pass over '{here.text}'.", hint)


def _pairs(failure: Failure) -> errors.SyntaxError | None:
    before = failure.before
    if failure.accepts == {"_IN"} and failure.kind == "rule":
        return failure.error("E113", "'for each pair' is followed by 'in' and the choice of pairs.", _PAIRS, before)
    if failure.accepts == {"_ALL", "_SAMPLE", "_MATCH"}:
        if failure.here.kind != "name":
            return failure.error("E113", "The choice of pairs is missing after 'in'.", _PAIRS, before)
        return failure.error("E113", f"'{failure.here.text}' does not choose pairs.", _PAIRS)
    return None


def _sample(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    if failure.accepts <= {"_PER", "_UNCONNECTED", "RPAR"} and "_PER" in failure.accepts and not failure.at_line_end:
        return failure.error("E128", f"'sample' has no option '{here.text}'.", _SAMPLE)
    if here.text == "=" and before is not None and before.text == "unconnected":
        return failure.error("E128", "'unconnected' takes no value.", "Write 'sample(n, unconnected)'.")
    words = [lexeme.text for lexeme in failure.line]
    nothing = words[-3:] == ["in", "sample", "("] and here.text == ")"
    option = words[-4:-1] == ["in", "sample", "("] and (
        (words[-1] == "per" and here.text == "=") or (words[-1] == "unconnected" and here.text in (")", ","))
    )
    if words[-4:-1] == ["in", "sample", "("] and words[-1] != "per" and here.text == "=":
        return failure.error("E128", "The number of pairs has no name.", "Write 'sample(10)', for instance.", before)
    if nothing or option:
        message = "'sample' begins with the number of pairs."
        return failure.error("E128", message, "Write 'sample(10)', for instance.", failure.lexemes[failure.index - 1])
    if "sample" in words and here.text == "per" and failure.wants_operator and len(failure.open) == 1:
        return failure.error("E128", "A ',' is missing before 'per'.", _SAMPLE)
    if failure.accepts == {"EQUAL"} and failure.before is not None and failure.before.text == "per":
        return failure.error("E128", "'=' is missing after 'per'.", _SAMPLE, failure.before)
    if failure.accepts == {"SIDE"} and failure.open:
        return failure.error("E128", "'per=' is followed by 'pre' or 'post'.", _SAMPLE)
    after_option = failure.accepts == {"COMMA", "RPAR"} and not failure.at_line_end
    if "sample" in words and after_option and failure.line[words.index("sample") + 1] is failure.open[-1]:
        return failure.error("E128", f"'{here.text}' has no place in 'sample(...)'.", _SAMPLE)
    called = [lexeme.text for lexeme in failure.line[-2:]] in (["in", "sample"], ["in", "match"])
    if failure.accepts == {"LPAR"} and called:
        word = failure.line[-1].text
        return failure.error("E128", f"'{word}' is followed by its numbers in parentheses.", _PAIRS, failure.line[-1])
    return None


def _match(failure: Failure) -> errors.SyntaxError | None:
    words = [lexeme.text for lexeme in failure.line]
    in_match = "match" in words and words[words.index("match") + 1 :][:1] == ["("] and len(failure.open) == 1
    hint = "Write 'match(a, b)': what each neuron of pre offers, and each of post."
    if in_match and failure.here.text == "=":
        return failure.error("E128", "The numbers of 'match' have no names.", hint)
    if in_match and failure.here.text == ")" and "RPAR" not in failure.accepts:
        return failure.error("E128", "'match' takes two numbers.", hint, failure.line[words.index("match")])
    if in_match and failure.accepts == {"RPAR"} and not failure.at_line_end:
        return failure.error("E128", "'match' takes two numbers.", hint)
    return None


def _head_end(failure: Failure) -> errors.SyntaxError | None:
    """What stands where a head should end with ':'."""
    if failure.accepts != {"COLON"} or not failure.line or failure.line[0].text != "for" or failure.at_line_end:
        return None
    here, before = failure.here, failure.before
    assert before is not None
    if here.text == "in":
        message = f"'for each {before.text}' takes no 'in': it visits every one."
        return failure.error("E113", message, f"Write 'for each {before.text}:'.")
    if here.text in ("per", "limit"):
        message = f"'{here.text}' cannot stand in the head of a pass: it belongs to a statement of its body."
        hint = "Write 'limit n per post' at the end of the statement"
        if here.text == "per":
            hint += ", or 'for each pair in sample(n, per=post):'"
        return failure.error("E113", message, f"{hint}.")
    if here.text == "(" and before.text == "all":
        return failure.error("E113", "'all' takes no parentheses.", "Write 'for each pair in all:'.")
    if here.text in ("if", "where", "("):
        message = f"'{here.text}' cannot follow '{before.text}' in the head of a pass."
        return failure.error("E113", message, "Write ':' here, and an 'if' in the body for a condition.")
    if here.kind == "operator":
        return failure.error("E114", f"The head of a pass ends here: ':' is needed, not '{here.text}'.")
    return None


def _generator(failure: Failure) -> errors.SyntaxError | None:
    here, before = failure.here, failure.before
    if failure.accepts == {"_RANGE", "_SAMPLE"}:
        at = before if here.kind == "end" else here
        return failure.error("E128", "'in' is followed by 'range(...)' or 'sample(...)'.", _GENERATOR, at)
    words = [lexeme.text for lexeme in failure.lexemes[: failure.index]]
    if "for" not in words:
        missing = here.text == "in" and not failure.wants_operand
        return failure.error("E128", "'in' has no 'for' before it.", _GENERATOR) if missing else None
    if failure.accepts == {"NAME"} or failure.accepts == {"_IN"}:
        return failure.error("E128", "'for' is followed by one name and 'in'.", _GENERATOR)
    if failure.accepts == {"LPAR"} or failure.accepts == {"_IF", "$END"}:
        wanted = "'(' is needed" if "LPAR" in failure.accepts else "only 'if' and a condition can follow"
        return failure.error("E128", f"After '{words[-1]}' {wanted}.", _GENERATOR)
    if "in" in words and "sample" in words[words.index("in") :] and len(failure.open) == 1:
        if here.text == ")" and "RPAR" not in failure.accepts and not failure.wants_operand:
            message = "'sample' needs a probability or a number."
            return failure.error("E128", message, "Write 'sample(n, p=0.1)' or 'sample(n, size=10)'.")
        if here.text == "=" and "EQUAL" not in failure.accepts:
            return failure.error("E128", "'sample' begins with what it samples from.", _GENERATOR)
    return None
