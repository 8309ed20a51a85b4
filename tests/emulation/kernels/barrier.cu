// Grid barriers: that of cooperative groups, and two made by hand. Each round, every block reads what another wrote.
#include <cooperative_groups.h>

#ifndef EQSNN_YIELD
#define EQSNN_YIELD()
#endif

struct Rounds {
    int* value;      // one a block
    int* next;       // the other half of a double buffer
    unsigned* count; // arrivals, then the generation
    long long rounds;
};

__device__ void play(Rounds* a, long long round) {
    int* const from = round & 1 ? a->next : a->value;
    int* const to = round & 1 ? a->value : a->next;
    const unsigned neighbour = (blockIdx.x + 1) % gridDim.x;
    if (threadIdx.x == blockDim.x - 1) to[blockIdx.x] = from[neighbour] + 1;
}

extern "C" __global__ void cooperative_rounds(Rounds* a) {
    for (long long round = 0; round < a->rounds; ++round) {
        play(a, round);
        cooperative_groups::this_grid().sync();
    }
}

// One counter that only grows; arrivals spin on an atomic that adds nothing.
extern "C" __global__ void atomic_rounds(Rounds* a) {
    for (long long round = 0; round < a->rounds; ++round) {
        play(a, round);
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            const unsigned target = static_cast<unsigned>(round + 1) * gridDim.x;
            atomicAdd(&a->count[0], 1u);
            while (atomicAdd(&a->count[0], 0u) < target) {}
        }
        __syncthreads();
    }
}

// The last to arrive opens the next generation; the others look at it with volatile loads.
extern "C" __global__ void volatile_rounds(Rounds* a) {
    volatile unsigned* const generation = &a->count[1];
    for (long long round = 0; round < a->rounds; ++round) {
        play(a, round);
        __syncthreads();
        if (threadIdx.x == 0) {
            __threadfence();
            if (atomicInc(&a->count[0], gridDim.x - 1) == gridDim.x - 1) {
                *generation = static_cast<unsigned>(round + 1);
            } else if (blockIdx.x & 1) {
                while (*generation <= round) __nanosleep(100);
            } else {
                while (*generation <= round) EQSNN_YIELD();
            }
        }
        __syncthreads();
    }
}

// Without a barrier, a block may read before its neighbour has written.
extern "C" __global__ void unordered_rounds(Rounds* a) {
    for (long long round = 0; round < a->rounds; ++round) {
        play(a, round);
        __syncthreads();
    }
}
