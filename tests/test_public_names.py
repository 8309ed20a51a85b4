"""What ``import eqsnn`` and ``from eqsnn import *`` bring."""

from __future__ import annotations

import builtins
import importlib.metadata
import subprocess
import sys

import eqsnn
from eqsnn import errors


def test_every_public_name_is_there_once():
    names = eqsnn.__all__
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(eqsnn, name)] == []


def test_star_import_leaves_builtins_alone():
    assert [name for name in eqsnn.__all__ if hasattr(builtins, name)] == []


def test_errors_have_a_module_of_their_own():
    assert "errors" not in eqsnn.__all__
    assert all(issubclass(getattr(errors, name), Exception) for name in errors.__all__ if name.endswith("Error"))
    assert issubclass(errors.DimensionError, errors.EqsnnError)
    assert errors.DimensionError.__module__ == "eqsnn.errors"


def test_version_is_that_of_the_package():
    assert eqsnn.__version__ == importlib.metadata.version("eqsnn")


def test_import_loads_nothing_that_only_some_need():
    code = "import sys, eqsnn; print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"sympy", "lark", "matplotlib", "tqdm", "scipy"} & set(result.stdout.split())
