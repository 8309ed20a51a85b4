"""The checks of the whole tree: style, types, the order of the stages, and the size of files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 350
SOURCES = ("eqsnn", "grammar", "codegen", "benchmarks", "examples")
LONGER_FOR_A_REASON = {
    "codegen/ir.py": "the IR's grammar is to be read in one place",
}


def check(*command: str) -> None:
    """Run a tool on the tree; what it says is the message."""
    result = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{' '.join(command)}\n{result.stdout}{result.stderr}"


def test_style():
    check("ruff", "check", "--output-format", "concise", ".")


def test_types():
    check("mypy")


def test_order_of_the_stages():
    """Layers, no cycles, and who may import what: the contracts in pyproject.toml."""
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def source_files() -> list[Path]:
    """Every source file once, where it is and not where it is linked to."""
    found = [path for folder in SOURCES for path in (ROOT / folder).rglob("*")]
    linked = {("eqsnn", "grammar"), ("eqsnn", "codegen")}
    return [
        path for path in found
        if path.suffix in (".py", ".h", ".cpp", ".lark") and path.relative_to(ROOT).parts[:2] not in linked
    ]  # fmt: skip


def test_no_file_is_long():
    names = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in source_files()}
    assert {name: n for name, n in names.items() if n > LONGEST and name not in LONGER_FOR_A_REASON} == {}
    assert all(names.get(name, 0) > LONGEST for name in LONGER_FOR_A_REASON)


@pytest.mark.parametrize("name", ["grammar", "codegen"])
def test_stages_at_the_top_are_linked_into_the_package(name):
    link = ROOT / "eqsnn" / name
    assert link.is_symlink()
    assert link.resolve() == ROOT / name


def test_every_folder_is_packaged():
    import tomllib

    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    folders = {path.parent for path in source_files() if path.name == "__init__.py"}
    names = {".".join(path.relative_to(ROOT).parts) for path in folders}
    expected = {name if name.startswith("eqsnn") else f"eqsnn.{name}" for name in names}
    assert set(settings["packages"]) == expected
    data = {path for pattern in settings["package-data"]["eqsnn.codegen"] for path in (ROOT / "codegen").glob(pattern)}
    assert {path for path in (ROOT / "codegen" / "include").rglob("*") if path.is_file()} == data
