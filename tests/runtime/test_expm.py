"""The matrix exponential and exprel against arithmetic with 50 digits."""

from ctypes import c_double, c_int64, c_void_p

import mpmath
import numpy as np
import pytest

from eqsnn.runtime import core, library, toolchain

PROBE = """
#include "eqsnn/vecmath.h"
#include "eqsnn/expm.h"

EQSNN_API void probe_expm(int64_t n, double dt, const double* A, double* out) {
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) out[i * n + j] = eqsnn::expm_entry(int(n), i, j, dt, A);
}
EQSNN_API void probe_expm_double(int64_t n, double dt, const double* A, double* out) {  // as on a GPU
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) out[i * n + j] = eqsnn::expm_entry_in<double>(int(n), i, j, dt, A);
}
EQSNN_API void probe_exprel(int64_t n, const double* x, double* out) {
    for (int64_t k = 0; k < n; ++k) out[k] = eqsnn::exprel(x[k]);
}
EQSNN_API void probe_exprel_f32(int64_t n, const float* x, float* out) {
    for (int64_t k = 0; k < n; ++k) out[k] = eqsnn::exprel(x[k]);
}
"""


@pytest.fixture(scope="module")
def probe():
    path = toolchain.build({"probe.cpp": PROBE}, include=core.INCLUDE, name="probe_expm")
    lib = library.load(path)
    lib.probe_expm.argtypes = lib.probe_expm_double.argtypes = (c_int64, c_double, c_void_p, c_void_p)
    lib.probe_exprel.argtypes = lib.probe_exprel_f32.argtypes = (c_int64, c_void_p, c_void_p)
    return lib


def expm(probe, A, dt, real="long double"):
    A = np.ascontiguousarray(A, float)
    out = np.empty_like(A)
    call = probe.probe_expm if real == "long double" else probe.probe_expm_double
    call(len(A), dt, A.ctypes.data, out.ctypes.data)
    return out


def exact(A, dt, digits=50):
    with mpmath.workdps(digits):
        E = mpmath.expm(mpmath.matrix(A.tolist()) * mpmath.mpf(dt))
        return np.array(E.tolist(), dtype=float)


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16])
@pytest.mark.parametrize("dt", [1e-4, 0.1, 1.0, 5.0])
def test_exponential_is_accurate_in_every_entry(probe, n, dt):
    rng = np.random.default_rng(n)
    A = rng.random((n, n)) - 2 * np.eye(n)  # no cancellation: every entry has a relative accuracy
    assert np.allclose(expm(probe, A, dt), exact(A, dt), rtol=1e-14, atol=0)


def test_exponential_of_signed_matrices(probe):
    rng = np.random.default_rng(7)
    for _ in range(20):
        A = rng.normal(0, 3, (4, 4))
        truth = exact(A, 0.7)
        assert np.abs(expm(probe, A, 0.7) - truth).max() <= 1e-14 * np.abs(truth).max()


def test_exponential_of_a_neuron_with_two_synaptic_currents(probe):
    """dv/dt = (ge + gi - v)/tau_m and decaying currents, as in the CUBA model: rates apart by a factor of four."""
    A = np.array([[-1 / 20, 1 / 20, 1 / 20], [0, -1 / 5, 0], [0, 0, -1 / 10]])
    for dt in (0.1, 1.0, 50.0, 1000.0):
        assert np.allclose(expm(probe, A, dt), exact(A, dt), rtol=1e-13, atol=0)


# Decimal digits that the largest rate times the interval costs are lost by the data too.
REALS = [("long double", 1e-14), ("double", 1e-12)]


@pytest.mark.parametrize(("real", "rtol"), REALS)
@pytest.mark.parametrize("time", [1e-3, 0.1, 1.0, 3.0, 10.0, 100.0, 200.0, 1e4])
def test_long_intervals(probe, real, rtol, time):
    """A cascade that has long decayed, and one that ends in an integrator, which keeps everything."""
    for last in (10.0, 0.0):
        A = np.array([[-200.0, 0, 0], [50, -50, 0], [0, last + 1, -last]])
        E = expm(probe, A, time, real)
        with mpmath.workdps(60):
            p, q, r = (mpmath.mpf(rate) for rate in (-200, -50, -last))
            e = [mpmath.exp(rate * time) for rate in (p, q, r)]
            first = 50 * (e[0] - e[1]) / (p - q)
            second = (last + 1) * (e[1] - e[2]) / (q - r)
            both = 50 * (last + 1) * (
                e[0] / ((p - q) * (p - r)) + e[1] / ((q - p) * (q - r)) + e[2] / ((r - p) * (r - q))
            )  # fmt: skip
            truth = [[e[0], 0, 0], [first, e[1], 0], [both, second, e[2]]]
            truth = np.array([[float(x) for x in row] for row in truth])
        assert np.all(np.isfinite(E))
        normal = truth > 1e-300
        scale = max(1.0, 0.2 * time)  # of what an error in the last digit of a rate makes
        assert np.allclose(E[normal], truth[normal], rtol=rtol * scale, atol=0)
        assert np.all(E[~normal] <= 1e-300)


