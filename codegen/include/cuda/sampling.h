// Random samples of pairs on the device: the draws are those of core/sampling.cpp, and so are the pairs and their order.
//
// A warp draws a small sample, 32 candidates at a time; the whole grid a large one. A sample for each neuron is drawn by
// a warp each. Where most candidates are wanted, all are looked at in turn, which is for one warp, however many there are:
// whether one is taken depends on how many were before it.
#pragma once

#include "../eqsnn/candidates.h"
#include "rooms.h"
#include "staging.h"
#include "team.h"

namespace eqsnn {

// Pairs for the body of a pass: number k is from i[k] to j[k], and in a matching number twin[k] of those. Where n is below
// zero there was no room for them: the action begins again.
struct DrawnPairs {
    int64_t n, lacking;  // pairs; those that were wanted beyond what there is
    int32_t *i, *j;
    uint32_t* twin;
};

constexpr uint32_t all_lanes = 0xFFFFFFFFu;
constexpr int64_t small_sample = 64;  // up to here a warp is faster than barriers of the grid

__device__ inline DrawnPairs pairs_in_room(const Context& c, int64_t n, int64_t lacking) {
    return DrawnPairs{n, lacking, in_room<int32_t>(c, pairs_i), in_room<int32_t>(c, pairs_j), in_room<uint32_t>(c, pairs_extra)};
}

// Pairs that were wanted and do not exist; the rule's tally takes them over when its changes are applied. All threads call
// it once nothing can make the action begin again.
__device__ inline void note_lacking(Context* home, const Grid& grid, const DrawnPairs& pairs) {
    if (grid.first()) home->shortfall += pairs.lacking;
}

// How many pairs and removals a pass stages, or may stage at the most.
struct StagedNumbers {
    int64_t pairs, removals;
};

#ifndef EQSNN_MANY_STAGED
#define EQSNN_MANY_STAGED (1 << 18)
#endif
constexpr int64_t many_staged = EQSNN_MANY_STAGED;  // changes that room is not asked for unless they come to be

// Whether it is better to count what will be staged than to ask for room for all that may be.
__device__ inline bool must_count(const DeviceRagged* r, const StagedNumbers& most) {
    const bool fits = r->n_pairs + most.pairs <= r->pair_room && r->n_removals + most.removals <= r->removal_room;
    return !fits && most.pairs + most.removals > many_staged;
}

// The numbers of all threads.
__device__ inline StagedNumbers added_up(const Context& c, const Grid& grid, const StagedNumbers& staged) {
    grid.sync();  // all have looked at what is shared
    clear_shared(c, grid);
    add_to_shared(c, shared_count, staged.pairs);
    add_to_shared(c, shared_lacking, staged.removals);
    grid.sync();
    return StagedNumbers{*shared_number(c, shared_count), *shared_number(c, shared_lacking)};
}

__device__ inline uint32_t lanes_before() { return (1u << (threadIdx.x % warp_size)) - 1; }

// Where a number is looked for first in a table of so many entries.
__device__ inline int64_t first_entry(int64_t k, int64_t entries) {
    return static_cast<int64_t>(__umul64hi(static_cast<uint64_t>(k) * 0x9E3779B97F4A7C15u, static_cast<uint64_t>(entries)));
}

__device__ inline int64_t entry_after(int64_t at, int64_t entries) { return at + 1 < entries ? at + 1 : 0; }

// Puts a number into a table where empty entries are -1, and returns its place. Several threads may do so at once.
__device__ inline int64_t put_into(int64_t* table, int64_t entries, int64_t k) {
    for (int64_t at = first_entry(k, entries);; at = entry_after(at, entries)) {
        const auto found = static_cast<int64_t>(atomicCAS(reinterpret_cast<unsigned long long*>(table + at), ~0ull, static_cast<unsigned long long>(k)));
        if (found < 0 || found == k) return at;
    }
}

__device__ inline bool is_in(const int64_t* table, int64_t entries, int64_t k) {
    int64_t at = first_entry(k, entries);
    while (table[at] >= 0 && table[at] != k) at = entry_after(at, entries);
    return table[at] == k;
}

// Whether draw number `draw` of a stream gives a candidate that may be drawn, and which. Several share a call of the
// generator, which each makes for itself.
__device__ inline bool drawn_by(const Candidates& from, const Stream& stream, uint32_t draw, int64_t& k) {
    const uint64_t below = static_cast<uint64_t>(from.size);
    const uint32_t shared = numbers_in_words(below);
    const Words words = philox(stream.key, stream.e0, stream.e1, stream.step, stream.sub + draw / shared);
    uint64_t number;
    if (!below_by_word(words, draw % shared, below, number)) return false;
    k = static_cast<int64_t>(number);
    return from.free(k);
}

// ---- one sample by one warp ----

// Draws until n are new. The table has room for 2 n.
__device__ inline void draw_by_warp(const Candidates& from, int64_t n, const Stream& stream, int64_t* table, int32_t* i, int32_t* j) {
    const int32_t lane = static_cast<int32_t>(threadIdx.x) % warp_size;
    for (int64_t k = lane; k < 2 * n; k += warp_size) table[k] = -1;
    __syncwarp();
    uint32_t draw = static_cast<uint32_t>(lane);
    for (int64_t found = 0; found < n; draw += warp_size) {
        int64_t k = -1;
        bool is_new = drawn_by(from, stream, draw, k) && !is_in(table, 2 * n, k);
        const uint32_t same = __match_any_sync(all_lanes, is_new ? k : int64_t{-1} - lane);
        is_new = is_new && !(same & lanes_before());
        const uint32_t all_new = __ballot_sync(all_lanes, is_new);
        const int64_t place = found + __popc(all_new & lanes_before());
        if (is_new && place < n) {
            put_into(table, 2 * n, k);
            from.pair(k, i[place], j[place]);
        }
        found += __popc(all_new);
        __syncwarp();
    }
}

// Knuth's algorithm S: candidates and draws 32 at a time, but who is taken in turn.
__device__ inline void select_by_warp(const Candidates& from, int64_t n, const Stream& stream, int32_t* i, int32_t* j) {
    const int32_t lane = static_cast<int32_t>(threadIdx.x) % warp_size;
    int64_t found = 0, seen = 0;
    for (int64_t first = 0; first < from.size && found < n; first += warp_size) {
        const int64_t k = first + lane;
        const bool free = k < from.size && from.free(k);
        const uint32_t all_free = __ballot_sync(all_lanes, free);
        const int64_t number = seen + __popc(all_free & lanes_before());  // of this one among the free
        int64_t below = 0, place = -1;
        if (free) {
            const uint32_t call = stream.sub + static_cast<uint32_t>(number);
            below = taken_below(uniform(stream.key, stream.e0, stream.e1, stream.step, call), from.n_free - number, n);
        }
        for (int32_t turn = 0; turn < warp_size; ++turn) {
            if (found >= __shfl_sync(all_lanes, below, turn)) continue;
            if (turn == lane) place = found;
            ++found;
        }
        if (place >= 0) from.pair(k, i[place], j[place]);
        seen += __popc(all_free);
    }
}

// ---- one large sample by the grid ----

// How many candidates are drawn at once, and entries of the table that knows them: for each a number, and the first draw
// that gave it.
__device__ inline int64_t draws_at_once(const Grid& grid, int64_t n) { return 2 * n < grid.threads ? 2 * n : grid.threads; }
__device__ inline int64_t table_entries(const Grid& grid, int64_t n) { return 2 * (n + draws_at_once(grid, n)); }

__device__ inline void draw_by_grid(const Context& c, const Grid& grid, const Candidates& from, int64_t n, const Stream& stream, const DrawnPairs& pairs) {
    const int64_t at_once = draws_at_once(grid, n), entries = table_entries(grid, n);
    int64_t* const table = in_room<int64_t>(c, pairs_extra);
    uint32_t* const first_draw = reinterpret_cast<uint32_t*>(table + entries);
    for (int64_t k = grid.thread; k < entries; k += grid.threads) {
        table[k] = -1;
        first_draw[k] = UINT32_MAX;
    }
    const GridTeam team(grid, c.scratch[0]);
    team.sync();
    uint32_t draw = static_cast<uint32_t>(grid.thread);
    for (int64_t found = 0; found < n; draw += static_cast<uint32_t>(at_once)) {
        int64_t k = -1, entry = -1;
        if (grid.thread < at_once && drawn_by(from, stream, draw, k)) {
            entry = put_into(table, entries, k);
            atomicMin(first_draw + entry, draw);
        }
        team.sync();
        const bool is_new = entry >= 0 && first_draw[entry] == draw;
        int32_t all_new;
        const int64_t place = found + team.sum_before(is_new, all_new);
        if (is_new && place < n) from.pair(k, pairs.i[place], pairs.j[place]);
        found += all_new;
    }
}

// ---- samples of all pairs ----

// How many pairs are connected: of each neuron of a side to counts[neuron], or of all to counts[0]; each synapse that is the
// oldest of its pair counts. The counts are zero before, and complete after the next barrier.
__device__ inline void count_connected(const Grid& grid, const Ragged* r, int64_t* counts, bool of_all, bool of_pre) {
    for (int64_t s = grid.thread; s < r->rows.end; s += grid.threads) {
        const int32_t i = r->pre[s], j = r->post[s];
        if (i >= 0 && find(r, i, j) == s) add_to(counts + (of_all ? 0 : of_pre ? i : j), int64_t{1});
    }
}

// `count` distinct pairs of all, or of those not connected; fewer where there are fewer. All threads call it.
__device__ inline DrawnPairs sample_pairs(const Context& c, Context* home, const Grid& grid, const Ragged* r, double count, bool unconnected, uint64_t key,
                                          uint32_t step) {
    Candidates all{r, int64_t{r->n_pre} * r->n_post, 0, -1, true, unconnected};
    if (unconnected && r->multi) {
        clear_shared(c, grid);
        count_connected(grid, r, shared_number(c, shared_count), true, true);
        grid.sync();
    }
    all.n_free = all.size - (!unconnected ? 0 : r->multi ? *shared_number(c, shared_count) : r->live);
    const int64_t wanted = whole_number(count), n = wanted < all.n_free ? wanted : all.n_free;
    const bool few = all.are_many_for(n), by_warp = !few || n <= small_sample;
    const int64_t table = !few ? 0 : by_warp ? 2 * n * 8 : table_entries(grid, n) * 12;
    const bool fits = has_room(c, home, grid, pairs_i, 4 * n) && has_room(c, home, grid, pairs_j, 4 * n) && has_room(c, home, grid, pairs_extra, table);
    const DrawnPairs pairs = pairs_in_room(c, fits ? n : -1, wanted - n);
    if (!fits || n == 0) return pairs;
    const Stream stream{key, 0, 0, step, 0};
    if (!by_warp) draw_by_grid(c, grid, all, n, stream, pairs);
    else if (grid.warp() == 0) {
        if (few) draw_by_warp(all, n, stream, in_room<int64_t>(c, pairs_extra), pairs.i, pairs.j);
        else select_by_warp(all, n, stream, pairs.i, pairs.j);
    }
    grid.sync();
    return pairs;
}

// ---- a sample for each neuron ----

// Samples among the partners of each neuron of a side. All threads make it, then `want` for the neurons, each once, then
// `draw`.
class PartnerSamples {
public:
    __device__ PartnerSamples(const Context& c, Context* home, const Grid& grid, const Ragged* r, bool of_pre, bool unconnected)
        : c_(c), home_(home), grid_(grid), r_(r), of_pre_(of_pre), unconnected_(unconnected), neurons_(of_pre ? r->n_pre : r->n_post) {
        const bool counts = unconnected && r->multi;
        ready = has_room(c, home, grid, of_neurons, 8 * (int64_t{neurons_} + 1)) && has_room(c, home, grid, of_others, counts ? 8 * int64_t{neurons_} : 0);
        if (!ready) return;
        if (counts)
            for (int64_t x = grid.thread; x < neurons_; x += grid.threads) connected()[x] = 0;
        clear_shared(c, grid);
        if (!counts) return;
        count_connected(grid, r, connected(), false, of_pre);
        grid.sync();
    }

