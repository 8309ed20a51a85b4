"""What follows a run: clocks for Python code that looks at them, and reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from .clocks import Clock
from .report import Report
from .runtime.bind import Timing

if TYPE_CHECKING:
    from .network import Network


class Progress:
    """Follows a run: moves the clocks for Python code that looks at them, and reports."""

    def __init__(
        self,
        network: Network,
        span: tuple[int, int],
        timing: Timing,
        clocks: Mapping[str, Clock],
        report: Report | None,
    ) -> None:
        self.network, self.span, self.timing, self.clocks, self.report = network, span, timing, clocks, report
        if report is not None:
            report.begin(span[0] * timing.tick, (span[1] - span[0]) * timing.tick)

    def at(self, tick: int) -> None:
        """Python code is about to run in this tick."""
        self.network.t_ = tick * self.timing.tick
        for clock in self.clocks.values():
            clock.step = tick // self.timing.periods[clock.name]

    def beat(self, tick: int) -> bool:
        """Report; tell whether to stop."""
        if self.report is not None:
            self.report.update((tick - self.span[0]) / max(1, self.span[1] - self.span[0]))
        return self.network._stopped

    def stopped(self) -> bool:
        """Whether Python code has asked for an end."""
        return self.network._stopped

    def end(self) -> None:
        """The run is over."""
        if self.report is not None:
            self.report.end()
