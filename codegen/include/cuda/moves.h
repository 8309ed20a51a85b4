// Rows and columns as they grow on the device: a list that is full moves to a longer span at the end of its pool. What
// it leaves behind is used again when the host has the pool laid out anew.
#pragma once

#include "staging.h"

namespace eqsnn {

// The rows, or the columns, of a projection, seen alike.
struct DeviceLists {
    int32_t *start, *length, *capacity;
    Pool* pool;
};

__device__ inline DeviceLists rows_of(DeviceRagged& r) { return {r.row_start, r.row_length, r.row_capacity, &r.rows}; }
__device__ inline DeviceLists cols_of(DeviceRagged& r) { return {r.col_start, r.col_length, r.col_capacity, &r.cols}; }

// Entries, with some to spare, of the list of key k among those that come: 0 if another key before it stands for the
// same list, or if the list is long enough.
template <class Come, class Gone>
__device__ inline int32_t span_wanted(const DeviceLists& lists, int64_t k, int64_t n, Come come, int64_t m, Gone gone) {
    const int32_t id = first_of(come(k));
    if (k && first_of(come(k - 1)) == id) return 0;
    const Segment in = segment_of(n, come, id), out = segment_of(m, gone, id);
    const int64_t length = lists.length[id] + (in.end - in.begin) - (out.end - out.begin);
    if (length <= lists.capacity[id]) return 0;
    return static_cast<int32_t>(length <= INT32_MAX / 9 * 8 ? length + (length + 4) / 8 : length);
}

// Sums up in `growth` what the lists want that are too short, in each of which come(k), k < n, begin with the list.
template <class Team, class Come, class Gone>
__device__ inline void add_up_growth(const Team& team, const DeviceLists& lists, unsigned long long* growth, int64_t n,
                                     Come come, int64_t m, Gone gone) {
    for (int64_t k = team.thread; k < n; k += team.threads)
        if (const int32_t span = span_wanted(lists, k, n, come, m, gone)) atomicAdd(growth, static_cast<unsigned long long>(span));
}

// Gives each of these lists a span at the end of the pool, in the order of the lists. There must be room.
template <class Team, class Come, class Gone>
__device__ inline void plan_moves(const Team& team, const DeviceLists& lists, Move* moves, unsigned long long* n_moves,
                                  int64_t n, Come come, int64_t m, Gone gone) {
    int64_t end = lists.pool->end;
    for (int64_t first = 0; first < n; first += team.threads) {
        const int64_t k = first + team.thread;
        const int32_t span = k < n ? span_wanted(lists, k, n, come, m, gone) : 0;
        int32_t all;
        const int64_t start = end + team.sum_before(span, all);
        if (span) moves[atomicAdd(n_moves, 1ull)] = Move{first_of(come(k)), static_cast<int32_t>(start), span, 0};
        end += all;
    }
    team.sync();
}

__device__ inline void copy_item(void* to, int64_t to_index, const void* from, int64_t from_index, int32_t bytes) {
    char* const target = static_cast<char*>(to) + to_index * bytes;
    const char* const source = static_cast<const char*>(from) + from_index * bytes;
    if (bytes == 8) *reinterpret_cast<uint64_t*>(target) = *reinterpret_cast<const uint64_t*>(source);
    else if (bytes == 4) *reinterpret_cast<uint32_t*>(target) = *reinterpret_cast<const uint32_t*>(source);
    else
        for (int32_t b = 0; b < bytes; ++b) target[b] = source[b];
}

__device__ inline void mark_free(DeviceRagged& r, int32_t slot) {
    r.pre[slot] = -1;
    r.serial[slot] = -1;
}

// A synapse changes its slot: its variables, and what its column knows of it.
__device__ inline void move_slot(DeviceRagged& r, int32_t to, int32_t from) {
    r.pre[to] = r.pre[from];
    r.post[to] = r.post[from];
    r.serial[to] = r.serial[from];
    for (int32_t k = 0; k < r.n_columns; ++k) copy_item(r.columns[k].data, to, r.columns[k].data, from, r.columns[k].size);
    if (r.indexed) {
        r.col_pos[to] = r.col_pos[from];
        r.col_slot[r.col_start[r.post[to]] + r.col_pos[to]] = to;
    }
    mark_free(r, from);
}

// Takes a list's place in its table over from a move, once its entries have been copied by the warp.
__device__ inline void settle_move(const DeviceLists& lists, const Move& move, int32_t lane) {
    __syncwarp();
    if (lane) return;
    lists.start[move.id] = move.start;
    lists.capacity[move.id] = move.capacity;
}

template <class Team>
__device__ inline void move_rows(const Team& team, DeviceRagged& r) {
    const DeviceLists rows = rows_of(r);
    const int32_t lane = team.thread % warp_size;
    for (int64_t g = team.thread / warp_size; g < static_cast<int64_t>(r.n_row_moves); g += team.threads / warp_size) {
        const Move move = r.row_moves[g];
        const int32_t start = rows.start[move.id], length = rows.length[move.id];
        for (int32_t k = lane; k < length; k += warp_size) move_slot(r, move.start + k, start + k);
        settle_move(rows, move, lane);
    }
    team.sync();
}

template <class Team>
__device__ inline void move_cols(const Team& team, DeviceRagged& r) {
    const DeviceLists cols = cols_of(r);
    const int32_t lane = team.thread % warp_size;
    for (int64_t g = team.thread / warp_size; g < static_cast<int64_t>(r.n_col_moves); g += team.threads / warp_size) {
        const Move move = r.col_moves[g];
        const int32_t start = cols.start[move.id], length = cols.length[move.id];
        for (int32_t k = lane; k < length; k += warp_size) r.col_slot[move.start + k] = r.col_slot[start + k];
        settle_move(cols, move, lane);
    }
    team.sync();
}

}  // namespace eqsnn
