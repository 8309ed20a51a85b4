"""Spiking tasks whose answer is known, made from a seed: example k of a seed is the same however many are made."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from ..grammar import errors
from ..units import Hz, ms
from .encode import before, joined, linear_latency_code
from .parameters import Seed, fraction, generator, hertz, seconds, whole
from .spikes import SpikeData
from .validation import Array, Float64, Int64

_TRIES: Final = 64  # points drawn at once for one of a class


# ---- Yin-Yang


def yin_yang_class(x: Any, y: Any, *, r_small: float = 0.1, r_big: float = 0.5) -> Array:
    """The class of points of the Yin-Yang figure: 0 yin, 1 yang, 2 dot; the square is ``2*r_big`` wide.

    Kriener, Göltz & Petrovici (2022), "The Yin-Yang dataset" (arXiv 2102.08211), with the numbers of their program.
    Half a turn about the middle exchanges yin and yang.
    """
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
    right = np.hypot(x - 1.5 * r_big, y - r_big)
    left = np.hypot(x - 0.5 * r_big, y - r_big)
    in_left_half = (left > r_small) & (left <= 0.5 * r_big)
    yang = (right <= r_small) | in_left_half | ((y > r_big) & (right > 0.5 * r_big))
    return np.where((right < r_small) | (left < r_small), 2, yang.astype(np.int64))


def yin_yang(
    n: int, *, seed: Seed = 0, earliest: Any = 1.5 * ms, latest: Any = 20 * ms, bias: Any = 9 * ms,
    duration: Any = 40 * ms, r_small: float = 0.1, r_big: float = 0.5,
) -> SpikeData:  # fmt: skip
    """``n`` points of the Yin-Yang figure in three classes: units x, y, 1 - x, 1 - y and bias spike once each.

    Kriener, Göltz & Petrovici (2022): a class is drawn, then points until one is of it. Latencies are linear in the
    coordinates (`linear_latency_code`). Times are those of Göltz et al. (2021, Nat. Mach. Intell. 3:823), 0.15, 2.0 and
    0.9 of a synaptic time constant of 10 ms, in trials of four. They report 98.7 % for a network with a hidden layer of
    120, and 64.3 % without one; `yin_yang_class` is never wrong.

    :raises StateError: E790, ``n`` is not positive, radii that do not nest, or times that are not in order.
    :raises DimensionError: E223, a time has no unit. :raises ModelError: E551, no seed.
    """
    place = "yin_yang"
    count, when = whole(n, "n", place), seconds(bias, "bias", place)
    end = seconds(duration, "duration", place)
    if not 0 < r_small < r_big / 2 or not 2 * r_big <= 1:
        hint = "0 < r_small < r_big/2, and the figure lies in 0 ... 1"
        message = f"a figure cannot have the radii {r_small} and {r_big}."
        raise errors.StateError("E790", message, place=place, hint=hint)
    if when >= end:
        raise errors.StateError("E790", "'bias' must be before the end of the trial.", place=place)
    points = [_yin_yang_point(generator(seed, k), r_small, r_big) for k in range(count)]
    x, y, labels = (np.array(column) for column in zip(*points, strict=True))
    data = linear_latency_code(
        np.stack([x, y, 1 - x, 1 - y], axis=1), labels, earliest=earliest, latest=latest, duration=duration
    )
    units, times = data.units.reshape(count, 4), data.times.reshape(count, 4)
    return SpikeData(
        np.insert(units, 4, 4, axis=1).reshape(-1), np.insert(times, 4, when, axis=1).reshape(-1),
        np.arange(count + 1) * 5, labels, 5, end, names=("yin", "yang", "dot"),
    )  # fmt: skip


def _yin_yang_point(rng: np.random.Generator, r_small: float, r_big: float) -> tuple[float, float, int]:
    wanted = int(rng.integers(3))
    while True:
        x, y = rng.random((2, _TRIES)) * (2 * r_big)
        inside = np.hypot(x - r_big, y - r_big) <= r_big
        found = np.flatnonzero(inside & (yin_yang_class(x, y, r_small=r_small, r_big=r_big) == wanted))
        if found.size:
            return float(x[found[0]]), float(y[found[0]]), wanted


# ---- cues in time


def delayed_xor(
    n: int, *, seed: Seed = 0, delay: Any = 100 * ms, cue: Any = 50 * ms, recall: Any = 50 * ms,
    population: int = 10, rate: Any = 100 * Hz, background: Any = 0 * Hz,
) -> SpikeData:  # fmt: skip
    """``n`` trials of two cues, each 0 or 1, with a delay between them: are they different?

    Units come in three populations: the first spikes in a cue that is 0, the second in a cue that is 1, the third while
    the answer is asked for, in the ``recall`` after the second cue. They spike at ``rate`` (Poisson), all others at
    ``background``. Cues are independent and fair, so each class is as likely. Whoever forgets one cue is right in half
    of the trials; no linear function of how often each unit spikes is right in more than three quarters, nor is one of
    how often it spikes in each cue.

    :raises StateError: E790, a number, time or rate out of range. :raises DimensionError: E223, a wrong unit.
    :raises ModelError: E551, no seed.
    """
    place = "delayed_xor"
    wait, length = seconds(delay, "delay", place, zero=True), seconds(cue, "cue", place)
    asked = seconds(recall, "recall", place)
    starts, end = np.array([0, length + wait]), 2 * length + wait + asked
    trains = _Populations(3, whole(population, "population", place), end, place, rate, background)
    active = np.append(starts, end - asked), np.array([length] * 2 + [asked])
    labels, parts = [], []
    for k in range(whole(n, "n", place)):
        rng = generator(seed, k)
        bits = rng.integers(2, size=2)
        labels.append(int(bits[0] ^ bits[1]))
        parts.append(trains.draw(rng, np.append(bits, 2), *active))
    return joined(parts, labels, trains.n_units, end, names=("same", "different"))


def evidence_accumulation(
    n: int, *, seed: Seed = 0, cues: int = 7, probability: float = 0.7, cue: Any = 100 * ms, gap: Any = 50 * ms,
    delay: Any = 1050 * ms, recall: Any = 150 * ms, population: int = 10, rate: Any = 40 * Hz,
    background: Any = 10 * Hz,
) -> SpikeData:  # fmt: skip
    """``n`` trials of cues on the left or right, and a delay, after which is asked: on which side were more?

    The task of Bellec et al. (2020, Nat. Commun. 11:3625, figure 3), with the numbers of their program: one side is
    drawn, and each of 7 cues is on it with probability 0.7; a cue comes after a gap. Units come in four populations of
    10, for left, right, recall (the last 150 ms) and background, which spikes all the time. The label is the side of
    more cues, 0 for left and 1 for right. Who counts all cues is always right, but for a cue that no spike tells (with
    a probability of exp(-40)); `evidence_accuracy` says how often who saw only some of them is.

    :raises StateError: E790, a number, time or rate out of range, or an even number of cues.
    :raises DimensionError: E223, a wrong unit. :raises ModelError: E551, no seed.
    """
    place = "evidence_accumulation"
    number, p = _odd(cues, place), fraction(probability, "probability", place)
    length, pause = seconds(cue, "cue", place), seconds(gap, "gap", place, zero=True)
    wait, asked = seconds(delay, "delay", place, zero=True), seconds(recall, "recall", place)
    starts = pause + np.arange(number) * (length + pause)
    end = number * (length + pause) + wait + asked
    trains = _Populations(4, whole(population, "population", place), end, place, rate, background, noisy=3)
    active = np.append(starts, end - asked), np.array([length] * number + [asked])
    labels, parts = [], []
    for k in range(whole(n, "n", place)):
        rng = generator(seed, k)
        side = rng.integers(2)
        sides = np.where(rng.random(number) < p, side, 1 - side)
        labels.append(int(sides.sum() > number / 2))
        parts.append(trains.draw(rng, np.append(sides, 2), *active))
    return joined(parts, labels, trains.n_units, end, names=("left", "right"))


def evidence_accuracy(cues: int = 7, probability: float = 0.7, seen: int | None = None) -> float:
    """The best accuracy that who saw ``seen`` of the cues (all by default) can reach in `evidence_accumulation`.

    Exact: of what could have been seen, the better guess is right with the greater of two joint probabilities. Which of
    the cues were seen makes no difference.

    :raises StateError: E790, an even number of cues, more seen than there are, or a probability out of range.
    """
    place = "evidence_accuracy"
    number, p = _odd(cues, place), fraction(probability, "probability", place)
    known = number if seen is None else whole(seen, "seen", place, least=0)
    if known > number:
        raise errors.StateError("E790", f"{known} of {number} cues cannot be seen.", place=place)
    correct = 0.0
    for right in range(known + 1):
        chances = [0.0, 0.0]  # that so many are seen on the right, and that most cues are on the left, the right
        for of_right in (1 - p, p):
            likely = _binomial(known, right, of_right) / 2
            for more in range(number - known + 1):
                chances[right + more > number / 2] += likely * _binomial(number - known, more, of_right)
        correct += max(chances)
    return correct


def _binomial(n: int, k: int, p: float) -> float:
    return math.comb(n, k) * p**k * (1 - p) ** (n - k)


def _odd(cues: int, place: str) -> int:
    number = whole(cues, "cues", place)
    if number % 2 == 0:
        message = f"{number} cues can be as many on both sides."
        raise errors.StateError("E790", message, place=place, hint="give an odd number")
    return number


class _Populations:
    """Populations of Poisson units that spike fast while they are active, and at the background rate otherwise."""

    def __init__(
        self, count: int, size: int, end: float, place: str, rate: Any, background: Any, noisy: int | None = None
    ) -> None:
        self.n_units, self._size, self._end = count * size, size, end
        self._rate = hertz(rate, "rate", place)
        self._background = hertz(background, "background", place, zero=True)
        # One population for the background, or, where there is none, all of them.
        self._noisy = np.arange(self.n_units) if noisy is None else np.arange(noisy * size, (noisy + 1) * size)

    def draw(
        self, rng: np.random.Generator, active: Int64, starts: Float64, lengths: Float64
    ) -> tuple[Int64, Float64]:
        """Spikes of a trial in which ``active[k]`` spikes fast from ``starts[k]`` on for ``lengths[k]`` seconds."""
        fast = rng.poisson(self._rate * lengths[:, None], (len(active), self._size))
        first = active[:, None] * self._size + np.arange(self._size)
        units, of = np.repeat(first.reshape(-1), fast.reshape(-1)), np.repeat(np.arange(len(active)), fast.sum(axis=1))
        times = starts[of] + rng.random(len(units)) * lengths[of]
        slow = rng.poisson(self._background * self._end, len(self._noisy))
        times = np.concatenate([times, rng.random(slow.sum()) * self._end])
        return np.concatenate([units, np.repeat(self._noisy, slow)]), before(times, self._end)
