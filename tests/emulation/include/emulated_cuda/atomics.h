// Atomic operations. One thread runs at a time, so a plain read and write is atomic; another thread may come in before it.
// An operation that changes nothing is taken for a spin's look at a flag: others run before this thread looks again.
#pragma once

#include <string.h>

#include "runtime.h"
#include "synchronise.h"

namespace emulated_cuda {

template <class T, class Change>
inline T atomically(T* address, Site site, Change change) {
    if (--atomic_countdown == 0) interrupt(site);
    const T old = *const_cast<volatile T*>(address), changed = change(old);
    if (memcmp(&old, &changed, sizeof old) == 0) {
        spin(site);
        return old;
    }
    *const_cast<volatile T*>(address) = changed;
    idle_spins = 0;
    return old;
}

}  // namespace emulated_cuda

#define EMULATED_CUDA_ATOMIC(T, name, expression)                                                   \
    inline T name(T* address, T value, EmulatedCudaSite site = EmulatedCudaSite::here()) {          \
        return emulated_cuda::atomically(address, site, [value]([[maybe_unused]] T old) -> T { return expression; }); \
    }

#define EMULATED_CUDA_INTEGER_ATOMICS(T)                                    \
    EMULATED_CUDA_ATOMIC(T, atomicAdd, old + value)                         \
    EMULATED_CUDA_ATOMIC(T, atomicMin, old < value ? old : value)           \
    EMULATED_CUDA_ATOMIC(T, atomicMax, old > value ? old : value)           \
    EMULATED_CUDA_ATOMIC(T, atomicAnd, old & value)                         \
    EMULATED_CUDA_ATOMIC(T, atomicOr, old | value)                          \
    EMULATED_CUDA_ATOMIC(T, atomicXor, old ^ value)                         \
    EMULATED_CUDA_ATOMIC(T, atomicExch, value)                              \
    inline T atomicCAS(T* address, T expected, T value,                     \
                       EmulatedCudaSite site = EmulatedCudaSite::here()) {  \
        return emulated_cuda::atomically(address, site,                     \
                                         [expected, value](T old) { return old == expected ? value : old; }); \
    }

EMULATED_CUDA_INTEGER_ATOMICS(unsigned)
EMULATED_CUDA_INTEGER_ATOMICS(unsigned long long)

// Signed sums wrap, as on the device.
inline int atomicAdd(int* address, int value, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    return static_cast<int>(atomicAdd(reinterpret_cast<unsigned*>(address), static_cast<unsigned>(value), site));
}

inline int atomicSub(int* address, int value, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    return static_cast<int>(atomicAdd(reinterpret_cast<unsigned*>(address), 0u - static_cast<unsigned>(value), site));
}

EMULATED_CUDA_ATOMIC(unsigned, atomicSub, old - value)
EMULATED_CUDA_ATOMIC(unsigned, atomicInc, old >= value ? 0u : old + 1u)
EMULATED_CUDA_ATOMIC(unsigned, atomicDec, old == 0u || old > value ? value : old - 1u)
EMULATED_CUDA_ATOMIC(int, atomicMin, old < value ? old : value)
EMULATED_CUDA_ATOMIC(int, atomicMax, old > value ? old : value)
EMULATED_CUDA_ATOMIC(int, atomicAnd, old & value)
EMULATED_CUDA_ATOMIC(int, atomicOr, old | value)
EMULATED_CUDA_ATOMIC(int, atomicXor, old ^ value)
EMULATED_CUDA_ATOMIC(int, atomicExch, value)
EMULATED_CUDA_ATOMIC(long long, atomicMin, old < value ? old : value)
EMULATED_CUDA_ATOMIC(long long, atomicMax, old > value ? old : value)
EMULATED_CUDA_ATOMIC(float, atomicAdd, old + value)
EMULATED_CUDA_ATOMIC(float, atomicExch, value)
EMULATED_CUDA_ATOMIC(double, atomicAdd, old + value)

inline int atomicCAS(int* address, int expected, int value, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    return emulated_cuda::atomically(address, site, [expected, value](int old) { return old == expected ? value : old; });
}

#undef EMULATED_CUDA_INTEGER_ATOMICS
#undef EMULATED_CUDA_ATOMIC
