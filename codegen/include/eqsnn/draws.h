// Random numbers of a kernel: keyed by the statement, counted by the step and by the element (i, j) that draws.
#pragma once

#include "distributions.h"
#include "normal.h"
#include "philox.h"

namespace eqsnn {

// Which element draws. `twin` tells apart several synapses of one pair.
struct Element {
    uint32_t i, j, step, twin;
};

template <class Real>
EQSNN_HD inline Real draw_uniform(uint64_t key, const Element& e);
template <>
EQSNN_HD inline double draw_uniform<double>(uint64_t key, const Element& e) {
    return e.twin ? uniform(key, e.i, e.j, e.step, e.twin) : uniform_element(key, e.i, e.j, e.step);
}
template <>
EQSNN_HD inline float draw_uniform<float>(uint64_t key, const Element& e) {
    return e.twin ? to_unit_f32(philox(key, e.i, e.j, e.step, e.twin).a) : uniform_element_f32(key, e.i, e.j, e.step);
}

template <class Real>
EQSNN_HD inline Real draw_normal(uint64_t key, const Element& e) {
    if (e.twin) return static_cast<Real>(normal_pair(key, e.i, e.j, e.step, e.twin).first);
    return static_cast<Real>(normal_element(key, e.i, e.j, e.step));
}

// 64 random bits: what puts elements in a random order.
EQSNN_HD inline int64_t draw_bits(uint64_t key, const Element& e) {
    const Words w = philox(key, e.i, e.j, e.step, e.twin);
    return static_cast<int64_t>(uint64_t{w.b} << 32 | w.a);
}

// Distributions that may need several numbers start a stream of their own, far from the single draws.
EQSNN_HD inline Stream stream_of(uint64_t key, const Element& e) { return Stream{key, e.i, e.j, e.step, 0x80000000u + (e.twin << 8)}; }

EQSNN_HD inline int32_t draw_poisson(uint64_t key, const Element& e, double mean) {
    Stream s = stream_of(key, e);
    return static_cast<int32_t>(next_poisson(s, mean));
}
EQSNN_HD inline int32_t draw_binomial(uint64_t key, const Element& e, double n, double p) {
    Stream s = stream_of(key, e);
    return static_cast<int32_t>(next_binomial(s, static_cast<int64_t>(n), p));
}
template <class Real>
EQSNN_HD inline Real draw_exponential(uint64_t key, const Element& e, double scale) {
    Stream s = stream_of(key, e);
    return static_cast<Real>(next_exponential(s, scale));
}

// One array of draws for elements [from, to) of a vector loop, in `all` at their own places; both ends are whole blocks.
inline void fill_uniform(double* all, int64_t from, int64_t to, uint64_t key, uint32_t step) {
    eqsnn_fill_uniform_at(all + from, from, to - from, key, step, 0);
}
inline void fill_uniform(float* all, int64_t from, int64_t to, uint64_t key, uint32_t step) {
    eqsnn_fill_uniform_f32_at(all + from, from, to - from, key, step, 0);
}
inline void fill_normal(double* all, int64_t from, int64_t to, uint64_t key, uint32_t step) {
    eqsnn_fill_normal_at(all + from, from, to - from, key, step, 0);
}
inline void fill_normal(float* all, int64_t from, int64_t to, uint64_t key, uint32_t step) {
    eqsnn_fill_normal_f32_at(all + from, from, to - from, key, step, 0);
}

}  // namespace eqsnn
