// One synapse in, one synapse out: rows, columns and the variables kept together.
#pragma once

#include "layout.h"

namespace eqsnn {

// A new synapse with initial values, at the end of its row. There must be room.
inline int32_t insert(Ragged& r, int32_t i, int32_t j) {
    const int32_t slot = r.row_start[i] + r.row_length[i]++;
    const int32_t position = r.col_length[j]++;
    r.pre[slot] = i;
    r.post[slot] = j;
    r.serial[slot] = r.next_serial++;
    if (r.indexed) {
        r.col_pos[slot] = position;
        r.col_slot[r.col_start[j] + position] = slot;
    }
    for (int32_t k = 0; k < r.n_columns; ++k) {
        const Column& column = r.columns[k];
        copy_items(column.data, slot, r.defaults + column.offset, 0, 1, column.size);
    }
    ++r.live;
    return slot;
}

// The last synapse of the row takes the place of the one that goes; likewise in the column.
inline void erase(Ragged& r, int32_t slot) {
    const int32_t i = r.pre[slot], j = r.post[slot];
    const int32_t last_in_col = --r.col_length[j];
    if (r.indexed) {
        const int32_t position = r.col_pos[slot], moved = r.col_slot[r.col_start[j] + last_in_col];
        r.col_slot[r.col_start[j] + position] = moved;
        r.col_pos[moved] = position;
    }
    const int32_t last = r.row_start[i] + --r.row_length[i];
    if (slot != last) {
        copy_slot(r, slot, last);
        if (r.indexed) point_index_at(r, slot);
    }
    mark_free(r, last);
    --r.live;
}

// Makes room for pairs (i(k), j(k)), k < n, after the m staged removals (0: none).
template <class Row, class Col>
inline int32_t reserve_both(Ragged& r, bool tight, int64_t n, Row i, Col j, int64_t m = 0) {
    const StagedRemoval* const gone = r.staged_removals;
    const auto gone_i = [=](int64_t k) { return gone[k].i; };
    const auto gone_j = [=, &r](int64_t k) { return r.post[r.row_start[gone[k].i] + gone[k].offset]; };
    if (const int32_t error = reserve(r, true, tight, n, i, m, gone_i)) return error;
    return r.indexed ? reserve(r, false, tight, n, j, m, gone_j) : 0;
}

}  // namespace eqsnn
