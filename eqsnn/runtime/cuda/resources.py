"""What kernels take of a device, as nvcc's assembler tells it, and how much of the device they then can use."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WARP = 32
_UNITS = ("registers", "bytes smem", "bytes stack frame", "bytes spill stores", "bytes spill loads")


@dataclass(frozen=True, slots=True)
class Resources:
    """What one kernel takes: registers of a thread, bytes of shared memory of a block; in bytes of each thread, its
    stack, and what is written to memory and read from there because registers did not suffice."""

    registers: int = 0
    shared: int = 0
    stack: int = 0
    spill_stores: int = 0
    spill_loads: int = 0


@dataclass(frozen=True, slots=True)
class KernelUse:
    """A kernel as it runs, on so many ``blocks``; ``occupancy``: of the threads that the device could hold, a share."""

    name: str
    resources: Resources
    blocks: int
    occupancy: float


def resources_in(log: str) -> dict[str, Resources]:
    """The kernels that a log of ``nvcc -Xptxas=-v`` speaks of; functions that one calls are counted with it."""
    found: dict[str, Resources] = {}
    for section in log.split("Compiling entry function '")[1:]:
        name, _, text = section.partition("'")
        numbers = {unit: [int(n) for n in re.findall(rf"(\d+) {unit}", text)] for unit in _UNITS}
        registers, shared, stack, stores, loads = numbers.values()
        found[name] = Resources(_most(registers), _most(shared), _most(stack), sum(stores), sum(loads))
    return found


def _most(values: list[int]) -> int:
    return max(values, default=0)


def occupancy(blocks_of_multiprocessor: int, block: int, threads: int) -> float:
    """The share of a multiprocessor's ``threads`` that are taken by so many blocks."""
    return blocks_of_multiprocessor * -(-block // _WARP) * _WARP / threads