    // The number of partners that a neuron wants.
    __device__ void want(int32_t neuron, double count) const {
        const int64_t wanted = whole_number(count), n_free = candidates(neuron).n_free, n = wanted < n_free ? wanted : n_free;
        numbers()[neuron] = n;
        if (wanted > n) add_to_shared(c_, shared_lacking, wanted - n);
    }

    // The pairs, neuron by neuron.
    __device__ DrawnPairs draw(uint64_t key, uint32_t step) const {
        int64_t* const starts = numbers();
        grid_.sync();
        add_up_before(c_, grid_, starts, neurons_, [=](int64_t x) { return starts[x]; });
        const int64_t n = starts[neurons_];
        const bool fits = has_room(c_, home_, grid_, pairs_i, 4 * n) && has_room(c_, home_, grid_, pairs_j, 4 * n) &&
                          has_room(c_, home_, grid_, pairs_extra, 2 * 8 * n);
        const DrawnPairs pairs = pairs_in_room(c_, fits ? n : -1, *shared_number(c_, shared_lacking));
        if (!fits || n == 0) return pairs;
        for (int32_t x = grid_.warp(); x < neurons_; x += grid_.warps()) draw_for(x, starts[x], starts[x + 1] - starts[x], key, step, pairs);
        grid_.sync();
        return pairs;
    }

