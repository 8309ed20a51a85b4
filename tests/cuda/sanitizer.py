"""A study on the GPU, for compute-sanitizer to watch: ``python sanitizer.py NAME [emulated]``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import test_cuda_calls
import test_cuda_rows
import test_cuda_runs
import test_cuda_structure
from test_cuda_ordered import sums_of_every_kind

import eqsnn

CHOSEN: dict[str, Callable[[], Any]] = {
    "neurons": test_cuda_runs.STUDIES["several_runs"],
    "monitors": test_cuda_runs.STUDIES["monitors_of_every_kind"],
    "python": test_cuda_calls.changing_what_a_rule_changes,
    "rows": test_cuda_rows.hubs,
    "rules": sums_of_every_kind,
    "growth": test_cuda_structure.grow(9),
}


def main(name: str, *where: str) -> None:
    """Run one, on the GPU unless it is said where else."""
    if where == ("emulated",):
        from emulated import Emulated

        eqsnn.device.use(Emulated())
    else:
        eqsnn.device("cuda")
    eqsnn.seed(1)
    CHOSEN[name]()


if __name__ == "__main__":
    main(*sys.argv[1:])
