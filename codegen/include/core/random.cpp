// Array forms of the random numbers. Blocks of 64 elements have a known length, so each fill is vector code only.
#include "../eqsnn/normal.h"
#include "../eqsnn/philox.h"

namespace {

constexpr int block = 64;

// The body of every fill: `pair(out, k)` writes elements 2k and 2k + 1.
template <class T, class PairOf>
inline void fill(T* __restrict out, int64_t first, int64_t n, PairOf pair) {
    for (int64_t at = 0; at < n; at += block) {
        T* const __restrict to = out + at;
        const uint32_t k0 = static_cast<uint32_t>((first + at) >> 1);
        EQSNN_INDEPENDENT
        for (uint32_t k = 0; k < block / 2; ++k) {
            const auto p = pair(k0 + k);
            to[2 * k] = static_cast<T>(p.first);
            to[2 * k + 1] = static_cast<T>(p.second);
        }
    }
}

struct PairF32 {
    float first, second;
};

}  // namespace

void eqsnn_fill_uniform_at(double* out, int64_t first, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    fill(out, first, n, [=](uint32_t k) { return eqsnn::uniform_pair(key, k, e1, step, 0u); });
}

void eqsnn_fill_uniform_f32_at(float* out, int64_t first, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    fill(out, first, n, [=](uint32_t k) {
        const eqsnn::Words w = eqsnn::philox(key, k, e1, step, 0u);
        return PairF32{eqsnn::to_unit_f32(w.a), eqsnn::to_unit_f32(w.c)};
    });
}

void eqsnn_fill_normal_at(double* out, int64_t first, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    fill(out, first, n, [=](uint32_t k) { return eqsnn::normal_pair(key, k, e1, step, 0u); });
}

void eqsnn_fill_normal_f32_at(float* out, int64_t first, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    fill(out, first, n, [=](uint32_t k) { return eqsnn::normal_pair(key, k, e1, step, 0u); });
}

void eqsnn_fill_uniform(double* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    eqsnn_fill_uniform_at(out, 0, n, key, step, e1);
}

void eqsnn_fill_uniform_f32(float* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    eqsnn_fill_uniform_f32_at(out, 0, n, key, step, e1);
}

void eqsnn_fill_normal(double* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    eqsnn_fill_normal_at(out, 0, n, key, step, e1);
}

void eqsnn_fill_normal_f32(float* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1) {
    eqsnn_fill_normal_f32_at(out, 0, n, key, step, e1);
}
