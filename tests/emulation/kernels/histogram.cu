// A histogram: private to each block in shared memory, then added to the whole.
struct Histogram {
    const int* values;
    unsigned* counts;
    long long n;
};

extern "C" __global__ void histogram(Histogram* a) {
    __shared__ unsigned counts[16];
    if (threadIdx.x < 16) counts[threadIdx.x] = 0;
    __syncthreads();
    for (long long k = blockIdx.x * blockDim.x + threadIdx.x; k < a->n; k += gridDim.x * blockDim.x)
        atomicAdd(&counts[a->values[k] & 15], 1u);
    __syncthreads();
    if (threadIdx.x < 16) atomicAdd(&a->counts[threadIdx.x], counts[threadIdx.x]);
}

// Without atomics: what another thread adds between the read and the write is lost.
#ifndef EQSNN_YIELD
#define EQSNN_YIELD()
#endif
extern "C" __global__ void racy_histogram(Histogram* a) {
    for (long long k = blockIdx.x * blockDim.x + threadIdx.x; k < a->n; k += gridDim.x * blockDim.x) {
        const unsigned old = a->counts[a->values[k] & 15];
        EQSNN_YIELD();
        a->counts[a->values[k] & 15] = old + 1;
    }
}

// Who comes first is left to the order of threads.
struct Order {
    int* next;
    int* order;
};

extern "C" __global__ void take_numbers(Order* a) {
    a->order[atomicAdd(a->next, 1)] = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}
