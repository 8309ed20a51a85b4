"""Figures of wiring, of how it changes, and of data. Each function takes ``ax=None`` and returns the axes it drew on.

Without ``ax`` they draw on matplotlib's current axes, as its own functions do. matplotlib is imported when the first of
them is called: ``pip install 'eqsnn[plot]'``.
"""

from .changes import changes_by_distance, changes_over_time, survival, synapse_count
from .connectivity import connectivity_matrix, degree_distribution
from .fields import receptive_field_spread, receptive_fields
from .rasters import raster

__all__ = [
    "changes_by_distance",
    "changes_over_time",
    "connectivity_matrix",
    "degree_distribution",
    "raster",
    "receptive_field_spread",
    "receptive_fields",
    "survival",
    "synapse_count",
]
