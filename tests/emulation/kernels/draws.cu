// The headers that both targets share draw the same numbers here as on the host.
#include "eqsnn/distributions.h"

struct Draws {
    double* uniform;
    double* normal;
    long long n;
    unsigned long long key;
};

extern "C" __global__ void draws(Draws* a) {
    for (uint32_t k = blockIdx.x * blockDim.x + threadIdx.x; k < a->n; k += gridDim.x * blockDim.x) {
        a->uniform[k] = eqsnn::uniform_element(a->key, k, 0u, 5u);
        a->normal[k] = eqsnn::normal_element(a->key, k, 0u, 5u);
    }
}