@pytest.mark.parametrize(("real", "rtol"), REALS)
@pytest.mark.parametrize("turns", [1.0, 30.0, 1000.0])
def test_long_oscillations(probe, real, rtol, turns):
    """No eigenvalue grows, though the sums of the rows are large."""
    w = 2 * np.pi * 100
    A = np.array([[0.0, w], [-w, 0]])
    with mpmath.workdps(50):
        phase = mpmath.mpf(w) * mpmath.mpf(turns / 100)
        c, s = float(mpmath.cos(phase)), float(mpmath.sin(phase))
    truth = np.array([[c, s], [-s, c]])
    assert np.abs(expm(probe, A, turns / 100, real) - truth).max() <= rtol * max(1, turns / 10)


@pytest.mark.parametrize(("real", "rtol"), REALS)
@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e6, 1e10, 1e18])
@pytest.mark.parametrize("dt", [1e-4, 5e-2])
def test_units_do_not_show(probe, real, rtol, scale, dt):
    """Conductances in siemens drive a voltage by 1/C = 1e10; one way, in a loop, along a chain of five, in blocks."""
    loop = np.array([[-50.0, 3, 0], [2, -200, 1], [4, 0, -100]])
    chain = np.diag([-50.0, -100, -100, -200, 0]) + np.diag([30.0, 20, 10, 40], 1)
    blocks = np.zeros((4, 4))
    blocks[:2, :2], blocks[2:, 2:], blocks[:2, 2:] = [[-50, 7], [3, -20]], [[-100, 1], [30, -70]], [[1, 2], [0, 5]]
    for A in (np.array([[-50.0, 1], [0, -200]]), np.array([[0.0, 1], [0, 0]]), loop, chain, blocks):
        for units in (np.logspace(0, 1, len(A), base=scale), scale ** (np.arange(len(A)) % 2)):
            scaled = A * units[:, None] / units
            got, truth = expm(probe, scaled, dt, real), exact(scaled, dt, 90)
            assert np.allclose(got, truth, rtol=rtol, atol=0)


def test_a_long_chain_is_accurate_to_its_end(probe):
    """What passes through 14 others has its first term at order 15."""
    A = np.diag(np.full(16, -1.0)) + np.diag(np.ones(15), 1)
    for dt in (1e-3, 0.4, 20.0):
        assert np.allclose(expm(probe, A, dt), exact(A, dt, 90), rtol=1e-14, atol=0)


def test_growth_ends_in_infinity_and_decay_in_zero(probe):
    A = np.array([[3.0, 1], [1, 2]])
    for real, _ in REALS:
        assert np.all(np.isposinf(expm(probe, A, 1e5, real)))
        assert np.array_equal(expm(probe, A - 10 * np.eye(2), 1e5, real), np.zeros((2, 2)))


def test_exponential_of_zero_and_of_what_is_not_a_number(probe):
    assert np.array_equal(expm(probe, np.zeros((3, 3)), 1.0), np.eye(3))
    assert np.all(np.isnan(expm(probe, np.full((2, 2), np.nan), 1.0)))


def test_exprel(probe):
    x = np.concatenate([[0.0, -0.0, 1e-320, 5e-324], np.logspace(-300, 2.8, 500), -np.logspace(-300, 2.8, 500)])
    x = np.resize(x, 1024)
    out = np.empty_like(x)
    probe.probe_exprel(len(x), x.ctypes.data, out.ctypes.data)
    with mpmath.workdps(40):
        truth = np.array([float(mpmath.expm1(v) / v) if v else 1.0 for v in map(mpmath.mpf, x.tolist())])
    assert np.allclose(out, truth, rtol=2e-15, atol=0)
    single = x.clip(-80, 80).astype(np.float32)
    out_f32 = np.empty_like(single)
    probe.probe_exprel_f32(len(x), single.ctypes.data, out_f32.ctypes.data)
    wide = single.astype(float)
    truth_f32 = np.where(wide == 0, 1.0, np.expm1(wide) / np.where(wide == 0, 1.0, wide))
    assert np.allclose(out_f32, truth_f32, rtol=1e-6, atol=0)
