// The words that CUDA adds to C++, and the four variables that tell a thread where it is.
#pragma once

// What nvcc includes by itself; before the macros, which a standard header might trip over.
#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmath>

#include "runtime.h"

#define EQSNN_EMULATED_CUDA 1

#define __global__ __attribute__((visibility("default")))
#define __device__
#define __host__
#define __constant__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

// A block's shared variables. All fibres run in one thread of the operating system, so this module's thread-local
// storage is just the shared memory of one block; the scheduler exchanges its content where another block goes on.
// Unlike a section of our own, it works in templates and inline functions, and for `extern __shared__ char s[]`.
#define __shared__ thread_local

// A failed assertion ends the launch, not the process.
#define __assert_fail emulated_cuda_assert_fail
extern "C" EMULATED_CUDA_API void emulated_cuda_assert_fail(const char* expression, const char* file, unsigned line,
                                                            const char* function) noexcept __attribute__((noreturn));

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
    constexpr operator uint3() const { return {x, y, z}; }
};

// Constant as a thread sees them; the scheduler writes them (under these assembler names) as it changes threads.
extern EMULATED_CUDA_API const uint3 threadIdx __asm__("emulated_cuda_thread_index");
extern EMULATED_CUDA_API const uint3 blockIdx __asm__("emulated_cuda_block_index");
extern EMULATED_CUDA_API const dim3 blockDim __asm__("emulated_cuda_block_extent");
extern EMULATED_CUDA_API const dim3 gridDim __asm__("emulated_cuda_grid_extent");
constexpr int warpSize = 32;
