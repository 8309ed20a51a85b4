"""`PopulationRateMonitor`: the mean firing rate of a group at each step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..clocks import seconds
from ..grammar import errors
from ..model.declarations import RateRecorder
from ..model.dimensions import HERTZ
from ..units import quantity
from .base import Array, Monitor

if TYPE_CHECKING:
    from ..runtime.recording import Recording


class PopulationRateMonitor(Monitor):
    """Records at each step the rate at which the neurons of ``source`` spike, in the mean over them.

    ``M.rate`` and ``M.t`` have one value for each step; `smooth_rate` takes the noise out.

    :raises NameError: E322, the source has no threshold.
    """

    def __init__(self, source: Any, when: str = "end", order: int = 0, name: str | None = None) -> None:
        group = getattr(source, "parent", source)
        if "spike" not in getattr(group, "events", ()):
            place = f"PopulationRateMonitor of {getattr(source, 'title', repr(source))}"
            raise errors.NameError("E322", "there are no spikes.", place=place, hint="did you forget its threshold?")
        super().__init__("populationratemonitor", name, otherwise=source.clock, when=when, order=order)
        self.source = source
        self._types = {}
        self._dts: list[tuple[int, float]] = []

    def declare(self) -> tuple[RateRecorder, ...]:
        """A count of spikes at each step."""
        group, start, stop = self.source.extent()
        return (RateRecorder(self.name, group, start, stop, self.schedule()),)

    def _new_recording(self) -> Recording:
        from ..runtime.recording import Recording

        return Recording(0)

    def before_run(self, network: Any) -> None:
        """Make room, and note the length of the steps that follow."""
        super().before_run(network)
        if not self._dts or self._dts[-1][1] != self.clock.dt_:
            self._dts.append((self.N, self.clock.dt_))

    def reinit(self) -> None:
        """Forget everything recorded so far."""
        super().reinit()
        self._dts = self._dts and [(0, self.clock.dt_)]

    def _counts(self) -> npt.NDArray[np.int32]:
        return self._stacked([part.ids() for part in self.recordings] or [np.empty(0, np.int32)] * self._copies)

    @property
    def rate(self) -> Any:
        """Spikes of a step over the number of neurons and dt, in hertz: shape (steps,), of a batch (copies, steps)."""
        return quantity(self.rate_, HERTZ)

    @property
    def rate_(self) -> Array:
        """The rates in hertz, without a unit."""
        counts = self._counts()
        lengths = np.empty(counts.shape[-1])
        for start, dt in self._dts:
            lengths[start:] = dt
        return np.asarray(counts / (len(self.source) * lengths))

    @property
    def N(self) -> int:
        """Number of steps so far."""
        return int(self._counts().shape[-1])

    def smooth_rate(self, window: str | npt.ArrayLike = "gaussian", width: Any = None) -> Any:
        """The rate, convolved with a window: a quantity in hertz, in the shape of `rate`.

        ``window`` is ``'gaussian'`` with the standard deviation ``width``, cut off at two of them; ``'flat'``,
        ``width`` long (rounded to an odd number of steps); or an array with an odd number of weights.

        :raises ModelError: E564, the window and its width do not go together.
        """
        weights = self._window(window, width)
        smooth = [np.convolve(rate, weights / weights.sum(), mode="same") for rate in np.atleast_2d(self.rate_)]
        return quantity(self._stacked(smooth), HERTZ)

    def _window(self, window: str | npt.ArrayLike, width: Any) -> Array:
        if not isinstance(window, str):
            weights = np.asarray(window, float)
            if width is not None or weights.ndim != 1 or len(weights) % 2 == 0:
                message = "a window of weights has an odd number of them, and no width."
                raise errors.ModelError("E564", message, place=self.title)
            return weights
        if width is None or window not in ("gaussian", "flat"):
            message = f"the window {window!r} is not known." if width is not None else "the window needs a width."
            hint = "write smooth_rate('gaussian', 5*ms) or smooth_rate('flat', 5*ms)"
            raise errors.ModelError("E564", message, place=self.title, hint=hint)
        steps = seconds(width, "width") / self.clock.dt_
        if window == "flat":
            return np.ones(2 * int(steps / 2 + 1e-9) + 1)
        reach = round(2 * steps)
        return np.asarray(np.exp(-(np.arange(-reach, reach + 1) ** 2) / (2 * steps**2)))

    def __repr__(self) -> str:
        return f"<{self.title} of {self.source.title}: {self.N} steps>"
