// Every allocation of the core library goes through here, so that tests can make any one of them fail.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace eqsnn {

inline int64_t fail_countdown = 0;

// The bytes that `allocate` takes from the system for an array. Loops over rows read up to 63 entries of one byte, or 15
// of eight, beyond the last one.
inline int64_t allocated(int64_t bytes) { return (bytes + 63) / 64 * 64 + 128; }

// Whole cache lines, aligned for the widest vectors; null if there is no memory.
inline void* allocate(int64_t bytes) {
    if (fail_countdown > 0 && --fail_countdown == 0) return nullptr;
    return std::aligned_alloc(64, static_cast<size_t>(allocated(bytes)));
}

template <class T>
inline T* allocate_array(int64_t n) {
    return static_cast<T*>(allocate(n * static_cast<int64_t>(sizeof(T))));
}

// Longer array with the same first `n` items; false, and nothing changed, if there is no memory.
template <class T>
inline bool lengthen(T*& items, int64_t n, int64_t room) {
    T* const longer = allocate_array<T>(room);
    if (!longer) return false;
    if (n) std::memcpy(longer, items, static_cast<size_t>(n) * sizeof(T));
    std::free(items);
    items = longer;
    return true;
}

}  // namespace eqsnn
