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
