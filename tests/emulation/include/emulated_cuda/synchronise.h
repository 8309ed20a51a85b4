// Barriers of a block, fences, and the points where a spinning thread lets others run.
#pragma once

#include "runtime.h"

// In a spin on a volatile or plain load, which the emulation cannot see: lets other threads run. To nvcc it is nothing.
#define EQSNN_YIELD() emulated_cuda::yield(emulated_cuda::Site::here())

using EmulatedCudaSite = emulated_cuda::Site;

inline void __syncthreads(EmulatedCudaSite site = EmulatedCudaSite::here()) {
    emulated_cuda::wait_for_block(emulated_cuda::Barrier::syncthreads, false, site);
}

inline int __syncthreads_count(int predicate, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    return emulated_cuda::wait_for_block(emulated_cuda::Barrier::count, predicate != 0, site);
}

inline int __syncthreads_and(int predicate, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    return emulated_cuda::wait_for_block(emulated_cuda::Barrier::conjunction, predicate == 0, site) == 0;
}

inline int __syncthreads_or(int predicate, EmulatedCudaSite site = EmulatedCudaSite::here()) {
    return emulated_cuda::wait_for_block(emulated_cuda::Barrier::disjunction, predicate != 0, site) != 0;
}

inline void __nanosleep(unsigned, EmulatedCudaSite site = EmulatedCudaSite::here()) { emulated_cuda::spin(site); }

[[noreturn]] inline void __trap(EmulatedCudaSite site = EmulatedCudaSite::here()) { emulated_cuda::trap(site); }

// One thread runs at a time, so that a fence only has to hold the compiler back; others may come in between here.
inline void __threadfence(EmulatedCudaSite site = EmulatedCudaSite::here()) {
    __asm__ volatile("" ::: "memory");
    emulated_cuda::note_fence();
    if (--emulated_cuda::atomic_countdown == 0) emulated_cuda::interrupt(site);
}

inline void __threadfence_block(EmulatedCudaSite site = EmulatedCudaSite::here()) { __threadfence(site); }

inline void __threadfence_system(EmulatedCudaSite site = EmulatedCudaSite::here()) { __threadfence(site); }
