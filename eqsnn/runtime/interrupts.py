"""Control-C while compiled code runs: it waits for the end of the step, so that no step is left half done."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class Interrupts:
    """Keeps a control-C that comes inside the ``with`` block: ``pressed`` tells of it.

    Python looks at signals when it begins to run code, which in a run is where C calls it: an exception there would be
    lost. Inside the user's own code (``in_python``) it is raised at once, as that may never end.
    """

    def __init__(self) -> None:
        self.pressed = False
        self.in_python = False
        self._replaced = False

    def _keep(self, number: int, frame: FrameType | None) -> None:
        self.pressed = True
        if self.in_python:
            raise KeyboardInterrupt

    def __enter__(self) -> Interrupts:
        main = threading.current_thread() is threading.main_thread()
        if main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            signal.signal(signal.SIGINT, self._keep)
            self._replaced = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._replaced:
            signal.signal(signal.SIGINT, signal.default_int_handler)
