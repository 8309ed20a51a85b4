"""Structural plasticity: rules that create and remove synapses while a network runs."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from . import execute
from .base import NetworkObject, described, text_source
from .clocks import Clock
from .grammar import ast, errors
from .model.declarations import Declaration, Structural
from .namespaces import Namespace, caller, check_namespace
from .prepared import Prepared
from .runtime.store import Store
from .synapses import Synapses
from .units import ms

if TYPE_CHECKING:
    from .network import Network

AFTER_BATCH = "after_batch"
"""Where a rule stands that runs after each run."""


class StructuralPlasticity(NetworkObject):
    """A structural rule of ``synapses``, run every millisecond, or at every step of ``dt`` or of ``clock``.

    With ``when='after_batch'`` it runs once after each run instead, when all networks of a batch have come to its end:
    there it may use what they make together, ``batch_sum(g)``, and ``batch``, how often it has run before. Such rules
    run by their ``order``.

    ``rule`` is a sequence of passes (``for each synapse:``, ``for each pair in sample(n):``, ...), each of which reads
    the network as it was when the pass began; see the language reference. ``created``, ``removed``, ``refused`` and
    ``shortfall`` count what came of it, ``batches`` how often it ran after a batch, or by hand. A rule that is only run
    by hand, by `run`, is made inactive: ``rule.active = False``.

    Example::

        StructuralPlasticity(S, '''
            for each pair in sample(10):
                if connected:
                    remove synapse if rand() < 0.02*int(w < w_max/2)
                else:
                    create synapse(w=w_max) if rand() < p_form*exp(-d2/(2*sigma**2))
            ''', dt=1*ms)

    :raises EqsnnError: the rule does not parse; its names and units are checked by `run`.
    """

    def __init__(
        self,
        synapses: Synapses,
        rule: str,
        dt: Any = None,
        *,
        clock: Clock | None = None,
        when: str = "end",
        order: int = 0,
        namespace: Mapping[str, Any] | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(synapses, Synapses):
            raise errors.StructureError("E620", f"a structural rule belongs to Synapses, not to {described(synapses)}.")
        self.of_batch = when == AFTER_BATCH
        if self.of_batch and (dt is not None or clock is not None):
            message = "a rule with when='after_batch' runs after each run: it has neither dt nor clock."
            raise errors.StructureError("E627", message, place=f"StructuralPlasticity of {synapses.title}")
        otherwise = synapses.clock if self.of_batch else None if dt is not None or clock is not None else Clock(1 * ms)
        super().__init__(
            "structuralplasticity", name, dt=dt, clock=clock, otherwise=otherwise,
            when="end" if self.of_batch else when, order=order, contained=True,
        )  # fmt: skip
        from .grammar.parser import parse_rule

        self._synapses = weakref.ref(synapses)  # they contain the rule, and keep it alive
        self.namespace = {**synapses.namespace, **check_namespace(namespace, self.title)}
        self.active = True
        self.batches = 0
        self._counts = self.of_batch and "batch" not in self.namespace
        self._number_batch()
        self.store = Store()
        self.store.add("_changes", "long", 4)
        self.prepared: Prepared | None = None
        self._rule = parse_rule(text_source(rule, self.title, "rule"))
        synapses.plastic = True
        for name in _created_values(statement for node in self._rule.passes for statement in node.body):
            synapses.separate_delays(name)
        if any(isinstance(node.head, ast.EachNeuron) or _per_post(node.head) for node in self._rule.passes):
            synapses.need_index()
        synapses.contained.append(self)

    @property
    def synapses(self) -> Synapses:
        """The synapses that the rule changes.

        :raises StructureError: E621, they are gone.
        """
        found = self._synapses()
        if found is None:
            raise errors.StructureError(
                "E621", "the synapses of this rule are gone.", hint="keep a reference to them", place=self.title
            )
        return found

    @property
    def rule(self) -> str:
        """The text."""
        return self._rule.source.text

    @property
    def created(self) -> int:
        """Synapses that the rule has created."""
        return int(self.store["_changes"][0])

    @property
    def removed(self) -> int:
        """Synapses that the rule has removed."""
        return int(self.store["_changes"][1])

    @property
    def refused(self) -> int:
        """Creations refused, because the pair was connected already or created twice in one pass."""
        return int(self.store["_changes"][2])

    @property
    def shortfall(self) -> int:
        """Pairs that ``sample(n)`` was asked for beyond those there are."""
        return int(self.store["_changes"][3])

    def declare(self) -> tuple[Declaration, ...]:
        """The rule, for the compiler, where it is active and runs in the steps of a run."""
        return (self.declaration(),) if self.active and not self.of_batch else ()

    def declaration(self) -> Structural:
        """The rule, for the compiler."""
        resolver = Namespace(self.name, self.namespace, caller())
        return Structural(self.name, self.title, self.synapses.name, self._rule, resolver, self.schedule())

    @property
    def text(self) -> ast.Rule:
        """The rule as it was read."""
        return self._rule

    def set_batch(self, copies: int) -> None:
        """Nothing: it counts what happens to the synapses, which all networks have in common."""

    def before_run(self, network: Network) -> None:
        """Find what is wrong with a rule that runs afterwards.

        :raises EqsnnError: as `run`. :raises StructureError: E626, a rule on a clock in a batch.
        """
        if self.active and self.of_batch:
            execute.prepare_rule(self)
        elif self.active and network.batch_size > 1:
            message = "a rule on a clock cannot run in a batch: its networks have the same synapses."
            hint = "make it with when='after_batch', to run once after each run"
            raise errors.StructureError("E626", message, place=self.title, hint=hint)

    def after_batch(self) -> None:
        """Run the rule if this is its time."""
        if self.active and self.of_batch:
            self.run()

    def counter_size(self, name: str) -> int:
        """Number of values of a counter of the rule: one, or one for each neuron of a side."""
        for suffix, group in (("_pre", self.synapses.source_group), ("_post", self.synapses.target_group)):
            if name.endswith(suffix):
                return len(group)
        return 1

    def run(self) -> None:
        """Run the rule once, now, on the network as it is."""
        self._number_batch()
        self.synapses.take_log()
        execute.run_rule(self)
        self.synapses.take_log(at_once=True)
        self.batches += 1

    def _number_batch(self) -> None:
        """Tell the rule which batch it is, unless the name means something else to its synapses or its script."""
        if self._counts:
            self.namespace["batch"] = self.batches


def _created_values(body: Iterable[ast.Statement]) -> Iterator[str]:
    """Names of the variables that `create synapse` statements give values."""
    for node in body:
        match node:
            case ast.CreateSynapse(values, _, _, _):
                yield from (value.name.id for value in values)
            case ast.If(_, then, orelse, _):
                yield from _created_values(then + orelse)
            case _:
                pass


def _per_post(head: ast.Head) -> bool:
    return isinstance(head, ast.EachPair) and isinstance(head.selection, ast.Sample) and head.selection.per == "post"
