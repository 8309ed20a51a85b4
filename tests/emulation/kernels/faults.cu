// Kernels that are wrong, one fault each: the emulation must name it. Some would only hang on a device.
#include <assert.h>
#include <cooperative_groups.h>

struct Fault {
    int* memory;
    long long n;
};

extern "C" __global__ void sync_after_exit(Fault* a) {
    if (threadIdx.x >= a->n) return;
    __syncthreads();
    a->memory[threadIdx.x] = 1;
}

extern "C" __global__ void sync_in_branches(Fault* a) {
    if (threadIdx.x < a->n) {
        __syncthreads();
        a->memory[threadIdx.x] = 1;
    } else {
        a->memory[threadIdx.x] = 2;
        __syncthreads();
    }
}

extern "C" __global__ void shuffle_with_exited(Fault* a) {
    if (threadIdx.x == 7) return;
    a->memory[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 7);
}

extern "C" __global__ void shuffle_against_ballot(Fault* a) {
    if (threadIdx.x & 1)
        a->memory[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 7);
    else
        a->memory[threadIdx.x] = static_cast<int>(__ballot_sync(0xffffffffu, 1));
}

extern "C" __global__ void shuffle_without_self(Fault* a) {
    a->memory[threadIdx.x] = __shfl_sync(0xfffffffeu, 1, 7);
}

extern "C" __global__ void lanes_wait_crosswise(Fault* a) {
    if (threadIdx.x == 0) __syncwarp(0x3u);
    if (threadIdx.x == 1) __syncwarp(0x6u);
    if (threadIdx.x == 2) __syncwarp(0x5u);
    a->memory[threadIdx.x] = 1;
}

extern "C" __global__ void warp_against_block(Fault* a) {
    if (threadIdx.x == 0)
        __syncwarp();
    else
        __syncthreads();
    a->memory[threadIdx.x] = 1;
}

extern "C" __global__ void wait_for_nobody(Fault* a) {
    while (atomicAdd(&a->memory[0], 0) != 12345) {}
}

extern "C" __global__ void spin_on_plain_load(Fault* a) {
    while (*static_cast<volatile int*>(a->memory) != 12345) {}
}

extern "C" __global__ void grid_sync_after_exit(Fault* a) {
    if (blockIdx.x == 1 && threadIdx.x >= a->n) return;
    cooperative_groups::this_grid().sync();
    a->memory[threadIdx.x] = 1;
}

extern "C" __global__ void grid_sync_by_some(Fault* a) {
    if (threadIdx.x < a->n)
        cooperative_groups::this_grid().sync();
    else
        __syncthreads();
    a->memory[threadIdx.x] = 1;
}

extern "C" __global__ void wild_address(Fault* a) {
    int* const memory = threadIdx.x == 3 ? reinterpret_cast<int*>(a->n) : a->memory;
    memory[threadIdx.x] = 1;
}

extern "C" __global__ void write_at(Fault* a) {
    if (threadIdx.x == 0) a->memory[a->n] = 1;
}

extern "C" __global__ void divide(Fault* a) {
    a->memory[threadIdx.x] = 100 / (static_cast<int>(threadIdx.x) - static_cast<int>(a->n));
}

__device__ int descend(volatile int* memory, int depth) {
    volatile int frame[64];
    for (int k = 0; k < 64; ++k) frame[k] = depth;
    return depth == 0 ? memory[0] : descend(memory, depth - 1) + frame[depth & 63];
}

extern "C" __global__ void recurse(Fault* a) { a->memory[threadIdx.x] = descend(a->memory, static_cast<int>(a->n)); }

extern "C" __global__ void assertion(Fault* a) { assert(static_cast<long long>(threadIdx.x) < a->n); }

extern "C" __global__ void trap(Fault* a) {
    if (threadIdx.x == a->n) __trap();
}

extern "C" __global__ void overrun_local(Fault* a) {
    int local[8];
    for (int k = 0; k < 8; ++k) local[k] = k;
    a->memory[threadIdx.x] = local[a->n & 127];
}
