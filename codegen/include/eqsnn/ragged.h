// The synapses of one projection: ragged rows in one pool of slots.
//
// Row i (presynaptic neuron i) is the slots row_start[i] .. row_start[i] + row_length[i] - 1; behind them it may have
// slack, up to row_capacity[i]. A slot is one index into every per-slot array. A slot that holds no synapse has
// pre = -1 and serial < 0. `serial` is the creation number: never used twice, it is the identity of a synapse, while
// its slot changes whenever rows move. Slots are int32: a projection holds fewer than 2^31, slack included (checked).
//
// The column index lists the slots of each postsynaptic neuron j: col_slot[col_start[j] + p], p < col_length[j], and
// back from a slot, p = col_pos[slot]. It exists only where `indexed`; the in-degrees col_length always do.
//
// A rule's pass reads the network as it is and stages what it changes; eqsnn_ragged_apply then does it. Only there,
// and in the other functions of the core library, do slots and pointers change.
#pragma once

#include <cstring>

#include "platform.h"

namespace eqsnn {

// Results below zero. Whatever fails leaves the network as it was.
constexpr int32_t no_memory = -1;  // the system has no memory left
constexpr int32_t too_many = -2;   // 2^31 slots reached
constexpr int32_t refused = -3;    // the pair is connected already
constexpr int32_t not_now = -4;    // changes are staged, or values logged: apply or take them first

// Where free spans of a pool are remembered: the first of each size class, each linking to the next.
constexpr int32_t size_classes = 231;

struct Pool {
    int64_t end;   // entries handed out: live, slack and free spans
    int64_t room;  // entries allocated
    int32_t free_span[size_classes];
};

// One variable of the synapses.
struct Column {
    void* data;      // room items, 64-byte aligned
    int32_t size;    // bytes of one item
    int32_t offset;  // where it lies in a staged record
};

// A pair to be connected; its values are record number `order`.
struct StagedPair {
    int32_t i, j, order;
};

// A synapse to be removed, by its place in its row, which outlives a move of the row.
struct StagedRemoval {
    int32_t i, offset;
};

// A staged change that competes under a limit: pair number `staged`, or removal number ~staged. All of a group (a
// neuron, or 0) compete for the same places, and take them in the order of their keys.
struct Candidate {
    uint64_t key;
    double places;
    int64_t staged;
    int32_t limit, group;
};

enum Staged : int32_t { staged_pairs, staged_removals, staged_candidates };

// One line of the log of structural changes.
struct Change {
    int64_t step, serial;
    int32_t i, j, sign;
    int32_t slot;  // while apply sorts; of no use afterwards
};

// What apply writes down: nothing, changes, or changes each with a record of all variables of its synapse.
enum Logging : int32_t { no_log, log_changes, log_values };

struct Ragged {
    int32_t n_pre, n_post;
    int32_t n_columns;
    int32_t indexed;  // the column index exists
    int32_t multi;    // one pair may have several synapses
    int32_t logging;  // what apply writes down
    int64_t live;     // synapses
    int64_t next_serial;

    int32_t *row_start, *row_length, *row_capacity;                 // n_pre
    int32_t *pre, *post;                                            // per slot
    int64_t* serial;                                                // per slot
    int32_t* col_pos;                                               // per slot, where indexed
    Column* columns;                                                // n_columns
    int32_t *col_start, *col_length, *col_capacity;                 // n_post; only col_length where not indexed
    int32_t* col_slot;                                              // the lists of the column index

    Pool rows, cols;

    StagedPair* staged_pairs;
    unsigned char* staged_records;  // one record of `stride` bytes for each staged pair
    StagedRemoval* staged_removals;
    Candidate* candidates;
    int64_t n_pairs, pair_room, n_removals, removal_room, n_candidates, candidate_room;
    unsigned char *defaults, *spill;  // records: the initial values; where a record goes that found no memory
    int32_t stride;
    int32_t failed;  // something could not be staged
    int32_t numbered;  // the column that numbers the synapses of a pair, or -1
    int32_t longest;   // on a device: no row, and no column of the index, has more entries

    int64_t created, removed, refusals;  // by apply, since the beginning

    Change* log;
    unsigned char* log_records;  // one record of `stride` bytes for each line, where values are logged
    int64_t n_log, log_room, log_record_room;
};

}  // namespace eqsnn

// Building. `initial` may be null (zeros). Functions return 0, or one of the codes above.
EQSNN_API eqsnn::Ragged* eqsnn_ragged_new(int32_t n_pre, int32_t n_post, int32_t multi);
EQSNN_API void eqsnn_ragged_free(eqsnn::Ragged* r);
EQSNN_API int32_t eqsnn_ragged_add_column(eqsnn::Ragged* r, int32_t size, const void* initial);  // its number
EQSNN_API int32_t eqsnn_ragged_index(eqsnn::Ragged* r);                                          // from now on
EQSNN_API int32_t eqsnn_ragged_append(eqsnn::Ragged* r, const int32_t* i, const int32_t* j, int64_t n);

// Changing. `create` returns the new slot; `remove` takes slots that are distinct and live.
EQSNN_API int32_t eqsnn_ragged_create(eqsnn::Ragged* r, int32_t i, int32_t j);
EQSNN_API int32_t eqsnn_ragged_remove(eqsnn::Ragged* r, const int32_t* slots, int64_t n);
EQSNN_API int32_t eqsnn_ragged_apply(eqsnn::Ragged* r, int64_t step);
EQSNN_API int32_t eqsnn_ragged_compact(eqsnn::Ragged* r);
// Makes the full list longer; and so that apply cannot fail: room to stage the removal of every synapse so many times,
// and to have it compete so many times.
EQSNN_API int32_t eqsnn_ragged_stage_room(eqsnn::Ragged* r, eqsnn::Staged list);
EQSNN_API int32_t eqsnn_ragged_reserve(eqsnn::Ragged* r, int32_t removals, int32_t limited);

