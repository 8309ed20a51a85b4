"""Rewiring as a network learns: texts of structural rules for training, to be used as they are, or copied and changed.

Each function returns a rule for `StructuralPlasticity`, which runs after the optimiser::

    W = Synapses(inputs, hidden, 'w : 1 (learned)' + fixed_signs(), on_pre='v_post += w')
    W.connect(p=0.05)
    W.w = 'sgn*abs(randn())/sqrt(N_incoming)'
    StructuralPlasticity(W, deep_r(), when='after_batch')

After each batch as many synapses are created as were removed, among the pairs that are free after the removals, all
alike. So the number of synapses never changes, unless a projection has fewer free pairs than that
(``rule.shortfall``). A new synapse begins with a fresh state of the optimiser.

In these texts ``weight`` is the name of the learned variable, and other numbers are values or names, which the rule's
``namespace`` or the script then has. ``print(deep_r())`` shows what there is to change.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_PRIME = 46337  # the square of what is left by it is an integer of 32 bits


def fixed_signs(name: str = "sgn", key: int = 0) -> str:
    """Lines for the model of synapses: a sign of each pair of neurons, 1 or -1, that is the same for ever.

    It is worked out from ``i``, ``j`` and ``key``, so that it takes no memory, and the sign of a pair is known before
    there is a synapse: three squares modulo a prime, with ``j`` and ``i`` added in between. Half of the pairs have
    either sign, without a pattern in rows and columns; another ``key`` gives other ones.
    """
    first, second, third = f"i + {(911 + 7919 * key) % _PRIME}", f"{name}_1 + j % {_PRIME}", f"{name}_2 + 7*(i % 6619)"
    square = "({0}) % {1}*(({0}) % {1}) % {1} : integer"
    lines = [f"{name}_{k} = " + square.format(x, _PRIME) for k, x in enumerate((first, second, third), 1)]
    return "\n" + "\n".join([*lines, f"{name} = 2*int({name}_3 < {_PRIME // 2}) - 1 : 1", ""])


def deep_r(weight: str = "w", sign: str = "sgn", *, redrawn: bool = False, noise: Any = None) -> str:
    """DEEP R: a synapse whose weight has come to zero, or to the other side of it, is replaced by another.

    Bellec, Kappel, Maass & Legenstein (2018), algorithm 1: a weight is sign*theta, a connection with theta <= 0 is
    dormant, and as many of the dormant ones as fell asleep wake with theta = 0. Nothing is kept of those that sleep. A
    new synapse begins at zero and has one batch to leave it: it stays if the optimiser has taken it to the side of its
    sign. So a synapse without any gradient does not stay.

    - ``sign``: a variable or subexpression of the synapses that is 1 or -1. A sign that belongs to the pair, as in
      Knight, Senk & Nowotny (2025), comes from `fixed_signs`; that of a neuron, from ``sgn = kind_pre : 1``.
    - ``redrawn``: the sign is a variable of each synapse instead, ``sgn : 1``, and drawn as it is created.
    - ``noise``: standard deviation of what is added to each weight in each batch: sqrt(2*eta*T) for a learning rate eta
      and a temperature T in Bellec et al., which makes of learning a walk through likely networks; nothing in Knight
      et al.

    What pulls weights to zero in either is ``EProp(l1=...)``.
    """
    lines = [*_asleep(weight, sign, noise, "n_dormant"), "for each pair in sample(n_dormant, unconnected):"]
    return _text([*lines, f"    {_creation(sign, redrawn)}"])


def deep_r_prune(weight: str = "w", sign: str = "sgn", *, noise: Any = None, side: str = "") -> str:
    """The first half of DEEP R with one budget for several projections, as in Bellec et al. (2018).

    Synapses that go are replaced in any of the projections, by pairs that are drawn from the free pairs of all of them.
    These have one group of neurons in common, whose model keeps the account in two shared variables::

        hidden = NeuronGroup(256, '''dv/dt = -v/tau : 1
                                     n_dormant : integer (shared)
                                     n_free : integer (shared)''', ...)
        for S in (W_in, W_rec):
            StructuralPlasticity(S, deep_r_prune(), when='after_batch')
            StructuralPlasticity(S, deep_r_wake(), when='after_batch', order=1)

    ``order`` makes every projection remove before any creates. Where the group is on the presynaptic side alone,
    ``side`` is ``'_pre'``. Signs and noise are those of `deep_r`.
    """
    count = ["for each pair in sample(1):", f"    n_free{side} += N_pre*N_post - count()"]
    return _text([*_asleep(weight, sign, noise, f"n_dormant{side}"), *count])


def deep_r_wake(weight: str = "w", sign: str = "sgn", *, redrawn: bool = False, side: str = "") -> str:
    """The second half of DEEP R with one budget: creates what `deep_r_prune` has removed, here or elsewhere.

    Each of the synapses to come falls to this projection with the probability that a free pair of those not asked yet
    is one of its own, so that any free pair of all projections is as likely as any other; the last one takes what is
    left. The number of all synapses is exactly constant as long as the last projection has that many free pairs.
    """
    return _text([
        f"for each pair in sample(n_dormant{side}, unconnected):",
        f"    if rand() < (N_pre*N_post - count())/n_free{side}:",
        f"        {_creation(sign, redrawn)}",
        f"        n_dormant{side} -= 1",
        "        n_woken += 1",
        "for each pair in sample(1):",
        f"    n_free{side} -= N_pre*N_post - count() + n_woken",
    ])  # fmt: skip


def sparse_evolution(weight: str = "w", *, share: Any = 0.3, spread: Any = 0.1, every: Any = 100) -> str:
    """SET: every so many batches, the ``share`` of weights nearest to zero on either side of it is replaced.

    Mocanu et al. (2018), Nature Communications 9, 2383, with share 0.3, after each epoch. New weights are normal, of
    standard deviation ``spread``, which has the unit of the weight.
    """
    w, positive, negative = weight, f"sign({weight}) >= 0", f"sign({weight}) < 0"
    return _text([
        "for each synapse:",
        f"    place = rank({w}) - count({negative})  # up from 0 among positive weights, down from -1 among others",
        f"    weak = where({positive}, place < {share}*count({positive}), -1 - place < {share}*count({negative}))",
        f"    if weak and batch % {every} == {every} - 1:",
        "        remove synapse",
        "        n_removed += 1",
        "for each pair in sample(n_removed, unconnected):",
        f"    create synapse({w}={spread}*randn())",
    ])  # fmt: skip


def rigged_lottery(
    weight: str = "w", *, share: Any = 0.3, candidates: Any = 4, every: Any = 100, until: Any = 1_000_000,
    unit: str = "1",
) -> str:  # fmt: skip
    """After RigL: every so many batches, weights nearest to zero make room where the gradient is largest.

    Evci et al. (2020), "Rigging the lottery", replace a share of the weights, of smallest magnitude, by absent pairs of
    the largest gradient. The share falls along half a cosine, from ``share`` to nothing at batch ``until``.

    They look at the gradients of *all* absent pairs, which takes the time and memory of a dense network. Here gradients
    exist where synapses do. So candidates are drawn, ``candidates`` times as many as will be replaced, and created with
    weight zero, so that they transmit nothing; in the next batch they get a gradient as others do. Then those of the
    largest gradient stay, still at zero, as many weights of the smallest magnitude go, and so do all other candidates.
    The number of synapses is constant but for that one batch in ``every``. With as many candidates as there are free
    pairs this is the published rule, at its cost; with few, it finds the best of a sample.

    The synapses have a variable more: ``candidate : boolean``. ``unit`` is that of the weight, such as ``'mV'``.
    """
    w, g = weight, f"{weight}_gradient"
    old, new = "count(not candidate)", "count(candidate)"
    smallest, steepest = f"rank(where(candidate, -1*{unit}, abs({w})))", f"rank(where(candidate, -abs({g}), 1))"
    fall = f"{share}*(1 + cos(pi*batch/{until}))/2*int(batch < {until})"
    return _text([
        "for each synapse:",
        f"    n_moved = minimum(int({new}/{candidates}), {old})",
        f"    if {new} > 0:",
        "        if candidate:",
        f"            remove synapse if {steepest} >= n_moved",
        f"            {w} = 0*{unit}",
        "        else:",
        f"            remove synapse if {smallest} - {new} < n_moved",
        "        candidate = False",
        f"for each pair in sample({candidates}*int({fall}*count())*int(batch % {every} == {every} - 1), unconnected):",
        f"    create synapse({w}=0*{unit}, candidate=True)",
    ])  # fmt: skip


def _asleep(weight: str, sign: str, noise: Any, counter: str) -> Iterable[str]:
    """Remove the synapses whose weight is not on the side of its sign."""
    yield "for each synapse:"
    if noise is not None:
        yield f"    {weight} += {noise}*randn()"
    yield f"    if sign({weight}) != {sign}:"
    yield "        remove synapse"
    yield f"        {counter} += 1"


def _creation(sign: str, redrawn: bool) -> str:
    return f"create synapse({sign}=2*int(rand() < 0.5) - 1)" if redrawn else "create synapse"


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"
