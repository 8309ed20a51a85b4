"""Measures of networks and of how their wiring changes; what needs SciPy or networkx imports it when called."""
