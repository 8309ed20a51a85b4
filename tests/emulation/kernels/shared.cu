// Shared memory belongs to a block: in plain functions, in templates and as a struct; blocks run side by side.
#include <stdint.h>

struct Shared {
    int* out;      // n_tables values a thread
    int* progress; // blocks that have written
    int* fresh;    // what a shared word holds before anybody writes
};

template <class T, int n>
struct Reverse {
    struct Storage {
        T items[n];
        int written;
    };

    static __device__ T swap(T value) {
        __shared__ Storage storage;
        if (threadIdx.x == 0) storage.written = 0;
        __syncthreads();
        storage.items[threadIdx.x] = value;
        atomicAdd(&storage.written, 1);
        __syncthreads();
        const T result = storage.written == n ? storage.items[n - 1 - threadIdx.x] : T(-1);
        __syncthreads();
        return result;
    }
};

__device__ inline int of_block(int value) {
    __shared__ int kept;
    if (threadIdx.x == 0) kept = value;
    __syncthreads();
    return kept;
}

extern "C" __global__ void shared_tables(Shared* a) {
    extern __shared__ __align__(16) unsigned char raw[];
    int16_t* const small = reinterpret_cast<int16_t*>(raw);
    __shared__ int32_t tile[64];
    __shared__ int untouched;
    const int k = static_cast<int>(threadIdx.x), block = static_cast<int>(blockIdx.x);
    if (k == 0) a->fresh[block] = untouched++;
    tile[k] = 1000 * block + k;
    small[k] = static_cast<int16_t>(block - k);
    const int first = of_block(block);
    // All blocks are here before any reads on: each must find its own.
    if (k == 0) {
        atomicAdd(a->progress, 1);
        while (atomicAdd(a->progress, 0) < static_cast<int>(gridDim.x)) {}
    }
    __syncthreads();
    int* const out = a->out + 5 * (blockIdx.x * blockDim.x + threadIdx.x);
    out[0] = tile[63 - k];
    out[1] = small[63 - k];
    out[2] = first;
    out[3] = Reverse<int, 64>::swap(block + k);
    out[4] = static_cast<int>(Reverse<double, 64>::swap(0.5 * k));
}

// Where a thread is, in three dimensions.
struct Places {
    unsigned* out;
};

__constant__ unsigned powers[6] = {1, 10, 100, 1000, 10000, 100000};

extern "C" __global__ void places(Places* a) {
    const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    a->out[block * (blockDim.x * blockDim.y * blockDim.z) + thread] =
        threadIdx.x * powers[0] + threadIdx.y * powers[1] + threadIdx.z * powers[2] + blockIdx.x * powers[3] +
        blockIdx.y * powers[4] + blockIdx.z * powers[5];
}
