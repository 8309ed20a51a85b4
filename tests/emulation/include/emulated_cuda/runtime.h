// What kernels call in the emulation's runtime library.
#pragma once

#include <stdint.h>

#define EMULATED_CUDA_API __attribute__((visibility("default")))

namespace emulated_cuda {

// Where in the source a thread waits: as a default argument it is the caller's place.
struct Site {
    const char* file;
    int line;
    static constexpr Site here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) { return {file, line}; }
};

enum class Barrier { syncthreads, count, conjunction, disjunction };
enum class Exchange { shfl, shfl_up, shfl_down, shfl_xor, ballot, any, all, match_any, match_all, syncwarp };

// Wait for all threads of the block; returns for how many `predicate` holds.
EMULATED_CUDA_API int wait_for_block(Barrier kind, bool predicate, Site site);

// Wait for all threads of all blocks.
EMULATED_CUDA_API void wait_for_grid(Site site);

// Wait for the lanes of `mask` and exchange values with them: the value of another lane, or a mask of lanes.
EMULATED_CUDA_API uint64_t exchange(Exchange kind, unsigned mask, uint64_t value, int lane, int width, Site site);

// Let others run: `spin` where this thread only waits for something, `yield` where it might go on.
EMULATED_CUDA_API void spin(Site site);
EMULATED_CUDA_API void yield(Site site);

// Called when atomic_countdown reaches 0: this thread is interrupted at an atomic operation.
EMULATED_CUDA_API void interrupt(Site site);
EMULATED_CUDA_API extern uint32_t atomic_countdown;

// How often threads have spun since something last went ahead; what shows that all wait for nothing.
EMULATED_CUDA_API extern uint64_t idle_spins;

// A fence, which an atomic operation needs before it to order what came before (see runtime/races.h).
EMULATED_CUDA_API void note_fence();

EMULATED_CUDA_API unsigned current_lane();
EMULATED_CUDA_API bool is_cooperative();
[[noreturn]] EMULATED_CUDA_API void trap(Site site);

}  // namespace emulated_cuda
