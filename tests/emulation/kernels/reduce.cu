// Sums by shuffles: within a warp, then over the warps of a block, then over blocks by one atomic each.
struct Reduce {
    const double* values;
    double* sum;
    double* block_sums;
    long long n;
};

__device__ __forceinline__ double warp_sum(double v) {
    for (int step = 16; step > 0; step >>= 1) v += __shfl_down_sync(0xffffffffu, v, step);
    return v;
}

extern "C" __global__ void __launch_bounds__(128) reduce(Reduce* a) {
    __shared__ double partial[32];
    const unsigned lane = threadIdx.x & 31, warp = threadIdx.x / 32, warps = blockDim.x / 32;
    double v = 0.0;
    for (long long k = blockIdx.x * blockDim.x + threadIdx.x; k < a->n; k += gridDim.x * blockDim.x) v += a->values[k];
    v = warp_sum(v);
    if (lane == 0) partial[warp] = v;
    __syncthreads();
    if (warp == 0) {
        v = warp_sum(lane < warps ? partial[lane] : 0.0);
        if (lane == 0) {
            a->block_sums[blockIdx.x] = v;
            atomicAdd(a->sum, v);
        }
    }
}

// The same values by all four shuffles, of every type, within segments of 8 lanes.
struct Shuffles {
    int* broadcast;
    unsigned* up;
    long long* down;
    float* exchanged;
    unsigned long long* wide;
};

extern "C" __global__ void shuffles(Shuffles* a) {
    const unsigned k = threadIdx.x;
    a->broadcast[k] = __shfl_sync(0xffffffffu, static_cast<int>(k), 3, 8);
    a->up[k] = __shfl_up_sync(0xffffffffu, k, 2, 8);
    a->down[k] = __shfl_down_sync(0xffffffffu, static_cast<long long>(k) << 40, 2, 8);
    a->exchanged[k] = __shfl_xor_sync(0xffffffffu, k + 0.5f, 5, 8);
    a->wide[k] = __shfl_xor_sync(0xffffffffu, 1ull << k, 16);
}
