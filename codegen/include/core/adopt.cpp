// Taking over the synapses of a projection as they were changed elsewhere: on a device, whose layout is the same but for
// its free spans, of which it keeps no account.
#include <algorithm>

#include "layout.h"

using namespace eqsnn;

namespace {

// What lies between the lists, up to the end of the pool, is free.
int32_t find_free_spans(Lists lists) {
    int32_t* const ids = allocate_array<int32_t>(lists.n);
    if (!ids) return no_memory;
    const auto none = [&](int32_t id) { return lists.capacity[id] == 0; };
    for (int32_t id = 0; id < lists.n; ++id) ids[id] = id;
    int32_t* const last = std::remove_if(ids, ids + lists.n, none);
    std::sort(ids, last, [&](int32_t a, int32_t b) { return lists.start[a] < lists.start[b]; });
    reset(*lists.pool, lists.pool->end, lists.pool->room);
    int32_t end = 0;
    for (const int32_t* id = ids; id != last; ++id) {
        give_span(lists, end, lists.start[*id] - end);
        end = lists.start[*id] + lists.capacity[*id];
    }
    give_span(lists, end, static_cast<int32_t>(lists.pool->end) - end);
    std::free(ids);
    return 0;
}

}  // namespace

int32_t eqsnn_ragged_rooms(Ragged* r, int64_t rows, int64_t cols) {
    const int32_t n = slot_arrays(*r);
    void** const arrays = allocate_array<void*>(n + 1);
    if (!arrays) return no_memory;
    bool fits = true;
    for (int32_t k = 0; k <= n; ++k) {
        const int64_t bytes = k < n ? rows * item_bytes(*r, k) : r->indexed ? cols * 4 : 0;
        const bool wanted = k < n ? item_bytes(*r, k) > 0 : r->indexed != 0;
        arrays[k] = wanted && fits ? allocate(bytes) : nullptr;
        fits = fits && (!wanted || arrays[k]);
    }
    for (int32_t k = 0; k < n; ++k) {
        std::free(fits ? slot_array(*r, k) : arrays[k]);
        if (fits) set_slot_array(*r, k, arrays[k]);
    }
    std::free(fits ? r->col_slot : arrays[n]);
    if (fits) {
        r->col_slot = static_cast<int32_t*>(arrays[n]);
        r->rows.room = rows;
        r->cols.room = r->indexed ? cols : 0;
    }
    std::free(arrays);
    return fits ? 0 : no_memory;
}

int32_t eqsnn_ragged_log_room(Ragged* r, int64_t changes) { return reserve_log(*r, changes); }

int32_t eqsnn_ragged_adopt(Ragged* r) {
    if (const int32_t error = find_free_spans(row_lists(*r))) return error;
    return r->indexed ? find_free_spans(col_lists(*r)) : 0;
}
