// What the lanes of a warp tell each other: shuffles, votes and matches, with CUDA's overloads.
#pragma once

#include "runtime.h"
#include "synchronise.h"

namespace emulated_cuda {

template <class T>
uint64_t to_bits(T value) {
    static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a shuffle moves 4 or 8 bytes");
    uint64_t bits = 0;
    memcpy(&bits, &value, sizeof value);
    return bits;
}

template <class T>
T from_bits(uint64_t bits) {
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

}  // namespace emulated_cuda

#define EMULATED_CUDA_SHUFFLE(T, name, Lane)                                                                      \
    inline T __##name##_sync(unsigned mask, T value, Lane lane, int width = 32,                                   \
                             EmulatedCudaSite site = EmulatedCudaSite::here()) {                                  \
        using namespace emulated_cuda;                                                                            \
        return from_bits<T>(exchange(Exchange::name, mask, to_bits(value), static_cast<int>(lane), width, site)); \
    }

#define EMULATED_CUDA_MATCH(T)                                                                                      \
    inline unsigned __match_any_sync(unsigned mask, T value, EmulatedCudaSite site = EmulatedCudaSite::here()) {    \
        using namespace emulated_cuda;                                                                              \
        return static_cast<unsigned>(exchange(Exchange::match_any, mask, to_bits(value), 0, 32, site));             \
    }                                                                                                               \
    inline unsigned __match_all_sync(unsigned mask, T value, int* all,                                              \
                                     EmulatedCudaSite site = EmulatedCudaSite::here()) {                            \
        using namespace emulated_cuda;                                                                              \
        const auto lanes = static_cast<unsigned>(exchange(Exchange::match_all, mask, to_bits(value), 0, 32, site)); \
        *all = lanes != 0;                                                                                          \
        return lanes;                                                                                               \
    }

#define EMULATED_CUDA_EXCHANGES(T)              \
    EMULATED_CUDA_SHUFFLE(T, shfl, int)         \
    EMULATED_CUDA_SHUFFLE(T, shfl_up, unsigned) \
    EMULATED_CUDA_SHUFFLE(T, shfl_down, unsigned) \
    EMULATED_CUDA_SHUFFLE(T, shfl_xor, int)     \
    EMULATED_CUDA_MATCH(T)

EMULATED_CUDA_EXCHANGES(int)
EMULATED_CUDA_EXCHANGES(unsigned)
EMULATED_CUDA_EXCHANGES(long)
EMULATED_CUDA_EXCHANGES(unsigned long)
EMULATED_CUDA_EXCHANGES(long long)
EMULATED_CUDA_EXCHANGES(unsigned long long)
EMULATED_CUDA_EXCHANGES(float)
EMULATED_CUDA_EXCHANGES(double)

#undef EMULATED_CUDA_EXCHANGES
#undef EMULATED_CUDA_MATCH
#undef EMULATED_CUDA_SHUFFLE

inline unsigned __ballot_sync(unsigned mask, int predicate, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    using namespace emulated_cuda;
    return static_cast<unsigned>(exchange(Exchange::ballot, mask, predicate != 0, 0, 32, site));
}

inline int __any_sync(unsigned mask, int predicate, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    using namespace emulated_cuda;
    return exchange(Exchange::any, mask, predicate != 0, 0, 32, site) != 0;
}

inline int __all_sync(unsigned mask, int predicate, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    using namespace emulated_cuda;
    return exchange(Exchange::all, mask, predicate == 0, 0, 32, site) == 0;  // nobody says no
}

inline void __syncwarp(unsigned mask = 0xffffffffu, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    emulated_cuda::exchange(emulated_cuda::Exchange::syncwarp, mask, 0, 0, 32, site);
}

// Only this lane: the least that hardware promises. A kernel that takes the answer for "all lanes in this branch" fails.
inline unsigned __activemask(EmulatedCudaSite site = EmulatedCudaSite::here()) {
    emulated_cuda::yield(site);
    return 1u << emulated_cuda::current_lane();
}
