"""Pairs that a generator makes: ``connect(j='k for k in range(i-2, i+3) if k != i')``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import execute
from .execute import Trial
from .grammar import ast, errors
from .grammar.source import Source
from .model.infer import expect_boolean, expect_number
from .model.reach import NEW_PAIR, SOURCES, TARGETS
from .model.types import INTEGER
from .namespaces import Namespace
from .pairs import INDEX, Pairs, check_whole, existing, neuron_numbers, statement_generator

if TYPE_CHECKING:
    from .synapses import Synapses


def generated(synapses: Synapses, i: Any, j: Any, skip: bool, namespace: Namespace) -> Pairs:
    """Pairs that a generator or expression makes: of each presynaptic neuron its targets (``j=``), or the reverse."""
    from .grammar.parser import parse_generator

    forward = isinstance(j, str)
    own, text, given = ("i", j, i) if forward else ("j", i, j)
    group = synapses.source_group if forward else synapses.target_group
    starts = np.arange(len(group)) if given is None else neuron_numbers(synapses, given, own).reshape(-1)
    none = np.zeros_like(starts)
    i_, j_ = (starts, none) if forward else (none, starts)
    i_, j_ = existing(synapses, i_, j_, skip)
    starts, none = (i_, j_) if forward else (j_, i_)
    node = parse_generator(Source(text, f"{synapses.title}, connect, {'j' if forward else 'i'}"))
    if not isinstance(node, ast.Generator):
        node = _single(node)
    _check_generator(synapses, node, forward, namespace)
    owners, values = _iterate(synapses, node, starts, forward, namespace)
    name, condition = node.variable.id, node.condition
    if condition is not None and not _asks_partner(synapses, condition, forward, namespace, name):
        trial = _alone(synapses, owners, forward, **{name: values})
        (wanted,) = execute.evaluate_expressions(synapses, (condition,), None, namespace, trial)
        owners, values, condition = owners[wanted], values[wanted], None
    trial = _alone(synapses, owners, forward, **{name: values})
    (others,) = execute.evaluate_expressions(synapses, (node.element,), None, namespace, trial)
    check_whole(synapses, node.element, others)
    if not skip:
        existing(synapses, *((owners, others) if forward else (others, owners)), skip)
    inside = (others >= 0) & (others < len(synapses.target_group if forward else synapses.source_group))
    owners, others, values = owners[inside], others[inside], values[inside]
    if condition is not None:
        trial = _trial(synapses, owners, others, forward, **{name: values})
        (wanted,) = execute.evaluate_expressions(synapses, (condition,), None, namespace, trial)
        owners, others = owners[wanted], others[wanted]
    pair = (owners, others) if forward else (others, owners)
    return pair[0].astype(INDEX), pair[1].astype(INDEX)


def _asks_partner(
    synapses: Synapses, condition: ast.Expression, forward: bool, namespace: Namespace, name: str
) -> bool:
    """Whether a condition is about the other neuron, which must exist then; else it may be what sees to that."""
    try:
        execute.check_trial(synapses, (condition,), namespace, TARGETS if forward else SOURCES, (name,))
    except errors.StructureError:
        return True
    return False


def _single(node: ast.Expression) -> ast.Generator:
    """An expression as a generator of one: ``expression for _k in range(1)``."""
    span = node.span
    once = ast.Range(None, ast.Number(1, span), None, span)
    return ast.Generator(node, ast.Name("_k", span), once, None, span)


def _trial(synapses: Synapses, own: Any, other: Any, forward: bool, /, **variables: Any) -> Trial:
    return Trial.of(synapses, *((own, other) if forward else (other, own)), **variables)


def _alone(synapses: Synapses, own: Any, forward: bool, /, **variables: Any) -> Trial:
    """Neurons whose partners are yet to be found."""
    i, j = (own, np.zeros_like(own)) if forward else (np.zeros_like(own), own)
    return Trial.of(synapses, i, j, TARGETS if forward else SOURCES, **variables)


def _iterate(
    synapses: Synapses, node: ast.Generator, starts: npt.NDArray[Any], forward: bool, namespace: Namespace
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """For each neuron in ``starts`` the values that the generator's variable takes: (neuron, value) of all."""
    sampled = isinstance(node.iterable, ast.RandomSample)
    limits = node.iterable.range if isinstance(node.iterable, ast.RandomSample) else node.iterable
    span = limits.span
    texts = [limits.start or ast.Number(0, span), limits.stop, limits.step or ast.Number(1, span)]
    if isinstance(node.iterable, ast.RandomSample):
        texts.append(node.iterable.p if node.iterable.p is not None else node.iterable.size or ast.Number(0, span))
    trial = _alone(synapses, starts, forward)
    found = execute.evaluate_expressions(synapses, tuple(texts), None, namespace, trial)
    for text, values in zip(texts[:3], found[:3], strict=True):
        check_whole(synapses, text, values)
    start, stop, step = (values.astype(np.int64) for values in found[:3])
    if np.any(step == 0):
        raise errors.StructureError("E618", "the step of a range is zero.", limits.span)
    counts = np.maximum(0, -(-(stop - start) // step))
    owners = np.repeat(starts, counts)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    values = np.repeat(start, counts) + places * np.repeat(step, counts)
    if not sampled:
        return owners, values
    assert isinstance(node.iterable, ast.RandomSample)
    chosen = _sampled(node.iterable, counts, found[3])
    return owners[chosen], values[chosen]


def _sampled(node: ast.RandomSample, counts: npt.NDArray[np.int64], wanted: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Which of the candidates are drawn; ``counts`` of them belong to each neuron."""
    random = statement_generator()
    if node.p is not None:
        return np.flatnonzero(random.random(int(counts.sum())) < np.repeat(wanted, counts))
    chosen, first = [], np.cumsum(counts) - counts
    for begin, count, size in zip(first, counts, wanted, strict=True):
        if not 0 <= size <= count:
            raise errors.StructureError("E619", f"{size} of {count} cannot be drawn.", node.span)
        chosen.append(begin + np.sort(random.choice(int(count), int(size), replace=False)))
    return np.concatenate(chosen) if chosen else np.empty(0, np.int64)


def _check_generator(synapses: Synapses, node: ast.Generator, forward: bool, namespace: Namespace) -> None:
    """Find what is wrong with any part of a generator before the first is compiled."""
    scope, name = execute.scope_of(synapses, namespace), node.variable.id
    alone = TARGETS if forward else SOURCES
    texts: tuple[ast.Expression | None, ...]
    match node.iterable:
        case ast.Range(start, stop, step, _):
            texts = (start, stop, step)
        case ast.RandomSample(ast.Range(start, stop, step, _), p, size, _):
            texts = (start, stop, step, p, size)
    given = [text for text in texts if text is not None]
    for text in given:
        expect_number(text, scope)
    execute.check_trial(synapses, given, namespace, alone)
    scope.locals[name] = INTEGER
    expect_number(node.element, scope)
    execute.check_trial(synapses, (node.element,), namespace, alone, (name,))
    if node.condition is not None:
        expect_boolean(node.condition, scope)
        execute.check_trial(synapses, (node.condition,), namespace, NEW_PAIR, (name,))
