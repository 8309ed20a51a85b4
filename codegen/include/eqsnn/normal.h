// Normal numbers by Box-Muller, with a logarithm, sine and cosine of our own.
//
// The C library's scalar and vector functions, and CUDA's, differ in the last bit; then randn() would depend on where
// it ran. Here every product that enters a sum is an explicit fma, so the compiler has nothing left to contract, and
// scalar code, vector code and a GPU give the same bits. It also vectorises without libmvec.
#pragma once

#include <cmath>
#include <cstring>

#include "philox.h"

namespace eqsnn {

EQSNN_HD inline double fma_(double a, double b, double c) {
#ifdef __CUDA_ARCH__
    return ::fma(a, b, c);
#else
    return __builtin_fma(a, b, c);
#endif
}

// Natural logarithm of a positive normal number, error below 1 ulp. As in fdlibm: x = 2^k (1 + f) with
// sqrt(1/2) < 1 + f < sqrt(2), s = f/(2 + f), log(1 + f) = f - f^2/2 + s (f^2/2 + R(s^2)).
EQSNN_HD inline double log_positive(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t sqrt_half = 0x3FE6A09E00000000u;
    const uint64_t shifted = bits - sqrt_half;
    const int32_t k = static_cast<int32_t>(static_cast<uint32_t>(shifted >> 32)) >> 20;
    bits = (shifted & 0x000FFFFFFFFFFFFFu) + sqrt_half;
    memcpy(&x, &bits, sizeof x);
    const double f = x - 1.0, s = f / (2.0 + f), z = s * s, e = static_cast<double>(k);
    double r = 1.479819860511658591e-01;
    r = fma_(r, z, 1.531383769920937332e-01);
    r = fma_(r, z, 1.818357216161805012e-01);
    r = fma_(r, z, 2.222219843214978396e-01);
    r = fma_(r, z, 2.857142874366239149e-01);
    r = fma_(r, z, 3.999999999940941908e-01);
    r = fma_(r, z, 6.666666666666735130e-01);
    const double half_f = 0.5 * f;
    const double tail = fma_(s, fma_(half_f, f, z * r), e * 1.90821492927058770002e-10);
    return fma_(e, 6.93147180369123816490e-01, f - fma_(half_f, f, -tail));
}

// (cos, sin) of 2 pi u for u in [0, 1). The quarter turn is taken off exactly; on the remaining eighth of a turn to
// either side the Taylor series are below the rounding.
EQSNN_HD inline Pair circle(double u) {
    const int32_t quarter = static_cast<int32_t>(fma_(4.0, u, 0.5));
    const double x = 6.283185307179586477 * fma_(-0.25, static_cast<double>(quarter), u), z = x * x;
    double s = 2.8114572543455206e-15;
    s = fma_(s, z, -7.6471637318198165e-13);
    s = fma_(s, z, 1.6059043836821613e-10);
    s = fma_(s, z, -2.5052108385441720e-08);
    s = fma_(s, z, 2.7557319223985893e-06);
    s = fma_(s, z, -1.9841269841269841e-04);
    s = fma_(s, z, 8.3333333333333333e-03);
    s = fma_(s, z, -1.6666666666666667e-01);
    s = fma_(s * z, x, x);
    double c = 4.7794773323873853e-14;
    c = fma_(c, z, -1.1470745597729725e-11);
    c = fma_(c, z, 2.0876756987868099e-09);
    c = fma_(c, z, -2.7557319223985891e-07);
    c = fma_(c, z, 2.4801587301587302e-05);
    c = fma_(c, z, -1.3888888888888889e-03);
    c = fma_(c, z, 4.1666666666666667e-02);
    c = fma_(c, z, -0.5);
    c = fma_(c, z, 1.0);
    const double cosine = quarter & 1 ? s : c, sine = quarter & 1 ? c : s;
    return {(quarter + 1) & 2 ? -cosine : cosine, quarter & 2 ? -sine : sine};
}

// Two independent standard normal numbers from one call of the generator.
EQSNN_HD inline Pair normal_pair(uint64_t key, uint32_t e0, uint32_t e1, uint32_t step, uint32_t sub) {
    const Pair u = uniform_pair(key, e0, e1, step, sub);
    const double radius = sqrt(-2.0 * log_positive(1.0 - u.first));
    const Pair on_circle = circle(u.second);
    return {radius * on_circle.first, radius * on_circle.second};
}

EQSNN_HD inline double normal_element(uint64_t key, uint32_t i, uint32_t e1, uint32_t step) {
    const Pair p = normal_pair(key, i >> 1, e1, step, 0u);
    return i & 1u ? p.second : p.first;
}

}  // namespace eqsnn
