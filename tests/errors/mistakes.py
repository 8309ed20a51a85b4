"""The corpus of mistakes: `corpus/*.txt`, one section a script, with the error it ends in.

    ==== unknown variable in the threshold
    G = NeuronGroup(1, 'v : 1', threshold='V > 1')
    run(1*ms)
    ----
    the last lines of the traceback, exactly

A file may begin with a section `==== setup`, which runs before each script of the file. The title of a script that may
compile something before it fails ends in ' (at run time)'.

`python tests/errors/mistakes.py` writes the messages anew, for the differences to be read before they are committed.
"""

import sys
import traceback
from pathlib import Path
from unittest import mock

import eqsnn.compiler
from eqsnn import defaultclock, ms, prefs, seed, start_scope

CORPUS = Path(__file__).with_name("corpus")
AT_RUN_TIME = " (at run time)"


def cases(path):
    """(title, setup, script, message) of every section of a file."""
    setup = ""
    for section in path.read_text(encoding="utf-8").split("==== ")[1:]:
        title, _, rest = section.partition("\n")
        script, _, message = rest.partition("\n----\n")
        if title == "setup":
            setup = rest.strip("\n")
        else:
            yield title, setup, script.strip("\n"), message.strip("\n")


def all_cases():
    """Those of all files."""
    for path in sorted(CORPUS.glob("*.txt")):
        for case in cases(path):
            yield path.stem, *case


class CompiledError(AssertionError):
    """Something was compiled before the mistake was found."""


def _nothing_is_compiled(*args, **kwargs):
    raise CompiledError("the mistake was found too late: code would be compiled")


def fail(setup, script, *, may_compile):
    """The error that a script ends in, or None."""
    names = {"__name__": "script"}
    exec("from eqsnn import *", names)
    start_scope()
    prefs.reset()
    seed(1)
    defaultclock.dt = 0.1 * ms
    library = eqsnn.compiler._library if may_compile else _nothing_is_compiled
    try:
        with mock.patch.object(eqsnn.compiler, "_library", library):
            exec(compile(setup, "setup.py", "exec"), names)
            exec(compile(script, "script.py", "exec"), names)
    except Exception as error:
        return error
    finally:
        prefs.reset()
        defaultclock.dt = 0.1 * ms
    return None


def shown(error):
    """What Python prints below the traceback."""
    if error is None:
        return "no error"
    return "".join(traceback.format_exception_only(error)).strip("\n")


def message(title, setup, script):
    """What a user sees."""
    return shown(fail(setup, script, may_compile=title.endswith(AT_RUN_TIME)))


def rewrite(path):
    """Write the messages of a file anew."""
    sections, setup = [], ""
    for title, setup, script, _ in cases(path):
        sections.append(f"==== {title}\n{script}\n----\n{message(title, setup, script)}\n")
    if setup:
        sections.insert(0, f"==== setup\n{setup}\n")
    path.write_text("\n".join(sections), encoding="utf-8")


if __name__ == "__main__":
    for file in map(Path, sys.argv[1:] or sorted(CORPUS.glob("*.txt"))):
        rewrite(file)
