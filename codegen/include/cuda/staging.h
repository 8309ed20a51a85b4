// What code stages on the device: removals and creations, which exist once `apply_changes` has carried them out.
//
// Memory for them is there before a kernel stages anything: as much as it may stage at the most. Threads take places by
// atomics, so the lists are in no order; what is made of them depends on none.
#pragma once

#include "records.h"
#include "team.h"

namespace eqsnn {

// A pair to be connected. Equal pairs come in the order of `turn`: by what staged them, then by its statement.
struct PairToCome {
    uint64_t pair;  // i and j, as `joined`
    uint64_t turn;
    int32_t record;
    int32_t lost;  // it found no place under a limit, or is refused
};

// A list that moves to a longer span.
struct Move {
    int32_t id, start, capacity, unused;
};

constexpr uint64_t no_removal = UINT64_MAX;

// The synapses of a projection on a device, and room for changing them. Kernels know it as a Ragged; its own lists of
// staged changes are not used here. Mirrored by eqsnn/runtime/cuda/structure.py.
struct DeviceRagged : Ragged {
    PairToCome* pairs;       // pair_room
    uint64_t* removals;      // removal_room: row and place in it, as `joined`
    uint64_t* by_column;     // pair_room: of the pairs in their order, column and number
    uint64_t* column_removals;  // removal_room: column and place in it
    Move *row_moves, *col_moves;  // pair_room
    unsigned long long n_row_moves, n_col_moves, row_growth, col_growth;
    unsigned long long refused_now;
    int64_t asked_pairs, asked_removals, asked_candidates;  // room that is wanted
    int32_t settled;         // what is staged is sorted, and free of what will not come to be
    int32_t number;          // of the projection among those of the program
    int32_t removals_each, candidates_each;  // that a synapse may stage between two applications
};

__device__ inline DeviceRagged* on_device(Ragged* r) { return static_cast<DeviceRagged*>(r); }

__device__ inline int64_t take_place(int64_t* counter) {
    return static_cast<int64_t>(atomicAdd(reinterpret_cast<unsigned long long*>(counter), 1ull));
}

// Stages the synapse (i, j) with the initial values; returns its number in the list.
__device__ inline int64_t stage_pair(DeviceRagged* r, int32_t i, int32_t j, uint64_t turn) {
    const int64_t k = take_place(&r->n_pairs);
    r->pairs[k] = PairToCome{joined(i, j), turn, static_cast<int32_t>(k), 0};
    const int64_t words = r->stride / 8;
    const uint64_t* const defaults = reinterpret_cast<const uint64_t*>(r->defaults);
    uint64_t* const record = reinterpret_cast<uint64_t*>(r->staged_records) + k * words;
    for (int64_t w = 0; w < words; ++w) record[w] = defaults[w];
    return k;
}

// Variable `column` of a staged pair.
template <class T>
__device__ inline T& staged_value(const DeviceRagged* r, int64_t k, int32_t column) {
    return *reinterpret_cast<T*>(r->staged_records + k * r->stride + r->columns[column].offset);
}

__device__ inline int64_t stage_removal(DeviceRagged* r, int32_t slot) {
    const int64_t k = take_place(&r->n_removals);
    const int32_t i = r->pre[slot];
    r->removals[k] = joined(i, slot - r->row_start[i]);
    return k;
}

// Pair number `staged`, or removal number ~staged, competes for the places of a limit.
__device__ inline void compete(DeviceRagged* r, int64_t staged, int32_t limit, int32_t group, double places, int64_t key) {
    r->candidates[take_place(&r->n_candidates)] = Candidate{static_cast<uint64_t>(key), places, staged, limit, group};
}

// Whether so much more can be staged; if not, the host is asked for it, and the action begins again. All threads call it
// before any of them stages, and agree.
__device__ inline bool room_to_stage(const Context& c, Context* home, const Grid& grid, DeviceRagged* r, int64_t pairs,
                                     int64_t removals, int64_t candidates) {
    const int64_t all_pairs = r->n_pairs + pairs, all_removals = r->n_removals + removals;
    const int64_t all_candidates = r->n_candidates + candidates;
    const bool fits = all_pairs <= r->pair_room && all_removals <= r->removal_room && all_candidates <= r->candidate_room;
    grid.sync();
    if (fits || !grid.first()) return fits;
    r->asked_pairs = all_pairs;
    r->asked_removals = all_removals;
    r->asked_candidates = all_candidates;
    want_room(c, home, r->number, wants_staging, 0);
    return false;
}

}  // namespace eqsnn
