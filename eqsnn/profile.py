"""Where the time of a run went."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .codegen.program import Program
    from .runtime.cuda.resources import KernelUse
    from .runtime.session import Outcome


@dataclass(frozen=True, slots=True)
class Entry:
    """Seconds spent in one part of the step, and how often it ran."""

    name: str
    seconds: float
    calls: int


@dataclass(frozen=True, slots=True)
class Profile:
    """Time of each part of a step over a run, the longest first; ``print`` shows a table.

    Measuring costs about 50 ns for each part of each step, so parts shorter than that look longer than they are.
    """

    entries: tuple[Entry, ...]
    kernels: tuple[KernelUse, ...] = ()
    """On a GPU, what each kernel takes of it."""

    @classmethod
    def of(cls, program: Program, outcome: Outcome) -> Profile:
        """The profile of a run."""
        assert outcome.seconds is not None and outcome.calls is not None
        sums: dict[str, tuple[float, int]] = {}
        for name, seconds, calls in zip(program.labels, outcome.seconds, outcome.calls, strict=True):
            before = sums.get(name, (0.0, 0))
            sums[name] = (before[0] + float(seconds), before[1] + int(calls))
        entries = [Entry(name, seconds, calls) for name, (seconds, calls) in sums.items()]
        return cls(tuple(sorted(entries, key=lambda e: -e.seconds)), outcome.kernels)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __getitem__(self, name: str) -> float:
        """Seconds of the part of this name."""
        return next(e.seconds for e in self.entries if e.name == name)

    @property
    def total(self) -> float:
        """Seconds of all parts together."""
        return sum(e.seconds for e in self.entries)

    def __str__(self) -> str:
        total = self.total or 1.0
        width = max([len(e.name) for e in self.entries], default=4)
        lines = [f"{'part':<{width}}  {'seconds':>9}  {'share':>6}  {'calls':>10}  {'us/call':>9}"]
        lines += [
            f"{e.name:<{width}}  {e.seconds:9.4f}  {e.seconds / total:6.1%}  {e.calls:10d}  "
            f"{1e6 * e.seconds / max(1, e.calls):9.3f}"
            for e in self.entries
        ]
        return "\n".join([*lines, *_table_of(self.kernels)])


def _table_of(kernels: tuple[KernelUse, ...]) -> Iterator[str]:
    """What kernels take of a GPU, in lines."""
    if not kernels:
        return
    width = max(len("kernel"), *(len(k.name) for k in kernels))
    yield ""
    yield f"{'kernel':<{width}}  registers  shared memory  stack  spilled  blocks  occupancy"
    for kernel in kernels:
        used = kernel.resources
        spilled = used.spill_stores + used.spill_loads
        yield (
            f"{kernel.name:<{width}}  {used.registers:9d}  {used.shared:11d} B  {used.stack:3d} B  {spilled:5d} B  "
            f"{kernel.blocks:6d}  {kernel.occupancy:9.0%}"
        )