// Array forms of the staging below.
EQSNN_API int32_t eqsnn_ragged_stage_removals(eqsnn::Ragged* r, const int32_t* slots, int64_t n);
EQSNN_API int32_t eqsnn_ragged_stage_pairs(eqsnn::Ragged* r, const int32_t* i, const int32_t* j, int64_t n);

// Looking. The orders write `live` slots.
EQSNN_API int32_t eqsnn_ragged_find(const eqsnn::Ragged* r, int32_t i, int32_t j);
EQSNN_API int32_t eqsnn_ragged_order(const eqsnn::Ragged* r, int32_t* slots);  // of creation
EQSNN_API void eqsnn_ragged_row_major(const eqsnn::Ragged* r, int32_t* slots);  // by (i, j, serial)
EQSNN_API int64_t eqsnn_ragged_bytes(const eqsnn::Ragged* r);                   // allocated, without the log
EQSNN_API int32_t eqsnn_ragged_check(const eqsnn::Ragged* r);                   // 0, or which invariant is broken

// Taking over what was changed elsewhere. The first gives the pools so much room, and what they held is lost; the second
// has room for so many more lines in the log; the third completes a storage whose arrays, tables and counts were written.
EQSNN_API int32_t eqsnn_ragged_rooms(eqsnn::Ragged* r, int64_t rows, int64_t cols);
EQSNN_API int32_t eqsnn_ragged_log_room(eqsnn::Ragged* r, int64_t changes);
EQSNN_API int32_t eqsnn_ragged_adopt(eqsnn::Ragged* r);

// For tests: the k-th allocation from now fails (0: none).
EQSNN_API void eqsnn_fail_allocation(int64_t k);

namespace eqsnn {

template <class T>
EQSNN_HD inline T* column(const Ragged* r, int32_t k) {
    return static_cast<T*>(r->columns[k].data);
}

// First slot in [from, to) whose `values` entry is `wanted`, or -1. On the host in blocks without an early exit, which are
// vectors; the last of them looks at entries beyond `to`, for which its arrays have room (core/memory.h).
template <class T>
EQSNN_HD inline int32_t find_in(const T* values, int32_t from, int32_t to, T wanted) {
#ifndef __device__  // a macro of CUDA
    constexpr int32_t block = 128 / sizeof(T);
    for (; from < to; from += block) {
        const int32_t n = to - from;
        int32_t hits = 0;
#pragma omp simd reduction(| : hits)
        for (int32_t k = 0; k < block; ++k) hits |= (values[from + k] == wanted) & (k < n);
        if (hits) break;
    }
#endif
    for (; from < to; ++from)
        if (values[from] == wanted) return from;
    return -1;
}

// The slot of the synapse from i to j (the oldest, where there are several), or -1.
EQSNN_HD inline int32_t find(const Ragged* r, int32_t i, int32_t j) {
    const int32_t start = r->row_start[i], end = start + r->row_length[i];
    int32_t slot = find_in(r->post, start, end, j);
    if (!r->multi || slot < 0) return slot;
    for (int32_t s = slot + 1; s < end; ++s)
        if (r->post[s] == j && r->serial[s] < r->serial[slot]) slot = s;
    return slot;
}

// The slot of a synapse of row i by its identity, or -1 if it is gone.
EQSNN_HD inline int32_t find_serial(const Ragged* r, int32_t i, int64_t serial) {
    const int32_t start = r->row_start[i];
    return find_in(r->serial, start, start + r->row_length[i], serial);
}

inline void stage_remove(Ragged* r, int32_t slot) {
    if (r->n_removals == r->removal_room && eqsnn_ragged_stage_room(r, staged_removals)) return;
    const int32_t i = r->pre[slot];
    r->staged_removals[r->n_removals++] = StagedRemoval{i, slot - r->row_start[i]};
}

// The record of a new synapse, holding the initial values: write others with `staged`. Never null: without memory it
// is a record that leads nowhere, and apply reports the failure.
inline unsigned char* stage_create(Ragged* r, int32_t i, int32_t j) {
    if (r->n_pairs == r->pair_room && eqsnn_ragged_stage_room(r, staged_pairs)) return r->spill;
    const int64_t k = r->n_pairs++;
    r->staged_pairs[k] = StagedPair{i, j, static_cast<int32_t>(k)};
    unsigned char* const record = r->staged_records + k * r->stride;
    if (r->stride) memcpy(record, r->defaults, static_cast<size_t>(r->stride));
    return record;
}

// Has what was staged last compete for the places of a limit.
inline void compete(Ragged* r, Staged list, int32_t limit, int32_t group, double places, int64_t key) {
    if (r->n_candidates == r->candidate_room && eqsnn_ragged_stage_room(r, staged_candidates)) return;
    const int64_t staged = list == staged_pairs ? r->n_pairs - 1 : ~(r->n_removals - 1);
    r->candidates[r->n_candidates++] = Candidate{static_cast<uint64_t>(key), places, staged, limit, group};
}

// Variable k within a staged record.
template <class T>
inline T& staged(const Ragged* r, unsigned char* record, int32_t k) {
    return *reinterpret_cast<T*>(record + r->columns[k].offset);
}

}  // namespace eqsnn
