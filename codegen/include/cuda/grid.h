// Where a thread is in the grid, and how all threads of it wait for each other.
//
// A program runs many steps in one launch, so its blocks must all be resident at once (the runtime asks how many can be):
// then a barrier of atomics is enough, and neither a cooperative launch nor relocatable code is needed.
#pragma once

#include "../eqsnn/platform.h"

#ifndef EQSNN_YIELD
#define EQSNN_YIELD() __nanosleep(20)
#endif

namespace eqsnn {

constexpr int32_t warp_size = 32, block_size = 256;

struct Grid {
    int32_t thread, threads;  // this one, and how many there are
    uint32_t* arrived;        // at the barrier: its topmost bit turns each time that all have come

    __device__ explicit Grid(uint32_t* arrived)
        : thread(static_cast<int32_t>(blockIdx.x * blockDim.x + threadIdx.x)),
          threads(static_cast<int32_t>(gridDim.x * blockDim.x)), arrived(arrived) {}

    // Nobody goes on before all have come, and all see what all have written.
    __device__ void sync() const {
        __syncthreads();
        if (gridDim.x == 1) return;
        if (threadIdx.x == 0) {
            __threadfence();
            // All others add one, and the first block what is then missing to the topmost bit.
            constexpr uint32_t turn = 0x80000000u;
            const uint32_t before = atomicAdd(arrived, blockIdx.x ? 1u : turn - (gridDim.x - 1));
            while (((*static_cast<const volatile uint32_t*>(arrived) ^ before) & turn) == 0) EQSNN_YIELD();
            __threadfence();
        }
        __syncthreads();
    }
    __device__ bool first() const { return thread == 0; }
    __device__ int32_t lane() const { return thread % warp_size; }
    __device__ int32_t warp() const { return thread / warp_size; }
    __device__ int32_t warps() const { return threads / warp_size; }
};

// The sum over the threads of a block before this one, and over all of them. Every thread of the block calls it.
__device__ inline int32_t sum_before(int32_t value, int32_t& all) {
    __shared__ int32_t of_warps[block_size / warp_size];
    const int32_t lane = static_cast<int32_t>(threadIdx.x) % warp_size, warp = static_cast<int32_t>(threadIdx.x) / warp_size;
    int32_t sum = value;
    for (int32_t step = 1; step < warp_size; step *= 2) {
        const int32_t other = __shfl_up_sync(0xFFFFFFFFu, sum, static_cast<unsigned>(step));
        if (lane >= step) sum += other;
    }
    if (lane == warp_size - 1) of_warps[warp] = sum;
    __syncthreads();
    int32_t before = 0;
    all = 0;
    for (int32_t w = 0; w < static_cast<int32_t>(blockDim.x) / warp_size; ++w) {
        if (w < warp) before += of_warps[w];
        all += of_warps[w];
    }
    __syncthreads();
    return before + sum - value;
}

}  // namespace eqsnn
