"""The CUDA target: the same IR, spread over the threads of a device."""

from .loops import NotYetError as NotYetError
from .module import emit as emit
