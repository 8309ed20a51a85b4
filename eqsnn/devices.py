"""What runs a model: the compiled C++ target. CUDA comes later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grammar import errors
from .grammar.suggest import suggest

if TYPE_CHECKING:
    import numpy as np

    from .compiler import Compiled
    from .runtime.cuda.device import Device as Hardware
    from .runtime.cuda.session import CudaSession
    from .runtime.session import Session


class Device:
    """The target that models are compiled for; ``device('cpp')`` chooses it, ``device.name`` tells it."""

    def __init__(self) -> None:
        self._name = "cpp"
        self._hardware: Hardware | None = None

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

    def use(self, hardware: Hardware | None) -> None:
        """Run on a CUDA device, or on what behaves like one (tests have such a thing); None: on this machine again."""
        self._name, self._hardware = ("cpp" if hardware is None else "cuda"), hardware

    def session(self, compiled: Compiled, real: np.dtype[Any]) -> Session | CudaSession:
        """A compiled network, ready to run."""
        from .runtime.cuda.session import CudaSession
        from .runtime.session import Session

        if compiled.library is not None:
            return Session(compiled.program, compiled.library, real)
        assert self._hardware is not None
        return CudaSession(compiled.program, self._hardware, real)

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
