// The exponential of a small matrix, for linear equations whose solution has no short closed form, and exprel.
#pragma once

#include <cmath>

#include "platform.h"

namespace eqsnn {

// (e^x - 1)/x, 1 at x = 0. Without a branch, so that it vectorises where expm1 does.
EQSNN_HD inline double exprel(double x) {
    const double divisor = x == 0.0 ? 1.0 : x, quotient = expm1(x) / divisor;
    return x == 0.0 ? 1.0 : quotient;
}

EQSNN_HD inline float exprel(float x) {
    const float divisor = x == 0.0f ? 1.0f : x, quotient = expm1f(x) / divisor;
    return x == 0.0f ? 1.0f : quotient;
}

constexpr int largest_expm = 16;

// Each squaring doubles the rounding error, so where the machine has a longer type, it carries the guard digits.
#ifdef __CUDACC__
using ExpmReal = double;
#else
using ExpmReal = long double;
#endif

// target = left right; target must be another matrix.
EQSNN_HD inline void expm_multiply(int n, ExpmReal* target, const ExpmReal* left, const ExpmReal* right) {
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            ExpmReal sum = 0;
            for (int k = 0; k < n; ++k) sum += left[i * n + k] * right[k * n + j];
            target[i * n + j] = sum;
        }
}

// Entry (row, col) of exp(A dt), A of n x n in row order, n <= 16. The mean of the diagonal goes as a scalar factor,
// which takes a common decay out of the squaring; what is left is halved until its norm is below 1/2, summed as a
// Taylor series, and squared back.
EQSNN_HD inline double expm_entry(int n, int row, int col, double dt, const double* A) {
    ExpmReal X[largest_expm * largest_expm], E[largest_expm * largest_expm], T[largest_expm * largest_expm];
    ExpmReal mean = 0, norm = 0;
    for (int i = 0; i < n; ++i) mean += static_cast<ExpmReal>(A[i * n + i]) * dt / n;
    for (int i = 0; i < n; ++i) {
        ExpmReal sum = 0;
        for (int j = 0; j < n; ++j) {
            const ExpmReal x = static_cast<ExpmReal>(A[i * n + j]) * dt - (i == j ? mean : 0);
            X[i * n + j] = x;
            sum += x < 0 ? -x : x;
        }
        norm = sum > norm ? sum : norm;
    }
    if (!(norm < 1e300)) return NAN;
    int squarings = 0;
    ExpmReal scale = 1;
    for (; norm > ExpmReal(0.5); norm /= 2, scale /= 2) ++squarings;
    for (int k = 0; k < n * n; ++k) {
        X[k] *= scale;
        E[k] = k % (n + 1) == 0;
    }
    // Horner's scheme: I + X/1 (I + X/2 (I + X/3 ...)); the first term left out is 2^-18/18!, below 1e-21.
    for (int order = 17; order >= 1; --order) {
        expm_multiply(n, T, X, E);
        for (int k = 0; k < n * n; ++k) E[k] = T[k] / order + (k % (n + 1) == 0);
    }
    for (; squarings > 0; --squarings) {
        expm_multiply(n, T, E, E);
        for (int k = 0; k < n * n; ++k) E[k] = T[k];
    }
    return static_cast<double>(E[row * n + col] * exp(mean));
}

}  // namespace eqsnn
