// Philox4x32-10 (Salmon, Moraes, Dror & Shaw 2011): random numbers as a pure function of a key and a counter.
//
// The key names the seed and the statement that draws; the counter names the element and the time step. So a number
// depends on neither the thread, nor the backend, nor the place of a synapse in memory, and nothing has a state to save.
#pragma once

#include "platform.h"

namespace eqsnn {

struct Words {
    uint32_t a, b, c, d;
};

// One call of the generator: counter (e0, e1, step, sub) under a 64-bit key, whose low half is the first key word.
EQSNN_HD inline Words philox(uint64_t key, uint32_t e0, uint32_t e1, uint32_t step, uint32_t sub) {
    uint32_t k0 = static_cast<uint32_t>(key), k1 = static_cast<uint32_t>(key >> 32);
    Words w{e0, e1, step, sub};
    EQSNN_UNROLL
    for (int round = 0; round < 10; ++round) {
        const uint64_t p = uint64_t{0xD2511F53u} * w.a, q = uint64_t{0xCD9E8D57u} * w.c;
        w = Words{static_cast<uint32_t>(q >> 32) ^ w.b ^ k0, static_cast<uint32_t>(q),
                  static_cast<uint32_t>(p >> 32) ^ w.d ^ k1, static_cast<uint32_t>(p)};
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return w;
}

// An independent key for each (seed, statement): the generator is its own hash.
EQSNN_HD inline uint64_t derive_key(uint64_t seed, uint64_t statement) {
    const Words w =
        philox(seed, static_cast<uint32_t>(statement), static_cast<uint32_t>(statement >> 32), 0u, 0x6B657973u);
    return uint64_t{w.b} << 32 | w.a;
}

// 53 random bits in [0, 1). In two signed halves, because every vector unit converts int32 to double in one
// instruction; each operation is exact, so the number is the same on every target.
EQSNN_HD inline double to_unit(uint32_t high, uint32_t low) {
    return (static_cast<double>(static_cast<int32_t>(high >> 5)) * 67108864.0 +
            static_cast<double>(static_cast<int32_t>(low >> 6))) *
           (1.0 / 9007199254740992.0);
}

// The same number cut to 24 bits: as a float it is exact, and never rounds up to 1.
EQSNN_HD inline float to_unit_f32(uint32_t high) {
    return static_cast<float>(static_cast<int32_t>(high >> 8)) * (1.0f / 16777216.0f);
}

struct Pair {
    double first, second;
};

EQSNN_HD inline Pair uniform_pair(uint64_t key, uint32_t e0, uint32_t e1, uint32_t step, uint32_t sub) {
    const Words w = philox(key, e0, e1, step, sub);
    return {to_unit(w.a, w.b), to_unit(w.c, w.d)};
}

EQSNN_HD inline double uniform(uint64_t key, uint32_t e0, uint32_t e1, uint32_t step, uint32_t sub) {
    return uniform_pair(key, e0, e1, step, sub).first;
}

// Element i of a filled array: two elements share a call, which halves the cost of a fill.
EQSNN_HD inline double uniform_element(uint64_t key, uint32_t i, uint32_t e1, uint32_t step) {
    const Pair p = uniform_pair(key, i >> 1, e1, step, 0u);
    return i & 1u ? p.second : p.first;
}

EQSNN_HD inline float uniform_element_f32(uint64_t key, uint32_t i, uint32_t e1, uint32_t step) {
    const Words w = philox(key, i >> 1, e1, step, 0u);
    return to_unit_f32(i & 1u ? w.c : w.a);
}

}  // namespace eqsnn

// The core library's array forms. Element i of the array is element first + i of the draw; first and n are multiples
// of 64 (pad the buffer), so that no number ever comes from a remainder loop.
EQSNN_API void eqsnn_fill_uniform(double* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1);
EQSNN_API void eqsnn_fill_uniform_f32(float* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1);
EQSNN_API void eqsnn_fill_normal(double* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1);
EQSNN_API void eqsnn_fill_normal_f32(float* out, int64_t n, uint64_t key, uint32_t step, uint32_t e1);
EQSNN_API void eqsnn_fill_uniform_at(double* out, int64_t first, int64_t n, uint64_t key, uint32_t step, uint32_t e1);
EQSNN_API void eqsnn_fill_uniform_f32_at(float* out, int64_t first, int64_t n, uint64_t key, uint32_t step,
                                         uint32_t e1);
EQSNN_API void eqsnn_fill_normal_at(double* out, int64_t first, int64_t n, uint64_t key, uint32_t step, uint32_t e1);
EQSNN_API void eqsnn_fill_normal_f32_at(float* out, int64_t first, int64_t n, uint64_t key, uint32_t step,
                                        uint32_t e1);
