"""eqsnn: spiking neural networks from equation strings, compiled, with wiring that changes as they run.

    from eqsnn import *

brings in all that a script needs: groups, synapses, structural rules, monitors, `run`, units under their usual names,
and NumPy's functions with units. Errors are in `eqsnn.errors`.
"""

from __future__ import annotations

from . import _numpy, units
from . import errors as errors
from ._numpy import *
from .base import collect, start_scope
from .clocks import Clock, defaultclock
from .devices import device, set_device
from .functions import function
from .linked import linked_var
from .magic import run, stop
from .monitors import EventMonitor, PopulationRateMonitor, SpikeMonitor, StateMonitor, StructureMonitor
from .network import Network
from .neurongroup import NeuronGroup
from .operations import network_operation
from .plasticity import StructuralPlasticity
from .poisson import PoissonGroup, PoissonInput
from .prefs import prefs
from .seeds import seed
from .spikegenerator import SpikeGeneratorGroup
from .spikeinput import SpikeInput
from .subgroup import Subgroup
from .synapses import Synapses
from .timedarray import TimedArray
from .training.eprop import EProp
from .training.losses import CrossEntropy, MeanSquaredError
from .training.optimisers import SGD, Adam, Optimiser
from .units import *

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "Clock",
    "CrossEntropy",
    "EProp",
    "EventMonitor",
    "MeanSquaredError",
    "Network",
    "NeuronGroup",
    "Optimiser",
    "PoissonGroup",
    "PoissonInput",
    "PopulationRateMonitor",
    "SpikeGeneratorGroup",
    "SpikeInput",
    "SpikeMonitor",
    "StateMonitor",
    "StructuralPlasticity",
    "StructureMonitor",
    "Subgroup",
    "Synapses",
    "TimedArray",
    "collect",
    "defaultclock",
    "device",
    "function",
    "linked_var",
    "network_operation",
    "prefs",
    "run",
    "seed",
    "set_device",
    "start_scope",
    "stop",
]
__all__ += _numpy.__all__
__all__ += units.__all__
