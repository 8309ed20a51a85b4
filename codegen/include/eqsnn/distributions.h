// Random variates from a counter-based stream: exact methods, scalar, the same on every target.
//
// A Stream is where one element draws at one step. It counts its calls of the generator in `sub`, so a draw may take as
// many as rejection needs; streams of other elements, steps or keys never meet it.
#pragma once

#include <cmath>

#include "normal.h"
#include "philox.h"

namespace eqsnn {

struct Stream {
    uint64_t key;
    uint32_t e0, e1, step, sub;
};

EQSNN_HD inline Words next_words(Stream& s) { return philox(s.key, s.e0, s.e1, s.step, s.sub++); }

EQSNN_HD inline Pair next_pair(Stream& s) { return uniform_pair(s.key, s.e0, s.e1, s.step, s.sub++); }

EQSNN_HD inline double next_uniform(Stream& s) { return next_pair(s).first; }

EQSNN_HD inline double next_normal(Stream& s) { return normal_pair(s.key, s.e0, s.e1, s.step, s.sub++).first; }

EQSNN_HD inline double next_exponential(Stream& s, double scale) { return -scale * log_positive(1.0 - next_uniform(s)); }

// How many uniform integers in [0, n) one call of the generator gives: one a word, or a pair of words beyond 2^32.
EQSNN_HD inline uint32_t numbers_in_words(uint64_t n) { return n <= uint64_t{1} << 32 ? 4 : 2; }

// Number `at` of them, without bias: false where it is rejected. Up to 2^32 by multiplication (Lemire 2019), beyond by
// rejection under a mask.
EQSNN_HD inline bool below_by_word(const Words& w, uint32_t at, uint64_t n, uint64_t& result) {
    if (n <= uint64_t{1} << 32) {
        const uint64_t product = uint64_t{at < 2 ? at ? w.b : w.a : at == 2 ? w.c : w.d} * n, low = product & 0xFFFFFFFFu;
        result = product >> 32;
        return low >= n || low >= (uint64_t{1} << 32) % n;  // the first alone nearly always, without a division
    }
    uint64_t mask = n - 1;
    for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
    result = (at ? uint64_t{w.c} << 32 | w.d : uint64_t{w.a} << 32 | w.b) & mask;
    return result < n;
}

// The first of them that is not rejected.
EQSNN_HD inline bool below_by_words(const Words& w, uint64_t n, uint64_t& result) {
    for (uint32_t at = 0; at < numbers_in_words(n); ++at)
        if (below_by_word(w, at, n, result)) return true;
    return false;
}

// Uniform integer in [0, n), without bias.
EQSNN_HD inline uint64_t next_below(Stream& s, uint64_t n) {
    if (n <= 1) return 0;
    for (uint64_t result;;)
        if (below_by_words(next_words(s), n, result)) return result;
}

// Failures before the next success in trials of probability p: what to skip in going through pairs that are connected
// with probability p. INT64_MAX where no success can be expected.
EQSNN_HD inline int64_t next_skip(Stream& s, double p) {
    if (p >= 1.0) return 0;
    if (!(p > 0.0)) return INT64_MAX;
    const double failures = floor(log_positive(1.0 - next_uniform(s)) / log1p(-p));
    return failures < 9.2e18 ? static_cast<int64_t>(failures) : INT64_MAX;
}

// log(k!): exact for small k, by Stirling's series from 10 on (error below 1e-14 relative).
EQSNN_HD inline double log_factorial(double k) {
    if (k < 10.0) {
        double product = 1.0;
        for (double factor = 2.0; factor <= k; factor += 1.0) product *= factor;
        return log_positive(product);
    }
    const double x = k + 1.0, inverse = 1.0 / x, z = inverse * inverse;
    double series = fma_(1.0 / 1188.0, z, -1.0 / 1680.0);
    series = fma_(fma_(fma_(series, z, 1.0 / 1260.0), z, -1.0 / 360.0), z, 1.0 / 12.0);
    return fma_(x - 0.5, log_positive(x), -x) + fma_(series, inverse, 0.91893853320467274178);
}

// Poisson number of mean lam (0 where lam is not positive). Small means by inversion; from 10 on by transformed
// rejection, PTRS of Hoermann (1993).
EQSNN_HD inline int64_t next_poisson(Stream& s, double lam) {
    if (!(lam > 0.0)) return 0;
    if (lam < 10.0) {
        double u = next_uniform(s), p = exp(-lam);
        int64_t k = 0;
        while (u >= p && k < 200) {  // at 200 p has long vanished: only rounding can lead there
            u -= p;
            p *= lam / static_cast<double>(++k);
        }
        return k;
    }
    if (lam > 9e18) lam = 9e18;
    const double log_lam = log_positive(lam), b = 0.931 + 2.53 * sqrt(lam), a = -0.059 + 0.02483 * b;
    const double log_inverse_alpha = log_positive(1.1239 + 1.1328 / (b - 3.4)), v_r = 0.9277 - 3.6224 / (b - 2.0);
    for (;;) {
        const Pair draw = next_pair(s);
        const double u = draw.first - 0.5, v = 1.0 - draw.second, us = 0.5 - fabs(u);
        const double k = floor((2.0 * a / us + b) * u + lam + 0.43);
        if (us >= 0.07 && v <= v_r) return static_cast<int64_t>(k);
        if (!(k >= 0.0) || k > 9.2e18 || (us < 0.013 && v > us)) continue;
        const double bound = fma_(k, log_lam, -lam) - log_factorial(k);
        if (log_positive(v) + log_inverse_alpha - log_positive(a / (us * us) + b) <= bound) return static_cast<int64_t>(k);
    }
}

// Inversion for n*p < 10, p <= 1/2.
EQSNN_HD inline int64_t binomial_small(Stream& s, int64_t n, double p) {
    const double odds = p / (1.0 - p), trials = static_cast<double>(n) + 1.0;
    double u = next_uniform(s), probability = exp(static_cast<double>(n) * log1p(-p));
    int64_t k = 0;
    while (u >= probability && k < n && k < 200) {
        u -= probability;
        ++k;
        probability *= odds * (trials / static_cast<double>(k) - 1.0);
    }
    return k;
}

// Transformed rejection for n*p >= 10, p <= 1/2: BTRS of Hoermann (1993).
EQSNN_HD inline int64_t binomial_large(Stream& s, double n, double p) {
    const double q = 1.0 - p, deviation = sqrt(n * p * q), b = 1.15 + 2.53 * deviation;
    const double a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5, v_r = 0.92 - 4.2 / b;
    const double alpha = (2.83 + 5.1 / b) * deviation, log_odds = log_positive(p / q), mode = floor((n + 1.0) * p);
    const double at_mode = log_factorial(mode) + log_factorial(n - mode);
    for (;;) {
        const Pair draw = next_pair(s);
        const double u = draw.first - 0.5, v = 1.0 - draw.second, us = 0.5 - fabs(u);
        const double k = floor((2.0 * a / us + b) * u + c);
        if (!(k >= 0.0 && k <= n)) continue;
        if (us >= 0.07 && v <= v_r) return static_cast<int64_t>(k);
        const double bound = fma_(k - mode, log_odds, at_mode - log_factorial(k)) - log_factorial(n - k);
        if (log_positive(v * alpha / (a / (us * us) + b)) <= bound) return static_cast<int64_t>(k);
    }
}

// Successes among n trials of probability p (0 where n or p is not positive, n where p is 1 or more).
EQSNN_HD inline int64_t next_binomial(Stream& s, int64_t n, double p) {
    if (n <= 0 || !(p > 0.0)) return 0;
    if (p >= 1.0) return n;
    const bool mirrored = p > 0.5;
    const double rarer = mirrored ? 1.0 - p : p, trials = static_cast<double>(n);
    const int64_t k = trials * rarer < 10.0 ? binomial_small(s, n, rarer) : binomial_large(s, trials, rarer);
    return mirrored ? n - k : k;
}

}  // namespace eqsnn
