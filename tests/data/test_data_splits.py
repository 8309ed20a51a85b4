"""Parts share no example and, where asked, no group; each holds its fraction; they depend on the seed alone."""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
from data_sets import random_data, same
from hypothesis import given, settings
from hypothesis import strategies as st

from eqsnn import errors
from eqsnn.data import SpikeData, folds_by_group, hold_out, split
from eqsnn.data.splits import apportion

fractions = st.lists(st.integers(1, 9), min_size=1, max_size=4).map(lambda parts: np.array(parts) / sum(parts))


def numbered(n, n_classes=3, groups=4, seed=0):
    """Examples that can be told apart: example k has one spike at k milliseconds."""
    rng = np.random.default_rng(seed)
    return SpikeData(
        np.zeros(n, int), np.arange(n) * 1e-3, np.arange(n + 1), rng.integers(0, n_classes, n), 1, n * 1e-3 + 1,
        groups=rng.integers(0, groups, n) * 10, n_classes=n_classes,
    )  # fmt: skip


def numbers(data):
    return np.round(data.times * 1e3).astype(int).tolist()


@given(st.integers(30, 200), fractions, st.sampled_from(["example", "label"]), st.integers(0, 99))
@settings(max_examples=80, deadline=None)
def test_parts_hold_every_example_once_in_their_fractions(n, shares, by, seed):
    data = numbered(n, seed=seed)
    parts = split(data, shares, by=by, seed=seed)
    assert sorted(chain.from_iterable(map(numbers, parts))) == list(range(n))
    assert all(numbers(part) == sorted(numbers(part)) for part in parts)
    for part, share in zip(parts, shares, strict=True):
        assert abs(len(part) - share * n) < (1 if by == "example" else 2)
        assert part.n_classes == data.n_classes
        for label in range(3) if by == "label" else ():
            assert abs((part.labels == label).sum() - share * (data.labels == label).sum()) < 2


@given(st.lists(st.integers(0, 30), max_size=12), fractions)
@settings(max_examples=100, deadline=None)
def test_whole_parts_add_up_and_debts_stay_small(counts, shares):
    carried = np.zeros(len(shares))
    for count in counts:
        sizes = apportion(count, shares, carried)
        assert sizes.sum() == count
        assert (sizes >= 0).all()
        carried += count * shares - sizes
        assert (np.abs(carried) < 1 + 1e-9).all()


def test_equal_remainders_go_to_the_earlier_part():
    assert apportion(1, np.array([0.5, 0.5]), np.zeros(2)).tolist() == [1, 0]
    assert apportion(10, np.array([0.8, 0.1, 0.1]), np.zeros(3)).tolist() == [8, 1, 1]


@given(st.integers(30, 200), fractions, st.integers(0, 99), st.integers(4, 12))
@settings(max_examples=60, deadline=None)
def test_no_group_is_in_two_parts(n, shares, seed, groups):
    data = numbered(n, groups=groups, seed=seed)
    if len(np.unique(data.groups)) < len(shares):
        return
    parts = split(data, shares, by="group", seed=seed)
    assert sorted(chain.from_iterable(map(numbers, parts))) == list(range(n))
    owners = [set(part.groups.tolist()) for part in parts]
    assert sum(map(len, owners)) == len(set().union(*owners)) == len(np.unique(data.groups))
    largest = np.bincount(data.groups).max()
    if len(shares) == 2:  # a part lacks at most what the last group brought
        assert abs(len(parts[0]) - shares[0] * n) <= largest


def test_the_seed_decides_and_nothing_else():
    data = numbered(100)
    for by in ("example", "label", "group"):
        first, again, other = (split(data, (0.5, 0.5), by=by, seed=seed) for seed in (1, 1, 2))
        assert all(same(a, b) for a, b in zip(first, again, strict=True))
        assert not same(first[0], other[0])


def test_what_cannot_be_divided_is_told():
    data = random_data(0)
    for arguments, told in (
        (dict(fractions=(0.5, 0.4)), "add up to 1"),
        (dict(fractions=(1.5, -0.5)), "positive"),
        (dict(fractions=()), "positive"),
        (dict(fractions="all"), "positive"),
        (dict(fractions=(0.99, 0.01)), "12 examples make parts of 12, 0."),
        (dict(by="speaker"), "by is one of example, label, group"),
        (dict(by="group"), "not known which group"),
    ):
        with pytest.raises(errors.StateError, match=told) as caught:
            split(data, **arguments)
        assert caught.value.code == "E787"
    with pytest.raises(errors.StateError, match="no classes"):
        split(random_data(0, targets=(2,)))
    with pytest.raises(errors.StateError, match="groups cannot make 3 parts"):
        split(random_data(0, groups=1), by="group")


def test_groups_held_out():
    data = numbered(60)
    rest, held = hold_out(data, [10, 30])
    assert set(held.groups) == {10, 30}
    assert set(rest.groups) == {0, 20}
    assert sorted(numbers(rest) + numbers(held)) == list(range(60))
    for bad in (5, [0, 10, 20, 30], []):
        with pytest.raises(errors.StateError) as caught:
            hold_out(data, bad)
        assert caught.value.code == "E788"


@pytest.mark.parametrize(("each", "folds"), [(1, 4), (3, 2), (2, 2)])
def test_folds_hold_each_group_out_once(each, folds):
    data = numbered(60)
    held = []
    for train, valid in folds_by_group(data, each):
        assert not set(train.groups) & set(valid.groups)
        assert len(train) + len(valid) == 60
        held.append(sorted(set(valid.groups.tolist())))
    assert len(held) == folds
    assert list(chain.from_iterable(held)) == [0, 10, 20, 30]


def test_one_fold_is_none():
    with pytest.raises(errors.StateError) as caught:
        folds_by_group(numbered(60), 4)
    assert caught.value.code == "E788"
    with pytest.raises(errors.StateError, match="not known which group"):
        folds_by_group(random_data(0))
