"""Every example runs, with its run cut short; the acceptance scripts among them are those that were handed over.

Those that are studies of several runs have tests of their own beside this file: ``test_<example>.py``.
"""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest

import eqsnn
from eqsnn import second

ROOT = Path(__file__).resolve().parents[2]
STUDIES = {path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py")}
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem not in STUDIES)
HANDED_OVER = ROOT.parent / "shared" / "acceptance"


def shortened(path: Path, seconds: float) -> str:
    """The script with ``run(...)`` for a fraction of its time, and without its asserts, which are about the whole."""
    tree = ast.parse(path.read_text(), str(path))
    tree.body = [node for node in tree.body if not isinstance(node, ast.Assert)]
    runs = [
        node for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "run"
    ]  # fmt: skip
    assert runs, f"{path.name} runs nothing"
    for call in runs:
        call.args[0] = ast.parse(f"{seconds}*second", mode="eval").body
    return ast.unparse(ast.fix_missing_locations(tree))


def run_script(source: str, path: Path) -> dict[str, object]:
    """Run the text of a script as Python runs a script."""
    names: dict[str, object] = {"__name__": "__main__", "__file__": str(path)}
    exec(compile(source, str(path), "exec"), names)
    return names


@pytest.fixture(autouse=True)
def as_a_script(tmp_path, monkeypatch):
    """A scope of its own, and a folder for what it writes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(path, capsys):
    names = run_script(shortened(path, 0.05), path)
    assert capsys.readouterr().out.strip()
    groups = [value for value in names.values() if isinstance(value, eqsnn.NeuronGroup)]
    assert groups
    assert all(abs(group.t - 0.05 * second) < 1e-9 * second for group in groups)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_whole_example_keeps_its_promise(path, capsys):
    """Its own asserts hold."""
    run_script(path.read_text(), path)
    assert capsys.readouterr().out.strip()


def test_the_map_is_topographic():
    """Short synapses are made more often and live longer, so more of them are there at the end."""
    path = ROOT / "examples" / "topographic_map.py"
    names = run_script(shortened(path, 5), path)
    weight, now, initial = names["connectivity"]()
    around = names["around_target"]
    middle = names["n"] // 2
    assert now.sum() == len(names["feedforward"]) > initial.sum() > 0
    near, far = np.s_[middle - 1 : middle + 2, middle - 1 : middle + 2], np.s_[:3, :3]
    assert around(now)[near].mean() > around(initial)[near].mean() > 3 * around(initial)[far].mean()
    assert np.all(weight[now == 0] == 0)


@pytest.mark.skipif(not HANDED_OVER.exists(), reason="the acceptance scripts are not beside this checkout")
@pytest.mark.parametrize("name", ["cuba", "stdp", "topographic_map"])
def test_acceptance_script_stands_unmodified(name):
    handed_over = (HANDED_OVER / f"{name}.py").read_text()
    ours = (ROOT / "examples" / f"{name}.py").read_text()
    assert ours.startswith(handed_over.rstrip("\n") + "\n")
    if name != "topographic_map":  # that one goes on to draw a picture
        assert ours == handed_over
