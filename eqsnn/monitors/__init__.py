"""Monitors: what is recorded while a network runs."""

from .events import EventMonitor, SpikeMonitor
from .rates import PopulationRateMonitor
from .states import StateMonitor
from .structure import StructureMonitor

__all__ = ["EventMonitor", "PopulationRateMonitor", "SpikeMonitor", "StateMonitor", "StructureMonitor"]
