// The state of a launch: its resident blocks, their warps and threads, and who may run.
//
// A block holds the ranks of its threads that are ready; the next to run is drawn from them. A block runs for a random
// number of switches, then another is drawn: to change the block costs an exchange of shared memory. Threads that only
// spin wait apart until nothing else can run.
#pragma once

#include <cstdint>
#include <vector>

#include "../include/emulated_cuda/runtime.h"
#include "fiber.h"
#include "launch.h"
#include "shared.h"
#include "stacks.h"

namespace emulated_cuda {

struct Index {
    uint32_t x, y, z;
};

enum class Waiting : uint8_t { no, block_barrier, grid_barrier, warp, spin, exited };

struct Block;

struct Thread {
    Fiber fiber;
    Block* block;
    Index index;
    uint32_t rank;  // in the block
    Waiting waiting;
    uint8_t operation;  // a Barrier or an Exchange
    Site site;          // where it waits
    uint32_t fenced_at; // 1 + the epoch of its last fence (see races.h)
};

struct Warp {
    uint32_t alive = 0, waiting = 0;  // lanes that have not exited, lanes at an exchange
    uint32_t mask[32];
    uint64_t value[32], result[32];
    uint32_t epoch = 0;  // exchanges
    uint8_t kind[32], source[32];
};

struct Block {
    Index index;
    uint32_t rank;  // in the grid
    uint32_t threads, exited, at_barrier, at_grid_barrier;
    uint32_t predicates;     // that hold, of those who wait at the barrier
    uint32_t result;         // predicates of the last barrier
    uint8_t barrier_operation;
    Site barrier_site;       // where its threads wait
    int32_t runnable_place;  // in Grid::runnable; -1: no thread is ready
    uint32_t ready_count, spinning_count;
    std::vector<uint16_t> ready, spinning;  // ranks
    std::vector<Thread> all;
    std::vector<Warp> warps;
    SharedImage shared;
};

struct Grid {
    const Launch* launch;
    Outcome* outcome;
    Fiber caller;
    Stacks stacks;
    SharedMemory shared;
    std::vector<Block> blocks;      // resident ones; a slot takes the next block when its block has ended
    std::vector<Block*> runnable;   // with ready threads
    std::vector<uint32_t> order;    // of blocks
    size_t next_block, live_blocks;
    Block *running, *loaded;        // whose threads run; whose content is in shared memory
    uint32_t slice;                 // switches until another block runs
    uint32_t at_barrier;            // threads at the grid barrier
    Site barrier_site;
    uint64_t switches;
    bool failed;

    bool begin();
    void start_block(Block& block);
    void finish_block(Block& block);
    // Draw the thread that runs next; null when all blocks have ended.
    Thread* next();
    void make_ready(Block& block, uint32_t rank);
    void make_all_ready(Block& block);

private:
    bool choose_block();
    void admit(Block& block);
    void drop(Block& block);
    void wake_spinning();
};

extern Grid grid;
extern Thread* current;  // null while the caller of the launch runs

// The index of an element of a grid or block.
Index unravel(uint32_t rank, const uint32_t extent[3]);

// Uniform in 0 … n - 1 (xorshift64; its low bits are weak, so that the high ones are taken).
extern uint64_t random_state;
inline uint32_t below(uint32_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return static_cast<uint32_t>((random_state >> 32) * n >> 32);
}

// Give way; the current thread goes on once it is ready and drawn. Who leaves has set what it waits for.
void leave(Waiting waiting, uint8_t operation, Site site);

// End the launch with a message; the threads are left where they are.
[[noreturn]] void fail(const char* format, ...) __attribute__((format(printf, 1, 2)));

// An exit of a lane may complete what others of its warp wait for.
void leave_warp(Thread& thread);

}  // namespace emulated_cuda
