// Looking at a projection: in which order its synapses were made, what it takes, whether it is consistent.
#include <algorithm>

#include "layout.h"

using namespace eqsnn;

int32_t eqsnn_ragged_order(const Ragged* r, int32_t* slots) {
    int64_t n = 0, last = -1;
    bool sorted = true;
    for (int64_t slot = 0; slot < r->rows.end; ++slot) {
        if (r->pre[slot] < 0) continue;
        slots[n++] = static_cast<int32_t>(slot);
        sorted = sorted && r->serial[slot] > last;
        last = r->serial[slot];
    }
    if (sorted) return 0;
    if (r->next_serial > 4 * r->live + 64) {  // too sparse for a table
        std::sort(slots, slots + n, [r](int32_t a, int32_t b) { return r->serial[a] < r->serial[b]; });
        return 0;
    }
    int32_t* const by_serial = allocate_array<int32_t>(r->next_serial);
    if (!by_serial) return no_memory;
    std::fill(by_serial, by_serial + r->next_serial, -1);
    for (int64_t k = 0; k < n; ++k) by_serial[r->serial[slots[k]]] = slots[k];
    std::copy_if(by_serial, by_serial + r->next_serial, slots, [](int32_t slot) { return slot >= 0; });
    std::free(by_serial);
    return 0;
}

void eqsnn_ragged_row_major(const Ragged* r, int32_t* slots) {
    const auto before = [r](int32_t a, int32_t b) {
        return r->post[a] != r->post[b] ? r->post[a] < r->post[b] : r->serial[a] < r->serial[b];
    };
    for (int32_t i = 0; i < r->n_pre; ++i) {
        int32_t* const first = slots;
        for (int32_t k = 0; k < r->row_length[i]; ++k) *slots++ = r->row_start[i] + k;
        if (!std::is_sorted(first, slots, before)) std::sort(first, slots, before);
    }
}

int64_t eqsnn_ragged_bytes(const Ragged* r) {
    int64_t bytes = sizeof(Ragged) + 3 * allocated(4 * int64_t{r->n_pre}) + allocated(4 * int64_t{r->n_post});
    if (r->indexed) bytes += 2 * allocated(4 * int64_t{r->n_post}) + allocated(4 * r->cols.room);
    for (int32_t k = 0; k < slot_arrays(*r); ++k)
        if (const int64_t item = item_bytes(*r, k)) bytes += allocated(r->rows.room * item);
    if (r->pair_room) bytes += allocated(r->pair_room * int64_t{sizeof(StagedPair)}) + allocated(r->pair_room * r->stride);
    if (r->removal_room) bytes += allocated(r->removal_room * int64_t{sizeof(StagedRemoval)});
    return bytes + allocated(r->n_columns * int64_t{sizeof(Column)}) + 2 * r->stride;
}

namespace {

// Lists and free spans cover [0, end) without overlap: marks what is taken in `seen`.
bool spans_are_apart(const Lists& lists, unsigned char* seen) {
    std::memset(seen, 0, static_cast<size_t>(lists.pool->room));
    const auto take = [&](int64_t start, int64_t size) {
        if (size && (start < 0 || start + size > lists.pool->end)) return false;
        for (int64_t at = start; at < start + size; ++at)
            if (seen[at]++) return false;
        return true;
    };
    int64_t covered = 0;
    for (int32_t id = 0; id < lists.n; ++id) {
        if (lists.length[id] < 0 || lists.length[id] > lists.capacity[id]) return false;
        if (!take(lists.start[id], lists.capacity[id])) return false;
        covered += lists.capacity[id];
    }
    for (int32_t kind = 0; kind < size_classes; ++kind)
        for (int32_t at = lists.pool->free_span[kind]; at >= 0; at = lists.words[at]) {
            const int32_t size = span_size(lists, kind, at);
            if (size_class(size) != kind || !take(at, size)) return false;
            covered += size;
        }
    return covered == lists.pool->end && lists.pool->end <= lists.pool->room;
}

// Each slot of a row belongs to it, every other one is marked free; serials are below the next.
bool rows_are_right(const Ragged& r) {
    int64_t live = 0, marked = 0;
    for (int32_t i = 0; i < r.n_pre; ++i)
        for (int32_t k = 0; k < r.row_length[i]; ++k, ++live) {
            const int32_t slot = r.row_start[i] + k;
            if (r.pre[slot] != i || r.post[slot] < 0 || r.post[slot] >= r.n_post) return false;
            if (r.serial[slot] < 0 || r.serial[slot] >= r.next_serial) return false;
        }
    for (int64_t slot = 0; slot < r.rows.room; ++slot) {
        if ((r.pre[slot] < 0) != (r.serial[slot] < 0)) return false;
        marked += r.pre[slot] >= 0;
    }
    return live == r.live && marked == r.live;
}

bool degrees_are_right(const Ragged& r, int32_t* count) {
    std::fill(count, count + r.n_post, 0);
    for (int64_t slot = 0; slot < r.rows.end; ++slot)
        if (r.pre[slot] >= 0) ++count[r.post[slot]];
    return std::equal(count, count + r.n_post, r.col_length);
}

bool index_is_right(const Ragged& r) {
    for (int32_t j = 0; j < r.n_post; ++j)
        for (int32_t p = 0; p < r.col_length[j]; ++p) {
            const int32_t slot = r.col_slot[r.col_start[j] + p];
            if (slot < 0 || slot >= r.rows.end || r.pre[slot] < 0) return false;
            if (r.post[slot] != j || r.col_pos[slot] != p) return false;
        }
    return true;
}

bool serials_are_distinct(const Ragged& r, int64_t* serials) {
    const int64_t n = std::copy_if(r.serial, r.serial + r.rows.end, serials, [](int64_t s) { return s >= 0; }) - serials;
    std::sort(serials, serials + n);
    return std::adjacent_find(serials, serials + n) == serials + n;
}

}  // namespace

int32_t eqsnn_ragged_check(const Ragged* shared) {
    Ragged& r = const_cast<Ragged&>(*shared);  // Lists, used for reading here
    const int64_t scratch_bytes = std::max({r.rows.room, r.cols.room, int64_t{4} * r.n_post, 8 * r.live});
    unsigned char* const scratch = static_cast<unsigned char*>(allocate(scratch_bytes));
    if (!scratch) return no_memory;
    int32_t broken = 0;
    if (!spans_are_apart(row_lists(r), scratch)) broken = 1;
    else if (!rows_are_right(r)) broken = 2;
    else if (!degrees_are_right(r, reinterpret_cast<int32_t*>(scratch))) broken = 3;
    else if (r.indexed && !spans_are_apart(col_lists(r), scratch)) broken = 4;
    else if (r.indexed && !index_is_right(r)) broken = 5;
    else if (!serials_are_distinct(r, reinterpret_cast<int64_t*>(scratch))) broken = 6;
    std::free(scratch);
    return broken;
}
