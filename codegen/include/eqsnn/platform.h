// What differs between compilers, in one place: the same headers serve g++, clang++ and nvcc.
#pragma once

#include <cstdint>

#ifdef __CUDACC__
#define EQSNN_HD __host__ __device__
#else
#define EQSNN_HD
#endif

// A function of the core library, called by generated modules and by Python.
#define EQSNN_API extern "C" __attribute__((visibility("default")))

// Loops of short known length that must be unrolled, and loops whose iterations are independent.
#if defined(__CUDACC__) || defined(__clang__)
#define EQSNN_UNROLL _Pragma("unroll")
#define EQSNN_INDEPENDENT
#else
#define EQSNN_UNROLL _Pragma("GCC unroll 16")
#define EQSNN_INDEPENDENT _Pragma("GCC ivdep")
#endif
