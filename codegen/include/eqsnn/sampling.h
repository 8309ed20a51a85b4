// Random samples of pairs: distinct, uniform, and the same on every target, since every draw is counted.
#pragma once

#include "module.h"

namespace eqsnn {

struct Sample {
    int64_t n;
    const int32_t *i, *j;
};

// The k-th pair is number twin[k] of those from i[k] to j[k].
struct Matched {
    int64_t n;
    const int32_t *i, *j;
    const uint32_t* twin;
};

}  // namespace eqsnn

// `count` distinct pairs of all, or of those not connected; fewer where there are fewer, which c.shortfall counts.
// Below half of what there is, pairs are drawn until enough are new, at O(count row length); else all are looked at.
EQSNN_API int64_t eqsnn_sample_pairs(eqsnn::Context* c, const eqsnn::Ragged* r, double count, bool unconnected,
                                     uint64_t key, uint32_t step);
// The same among the partners of one neuron: a presynaptic one, or a postsynaptic one.
EQSNN_API int64_t eqsnn_sample_partners(eqsnn::Context* c, const eqsnn::Ragged* r, int32_t neuron, bool of_pre,
                                        double count, bool unconnected, uint64_t key, uint32_t step);
// A uniformly random matching of the elements that neurons offer: numbers for each of both sides, rounded down. The
// pairs are in the order of (i, j); one pair may be matched several times.
EQSNN_API int64_t eqsnn_match(eqsnn::Context* c, const eqsnn::Ragged* r, const double* offers, const double* wants,
                              uint64_t key, uint32_t step);

namespace eqsnn {

inline Sample sample_at(const Context& c, int64_t n) {
    return Sample{n, reinterpret_cast<const int32_t*>(c.sample[0].data), reinterpret_cast<const int32_t*>(c.sample[1].data)};
}

inline Sample sample_pairs(Context& c, const Ragged* r, double count, bool unconnected, uint64_t key, uint32_t step) {
    return sample_at(c, eqsnn_sample_pairs(&c, r, count, unconnected, key, step));
}

inline Sample sample_partners(Context& c, const Ragged* r, int32_t neuron, bool of_pre, double count, bool unconnected,
                              uint64_t key, uint32_t step) {
    return sample_at(c, eqsnn_sample_partners(&c, r, neuron, of_pre, count, unconnected, key, step));
}

inline Matched match_pairs(Context& c, const Ragged* r, const double* offers, const double* wants, uint64_t key,
                           uint32_t step) {
    const Sample sample = sample_at(c, eqsnn_match(&c, r, offers, wants, key, step));
    return Matched{sample.n, sample.i, sample.j, reinterpret_cast<const uint32_t*>(c.sample[2].data)};
}

}  // namespace eqsnn
