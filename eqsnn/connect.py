"""Which pairs `Synapses.connect` connects: all, by condition, by probability, by index, by generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from . import execute
from .base import described
from .execute import Trial
from .generators import generated
from .grammar import ast, errors
from .grammar.source import Source, Span
from .model.dimensions import DIMENSIONLESS
from .model.infer import expect_boolean, expect_dimension, expect_number
from .model.reach import NEW_PAIR
from .namespaces import Namespace
from .pairs import INDEX, Pairs, check_whole, existing, neuron_numbers, place, statement_generator
from .units import dimension_of, to_base

if TYPE_CHECKING:
    from .synapses import Synapses


def connect(
    synapses: Synapses, condition: str | bool | None, i: Any, j: Any, p: Any, n: Any, skip: bool, namespace: Namespace
) -> None:
    """Find the pairs, give each its number of synapses, and create them."""
    _check_arguments(synapses, condition, i, j)
    probability = _probability(synapses, p)
    if i is not None or j is not None:
        pairs = _given(synapses, i, j, skip, namespace)
        pairs = _thinned(synapses, pairs, p, probability, namespace)
    else:
        pairs = _by_condition(synapses, condition, p, probability, namespace)
    create(synapses, *_repeated(synapses, pairs, n, namespace))


def _check_arguments(synapses: Synapses, condition: Any, i: Any, j: Any) -> None:
    if condition is not None and not isinstance(condition, str | bool | np.bool_):
        is_graph = len(getattr(condition, "shape", ())) == 2 or hasattr(condition, "is_directed")
        raise errors.StructureError(
            "E614",
            f"a condition is a string, True or False, not {described(condition)}.",
            place=place(synapses),
            hint="call connect_graph(...) with a matrix or a graph" if is_graph else "give neurons as i= and j=",
        )
    if condition is not None and (i is not None or j is not None):
        raise errors.StructureError(
            "E614", "a condition and i or j are both given.", place=place(synapses), hint="give one of them"
        )
    if (i is None) != (j is None) and not isinstance(i if j is None else j, str):
        raise errors.StructureError(
            "E614",
            "one of i and j is given as numbers, the other is missing.",
            place=place(synapses),
            hint="give both, or an expression such as j='i'",
        )


def _probability(synapses: Synapses, p: Any) -> float | None:
    """The probability where it is one number, else None.

    :raises StructureError: E616, it is not between 0 and 1.
    """
    if isinstance(p, str):
        return None
    if not dimension_of(p).is_dimensionless or np.ndim(p) or not 0 <= float(to_base(p)) <= 1:
        raise errors.StructureError(
            "E616", f"a probability is a number between 0 and 1, not {p!r}.", place=place(synapses)
        )
    return float(to_base(p))


# ---- all pairs ------------------------------------------------------------------------------------------------------


def _by_condition(synapses: Synapses, condition: Any, p: Any, probability: float | None, namespace: Namespace) -> Pairs:
    """Pairs that meet a condition, each with its probability.

    A common probability is drawn first, at the cost of the pairs drawn; the condition is then looked at for these
    alone. Both are independent, so the order makes no difference to what is connected.
    """
    n_pre, n_post = len(synapses.source_group), len(synapses.target_group)
    if condition is not None and not isinstance(condition, str):
        condition = None if condition else "False"
    if probability is None or (probability == 1 and condition is not None):
        rule = _rule(synapses, condition, p if probability is None else None, namespace)
        return execute.staged_pairs(synapses, rule, namespace)
    i, j = _every(n_pre, n_post) if probability == 1 else _skipping(n_pre, n_post, probability)
    if condition is None:
        return i, j
    node = _parsed(synapses, condition, "connect, condition")
    _is_condition(synapses, node, namespace)
    (wanted,) = execute.evaluate_expressions(synapses, (node,), None, namespace, Trial.of(synapses, i, j))
    return i[wanted], j[wanted]


def _every(n_pre: int, n_post: int) -> Pairs:
    return np.repeat(np.arange(n_pre, dtype=INDEX), n_post), np.tile(np.arange(n_post, dtype=INDEX), n_pre)


def _skipping(n_pre: int, n_post: int, p: float) -> Pairs:
    """Pairs connected with probability p, by drawing the gaps between them, which are geometric."""
    total, random = n_pre * n_post, statement_generator()
    found: list[npt.NDArray[np.int64]] = []
    last = -1
    while p > 0 and last < total:
        expected = (total - last) * p
        gaps = random.geometric(p, int(expected + 4 * np.sqrt(expected) + 16))
        places = last + np.cumsum(np.minimum(gaps, total + 1))
        found.append(places[places < total])
        last = int(places[-1])
    chosen = np.concatenate(found) if found else np.empty(0, np.int64)
    return (chosen // n_post).astype(INDEX), (chosen % n_post).astype(INDEX)


def _parsed(synapses: Synapses, text: str, part: str) -> ast.Expression:
    from .grammar.parser import parse_expression

    return parse_expression(Source(text, f"{synapses.title}, {part}"))


def _is_probability(synapses: Synapses, node: ast.Expression, namespace: Namespace) -> None:
    expect_dimension(node, execute.scope_of(synapses, namespace), DIMENSIONLESS, "a probability")


def _is_condition(synapses: Synapses, node: ast.Expression, namespace: Namespace) -> None:
    expect_boolean(node, execute.scope_of(synapses, namespace))


def _rule(synapses: Synapses, condition: str | None, p: str | None, namespace: Namespace) -> ast.Rule:
    """``for each pair in all: create synapse if condition and rand() < p``."""
    parts = []
    if condition is not None:
        parts.append(_parsed(synapses, condition, "connect, condition"))
        _is_condition(synapses, parts[0], namespace)  # the rule below could ask more than a condition may
    if p is not None:
        node = _parsed(synapses, p, "connect, p")
        _is_probability(synapses, node, namespace)
        draw = ast.Call(ast.Name("rand", node.span), (), (), node.span)
        parts.append(ast.Compare("<", draw, node, node.span))
    execute.check_trial(synapses, parts, namespace, NEW_PAIR)
    test = parts[0] if len(parts) == 1 else ast.Logical("and", parts[0], parts[1], parts[0].span)
    span = Span(test.span.source, 0, len(test.span.source.text))
    body = ast.CreateSynapse((), test, None, span)
    return ast.Rule((ast.Pass(ast.EachPair(ast.All(span), span), (body,), span),), span.source)


# ---- given neurons --------------------------------------------------------------------------------------------------


def _given(synapses: Synapses, i: Any, j: Any, skip: bool, namespace: Namespace) -> Pairs:
    """Pairs of numbers, or those that an expression or generator makes of each neuron of one side."""
    if isinstance(j, str) or isinstance(i, str):
        if isinstance(j, str) and isinstance(i, str):
            raise errors.StructureError(
                "E614",
                "i and j are both expressions.",
                place=place(synapses),
                hint="give one of them as a function of the other",
            )
        return generated(synapses, i, j, skip, namespace)
    pre, post = neuron_numbers(synapses, i, "i"), neuron_numbers(synapses, j, "j")
    try:
        pre, post = np.broadcast_arrays(pre, post)
    except ValueError:
        raise errors.StructureError(
            "E614",
            f"i has {pre.size} neurons, but j has {post.size}.",
            place=place(synapses),
            hint="give arrays of equal length, or one neuron for all",
        ) from None
    return existing(synapses, pre.reshape(-1), post.reshape(-1), skip)


# ---- numbers of synapses, and their creation ------------------------------------------------------------------------


def _thinned(synapses: Synapses, pairs: Pairs, p: Any, probability: float | None, namespace: Namespace) -> Pairs:
    """Keep each of the pairs with its probability."""
    if probability == 1:
        return pairs
    limits: Any = probability
    if probability is None:
        node = _parsed(synapses, p, "connect, p")
        _is_probability(synapses, node, namespace)
        (limits,) = execute.evaluate_expressions(synapses, (node,), None, namespace, Trial.of(synapses, *pairs))
    kept = statement_generator().random(len(pairs[0])) < limits
    return pairs[0][kept], pairs[1][kept]


def _repeated(synapses: Synapses, pairs: Pairs, n: Any, namespace: Namespace) -> Pairs:
    """Each pair as often as it gets synapses."""
    if isinstance(n, str):
        node = _parsed(synapses, n, "connect, n")
        expect_number(node, execute.scope_of(synapses, namespace))
        (counts,) = execute.evaluate_expressions(synapses, (node,), None, namespace, Trial.of(synapses, *pairs))
        check_whole(synapses, node, counts)
    else:
        counts = np.asarray(n)
    if counts.dtype.kind not in "iuf" or (counts < 0).any():
        raise errors.StructureError("E617", f"n must be a whole number of synapses, not {n!r}.", place=place(synapses))
    if counts.ndim == 0 and counts == 1:
        return pairs
    counts = np.broadcast_to(counts.astype(np.int64), pairs[0].shape)
    return np.repeat(pairs[0], counts), np.repeat(pairs[1], counts)


def create(synapses: Synapses, i: npt.NDArray[np.int32], j: npt.NDArray[np.int32]) -> None:
    """Create synapses; number those of one pair where there may be several.

    :raises StructureError: E612, a pair would be connected twice.
    """
    keys = i.astype(np.int64) * len(synapses.target_group) + j
    before = len(synapses)
    if synapses.multisynaptic_index is None:
        _no_twice(synapses, keys)
    synapses.ragged.append(i, j)
    for name in synapses.copies_of("lastupdate"):
        synapses.ragged.set(name, synapses.ticks, slice(before, None))
    synapses.note_connected(i, j)
    if synapses.multisynaptic_index is not None:
        old = synapses.ragged.i.astype(np.int64) * len(synapses.target_group) + synapses.ragged.j
        synapses.ragged.set(synapses.multisynaptic_index, _numbered(old)[before:], np.arange(before, len(old)))


def _no_twice(synapses: Synapses, keys: npt.NDArray[np.int64]) -> None:
    ascending = keys.size < 2 or bool(np.all(keys[1:] > keys[:-1]))
    found = keys if ascending and not len(synapses) else None
    if found is None:
        old = synapses.ragged.i.astype(np.int64) * len(synapses.target_group) + synapses.ragged.j
        every = np.sort(np.concatenate([old, keys]))
        twice = np.flatnonzero(every[1:] == every[:-1])
        if twice.size:
            i, j = divmod(int(every[twice[0]]), len(synapses.target_group))
            raise errors.StructureError(
                "E612",
                f"neurons {i} and {j} would be connected twice.",
                place=place(synapses),
                hint="declare multisynaptic_index='k' to allow several synapses between two neurons",
            )


def _numbered(keys: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
    """For each entry, how often its value has come before."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    first = np.searchsorted(ordered, ordered, side="left")
    result = np.empty(len(keys), INDEX)
    result[order] = np.arange(len(keys)) - first
    return result
