"""The C++ target: IR to source text. Nothing is decided here that the IR does not say."""

from .module import emit as emit
