"""Random numbers of the core library and its headers, on fixed seeds."""

import ctypes
from ctypes import c_double, c_int64, c_uint32, c_uint64, c_void_p

import numpy as np
import pytest
from scipy import special, stats

from eqsnn.runtime import core, library, toolchain

PROBE = """
#include "eqsnn/distributions.h"
using namespace eqsnn;

EQSNN_API void probe_philox(uint64_t key, uint32_t* w) {
    const Words x = philox(key, w[0], w[1], w[2], w[3]);
    w[0] = x.a, w[1] = x.b, w[2] = x.c, w[3] = x.d;
}
EQSNN_API void probe_elements(double* u, float* f, double* z, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    for (uint32_t i = 0; i < n; ++i) {
        u[i] = uniform_element(key, i, e1, step);
        f[i] = uniform_element_f32(key, i, e1, step);
        z[i] = normal_element(key, i, e1, step);
    }
}
EQSNN_API void probe_units(double* high, float* high_f32) {
    *high = to_unit(0xFFFFFFFFu, 0xFFFFFFFFu);
    *high_f32 = to_unit_f32(0xFFFFFFFFu);
}
EQSNN_API uint64_t probe_key(uint64_t seed, uint64_t statement) { return derive_key(seed, statement); }
EQSNN_API double probe_log(double x) { return log_positive(x); }
EQSNN_API double probe_log_factorial(double k) { return log_factorial(k); }
EQSNN_API void probe_circle(double u, double* out) { const Pair p = circle(u); out[0] = p.first, out[1] = p.second; }

#define PROBE(name, type, call)                                              \\
    EQSNN_API void probe_##name(type* out, int64_t count, double n, double p) { \\
        (void)n, (void)p;                                                    \\
        for (int64_t k = 0; k < count; ++k) {                                \\
            Stream s{0x1234567890ABCDEFu, uint32_t(k), 7u, 11u, 0u};         \\
            out[k] = call;                                                   \\
        }                                                                    \\
    }
PROBE(poisson, int64_t, next_poisson(s, p))
PROBE(binomial, int64_t, next_binomial(s, int64_t(n), p))
PROBE(skip, int64_t, next_skip(s, p))
PROBE(below, int64_t, int64_t(next_below(s, uint64_t(n))))
PROBE(exponential, double, next_exponential(s, p))
PROBE(normal, double, next_normal(s))
"""


@pytest.fixture(scope="module")
def probe() -> ctypes.CDLL:
    core.load()
    path = toolchain.build({"probe.cpp": PROBE}, include=core.INCLUDE, optimise="once", name="probe_random")
    lib = library.load(path)
    lib.probe_philox.argtypes = (c_uint64, c_void_p)
    lib.probe_elements.argtypes = (c_void_p, c_void_p, c_void_p, c_int64, c_uint64, c_uint32, c_uint32)
    lib.probe_key.argtypes, lib.probe_key.restype = (c_uint64, c_uint64), c_uint64
    for name in ("probe_log", "probe_log_factorial"):
        getattr(lib, name).argtypes, getattr(lib, name).restype = (c_double,), c_double
    lib.probe_circle.argtypes = (c_double, c_void_p)
    return lib


def draw(probe, name, count, *, n=0.0, p=0.0, dtype=np.int64):
    out = np.empty(count, dtype)
    function = getattr(probe, f"probe_{name}")
    function.argtypes = (c_void_p, c_int64, c_double, c_double)
    function(out.ctypes.data, count, n, p)
    return out


def filled(name, n, dtype, key=99, step=5, e1=2):
    out = np.empty(n, dtype)
    getattr(core.load(), f"eqsnn_fill_{name}")(out.ctypes.data, n, key, step, e1)
    return out


