// What Python hands over for a launch, and gets back. `driver.py` has the same fields in the same order.
#pragma once

#include <cstddef>
#include <cstdint>

namespace emulated_cuda {

struct Launch {
    void (*kernel)(void*);
    const char* name;
    void* argument;
    uint32_t grid[3];
    uint32_t block[3];
    uint64_t shared_bytes;     // dynamic shared memory of a block
    uint32_t cooperative;      // all blocks are resident
    uint32_t resident_blocks;  // at most so many at once otherwise
    uint64_t seed;             // of the order of threads
    uint32_t atomic_period;    // a thread is interrupted at one in so many atomic operations; 0: never
    uint32_t races;          // the module tells of its loads and stores
    uint64_t stack_bytes;
    uint64_t spin_limit;  // spins without progress that are called a livelock
    double timeout;       // seconds that a thread may run without giving way; 0: for ever
};

struct Outcome {
    uint64_t switches;  // from one thread to another
    char message[4096];
};

}  // namespace emulated_cuda
