#include "grid.h"

#include <numeric>

#include "races.h"
#include "report.h"

using emulated_cuda::Index;

// The built-in variables (see include/emulated_cuda/dialect.h).
extern "C" {
EMULATED_CUDA_API Index emulated_cuda_thread_index, emulated_cuda_block_index;
EMULATED_CUDA_API Index emulated_cuda_block_extent, emulated_cuda_grid_extent;
}

namespace emulated_cuda {

Grid grid;
Thread* current;
uint64_t random_state, idle_spins;
uint32_t atomic_countdown;

namespace {

// What changes with the thread that runs.
void make_current(Thread* thread) {
    current = thread;
    emulated_cuda_thread_index = thread->index;
}

void exit_thread() {
    Thread& thread = *current;
    Block& block = *thread.block;
    thread.waiting = Waiting::exited;
    ++block.exited;
    idle_spins = 0;
    if (block.at_barrier != 0)
        fail("divergent %s (%s:%d): %s exits, for which %u threads of its block wait",
             name_of(Waiting::block_barrier, block.barrier_operation), block.barrier_site.file, block.barrier_site.line,
             place_of(thread).c_str(), block.at_barrier);
    if (grid.at_barrier != 0)
        fail("divergent grid barrier (%s:%d): %s exits, for which %u threads wait", grid.barrier_site.file,
             grid.barrier_site.line, place_of(thread).c_str(), grid.at_barrier);
    leave_warp(thread);
    if (block.exited == block.threads) grid.finish_block(block);
}

void run_thread() {
    arrive(grid.caller);
    grid.launch->kernel(grid.launch->argument);
    exit_thread();
    ++grid.switches;
    Thread* next = grid.next();
    if (next == nullptr) {
        current = nullptr;
        jump_to(grid.caller);
    }
    make_current(next);
    jump_to(next->fiber);
}

void size_block(Block& block, uint32_t threads, size_t first_stack) {
    block.threads = threads;
    block.ready.resize(threads);
    block.spinning.resize(threads);
    block.all.resize(threads);
    block.warps.resize((threads + 31) / 32);
    for (uint32_t k = 0; k < threads; ++k) {
        Thread& thread = block.all[k];
        thread.block = &block;
        thread.rank = k;
        thread.index = unravel(k, grid.launch->block);
        thread.fiber.stack = grid.stacks[first_stack + k];
        thread.fiber.stack_bytes = grid.stacks.bytes();
    }
}

}  // namespace

Index unravel(uint32_t rank, const uint32_t extent[3]) {
    return {rank % extent[0], rank / extent[0] % extent[1], rank / extent[0] / extent[1]};
}

bool Grid::begin() {
    const uint32_t *b = launch->block, *g = launch->grid;
    const uint32_t threads = b[0] * b[1] * b[2], n_blocks = g[0] * g[1] * g[2];
    emulated_cuda_block_extent = {b[0], b[1], b[2]};
    emulated_cuda_grid_extent = {g[0], g[1], g[2]};
    random_state = launch->seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u;
    if (random_state == 0) random_state = 1;
    for (int k = 0; k < 8; ++k) below(2);  // let neighbouring seeds part
    uint32_t resident = launch->cooperative ? n_blocks : launch->resident_blocks;
    if (resident > n_blocks) resident = n_blocks;
    if (!stacks.reserve(size_t(resident) * threads, launch->stack_bytes)) return false;
    order.resize(n_blocks);
    std::iota(order.begin(), order.end(), 0u);
    for (uint32_t k = n_blocks; k > 1; --k) std::swap(order[k - 1], order[below(k)]);
    caller = {};
    next_block = live_blocks = 0;
    running = loaded = nullptr;
    slice = at_barrier = 0;
    switches = 0;
    failed = false;
    runnable.clear();
    blocks.resize(resident);
    atomic_countdown = launch->atomic_period == 0 ? 0 : 1 + below(2 * launch->atomic_period - 1);
    idle_spins = 0;
    races::begin(reinterpret_cast<const void*>(launch->kernel), launch->races != 0);
    for (uint32_t k = 0; k < resident; ++k) {
        size_block(blocks[k], threads, size_t(k) * threads);
        start_block(blocks[k]);
    }
    Thread* first = next();
    make_current(first);
    switch_to(caller, first->fiber);
    outcome->switches = switches;
    return true;
}

void Grid::start_block(Block& block) {
    block.rank = order[next_block++];
    block.index = unravel(block.rank, launch->grid);
    block.exited = block.at_barrier = block.at_grid_barrier = block.predicates = 0;
    block.ready_count = block.spinning_count = 0;
    block.runnable_place = -1;
    block.shared.fresh = true;
    ++live_blocks;
    for (uint32_t k = 0; k < block.threads; ++k) {
        block.all[k].waiting = Waiting::no;
        block.all[k].fenced_at = 0;
        // Tops of stacks at different offsets in their pages do not compete for the same lines of the processor's cache.
        prepare(block.all[k].fiber, run_thread, (k * 5 & 63) * 64);
    }
    for (uint32_t w = 0; w < block.warps.size(); ++w) {
        const uint32_t lanes = block.threads - 32 * w;
        block.warps[w].alive = lanes >= 32 ? ~0u : (1u << lanes) - 1;
        block.warps[w].waiting = 0;
    }
    races::block_started(block);
    make_all_ready(block);
}

void Grid::finish_block(Block& block) {
    if (!shared.is_intact())
        fail("block (%u,%u,%u), or one that was resident beside it, wrote behind its dynamic shared memory of %zu bytes",
             block.index.x, block.index.y, block.index.z, size_t(launch->shared_bytes));
    loaded = nullptr;  // nobody needs its shared memory any more
    --live_blocks;
    if (next_block < order.size()) {
        drop(block);
        running = nullptr;
        start_block(block);
    }
}

Thread* Grid::next() {
    if (running == nullptr || running->ready_count == 0 || --slice == 0)
        if (!choose_block()) return nullptr;
    Block& block = *running;
    const uint32_t place = below(block.ready_count);
    const uint32_t rank = block.ready[place];
    block.ready[place] = block.ready[--block.ready_count];
    return &block.all[rank];
}

bool Grid::choose_block() {
    if (running != nullptr && running->ready_count == 0) drop(*running);
    running = nullptr;
    if (runnable.empty()) wake_spinning();
    if (runnable.empty()) {
        if (live_blocks == 0) return false;
        fail("deadlock: no thread can go on\n%s", who_waits_where().c_str());
    }
    running = runnable[below(static_cast<uint32_t>(runnable.size()))];
    // Now and then short, to mix the blocks finely; mostly long enough to pay for the change.
    const uint32_t magnitudes = 32 - static_cast<uint32_t>(__builtin_clz(4 * running->threads));
    slice = 1 + below(2u << below(magnitudes));
    if (running != loaded) {
        if (loaded != nullptr) shared.store(loaded->shared);
        shared.load(running->shared);
        loaded = running;
    }
    emulated_cuda_block_index = running->index;
    return true;
}

void Grid::make_ready(Block& block, uint32_t rank) {
    block.ready[block.ready_count++] = static_cast<uint16_t>(rank);
    admit(block);
}

void Grid::make_all_ready(Block& block) {
    std::iota(block.ready.begin(), block.ready.end(), uint16_t{0});
    block.ready_count = block.threads;
    admit(block);
}

void Grid::admit(Block& block) {
    if (block.runnable_place >= 0) return;
    block.runnable_place = static_cast<int32_t>(runnable.size());
    runnable.push_back(&block);
}

void Grid::drop(Block& block) {
    if (block.runnable_place < 0) return;
    Block* last = runnable.back();
    runnable[static_cast<size_t>(block.runnable_place)] = last;
    last->runnable_place = block.runnable_place;
    runnable.pop_back();
    block.runnable_place = -1;
}

void Grid::wake_spinning() {
    for (Block& block : blocks) {
        for (uint32_t k = 0; k < block.spinning_count; ++k) make_ready(block, block.spinning[k]);
        block.spinning_count = 0;
    }
}

void leave(Waiting waiting, uint8_t operation, Site site) {
    Thread* self = current;
    self->waiting = waiting;
    self->operation = operation;
    self->site = site;
    ++grid.switches;
    Thread* next = grid.next();
    if (next != self) {
        make_current(next);
        switch_to(self->fiber, next->fiber);
    }
    self->waiting = Waiting::no;
}

}  // namespace emulated_cuda
