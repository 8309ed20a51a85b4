"""The corpus of mistakes: `syntax_errors.txt`, one section a text, with the message that it gives.

    ==== block
    x = = 1
    ----
    the message, exactly

`python tests/grammar/golden.py` writes the messages anew, for the differences to be read before they are committed.
In a text, '→' is a tab and '␠' a space at a line's end.
"""

from pathlib import Path

from grammar_trees import PARSERS

from eqsnn.grammar import errors
from eqsnn.grammar.source import Source

FILE = Path(__file__).with_name("syntax_errors.txt")


def cases():
    """(kind, text, message) of every section."""
    for section in FILE.read_text(encoding="utf-8").split("==== ")[1:]:
        kind, _, rest = section.partition("\n")
        text, _, message = rest.partition("\n----\n")
        yield kind, text, message.strip("\n")


def message(kind, text):
    """What a user sees."""
    try:
        PARSERS[kind](Source(text.replace("→", "\t").replace("␠", " "), f"Group 'g', {kind}"))
    except errors.SyntaxError as error:
        return str(error)
    return "no error"


if __name__ == "__main__":
    sections = [f"==== {kind}\n{text}\n----\n{message(kind, text)}\n" for kind, text, _ in cases()]
    FILE.write_text("\n".join(sections), encoding="utf-8")
