// Building a projection, and changing it one synapse at a time.
#include <new>

#include "layout.h"
#include "slots.h"

using namespace eqsnn;

void eqsnn_fail_allocation(int64_t k) { fail_countdown = k; }

Ragged* eqsnn_ragged_new(int32_t n_pre, int32_t n_post, int32_t multi) {
    void* const place = allocate(sizeof(Ragged));
    if (!place) return nullptr;
    Ragged* const r = new (place) Ragged{};
    r->n_pre = n_pre;
    r->n_post = n_post;
    r->multi = multi;
    r->numbered = -1;
    reset(r->rows, 0, 0);
    reset(r->cols, 0, 0);
    int32_t** const tables[] = {&r->row_start, &r->row_length, &r->row_capacity, &r->col_length};
    for (int32_t** table : tables) {
        const int64_t n = table == &r->col_length ? n_post : n_pre;
        if (!(*table = allocate_array<int32_t>(n))) {
            eqsnn_ragged_free(r);
            return nullptr;
        }
        std::memset(*table, 0, static_cast<size_t>(n) * 4);
    }
    return r;
}

void eqsnn_ragged_free(Ragged* r) {
    if (!r) return;
    for (int32_t k = 0; k < slot_arrays(*r); ++k) std::free(slot_array(*r, k));
    void* const others[] = {r->row_start,    r->row_length,     r->row_capacity,    r->columns, r->col_start,
                            r->col_length,   r->col_capacity,   r->col_slot,        r->log,     r->defaults,
                            r->staged_pairs, r->staged_records, r->staged_removals, r->candidates, r->log_records, r};
    for (void* other : others) std::free(other);
}

// The values of existing synapses are the initial ones.
static void fill_column(const Ragged& r, const Column& column, const void* initial) {
    std::memset(column.data, 0, static_cast<size_t>(r.rows.room * column.size));
    if (!initial) return;
    for (int64_t slot = 0; slot < r.rows.end; ++slot)
        if (r.pre[slot] >= 0) copy_items(column.data, slot, initial, 0, 1, column.size);
}

int32_t eqsnn_ragged_add_column(Ragged* r, int32_t size, const void* initial) {
    if (r->n_pairs || (r->n_log && r->logging == log_values)) return not_now;
    const int32_t k = r->n_columns, align = size < 8 ? size : 8;
    const int32_t end = k ? r->columns[k - 1].offset + r->columns[k - 1].size : 0;
    Column column{nullptr, size, (end + align - 1) / align * align};
    const int32_t stride = (column.offset + size + 7) / 8 * 8;
    // The two records, the list and the data: `defaults` and `columns` may become longer than they need be, no more.
    if (!lengthen(r->defaults, r->stride, 2 * int64_t{stride})) return no_memory;
    r->spill = r->defaults + stride;
    if (!lengthen(r->columns, k, k + 1)) return no_memory;
    if (!(column.data = allocate(r->rows.room * size))) return no_memory;
    unsigned char* const first = r->defaults + column.offset;
    if (initial) std::memcpy(first, initial, static_cast<size_t>(size));
    else std::memset(first, 0, static_cast<size_t>(size));
    fill_column(*r, column, initial);
    r->columns[k] = column;
    r->n_columns = k + 1;
    r->stride = stride;
    std::free(r->staged_records);  // empty, and of the old stride
    std::free(r->staged_pairs);
    r->staged_records = nullptr;
    r->staged_pairs = nullptr;
    r->pair_room = 0;
    std::free(r->log_records);  // likewise
    r->log_records = nullptr;
    r->log_record_room = 0;
    return k;
}

int32_t eqsnn_ragged_index(Ragged* r) {
    if (r->indexed) return 0;
    int32_t* const start = allocate_array<int32_t>(r->n_post);
    int32_t* const capacity = allocate_array<int32_t>(r->n_post);
    int32_t* const slots = allocate_array<int32_t>(r->live);
    int32_t* const position = allocate_array<int32_t>(r->rows.room);
    if (!start || !capacity || !slots || !position) {
        int32_t* const arrays[] = {start, capacity, slots, position};
        for (int32_t* array : arrays) std::free(array);
        return no_memory;
    }
    int32_t end = 0;
    for (int32_t j = 0; j < r->n_post; ++j) {
        start[j] = end;
        capacity[j] = 0;  // counts up to col_length below
        end += r->col_length[j];
    }
    for (int64_t slot = 0; slot < r->rows.room; ++slot) {
        position[slot] = -1;
        if (slot >= r->rows.end || r->pre[slot] < 0) continue;
        const int32_t j = r->post[slot];
        position[slot] = capacity[j]++;
        slots[start[j] + position[slot]] = static_cast<int32_t>(slot);
    }
    r->col_start = start;
    r->col_capacity = capacity;
    r->col_slot = slots;
    r->col_pos = position;
    reset(r->cols, r->live, r->live);
    r->indexed = 1;
    return 0;
}

// A fresh projection gets rows without slack; otherwise each row, and the pool, grows at most once.
int32_t eqsnn_ragged_append(Ragged* r, const int32_t* i, const int32_t* j, int64_t n) {
    if (r->n_pairs || r->n_removals) return not_now;
    if (n > most_entries - r->live) return too_many;
    if (n == 0) return 0;
    const bool fresh = r->live == 0;
    if (const int32_t error = reserve_both(*r, fresh, n, [=](int64_t k) { return i[k]; }, [=](int64_t k) { return j[k]; }))
        return error;
    for (int64_t k = 0; k < n; ++k) insert(*r, i[k], j[k]);
    tidy(*r);
    return 0;
}

int32_t eqsnn_ragged_create(Ragged* r, int32_t i, int32_t j) {
    if (r->n_pairs || r->n_removals) return not_now;
    if (!r->multi && find(r, i, j) >= 0) return refused;
    if (const int32_t error = reserve_both(*r, false, 1, [=](int64_t) { return i; }, [=](int64_t) { return j; }))
        return error;
    return insert(*r, i, j);
}

int32_t eqsnn_ragged_remove(Ragged* r, const int32_t* slots, int64_t n) {
    if (r->n_pairs || r->n_removals) return not_now;
    if (n == 1) {
        erase(*r, slots[0]);
        tidy(*r);
        return 0;
    }
    // An order in which no synapse moves before its turn: from the end of each row. Staging does just that.
    const int32_t logging = r->logging;
    const int64_t removed = r->removed;
    for (int64_t k = 0; k < n; ++k) stage_remove(r, slots[k]);
    r->logging = 0;
    const int32_t error = eqsnn_ragged_apply(r, 0);
    r->logging = logging;
    r->removed = removed;
    return error;
}

int32_t eqsnn_ragged_compact(Ragged* r) {
    if (const int32_t error = relayout_rows(*r, false)) return error;
    return r->indexed ? relayout_cols(*r, false) : 0;
}

int32_t eqsnn_ragged_find(const Ragged* r, int32_t i, int32_t j) { return find(r, i, j); }
