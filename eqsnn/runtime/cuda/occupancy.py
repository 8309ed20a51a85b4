"""How many blocks of a kernel a multiprocessor holds at once.

The barrier of the step loop waits for every block of the grid, so none may be left outside: what is counted here must
never be more than the device holds. The rules are those of the CUDA C++ Programming Guide (compute capabilities) and of
NVIDIA's occupancy calculator; where devices differ, the stricter one is taken.
"""

from __future__ import annotations

from dataclasses import dataclass

_WARP = 32
_REGISTERS_AT_ONCE = 256  # a warp gets registers in such units
_PARTS = 4  # of a multiprocessor, with a file of registers each
_SHARED_AT_ONCE = 256  # bytes; newer devices have units of 128


@dataclass(frozen=True, slots=True)
class Limits:
    """What one multiprocessor has; ``shared`` memory in bytes, of which each block loses ``reserved``."""

    threads: int
    blocks: int
    registers: int
    shared: int
    reserved: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a kernel takes: registers of a thread, shared memory of a block in bytes."""

    registers: int
    shared: int


def resident_blocks(limits: Limits, usage: Usage, block: int) -> int:
    """The number of blocks of ``block`` threads that one multiprocessor holds; 0: not even one."""
    warps = -(-block // _WARP)
    of_warp = _up(max(usage.registers, 1) * _WARP, _REGISTERS_AT_ONCE)
    warps_at_once = limits.registers // _PARTS // of_warp * _PARTS
    shared = _up(usage.shared + limits.reserved, _SHARED_AT_ONCE)
    return min(
        limits.blocks,
        limits.threads // (warps * _WARP),
        warps_at_once // warps,
        limits.shared // shared if shared else limits.blocks,
    )


def _up(number: int, unit: int) -> int:
    return -(-number // unit) * unit
