// Tells the compiler which functions of <cmath> exist in vector form (glibc's libmvec, x86-64; link with -lmvec), as
// -ffast-math would, but without its licence to change everything else. Elsewhere this header does nothing.
#pragma once

#include <cmath>

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && defined(__GLIBC__) && !defined(__CUDACC__)
#define EQSNN_SIMD noexcept __attribute__((simd("notinbranch")))
#define EQSNN_VECTOR1(name)                   \
    extern "C" double name(double) EQSNN_SIMD; \
    extern "C" float name##f(float) EQSNN_SIMD;
#define EQSNN_VECTOR2(name)                           \
    extern "C" double name(double, double) EQSNN_SIMD; \
    extern "C" float name##f(float, float) EQSNN_SIMD;

#if __GLIBC_PREREQ(2, 22)
EQSNN_VECTOR1(exp)
EQSNN_VECTOR1(log)
EQSNN_VECTOR1(sin)
EQSNN_VECTOR1(cos)
EQSNN_VECTOR2(pow)
#endif
#if __GLIBC_PREREQ(2, 35)
EQSNN_VECTOR1(expm1)
EQSNN_VECTOR1(log1p)
EQSNN_VECTOR1(log10)
EQSNN_VECTOR1(tan)
EQSNN_VECTOR1(asin)
EQSNN_VECTOR1(acos)
EQSNN_VECTOR1(atan)
EQSNN_VECTOR1(sinh)
EQSNN_VECTOR1(cosh)
EQSNN_VECTOR1(tanh)
#endif

#undef EQSNN_VECTOR1
#undef EQSNN_VECTOR2
#undef EQSNN_SIMD
#endif