    bool ready;  // else there was no room: the action begins again

private:
    const Context& c_;
    Context* home_;
    const Grid& grid_;
    const Ragged* r_;
    bool of_pre_, unconnected_;
    int32_t neurons_;

    __device__ int64_t* numbers() const { return in_room<int64_t>(c_, of_neurons); }
    __device__ int64_t* connected() const { return in_room<int64_t>(c_, of_others); }

    __device__ Candidates candidates(int32_t neuron) const {
        Candidates partners{r_, of_pre_ ? r_->n_post : r_->n_pre, 0, neuron, of_pre_, unconnected_};
        const int64_t degree = of_pre_ ? r_->row_length[neuron] : r_->col_length[neuron];
        partners.n_free = partners.size - (!unconnected_ ? 0 : r_->multi ? connected()[neuron] : degree);
        return partners;
    }

    __device__ void draw_for(int32_t neuron, int64_t start, int64_t n, uint64_t key, uint32_t step, const DrawnPairs& pairs) const {
        const Candidates partners = candidates(neuron);
        const Stream stream{key, static_cast<uint32_t>(neuron), of_pre_ ? 1u : 2u, step, 0};
        int32_t *const i = pairs.i + start, *const j = pairs.j + start;
        if (n == 0) return;
        if (partners.are_many_for(n)) draw_by_warp(partners, n, stream, in_room<int64_t>(c_, pairs_extra) + 2 * start, i, j);
        else select_by_warp(partners, n, stream, i, j);
    }
};

}  // namespace eqsnn
