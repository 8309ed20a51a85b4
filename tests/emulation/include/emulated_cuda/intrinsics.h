// Functions of one thread that nvcc knows without an include: bits, reinterpretations, rounded arithmetic, min and max.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "warp.h"

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }

inline unsigned __brev(unsigned x) {
    x = (x & 0x55555555u) << 1 | (x >> 1 & 0x55555555u);
    x = (x & 0x33333333u) << 2 | (x >> 2 & 0x33333333u);
    x = (x & 0x0f0f0f0fu) << 4 | (x >> 4 & 0x0f0f0f0fu);
    return __builtin_bswap32(x);
}

inline unsigned long long __brevll(unsigned long long x) {
    return static_cast<unsigned long long>(__brev(static_cast<unsigned>(x))) << 32 | __brev(static_cast<unsigned>(x >> 32));
}

inline int __mulhi(int a, int b) { return static_cast<int>(static_cast<int64_t>(a) * b >> 32); }
inline unsigned __umulhi(unsigned a, unsigned b) { return static_cast<unsigned>(static_cast<uint64_t>(a) * b >> 32); }
inline long long __mul64hi(long long a, long long b) { return static_cast<long long>(static_cast<__int128>(a) * b >> 64); }
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>(static_cast<unsigned __int128>(a) * b >> 64);
}

// Cycles of a clock of 1 GHz, whichever the multiprocessor.
inline long long clock64() {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<long long>(now.tv_sec) * 1000000000 + now.tv_nsec;
}

// A load through the read-only cache.
template <class T>
inline T __ldg(const T* address) {
    return *address;
}

#define EMULATED_CUDA_REINTERPRET(To, name, From) \
    inline To name(From x) { return emulated_cuda::from_bits<To>(emulated_cuda::to_bits(x)); }
EMULATED_CUDA_REINTERPRET(float, __int_as_float, int)
EMULATED_CUDA_REINTERPRET(int, __float_as_int, float)
EMULATED_CUDA_REINTERPRET(float, __uint_as_float, unsigned)
EMULATED_CUDA_REINTERPRET(unsigned, __float_as_uint, float)
EMULATED_CUDA_REINTERPRET(double, __longlong_as_double, long long)
EMULATED_CUDA_REINTERPRET(long long, __double_as_longlong, double)
#undef EMULATED_CUDA_REINTERPRET

// Arithmetic that is never contracted to a fused operation: the result passes through a volatile.
#define EMULATED_CUDA_ROUNDED(T, name, expression) \
    inline T name(T a, T b) {                      \
        volatile T result = expression;            \
        return result;                             \
    }
EMULATED_CUDA_ROUNDED(double, __dadd_rn, a + b)
EMULATED_CUDA_ROUNDED(double, __dsub_rn, a - b)
EMULATED_CUDA_ROUNDED(double, __dmul_rn, a* b)
EMULATED_CUDA_ROUNDED(double, __ddiv_rn, a / b)
EMULATED_CUDA_ROUNDED(float, __fadd_rn, a + b)
EMULATED_CUDA_ROUNDED(float, __fsub_rn, a - b)
EMULATED_CUDA_ROUNDED(float, __fmul_rn, a* b)
EMULATED_CUDA_ROUNDED(float, __fdiv_rn, a / b)
#undef EMULATED_CUDA_ROUNDED
inline double __fma_rn(double a, double b, double c) { return fma(a, b, c); }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline double __dsqrt_rn(double x) { return sqrt(x); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
#if !__GLIBC_PREREQ(2, 41)  // from then on the C library has them
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
#endif

inline int __double2int_rn(double x) { return static_cast<int>(nearbyint(x)); }
inline int __double2int_rd(double x) { return static_cast<int>(floor(x)); }
inline int __double2int_rz(double x) { return static_cast<int>(x); }
inline int __double2hiint(double x) { return static_cast<int>(__double_as_longlong(x) >> 32); }
inline int __double2loint(double x) { return static_cast<int>(__double_as_longlong(x)); }
inline double __hiloint2double(int high, int low) {
    return __longlong_as_double(static_cast<long long>(static_cast<uint64_t>(static_cast<uint32_t>(high)) << 32 |
                                                       static_cast<uint32_t>(low)));
}

#define EMULATED_CUDA_EXTREMES(T)                        \
    inline T min(T a, T b) { return b < a ? b : a; }     \
    inline T max(T a, T b) { return a < b ? b : a; }
EMULATED_CUDA_EXTREMES(int)
EMULATED_CUDA_EXTREMES(unsigned)
EMULATED_CUDA_EXTREMES(long)
EMULATED_CUDA_EXTREMES(unsigned long)
EMULATED_CUDA_EXTREMES(long long)
EMULATED_CUDA_EXTREMES(unsigned long long)
#undef EMULATED_CUDA_EXTREMES
inline float min(float a, float b) { return fminf(a, b); }
inline float max(float a, float b) { return fmaxf(a, b); }
inline double min(double a, double b) { return fmin(a, b); }
inline double max(double a, double b) { return fmax(a, b); }
