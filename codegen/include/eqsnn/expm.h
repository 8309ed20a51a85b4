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

template <class Real>
EQSNN_HD inline Real expm_abs(Real x) {
    return x < 0 ? -x : x;
}

// target = left right; target must be another matrix.
template <class Real>
EQSNN_HD inline void expm_multiply(int n, Real* target, const Real* left, const Real* right) {
    for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
            Real sum = 0;
            for (int k = 0; k < n; ++k) sum += left[i * n + k] * right[k * n + j];
            target[i * n + j] = sum;
        }
}

// The power of two for the unit of variable i in which what it gets from the others (its row of X) and what they get
// from it (its column) are alike; 0 where that gains less than 5 %. Sums below `least` are as good as nothing: so what
// nothing drives, or what drives nothing, loses its couplings, whatever they are.
template <class Real>
EQSNN_HD inline int expm_unit(int n, int i, Real least, const Real* X) {
    Real row = 0, column = 0;
    for (int j = 0; j < n; ++j) {
        row += j == i ? 0 : expm_abs(X[i * n + j]);
        column += j == i ? 0 : expm_abs(X[j * n + i]);
    }
    row = row > least ? row : least;
    column = column > least ? column : least;
    const Real before = row + column;
    int power = 0;
    for (; column * 2 < row; column *= 2, row /= 2) ++power;
    for (; row * 2 < column; row *= 2, column /= 2) --power;
    return row + column < Real(0.95) * before ? power : 0;
}

// Parlett and Reinsch: X becomes D^-1 X D with D = 2^power, where the units of the variables no longer show.
template <class Real>
EQSNN_HD inline void expm_balance(int n, Real* X, int* power) {
    Real least = Real(1) / 1024;
    for (int i = 0; i < n; ++i) {
        power[i] = 0;
        const Real x = expm_abs(X[i * n + i]) / 1048576;
        least = x > least ? x : least;
    }
    bool changed = true;
    for (int sweep = 0; changed && sweep < 100; ++sweep) {
        changed = false;
        for (int i = 0; i < n; ++i) {
            const int unit = expm_unit(n, i, least, X);
            changed = changed || unit != 0;
            power[i] += unit;
            for (int j = 0; j < n && unit != 0; ++j) {
                if (j == i) continue;
                X[i * n + j] = std::ldexp(X[i * n + j], -unit);
                X[j * n + i] = std::ldexp(X[j * n + i], unit);
            }
        }
    }
}

// Takes the largest a_ii + sum |a_ij| out of the diagonal and returns it: no eigenvalue is above it (Gershgorin), so
// the exponential of what is left stays below 1. `norm` becomes the largest row sum of what is left.
template <class Real>
EQSNN_HD inline Real expm_shift(int n, Real* X, Real* norm) {
    Real bound = 0;
    for (int i = 0; i < n; ++i) {
        Real sum = X[i * n + i];
        for (int j = 0; j < n; ++j) sum += j == i ? 0 : expm_abs(X[i * n + j]);
        bound = i == 0 || sum > bound ? sum : bound;
    }
    *norm = 0;
    for (int i = 0; i < n; ++i) {
        X[i * n + i] -= bound;
        Real sum = 0;
        for (int j = 0; j < n; ++j) sum += expm_abs(X[i * n + j]);
        *norm = sum > *norm ? sum : *norm;
    }
    return bound;
}

// Brings the largest entry of E to [1/2, 1) and returns the power of two taken out, so that nothing underflows
// however small all of E becomes: the exponential of a fast oscillation is far below the bound on its eigenvalues.
template <class Real>
EQSNN_HD inline int expm_normalise(int n, Real* E) {
    Real largest = 0;
    for (int k = 0; k < n * n; ++k) largest = expm_abs(E[k]) > largest ? expm_abs(E[k]) : largest;
    if (largest == 0) return 0;
    int power;
    std::frexp(largest, &power);
    for (int k = 0; k < n * n && power != 0; ++k) E[k] = std::ldexp(E[k], -power);
    return power;
}

// Entry (row, col) of exp(A dt), A of n x n in row order, n <= 16: balanced, shifted, halved until the norm is below
// 1/2, summed as a Taylor series, and squared back.
template <class Real>
EQSNN_HD inline double expm_entry_in(int n, int row, int col, double dt, const double* A) {
    Real X[largest_expm * largest_expm], E[largest_expm * largest_expm], T[largest_expm * largest_expm];
    Real norm = 0;
    for (int k = 0; k < n * n; ++k) {
        X[k] = static_cast<Real>(A[k]) * dt;
        norm += expm_abs(X[k]);
    }
    if (!(norm < 1e300)) return NAN;
    int unit[largest_expm];
    expm_balance(n, X, unit);
    const Real bound = expm_shift(n, X, &norm);
    int squarings = 0;
    for (; norm > Real(0.5); norm /= 2) ++squarings;
    for (int k = 0; k < n * n; ++k) {
        X[k] = std::ldexp(X[k], -squarings);
        E[k] = k % (n + 1) == 0;
    }
    // Horner's scheme: I + X/1 (I + X/2 (I + X/3 ...)). What one variable gets from another through n - 1 others has
    // its first term at order n - 1; the first term left out is 2^-18/18! of it, below 1e-21.
    for (int order = 17 + n - 1; order >= 1; --order) {
        expm_multiply(n, T, X, E);
        for (int k = 0; k < n * n; ++k) E[k] = T[k] / order + (k % (n + 1) == 0);
    }
    Real power = 0;
    for (; squarings > 0; --squarings) {
        power = 2 * (power + expm_normalise(n, E));
        expm_multiply(n, T, E, E);
        for (int k = 0; k < n * n; ++k) E[k] = T[k];
    }
    // exp(bound) as 2^whole exp(rest): alone it may overflow where the product does not.
    const Real ln2 = Real(0.693147180559945309417232121458176568L), whole = std::floor(bound / ln2 + Real(0.5));
    power += whole + unit[row] - unit[col];
    power = power > 30000 ? 30000 : power < -30000 ? -30000 : power;
    return static_cast<double>(std::ldexp(E[row * n + col] * std::exp(bound - whole * ln2), static_cast<int>(power)));
}

EQSNN_HD inline double expm_entry(int n, int row, int col, double dt, const double* A) {
    return expm_entry_in<ExpmReal>(n, row, col, dt, A);
}

}  // namespace eqsnn
