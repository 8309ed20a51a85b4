// Everything that a thread holds in registers must outlive its waits: eight numbers of each kind are turned round a warp.
struct Registers {
    double* numbers;     // 8 a thread
    long long* integers; // 8 a thread
    long long n;
};

extern "C" __global__ void registers(Registers* a) {
    const unsigned k = blockIdx.x * blockDim.x + threadIdx.x, next = (threadIdx.x + 1) & 31;
    double x[8];
    long long i[8];
    for (int m = 0; m < 8; ++m) {
        x[m] = k + 0.125 * m;
        i[m] = 1000000007LL * k + m;
    }
    for (long long turn = 0; turn < a->n; ++turn) {
        for (int m = 0; m < 8; ++m) {
            x[m] = __shfl_sync(0xffffffffu, x[m], static_cast<int>(next));
            i[m] = __shfl_sync(0xffffffffu, i[m], static_cast<int>(next)) + 1;
        }
        __syncthreads();
    }
    for (int m = 0; m < 8; ++m) {
        a->numbers[8 * k + m] = x[m];
        a->integers[8 * k + m] = i[m];
    }
}
