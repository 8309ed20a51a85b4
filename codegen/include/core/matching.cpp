// A uniformly random one-to-one matching of what neurons of both sides offer.
#include <algorithm>

#include "../eqsnn/candidates.h"
#include "../eqsnn/distributions.h"
#include "../eqsnn/sampling.h"
#include "memory.h"

using namespace eqsnn;

namespace {

constexpr int64_t most_elements = INT32_MAX;

int64_t total(const double* offers, int32_t neurons) {
    int64_t sum = 0;
    for (int32_t i = 0; i < neurons; ++i) sum = std::min(sum + offered_elements(offers[i]), most_elements + 1);
    return sum;
}

// Each neuron as often as it offers an element.
void list(const double* offers, int32_t neurons, int32_t* elements) {
    for (int32_t i = 0; i < neurons; ++i)
        for (int64_t k = offered_elements(offers[i]); k > 0; --k) *elements++ = i;
}

// A uniformly random choice of k elements, in random order, to the front.
void choose(int32_t* elements, int64_t n, int64_t k, Stream stream) {
    for (int64_t t = 0; t < k; ++t)
        std::swap(elements[t], elements[t + static_cast<int64_t>(next_below(stream, static_cast<uint64_t>(n - t)))]);
}

// By (i, j); a pair's number among its equals goes to `twin`.
void sort_pairs(int64_t n, int32_t* i, int32_t* j, uint32_t* twin, uint64_t* packed) {
    for (int64_t k = 0; k < n; ++k) packed[k] = uint64_t(uint32_t(i[k])) << 32 | uint32_t(j[k]);
    std::sort(packed, packed + n);
    for (int64_t k = 0; k < n; ++k) {
        i[k] = static_cast<int32_t>(packed[k] >> 32);
        j[k] = static_cast<int32_t>(packed[k]);
        twin[k] = k && packed[k] == packed[k - 1] ? twin[k - 1] + 1 : 0;
    }
}

}  // namespace

int64_t eqsnn_match(Context* c, const Ragged* r, const double* offers, const double* wants, uint64_t key, uint32_t step) {
    const int64_t n_pre = total(offers, r->n_pre), n_post = total(wants, r->n_post), n = std::min(n_pre, n_post);
    if (n == 0) return 0;
    const int64_t sizes[3] = {n_pre, n_post, n};
    bool fits = n_pre <= most_elements && n_post <= most_elements;
    for (int k = 0; k < 3; ++k) {
        c->sample[k].bytes = 0;
        fits = fits && room(c->sample[k], sizes[k] * 4);
    }
    uint64_t* const packed = fits ? allocate_array<uint64_t>(n) : nullptr;
    if (!packed) {
        c->fault.code = fault_memory;
        return 0;
    }
    int32_t* const i = reinterpret_cast<int32_t*>(c->sample[0].data);
    int32_t* const j = reinterpret_cast<int32_t*>(c->sample[1].data);
    list(offers, r->n_pre, i);
    list(wants, r->n_post, j);
    const Stream stream{key, 0, 0, step, 0};
    if (n_pre > n_post) choose(i, n_pre, n, stream);
    else choose(j, n_post, n, stream);
    sort_pairs(n, i, j, reinterpret_cast<uint32_t*>(c->sample[2].data), packed);
    std::free(packed);
    return n;
}
