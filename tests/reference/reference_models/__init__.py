"""Networks that Brian2 and eqsnn must simulate alike, each written once and run by both."""

from . import inputs, neurons, plasticity, samples, schedule, synapses
from .catalogue import MODELS, STOCHASTIC, Arrays

__all__ = ["MODELS", "STOCHASTIC", "Arrays", "inputs", "neurons", "plasticity", "samples", "schedule", "synapses"]
