"""Every block of code in the README runs, in order, as one script; what it shows as output is what is printed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


def test_python_blocks_run_and_print_what_they_say(capsys):
    names: dict[str, object] = {"__name__": "__main__"}
    printed = ""
    for number, (language, text) in enumerate(BLOCKS):
        if language == "python":
            exec(compile(text, f"README.md, block {number}", "exec"), names)
            printed = capsys.readouterr().out
        elif language == "text":
            assert printed == text


def test_every_block_has_a_language_that_is_tested():
    assert {language for language, _ in BLOCKS} == {"python", "sh", "text"}


def test_commands_name_what_is_there():
    """Installing and testing is what ``.ci/run`` does with the very line of the README; the rest must exist."""
    commands = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
    assert "python -m pip install -e . && python examples/topographic_map.py" in commands
    test_command = "python -m pip install -e '.[test]' && python -m pytest -n auto"
    assert test_command in commands
    assert (ROOT / ".ci" / "run").read_text().replace(" </dev/null", "").rstrip().endswith(test_command)
    extras = (ROOT / "pyproject.toml").read_text()
    for word in shlex.split(" ".join(commands)):
        if word.startswith(".["):
            assert re.search(rf"^{word[2:-1]} = \[", extras, re.MULTILINE)
        elif word.endswith((".py", ".sh")):
            assert (ROOT / word).exists()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\((?!https:)([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists()
