// A projection laid out anew on the device: rows and columns in order, each with some slack, in arrays that the host has
// given. Done where a pool is full, or far too large.
#pragma once

#include "moves.h"

namespace eqsnn {

// The new arrays of a projection. Mirrored by eqsnn/runtime/cuda/structure.py.
struct Relayout {
    DeviceRagged* projection;
    uint32_t* arrived;        // as in Context
    int32_t* counts;              // one for each block
    int32_t *row_start, *row_capacity, *pre, *post;
    int64_t* serial;
    int32_t* col_pos;
    void** columns;
    int64_t row_room;
    int32_t *col_start, *col_capacity, *col_slot;
    int64_t col_room;
    int32_t roomy, unused;  // whether slack is ample
};

// Entries that a list of this length gets: the host counts on a quarter and four more, or on a sixteenth.
__device__ inline int32_t with_slack(int32_t length, bool roomy) { return length + (roomy ? length / 4 + 4 : length / 16); }

// Puts lists one after the other, each with the length that it has and what is to come; returns where the last one ends.
template <class Come>
__device__ inline int64_t place_lists(const GridTeam& team, const int32_t* length, int32_t lists, bool roomy, int64_t n, Come come,
                                      int32_t* start, int32_t* capacity) {
    int64_t end = 0;
    for (int64_t first = 0; first < lists; first += team.threads) {
        const int32_t id = static_cast<int32_t>(first) + team.thread;
        int32_t size = 0, all;
        if (id < lists) {
            const Segment in = segment_of(n, come, id);
            size = with_slack(length[id] + static_cast<int32_t>(in.end - in.begin), roomy);
        }
        const int64_t place = end + team.sum_before(size, all);
        if (id < lists) {
            start[id] = static_cast<int32_t>(place);
            capacity[id] = size;
        }
        end += all;
    }
    return end;
}

__device__ inline void copy_row(const Relayout& to, const DeviceRagged& r, int32_t i, int32_t lane) {
    for (int32_t k = lane; k < r.row_length[i]; k += warp_size) {
        const int32_t slot = r.row_start[i] + k, next = to.row_start[i] + k;
        to.pre[next] = i;
        to.post[next] = r.post[slot];
        to.serial[next] = r.serial[slot];
        for (int32_t c = 0; c < r.n_columns; ++c) copy_item(to.columns[c], next, r.columns[c].data, slot, r.columns[c].size);
        if (!r.indexed) continue;
        to.col_pos[next] = r.col_pos[slot];
        to.col_slot[to.col_start[r.post[slot]] + r.col_pos[slot]] = next;
    }
}

__device__ inline void adopt(const Relayout& to, DeviceRagged& r, int64_t row_end, int64_t col_end) {
    r.row_start = to.row_start;
    r.row_capacity = to.row_capacity;
    r.pre = to.pre;
    r.post = to.post;
    r.serial = to.serial;
    r.col_pos = to.col_pos;
    for (int32_t c = 0; c < r.n_columns; ++c) r.columns[c].data = to.columns[c];
    r.rows.end = row_end;
    r.rows.room = to.row_room;
    if (!r.indexed) return;
    r.col_start = to.col_start;
    r.col_capacity = to.col_capacity;
    r.col_slot = to.col_slot;
    r.cols.end = col_end;
    r.cols.room = to.col_room;
}

}  // namespace eqsnn

extern "C" __global__ void __launch_bounds__(eqsnn::block_size) eqsnn_relayout(eqsnn::Relayout* plan) {
    using namespace eqsnn;
    const Relayout to = *plan;
    DeviceRagged& r = *to.projection;
    const Grid grid(to.arrived);
    const GridTeam team(grid, to.counts);
    const PairToCome* const pairs = r.pairs;
    const uint64_t* const columns = r.by_column;
    const int64_t coming = r.settled ? r.n_pairs : 0;
    for (int64_t slot = grid.thread; slot < to.row_room; slot += grid.threads) to.pre[slot] = to.serial[slot] = -1;
    const int64_t row_end = place_lists(
        team, r.row_length, r.n_pre, to.roomy, coming, [=](int64_t k) { return pairs[k].pair; }, to.row_start, to.row_capacity);
    int64_t col_end = 0;
    if (r.indexed)
        col_end = place_lists(
            team, r.col_length, r.n_post, to.roomy, coming, [=](int64_t k) { return columns[k]; }, to.col_start, to.col_capacity);
    grid.sync();
    for (int32_t i = grid.warp(); i < r.n_pre; i += grid.warps()) copy_row(to, r, i, grid.lane());
    grid.sync();
    if (grid.first()) adopt(to, r, row_end, col_end);
}
