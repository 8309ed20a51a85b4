// The stacks of fibres, kept from launch to launch. Each has a page below it that must not be touched.
#pragma once

#include <cstddef>
#include <vector>

namespace emulated_cuda {

class Stacks {
public:
    // Have at least `count` stacks of `bytes` each; false where there is no memory.
    bool reserve(size_t count, size_t bytes);
    char* operator[](size_t k) const { return bases_[k]; }
    size_t bytes() const { return bytes_; }
    // Whether an address lies in the page below a stack.
    bool is_guard(const void* address) const;
    // Forget what frames that were never left have marked (the address sanitizer's marks).
    void unmark() const;

private:
    void release();
    std::vector<char*> bases_;
    size_t bytes_ = 0;
};

}  // namespace emulated_cuda