@pytest.mark.parametrize(
    ("counter", "key", "expected"),
    [  # Random123, tests/kat_vectors
        ("00000000 00000000 00000000 00000000", "00000000 00000000", "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        ("ffffffff ffffffff ffffffff ffffffff", "ffffffff ffffffff", "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        ("243f6a88 85a308d3 13198a2e 03707344", "a4093822 299f31d0", "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_philox_gives_the_published_answers(probe, counter, key, expected):
    words = np.array([int(w, 16) for w in counter.split()], np.uint32)
    low, high = (int(w, 16) for w in key.split())
    probe.probe_philox(high << 32 | low, words.ctypes.data)
    assert [f"{w:08x}" for w in words] == expected.split()


def test_arrays_and_elements_are_the_same_numbers(probe):
    n = 64 * 5
    u, f, z = np.empty(n), np.empty(n, np.float32), np.empty(n)
    probe.probe_elements(u.ctypes.data, f.ctypes.data, z.ctypes.data, n, 99, 5, 2)
    assert np.array_equal(u, filled("uniform", n, np.float64))
    assert np.array_equal(f, filled("uniform_f32", n, np.float32))
    assert np.array_equal(z, filled("normal", n, np.float64))
    assert np.array_equal(z.astype(np.float32), filled("normal_f32", n, np.float32))


@pytest.mark.parametrize(
    ("name", "dtype"),
    [("uniform", "f8"), ("uniform_f32", "f4"), ("normal", "f8"), ("normal_f32", "f4")],
)
def test_parts_of_an_array_do_not_depend_on_the_partition(name, dtype):
    whole, parts = filled(name, 512, dtype), np.empty(512, dtype)
    for first, last in ((0, 64), (64, 320), (320, 512)):
        at = parts[first:last]
        getattr(core.load(), f"eqsnn_fill_{name}_at")(at.ctypes.data, first, last - first, 99, 5, 2)
    assert np.array_equal(whole, parts)


def test_uniform_numbers_stay_below_one(probe):
    high, high_f32 = c_double(), ctypes.c_float()
    probe.probe_units(ctypes.byref(high), ctypes.byref(high_f32))
    assert high.value == 1 - 2.0**-53
    assert high_f32.value == 1 - 2.0**-24


def test_single_precision_is_double_precision_cut_short():
    u, f = filled("uniform", 4096, np.float64), filled("uniform_f32", 4096, np.float32)
    assert np.array_equal(np.floor(u * 2**24) / 2**24, f.astype(float))


def test_uniform_and_normal_numbers_have_their_distribution():
    u, z = filled("uniform", 1 << 20, np.float64), filled("normal", 1 << 20, np.float64, key=3)
    assert stats.kstest(u, "uniform").pvalue > 0.01
    assert stats.kstest(z, "norm").pvalue > 0.01
    assert abs(np.corrcoef(z[::2], z[1::2])[0, 1]) < 0.004
    assert np.unique(u).size == u.size


@pytest.mark.parametrize("changed", [{"key": 100}, {"step": 6}, {"e1": 3}])
def test_each_part_of_the_counter_matters(changed):
    a, b = filled("uniform", 1 << 14, np.float64), filled("uniform", 1 << 14, np.float64, **changed)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.03


def test_keys_of_statements_differ(probe):
    keys = {probe.probe_key(seed, statement) for seed in range(30) for statement in range(30)}
    assert len(keys) == 900


def test_logarithm_and_circle_are_accurate(probe):
    rng = np.random.default_rng(0)
    wide, near_one = 10 ** rng.uniform(-300, 300, 5000), 1 + rng.normal(0, 1e-6, 1000)
    x = np.concatenate([rng.random(5000), wide, near_one, [1.0, 0.5]])
    ours = np.array([probe.probe_log(value) for value in x])
    exact = np.log(x.astype(np.longdouble))
    assert np.all(np.abs(ours - exact) <= 1.0 * np.spacing(np.abs(exact.astype(float))))
    assert probe.probe_log(1.0) == 0.0
    u = np.concatenate([rng.random(5000), np.arange(16) / 16, [1 - 2.0**-53, 2.0**-53]])
    out = np.empty((len(u), 2))
    for k, value in enumerate(u):
        probe.probe_circle(value, out[k].ctypes.data)
    angle = 2 * np.arctan2(np.longdouble(0), np.longdouble(-1)) * u.astype(np.longdouble)
    assert np.abs(out[:, 0] - np.cos(angle)).max() < 2.5e-16
    assert np.abs(out[:, 1] - np.sin(angle)).max() < 2.5e-16


def test_log_factorial_is_accurate(probe):
    k = np.concatenate([np.arange(200.0), 10.0 ** np.arange(3, 18)])
    ours = np.array([probe.probe_log_factorial(value) for value in k])
    assert np.allclose(ours, special.gammaln(k + 1), rtol=2e-14, atol=1e-14)


def goodness(sample, distribution):
    """P value of a chi-square test of integers against a scipy distribution, bins merged to at least 20 expected."""
    low, high = int(distribution.ppf(1e-7)), int(distribution.ppf(1 - 1e-7)) + 1
    step = max(1, (high - low) // 300)
    edges = np.arange(low - 1, high + step, step)
    edges = np.concatenate([[-np.inf], edges.astype(float), [np.inf]])
    expected = np.diff(distribution.cdf(edges)) * len(sample)
    observed = np.histogram(sample, edges + 0.5)[0]
    group = np.minimum.accumulate((np.cumsum(expected) // 20)[::-1])[::-1].astype(int)
    expected, observed = np.bincount(group, expected), np.bincount(group, observed)
    keep = expected > 5
    rest = [np.array([x[~keep].sum()]) for x in (expected, observed)]
    expected, observed = (np.concatenate([x[keep], r]) for x, r in zip((expected, observed), rest, strict=True))
    usable = expected > 1e-9
    assert np.all(observed[~usable] == 0)
    expected, observed = expected[usable], observed[usable]
    return stats.chisquare(observed, expected * observed.sum() / expected.sum()).pvalue


@pytest.mark.parametrize("lam", [0.01, 0.7, 3.0, 9.99, 10.0, 17.3, 100.0, 12345.6])
def test_poisson(probe, lam):
    assert goodness(draw(probe, "poisson", 200_000, p=lam), stats.poisson(lam)) > 0.002


@pytest.mark.parametrize(
    ("n", "p"),
    [(1, 0.3), (20, 0.1), (20, 0.9), (1000, 0.009), (30, 0.5), (100, 0.3), (100, 0.83), (10**6, 2e-5), (10**6, 0.4)],
)
def test_binomial(probe, n, p):
    assert goodness(draw(probe, "binomial", 200_000, n=n, p=p), stats.binom(n, p)) > 0.002


@pytest.mark.parametrize("n", [1, 2, 7, 1000])
def test_integers_below(probe, n):
    sample = draw(probe, "below", 200_000, n=n)
    assert sample.min() >= 0
    assert sample.max() < n
    assert n == 1 or goodness(sample, stats.randint(0, n)) > 0.002


@pytest.mark.parametrize("n", [3 * 2**30, 2**32, 5 * 2**40])
def test_integers_below_a_large_bound(probe, n):
    sample = draw(probe, "below", 200_000, n=n)
    assert 0 <= sample.min() < 0.001 * n < 0.999 * n < sample.max() < n
    assert stats.kstest(sample / n, "uniform").pvalue > 0.01


@pytest.mark.parametrize("p", [0.9, 0.3, 0.01])
def test_skip_is_geometric(probe, p):
    assert goodness(draw(probe, "skip", 200_000, p=p), stats.geom(p, loc=-1)) > 0.002


def test_continuous_distributions(probe):
    waits = draw(probe, "exponential", 200_000, p=2.5, dtype=float)
    assert stats.kstest(waits, stats.expon(scale=2.5).cdf).pvalue > 0.01
    assert stats.kstest(draw(probe, "normal", 200_000, dtype=float), "norm").pvalue > 0.01


def test_extreme_parameters_end(probe):
    largest = np.iinfo(np.int64).max
    assert np.all(draw(probe, "poisson", 10, p=np.nan) == 0)
    assert np.all(draw(probe, "poisson", 10, p=-1.0) == 0)
    assert np.all(np.abs(draw(probe, "poisson", 100, p=1e15) - 1e15) < 1e9)
    assert np.all(draw(probe, "poisson", 100, p=np.inf) > 8e18)
    assert np.all(draw(probe, "binomial", 10, n=5, p=1.5) == 5)
    assert np.all(draw(probe, "binomial", 10, n=-5, p=0.5) == 0)
    assert np.all(draw(probe, "binomial", 10, n=5, p=np.nan) == 0)
    assert np.all(draw(probe, "skip", 10, p=0.0) == largest)
    assert np.all(draw(probe, "skip", 10, p=1.0) == 0)
    assert np.all(draw(probe, "skip", 10, p=1e-300) == largest)
