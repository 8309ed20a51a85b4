"""What is said when the device fails under a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...grammar.errors import RunError
from .device import DeviceFullError, DeviceLostError


@contextmanager
def explained(rescue: Callable[[], str]) -> Iterator[None]:
    """Turn failures of the device into errors of the run; ``rescue`` saves what it can, and says what can be read.

    :raises RunError: E818 the device has no memory left, E819 it has failed.
    """
    try:
        yield
    except DeviceFullError as error:
        hint = "record less, take float32 (prefs.precision = 'float32'), end other programs that use the GPU "
        hint += "(nvidia-smi lists them), or run on the processor: device('cpp')"
        raise RunError("E818", f"the GPU has no memory left: {error}. {rescue()}", hint=hint) from None
    except DeviceLostError as error:
        hint = "nvidia-smi shows whether the GPU still works; begin again in a new Python, as in this one it may stay "
        hint += "unusable. Where it happens each time, please report it with the model"
        raise RunError("E819", f"the GPU has failed: {error}. {rescue()}", hint=hint) from None


def nothing_ran() -> str:
    """For a failure before the first step."""
    return "Nothing has run; the network is as it was."
