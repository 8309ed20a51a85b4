"""What runs a model: the compiled C++ target. CUDA comes later."""

from __future__ import annotations

from .grammar import errors
from .grammar.suggest import suggest


class Device:
    """The target that models are compiled for; ``device('cpp')`` chooses it, ``device.name`` tells it."""

    def __init__(self) -> None:
        self._name = "cpp"

    @property
    def name(self) -> str:
        """``'cpp'``."""
        return self._name

    def __call__(self, name: str) -> Device:
        """Choose a target, and return the device.

        :raises EqsnnError: as `check_target`.
        """
        self._name = check_target(name)
        return self

    def __repr__(self) -> str:
        return f"device('{self._name}')"


def check_target(name: str) -> str:
    """Return the name of a target.

    :raises UnsupportedError: E004, for ``'cuda'``.
    :raises NameError: E314, for any other name.
    """
    if name == "cuda":
        message = "the target 'cuda' comes in a later version."
        raise errors.UnsupportedError("E004", message, hint="'cpp' runs every model")
    if name != "cpp":
        near = suggest(str(name), ("cpp", "cuda"))
        hint = f"did you mean '{near[0]}'?" if near else "the target is 'cpp'"
        raise errors.NameError("E314", f"there is no target {name!r}.", hint=hint)
    return name


device = Device()


def set_device(name: str) -> Device:
    """Choose the target that models are compiled for: ``set_device('cpp')``. As calling `device`."""
    return device(name)
