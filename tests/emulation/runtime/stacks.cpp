#include "stacks.h"

#include <sys/mman.h>

#include "fiber.h"

namespace emulated_cuda {

constexpr size_t page = 4096;

bool Stacks::reserve(size_t count, size_t bytes) {
    bytes = (bytes + page - 1) / page * page;
    if (bytes != bytes_) release();
    bytes_ = bytes;
    while (bases_.size() < count) {
        void* memory = mmap(nullptr, bytes + page, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED) return false;
        mprotect(memory, page, PROT_NONE);
        bases_.push_back(static_cast<char*>(memory) + page);
    }
    return true;
}

bool Stacks::is_guard(const void* address) const {
    const char* at = static_cast<const char*>(address);
    for (const char* base : bases_)
        if (at >= base - page && at < base) return true;
    return false;
}

void Stacks::unmark() const {
#if EMULATED_CUDA_ASAN
    for (char* base : bases_) __asan_unpoison_memory_region(base, bytes_);
#endif
}

void Stacks::release() {
    for (char* base : bases_) munmap(base - page, bytes_ + page);
    bases_.clear();
}

}  // namespace emulated_cuda
