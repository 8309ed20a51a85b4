"""eqsnn: spiking neural networks from equation strings, compiled, with wiring that changes as they run.

    from eqsnn import *

brings in all that a script needs: groups, synapses, structural rules, monitors, `run`, units under their usual names,
and NumPy's functions with units. Errors are in `eqsnn.errors`.
"""

from __future__ import annotations

from ._numpy import *
from . import errors
from .base import collect, start_scope
from .clocks import Clock, defaultclock
from .functions import function
from .linked import linked_var
from .monitors import EventMonitor, PopulationRateMonitor, SpikeMonitor, StateMonitor
from .network import Network, run
from .neurongroup import NeuronGroup
from .operations import network_operation
from .plasticity import StructuralPlasticity, StructureMonitor
from .poisson import PoissonGroup, PoissonInput
from .prefs import prefs
from .seeds import seed
from .spikegenerator import SpikeGeneratorGroup
from .subgroup import Subgroup
from .synapses import Synapses
from .timedarray import TimedArray
from .units import *
