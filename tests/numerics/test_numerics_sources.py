"""The same script makes the same source, so the same entry of the cache, in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOW = """
import hashlib, sys
import eqsnn
from eqsnn import network
from eqsnn.runtime import toolchain
keys = []
def record(build):
    def built(sources, **options):
        path = build(sources, **options)
        keys.append(path.parent.name)
        return path
    return built
toolchain.build = record(toolchain.build)
network.duration_in_seconds = lambda value: 0.0  # compiled whole, and not run
try:
    exec(compile(open(sys.argv[1]).read().partition("# The picture")[0], sys.argv[1], "exec"), {"__name__": "__main__"})
except (AssertionError, ArithmeticError, IndexError, ValueError):
    pass  # what the script makes of a run of no time
print("keys:", *keys)
"""


@pytest.mark.parametrize("name", ["cuba", "stdp", "topographic_map"])
def test_the_same_source_whatever_python_hashes(name: str) -> None:
    found = []
    for seed in ("1", "2"):
        command = [sys.executable, "-W", "ignore", "-c", SHOW, str(EXAMPLES / f"{name}.py")]
        environment = {**os.environ, "PYTHONHASHSEED": seed, "MPLBACKEND": "agg"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        found.append([line for line in done.stdout.splitlines() if line.startswith("keys:")][-1])
    assert found[0] == found[1]
    assert "network" in found[0]
