// Working memory that grows between launches: an action that lacks room asks the host for it, and begins again.
#pragma once

#include "events.h"

namespace eqsnn {

// Buffers by number: pairs that are drawn or matched, what is worked out on the way, then arrays that last for a pass.
enum Room : int32_t { pairs_i, pairs_j, pairs_extra, of_neurons, of_others, of_items, of_items_too, first_aside };

constexpr int32_t wants_buffer = 16;  // the first of the kinds of room that are buffers (runtime/cuda/samples.py)

__device__ inline const Buffer& buffer_of(const Context& c, int32_t room) {
    return room < of_neurons ? c.sample[room] : room < first_aside ? c.wide[room - of_neurons] : c.asides[room - first_aside];
}

template <class T>
__device__ inline T* in_room(const Context& c, int32_t room) {
    return reinterpret_cast<T*>(buffer_of(c, room).data);
}

// Whether a buffer has so many bytes; if not, the host is asked for them. All threads call it, and agree.
__device__ inline bool has_room(const Context& c, Context* home, const Grid& grid, int32_t room, int64_t bytes) {
    if (buffer_of(c, room).room >= bytes) return true;
    if (grid.first()) want_room(c, home, 0, wants_buffer + room, bytes);
    return false;
}

// An array with an element for each slot that a projection has now.
__device__ inline void provide(const Context& c, Context* home, const Grid& grid, int32_t array, const Ragged* r, int64_t bytes) {
    has_room(c, home, grid, first_aside + array, r->rows.room * bytes);
}

// ---- sums over the grid ----

// Numbers that all threads share, from one barrier to the next; behind them is one for each block.
enum Shared : int32_t { shared_count, shared_lacking, shared_longest, shared_round, shared_addends, shared_numbers };

__device__ inline int64_t* shared_number(const Context& c, int32_t k) { return static_cast<int64_t*>(c.sums) + k; }

__device__ inline void add_to_shared(const Context& c, int32_t k, int64_t value) { add_to(shared_number(c, k), value); }

__device__ inline void raise_shared(const Context& c, int32_t k, int64_t value) {
    atomicMax(reinterpret_cast<unsigned long long*>(shared_number(c, k)), static_cast<unsigned long long>(value));
}

__device__ inline void clear_shared(const Context& c, const Grid& grid) {
    if (grid.first())
        for (int32_t k = 0; k < shared_numbers; ++k) *shared_number(c, k) = 0;
    grid.sync();
}

// The sum over the threads of a block before this one, and over all of them; a barrier lies within.
__device__ inline int64_t sum_before(int64_t value, int64_t& all) {
    __shared__ int64_t of_warps[block_size / warp_size];
    const int32_t lane = static_cast<int32_t>(threadIdx.x) % warp_size, warp = static_cast<int32_t>(threadIdx.x) / warp_size;
    int64_t sum = value;
    for (int32_t step = 1; step < warp_size; step *= 2) {
        const int64_t other = __shfl_up_sync(0xFFFFFFFFu, sum, static_cast<unsigned>(step));
        if (lane >= step) sum += other;
    }
    if (lane == warp_size - 1) of_warps[warp] = sum;
    __syncthreads();
    int64_t before = 0;
    all = 0;
    for (int32_t w = 0; w < static_cast<int32_t>(blockDim.x) / warp_size; ++w) {
        if (w < warp) before += of_warps[w];
        all += of_warps[w];
    }
    __syncthreads();
    return before + sum - value;
}

// Puts into starts[k], k = 0 .. n, the sum of number(0) .. number(k - 1). Each block sums a stretch, then writes it.
template <class Number>
__device__ inline void add_up_before(const Context& c, const Grid& grid, int64_t* starts, int64_t n, Number number) {
    int64_t* const of_blocks = shared_number(c, shared_numbers);
    const int64_t tiles = n / blockDim.x + 1, share = (tiles + gridDim.x - 1) / gridDim.x;
    const int64_t from = blockIdx.x * share * blockDim.x, to = from + share * blockDim.x;
    int64_t sum = 0, here;
    for (int64_t k = from + threadIdx.x; k < to; k += blockDim.x) sum += k < n ? number(k) : 0;
    sum_before(sum, here);
    if (threadIdx.x == 0) of_blocks[blockIdx.x] = here;
    grid.sync();
    int64_t before = 0, place;
    for (int32_t b = static_cast<int32_t>(threadIdx.x); b < static_cast<int32_t>(blockIdx.x); b += static_cast<int32_t>(blockDim.x))
        before += of_blocks[b];
    sum_before(before, place);
    for (int64_t k = from + threadIdx.x; k < to; k += blockDim.x) {
        const int64_t mine = sum_before(k < n ? number(k) : 0, here);
        if (k <= n) starts[k] = place + mine;
        place += here;
    }
    grid.sync();
}

}  // namespace eqsnn
