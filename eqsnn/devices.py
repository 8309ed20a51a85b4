"""What runs a model: compiled C++ on this machine's processor, or CUDA on its GPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .grammar import errors
from .grammar.suggest import suggest
from .prefs import prefs

if TYPE_CHECKING:
    import numpy as np

    from .codegen.program import Target
    from .compiler import Compiled
    from .runtime.cuda.device import Device as Hardware
    from .runtime.cuda.session import CudaSession
    from .runtime.session import Session


TARGETS = ("cpp", "cuda")


class Device:
    """The target that models are compiled for; ``device('cuda')`` chooses it, ``device.name`` tells it.

    One target a process at a time: all networks that run from then on run there. Statements such as ``G.v = 'rand()'``
    are carried out on the processor wherever networks run.
    """

    def __init__(self) -> None:
        self._name = "cpp"
        self._hardware: Hardware | None = None
        self.running: list[str] = []
        """Names of the networks that run now."""

    @property
    def name(self) -> str:
        """``'cpp'`` or ``'cuda'``."""
        return self._name

    def __call__(self, name: str) -> Device:
        """Choose a target, and return the device; ``'cuda'`` looks for a GPU when it is first chosen.

        :raises NameError: E314, there is no such target.
        :raises BuildError: E811 no PyCUDA, E812 no driver, E813 no GPU, E814 the GPU is too old, E815 no nvcc, E817
            nvcc does not know the GPU. The target stays what it was.
        :raises RunError: E818 the GPU has no memory left, E819 not in the main thread, E821 a network runs.
        """
        if self.running and check_target(name) != self._name:
            message = f"the network '{self.running[0]}' is running on '{self._name}': "
            message += f"no part of it can run on '{name}'."
            raise errors.RunError("E821", message, hint="choose the device before run(...), and not in what it calls")
        if check_target(name) == "cuda" and self._hardware is None:
            from .runtime.cuda.pycuda_device import open_gpu

            self._hardware = open_gpu(lambda: prefs.cache_dir)
        self._name = name
        return self

    def use(self, hardware: Hardware | None) -> None:
        """Run on a CUDA device, or on what behaves like one (tests have such a thing); None: on this machine again."""
        self._name, self._hardware = ("cpp" if hardware is None else "cuda"), hardware

    def target(self) -> Target:
        """What networks are compiled for now."""
        return target_of(self._name)

    def session(self, compiled: Compiled, real: np.dtype[Any]) -> Session | CudaSession:
        """A compiled network, ready to run."""
        from .runtime.cuda.session import CudaSession
        from .runtime.session import Session

        if compiled.library is not None:
            return Session(compiled.program, compiled.library, real)
        assert self._hardware is not None
        return CudaSession(compiled.program, self._hardware, real, compiled.target.loop)

    def __repr__(self) -> str:
        return f"device('{self._name}')"


def check_target(name: str) -> str:
    """Return the name of a target.

    :raises NameError: E314, there is none of this name.
    """
    if name not in TARGETS:
        near = suggest(str(name), TARGETS)
        hint = f"did you mean '{near[0]}'?" if near else "there are 'cpp' and 'cuda'"
        raise errors.NameError("E314", f"there is no target {name!r}.", hint=hint)
    return name


def target_of(name: str) -> Target:
    """A target by its name, and on a GPU as the preferences have it run: the one place where that is chosen.

    :raises NameError: E314, there is none of this name.
    """
    from .codegen.program import Target

    return Target() if check_target(name) == "cpp" else Target("cuda", prefs.cuda_loop, prefs.cuda_ordered)


device = Device()


def set_device(name: str) -> Device:
    """Choose the target that models are compiled for: ``set_device('cuda')``. As calling `device`."""
    return device(name)
