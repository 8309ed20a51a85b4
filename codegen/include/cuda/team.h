// What several threads do together: all of one block, or all of the grid. Few changes are worked on by one block, whose
// barriers cost little; many by the whole grid. The same functions serve both.
#pragma once

#include "events.h"

namespace eqsnn {

struct BlockTeam {
    int32_t thread, threads;

    __device__ BlockTeam() : thread(static_cast<int32_t>(threadIdx.x)), threads(static_cast<int32_t>(blockDim.x)) {}
    __device__ void sync() const { __syncthreads(); }
    // The sum over the threads before this one, and over all; a barrier lies within.
    __device__ int32_t sum_before(int32_t value, int32_t& all) const { return eqsnn::sum_before(value, all); }
};

struct GridTeam {
    const Grid& grid;
    int32_t* counts;  // one for each block
    int32_t thread, threads;

    __device__ GridTeam(const Grid& grid, int32_t* counts)
        : grid(grid), counts(counts), thread(grid.thread), threads(grid.threads) {}
    __device__ void sync() const { grid.sync(); }
    __device__ int32_t sum_before(int32_t value, int32_t& all) const {
        int32_t here;
        const int32_t before = eqsnn::sum_before(value, here);
        if (threadIdx.x == 0) counts[blockIdx.x] = here;
        grid.sync();
        const int32_t place = of_blocks_before(counts, all) + before;
        grid.sync();  // the counts may be written again
        return place;
    }
};

template <class Item>
__device__ inline void put_in_order(Item* items, int64_t low, int64_t high, bool out_of_order) {
    if (!out_of_order) return;
    const Item item = items[low];
    items[low] = items[high];
    items[high] = item;
}

// Sorts by a bitonic network that is right for any length: all comparators point upwards (the first of each merge
// compares mirror images), so what lies beyond the end may be thought of as larger than all. Equal items may not be.
template <class Team, class Item, class Before>
__device__ inline void sort(const Team& team, Item* items, int64_t n, Before before) {
    team.sync();
    int64_t padded = 1;
    while (padded < n) padded *= 2;
    for (int64_t run = 2; run <= padded; run *= 2)
        for (int64_t apart = run / 2; apart > 0; apart /= 2) {
            for (int64_t t = team.thread; t < padded / 2; t += team.threads) {
                const int64_t within = t & (apart - 1), start = (t - within) * 2, low = start + within;
                const int64_t high = apart == run / 2 ? start + 2 * apart - 1 - within : low + apart;
                if (high < n) put_in_order(items, low, high, before(items[high], items[low]));
            }
            team.sync();
        }
}

// Keeps the items for which `keep(k)` holds, in their order, and returns how many. `keep` sees item k and the one before
// it as they were.
template <class Team, class Item, class Keep>
__device__ inline int64_t compact(const Team& team, Item* items, int64_t n, Keep keep) {
    int64_t kept = 0;
    for (int64_t first = 0; first < n; first += team.threads) {
        const int64_t k = first + team.thread;
        const bool stays = k < n && keep(k);
        Item item{};
        if (stays) item = items[k];
        int32_t all;
        const int64_t place = kept + team.sum_before(stays, all);  // all have read before anyone writes
        if (stays && place != k) items[place] = item;
        kept += all;
        team.sync();
    }
    return kept;
}

// The first of n ascending keys that is not below `wanted`, or n; key k is `key(k)`.
template <class Key>
__device__ inline int64_t first_not_below(int64_t n, Key key, uint64_t wanted) {
    int64_t low = 0, high = n;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (key(middle) < wanted) low = middle + 1;
        else high = middle;
    }
    return low;
}

// Two numbers as one key: sorted by the first, then by the second.
__device__ inline uint64_t joined(int32_t first, int32_t second) {
    return uint64_t{static_cast<uint32_t>(first)} << 32 | static_cast<uint32_t>(second);
}
__device__ inline int32_t first_of(uint64_t key) { return static_cast<int32_t>(key >> 32); }
__device__ inline int32_t second_of(uint64_t key) { return static_cast<int32_t>(key); }

// The keys [begin, end) that have the same first number.
struct Segment {
    int64_t begin, end;
};
template <class Key>
__device__ inline Segment segment_of(int64_t n, Key key, int32_t first) {
    const uint64_t next = uint64_t{static_cast<uint32_t>(first)} + 1;
    return Segment{first_not_below(n, key, joined(first, 0)), first_not_below(n, key, next << 32)};
}

}  // namespace eqsnn
