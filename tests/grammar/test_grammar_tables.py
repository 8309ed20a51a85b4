"""The grammars themselves: no conflict that Lark settles silently, no parser built before it is needed."""

import logging
import subprocess
import sys
from importlib.resources import files

import lark
import pytest

from eqsnn.grammar import errors, parser
from eqsnn.grammar.source import Source


@pytest.mark.parametrize("grammar", ["equations", "statements", "rule", "generator"])
def test_no_conflicts(grammar, caplog, monkeypatch):
    monkeypatch.setattr(lark.logger, "propagate", True)
    build = lark.Lark.open
    monkeypatch.setattr(lark.Lark, "open", lambda *args, **options: build(*args, debug=True, **options))
    with caplog.at_level(logging.DEBUG, "lark"):
        parser._lark.__wrapped__(grammar)
    assert not [record for record in caplog.records if "onflict" in record.getMessage()]


def test_importing_the_parser_does_not_import_lark():
    code = "import sys, eqsnn.grammar.parser; sys.exit('lark' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_grammars_are_installed_with_the_package():
    assert {f.name for f in files("eqsnn.grammar").iterdir() if f.name.endswith(".lark")} == {
        "expressions.lark",
        "equations.lark",
        "statements.lark",
        "rule.lark",
        "generator.lark",
    }


def test_tables_on_disk(tmp_path):
    try:
        parser.cache_tables_in(tmp_path)
        first = parser.parse_statements(Source("if a:\n  x = 1"))
        assert [f.name for f in tmp_path.iterdir()] == ["statements.tables"]
        parser._lark.cache_clear()
        assert parser.parse_statements(Source("if a:\n  x = 1")) == first
        with pytest.raises(errors.SyntaxError, match="is followed by 'synapse'"):
            parser.parse_statements(Source("create"))
        (tmp_path / "statements.tables").write_bytes(b"damaged")
        parser._lark.cache_clear()
        assert parser.parse_statements(Source("if a:\n  x = 1")) == first
    finally:
        parser.cache_tables_in(None)
