// An inclusive scan of a block in dynamic shared memory (Hillis & Steele 1986): two barriers a doubling.
struct Scan {
    const int* values;
    int* sums;
};

extern "C" __global__ void scan(Scan* a) {
    extern __shared__ int memory[];
    const unsigned k = threadIdx.x, element = blockIdx.x * blockDim.x + k;
    memory[k] = a->values[element];
    __syncthreads();
    for (unsigned step = 1; step < blockDim.x; step <<= 1) {
        const int left = k >= step ? memory[k - step] : 0;
        __syncthreads();
        memory[k] += left;
        __syncthreads();
    }
    a->sums[element] = memory[k];
}

// The same with a barrier left out: a neighbour may or may not have added already.
extern "C" __global__ void racy_scan(Scan* a) {
    extern __shared__ int memory[];
    const unsigned k = threadIdx.x, element = blockIdx.x * blockDim.x + k;
    memory[k] = a->values[element];
    __syncthreads();
    for (unsigned step = 1; step < blockDim.x; step <<= 1) {
        const int left = k >= step ? memory[k - step] : 0;
        memory[k] += left;
        __syncthreads();
    }
    a->sums[element] = memory[k];
}

// Writes behind its dynamic shared memory.
extern "C" __global__ void overrun_shared(Scan* a) {
    extern __shared__ int memory[];
    memory[threadIdx.x + 1] = a->values[threadIdx.x];
    __syncthreads();
    a->sums[threadIdx.x] = memory[threadIdx.x];
}
