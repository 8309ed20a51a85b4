// Moving rows and columns of a projection, one at a time or all at once. The model never sees any of it.
#pragma once

#include "../eqsnn/ragged.h"
#include "memory.h"
#include "spans.h"

namespace eqsnn {

// The arrays with one entry for each slot, by number: the four fixed ones, then the variables.
constexpr int32_t fixed_arrays = 4;

inline int32_t slot_arrays(const Ragged& r) { return fixed_arrays + r.n_columns; }

inline void* slot_array(const Ragged& r, int32_t k) {
    void* const fixed[fixed_arrays] = {r.pre, r.post, r.serial, r.col_pos};
    return k < fixed_arrays ? fixed[k] : r.columns[k - fixed_arrays].data;
}

inline void set_slot_array(Ragged& r, int32_t k, void* data) {
    switch (k) {
        case 0: r.pre = static_cast<int32_t*>(data); break;
        case 1: r.post = static_cast<int32_t*>(data); break;
        case 2: r.serial = static_cast<int64_t*>(data); break;
        case 3: r.col_pos = static_cast<int32_t*>(data); break;
        default: r.columns[k - fixed_arrays].data = data;
    }
}

// Bytes of an entry; 0 for an array that this projection does not have.
inline int64_t item_bytes(const Ragged& r, int32_t k) {
    if (k >= fixed_arrays) return r.columns[k - fixed_arrays].size;
    return k == 2 ? 8 : k == 3 ? (r.indexed ? 4 : 0) : 4;
}

inline int64_t slot_bytes(const Ragged& r) {
    int64_t bytes = 0;
    for (int32_t k = 0; k < slot_arrays(r); ++k) bytes += item_bytes(r, k);
    return bytes;
}

inline Lists row_lists(Ragged& r) {
    return {r.n_pre, r.row_start, r.row_length, r.row_capacity, &r.rows, r.post, slot_bytes(r)};
}

inline Lists col_lists(Ragged& r) {
    return {r.n_post, r.col_start, r.col_length, r.col_capacity, &r.cols, r.col_slot, 4};
}

// Copies whole entries; to a place of the same size, the compiler's own moves are far quicker than a call.
inline void copy_items(void* to, int64_t to_index, const void* from, int64_t from_index, int64_t n, int64_t bytes) {
    char* const target = static_cast<char*>(to) + to_index * bytes;
    const char* const source = static_cast<const char*>(from) + from_index * bytes;
    if (n == 1 && bytes == 8) std::memcpy(target, source, 8);
    else if (n == 1 && bytes == 4) std::memcpy(target, source, 4);
    else if (n > 0) std::memcpy(target, source, static_cast<size_t>(n * bytes));
}

inline void copy_slot(Ragged& r, int32_t to, int32_t from) {
    r.pre[to] = r.pre[from];
    r.post[to] = r.post[from];
    r.serial[to] = r.serial[from];
    if (r.indexed) r.col_pos[to] = r.col_pos[from];
    for (int32_t k = 0; k < r.n_columns; ++k)
        copy_items(r.columns[k].data, to, r.columns[k].data, from, 1, r.columns[k].size);
}

inline void mark_free(Ragged& r, int32_t slot) {
    r.pre[slot] = -1;
    r.serial[slot] = -1;
}

inline void point_index_at(Ragged& r, int32_t slot) {
    r.col_slot[r.col_start[r.post[slot]] + r.col_pos[slot]] = slot;
}

// Moves a full row to a longer span, with its slack: while changes are prepared, row_length may already count what
// comes, and only `pre` tells which slots hold a synapse.
inline bool move_row(Ragged& r, int32_t i) {
    Lists rows = row_lists(r);
    if (extend_last(rows, i)) return true;
    const Span span = take_span(rows, r.row_length[i]);
    if (span.start < 0) return false;
    const int32_t old = r.row_start[i], n = r.row_capacity[i];
    for (int32_t k = 0; k < slot_arrays(r); ++k)
        if (const int64_t bytes = item_bytes(r, k))
            copy_items(slot_array(r, k), span.start, slot_array(r, k), old, n, bytes);
    for (int32_t k = 0; k < n; ++k) {
        mark_free(r, old + k);
        if (r.indexed && r.pre[span.start + k] >= 0) point_index_at(r, span.start + k);
    }
    give_span(rows, old, n);
    r.row_start[i] = span.start;
    r.row_capacity[i] = span.size;
    return true;
}

inline bool move_col(Ragged& r, int32_t j) {
    Lists cols = col_lists(r);
    if (extend_last(cols, j)) return true;
    const Span span = take_span(cols, r.col_length[j]);
    if (span.start < 0) return false;
    copy_items(r.col_slot, span.start, r.col_slot, r.col_start[j], r.col_capacity[j], 4);
    give_span(cols, r.col_start[j], r.col_capacity[j]);
    r.col_start[j] = span.start;
    r.col_capacity[j] = span.size;
    return true;
}

// Copies the lists of one array into its new layout.
inline void lay_out(const Lists& lists, const Layout& layout, void* to, const void* from, int64_t bytes) {
    for (int32_t id = 0; id < lists.n; ++id) {
        const int32_t n = lists.capacity[id] < layout.capacity[id] ? lists.capacity[id] : layout.capacity[id];
        copy_items(to, layout.start[id], from, lists.start[id], n, bytes);
    }
}

inline void adopt(Lists& lists, const Layout& layout) {
    std::memcpy(lists.start, layout.start, static_cast<size_t>(lists.n) * 4);
    std::memcpy(lists.capacity, layout.capacity, static_cast<size_t>(lists.n) * 4);
    reset(*lists.pool, layout.end, layout.room);
}

// A plan together with the arrays for it. All is allocated before anything is touched, and freed unless it was used.
struct Relayout {
    Layout layout{};
    int32_t* tables = nullptr;
    void** arrays = nullptr;
    int32_t n_arrays = 0;

