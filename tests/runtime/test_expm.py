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
    lib.probe_expm.argtypes = (c_int64, c_double, c_void_p, c_void_p)
    lib.probe_exprel.argtypes = lib.probe_exprel_f32.argtypes = (c_int64, c_void_p, c_void_p)
    return lib


def expm(probe, A, dt):
    A = np.ascontiguousarray(A, float)
    out = np.empty_like(A)
    probe.probe_expm(len(A), dt, A.ctypes.data, out.ctypes.data)
    return out


def exact(A, dt):
    with mpmath.workdps(50):
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
