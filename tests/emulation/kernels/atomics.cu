// Every atomic operation on every type, by all threads on one word each.
struct Atomics {
    int* i;
    unsigned* u;
    unsigned long long* w;
    float* f;
    double* d;
    unsigned* lock;
    long long* guarded;
};

extern "C" __global__ void atomics(Atomics* a) {
    const int k = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
    const unsigned bit = static_cast<unsigned>(k) & 31;
    atomicAdd(&a->i[0], k);
    atomicSub(&a->i[1], k);
    atomicMin(&a->i[2], -k);
    atomicMax(&a->i[3], k);
    atomicAnd(&a->i[4], ~(1 << bit));
    atomicOr(&a->i[5], 1 << bit);
    atomicXor(&a->i[6], k);
    atomicExch(&a->i[7], 5);
    atomicCAS(&a->i[8], 0, k + 1);
    atomicAdd(&a->u[0], static_cast<unsigned>(k));
    atomicSub(&a->u[1], static_cast<unsigned>(k));
    atomicMin(&a->u[2], static_cast<unsigned>(k));
    atomicMax(&a->u[3], static_cast<unsigned>(k));
    atomicAnd(&a->u[4], ~(1u << bit));
    atomicOr(&a->u[5], 1u << bit);
    atomicXor(&a->u[6], static_cast<unsigned>(k));
    atomicInc(&a->u[7], 9u);
    const unsigned long long wide = static_cast<unsigned long long>(k) << 33;
    atomicAdd(&a->w[0], wide);
    atomicMin(&a->w[1], wide);
    atomicMax(&a->w[2], wide);
    atomicAnd(&a->w[3], ~(1ull << (bit + 20)));
    atomicOr(&a->w[4], 1ull << (bit + 20));
    atomicXor(&a->w[5], wide);
    atomicExch(&a->w[6], 1ull << 40);
    for (unsigned long long seen = a->w[7], assumed; ; ) {
        assumed = seen;
        seen = atomicCAS(&a->w[7], assumed, assumed + 3ull);
        if (seen == assumed) break;
    }
    atomicAdd(&a->f[0], 0.5f);
    atomicExch(&a->f[1], 2.0f);
    atomicAdd(&a->d[0], 0.25);
    while (atomicCAS(a->lock, 0u, 1u) != 0u) {}  // a spin lock
    const long long old = *static_cast<volatile long long*>(a->guarded);
    __threadfence();
    *static_cast<volatile long long*>(a->guarded) = old + 1;
    __threadfence();
    atomicExch(a->lock, 0u);
}