    int32_t prepare(const Lists& lists, bool tight) {
        tables = allocate_array<int32_t>(2 * int64_t{lists.n});
        return tables ? plan(lists, tight, tables, tables + lists.n, layout) : no_memory;
    }
    ~Relayout() {
        for (int32_t k = 0; k < n_arrays; ++k) std::free(arrays[k]);
        std::free(arrays);
        std::free(tables);
    }
};

// Lays all rows out anew, in order. Pages of the new arrays are first touched as the old ones go, one array after the
// other, so the peak is one array more, not twice the memory.
inline int32_t relayout_rows(Ragged& r, bool tight) {
    Lists rows = row_lists(r);
    Relayout next;
    if (const int32_t error = next.prepare(rows, tight)) return error;
    const int32_t n = slot_arrays(r);
    if (!(next.arrays = allocate_array<void*>(n))) return no_memory;
    for (int32_t& k = next.n_arrays; k < n; ++k) {
        next.arrays[k] = nullptr;
        const int64_t bytes = item_bytes(r, k);
        if (bytes && !(next.arrays[k] = allocate(next.layout.room * bytes))) return no_memory;
    }
    for (int32_t k = 0; k < n; ++k) {
        const int64_t bytes = item_bytes(r, k);
        if (!bytes) continue;
        std::memset(next.arrays[k], k < fixed_arrays ? 0xFF : 0, static_cast<size_t>(next.layout.room * bytes));
        lay_out(rows, next.layout, next.arrays[k], slot_array(r, k), bytes);
        std::free(slot_array(r, k));
        set_slot_array(r, k, next.arrays[k]);
        next.arrays[k] = nullptr;
    }
    adopt(rows, next.layout);
    if (r.indexed)
        for (int64_t slot = 0; slot < r.rows.end; ++slot)
            if (r.pre[slot] >= 0) point_index_at(r, static_cast<int32_t>(slot));
    return 0;
}

inline int32_t relayout_cols(Ragged& r, bool tight) {
    Lists cols = col_lists(r);
    Relayout next;
    if (const int32_t error = next.prepare(cols, tight)) return error;
    int32_t* const slots = allocate_array<int32_t>(next.layout.room);
    if (!slots) return no_memory;
    lay_out(cols, next.layout, slots, r.col_slot, 4);
    std::free(r.col_slot);
    r.col_slot = slots;
    adopt(cols, next.layout);
    return 0;
}

// Makes room so that, for each k < n, one entry can be added to list add(k) after one was taken from list gone(k),
// k < m. Afterwards no addition can fail; if this fails, nothing that the model sees has changed.
template <class Add, class Gone>
inline int32_t reserve(Ragged& r, bool rows, bool tight, int64_t n, Add add, int64_t m, Gone gone) {
    int32_t* const length = rows ? r.row_length : r.col_length;
    const int32_t* const capacity = rows ? r.row_capacity : r.col_capacity;
    for (int64_t k = 0; k < n; ++k) ++length[add(k)];
    for (int64_t k = 0; k < m; ++k) --length[gone(k)];
    bool fits = !tight;
    for (int64_t k = 0; fits && k < n; ++k)
        if (const int32_t id = add(k); length[id] > capacity[id]) fits = rows ? move_row(r, id) : move_col(r, id);
    for (int64_t k = 0; k < m; ++k) ++length[gone(k)];
    const int32_t error = fits ? 0 : rows ? relayout_rows(r, tight) : relayout_cols(r, tight);
    for (int64_t k = 0; k < n; ++k) --length[add(k)];
    return error;
}

// Gives memory back where too little of it is used. Without memory for that it stays as it is.
inline void tidy(Ragged& r) {
    if (oversized(row_lists(r), r.live)) relayout_rows(r, false);
    if (r.indexed && oversized(col_lists(r), r.live)) relayout_cols(r, false);
}

}  // namespace eqsnn
