"""The places that the generated code knows things by: given out in the order of first use."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..ir import LONG, Argument, Array


@dataclass(slots=True)
class Tables:
    """Numbers arrays, arguments and objects of a program."""

    arrays: dict[Array, int] = field(default_factory=dict)
    arguments: dict[Argument, int] = field(default_factory=dict)
    projections: dict[str, int] = field(default_factory=dict)
    rings: dict[tuple[str, str], int] = field(default_factory=dict)
    pathways: dict[tuple[str, str], int] = field(default_factory=dict)
    recorders: dict[str, int] = field(default_factory=dict)
    generators: dict[str, int] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)
    callbacks: dict[str, int] = field(default_factory=dict)
    sites: dict[int, bool] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)

    def array(self, array: Array) -> int:
        """Place of an array."""
        return self.arrays.setdefault(array, len(self.arrays))

    def projection(self, name: str) -> int:
        """Place of a projection's storage."""
        return self.projections.setdefault(name, len(self.projections))

    def ring(self, neurons: str, event: str) -> int:
        """Place of a group's event lists."""
        return self.rings.setdefault((neurons, event), len(self.rings))

    def pathway(self, projection: str, name: str) -> int:
        """Place of a pathway."""
        return self.pathways.setdefault((projection, name), len(self.pathways))

    def recorder(self, name: str) -> int:
        """Place of a monitor's recorder."""
        return self.recorders.setdefault(name, len(self.recorders))

    def generator(self, name: str) -> int:
        """Place of a list of given events."""
        return self.generators.setdefault(name, len(self.generators))

    def clock(self, name: str) -> int:
        """Place of a clock."""
        return self.clocks.setdefault(name, len(self.clocks))

    def callback(self, name: str) -> int:
        """Place of a Python function."""
        return self.callbacks.setdefault(name, len(self.callbacks))

    def argument(self, argument: Argument) -> str:
        """C++ for an argument's value."""
        clock, _, what = argument.name.rpartition(".")
        if argument.name == "tick":
            return "c.tick"
        if argument.name == "tick.dt":
            return "c.tick_dt"
        if what in ("t", "dt") or (what == "step" and argument.type is LONG):  # a constant may be called 'step' too
            return f"c.clocks[{self.clock(clock)}].{what}"
        if argument.name in self.computed:
            return f"c.computed[{self.computed[argument.name]}]"
        return f"c.arguments[{self.arguments.setdefault(argument, len(self.arguments))}]"
