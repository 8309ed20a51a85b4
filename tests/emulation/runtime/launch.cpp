// What Python calls.
#include <mutex>

#include "faults.h"
#include "grid.h"

namespace emulated_cuda {

// 0: the kernel ran; 1: it failed, and the outcome says how. One launch runs at a time.
extern "C" EMULATED_CUDA_API int emulated_cuda_launch(const Launch* launch, Outcome* outcome) {
    static std::mutex mutex;
    std::lock_guard<std::mutex> lock(mutex);
    outcome->message[0] = 0;
    outcome->switches = 0;
    grid.launch = launch;
    grid.outcome = outcome;
    if (!grid.shared.locate(reinterpret_cast<const void*>(launch->kernel), launch->shared_bytes)) {
        snprintf(outcome->message, sizeof outcome->message, "the module of kernel `%s` is not loaded", launch->name);
        return 1;
    }
    const FaultHandling handling(launch->timeout);
    if (!grid.begin()) {
        snprintf(outcome->message, sizeof outcome->message, "there is no memory for the stacks of kernel `%s`",
                 launch->name);
        return 1;
    }
    if (grid.failed) grid.stacks.unmark();
    return grid.failed ? 1 : 0;
}

// Mark memory that nobody may touch, or take the mark away, where the address sanitizer looks.
extern "C" EMULATED_CUDA_API void emulated_cuda_forbid([[maybe_unused]] void* address, [[maybe_unused]] size_t bytes,
                                                       [[maybe_unused]] int on) {
#if EMULATED_CUDA_ASAN
    on ? __asan_poison_memory_region(address, bytes) : __asan_unpoison_memory_region(address, bytes);
#endif
}

}  // namespace emulated_cuda
