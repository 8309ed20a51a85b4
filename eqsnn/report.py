"""Progress of a run: a bar, or a function of the user's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter
from typing import Any, Protocol

from .grammar.errors import RunError
from .units import second


class Report(Protocol):
    """Told about a run: its start and duration in seconds, then the fraction done."""

    def begin(self, start: float, duration: float) -> None:
        """The run begins."""

    def update(self, fraction: float) -> None:
        """So much of it is done."""

    def end(self) -> None:
        """It is over."""


class Bar:
    """A progress bar on standard error."""

    def begin(self, start: float, duration: float) -> None:
        """Show an empty bar."""
        from tqdm import tqdm

        layout = "{l_bar}{bar}| {n:.3g}/{total:.3g} s [{elapsed}<{remaining}]"
        self._bar = tqdm(total=duration, bar_format=layout, file=sys.stderr, leave=True, desc="simulating")

    def update(self, fraction: float) -> None:
        """Move it on."""
        self._bar.update(fraction * self._bar.total - self._bar.n)

    def end(self) -> None:
        """Fill and leave it."""
        self.update(1.0)
        self._bar.close()


class Told:
    """Calls a function with (elapsed, completed, start, duration), as Brian2 does."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def begin(self, start: float, duration: float) -> None:
        """Call it with nothing done."""
        self._began, self._start, self._duration = perf_counter(), start, duration
        self.update(0.0)

    def update(self, fraction: float) -> None:
        """Call it."""
        elapsed = (perf_counter() - self._began) * second
        self._function(elapsed, fraction, self._start * second, self._duration * second)

    def end(self) -> None:
        """Call it with everything done."""
        self.update(1.0)


def reporter(report: Any) -> Report | None:
    """What ``report=`` means.

    :raises RunError: E915.
    """
    if report is None:
        return None
    if report in ("text", "stdout", "stderr"):
        return Bar()
    if callable(report):
        return Told(report)
    raise RunError("E915", f"report is 'text' or a function, not {report!r}.")
