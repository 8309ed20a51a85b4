// The queue of delayed spikes.
#include "../eqsnn/delays.h"
#include "memory.h"

using namespace eqsnn;

namespace {

EventList* new_lists(int64_t n) {
    EventList* const lists = allocate_array<EventList>(n);
    if (lists) std::memset(lists, 0, static_cast<size_t>(n) * sizeof(EventList));
    return lists;
}

bool push(EventQueue* q, const Ragged* r, int32_t slot, int64_t delay, int64_t step) {
    delay = delay < 0 ? 0 : delay < q->n_lists ? delay : q->n_lists - 1;
    EventList& list = events_at(q, step + delay);
    if (list.n == list.room) {
        const int64_t room = list.room ? 2 * list.room : 16;
        if (!lengthen(list.items, list.n, room)) {
            ++q->lost;
            return false;
        }
        list.room = room;
    }
    list.items[list.n++] = Event{r->serial[slot], slot, r->pre[slot]};
    return true;
}

}  // namespace

EventQueue* eqsnn_events_new(int64_t longest_delay) {
    EventQueue* const q = allocate_array<EventQueue>(1);
    if (!q) return nullptr;
    *q = EventQueue{new_lists(longest_delay + 1), longest_delay + 1, 0};
    if (q->lists) return q;
    std::free(q);
    return nullptr;
}

void eqsnn_events_free(EventQueue* q) {
    if (!q) return;
    for (int64_t k = 0; k < q->n_lists; ++k) std::free(q->lists[k].items);
    std::free(q->lists);
    std::free(q);
}

int32_t eqsnn_events_push_row(EventQueue* q, const Ragged* r, int32_t i, const int32_t* delay, int64_t step) {
    bool all = true;
    const int32_t start = r->row_start[i], end = start + r->row_length[i];
    for (int32_t slot = start; slot < end; ++slot) all &= push(q, r, slot, delay[slot], step);
    return all ? 0 : no_memory;
}

int32_t eqsnn_events_push_col(EventQueue* q, const Ragged* r, int32_t j, const int32_t* delay, int64_t step) {
    bool all = true;
    const int32_t* const slots = r->col_slot + r->col_start[j];
    for (int32_t p = 0; p < r->col_length[j]; ++p) all &= push(q, r, slots[p], delay[slots[p]], step);
    return all ? 0 : no_memory;
}

void eqsnn_events_clear(EventQueue* q) {
    for (int64_t k = 0; k < q->n_lists; ++k) q->lists[k].n = 0;
}

EventQueue* eqsnn_events_copy(const EventQueue* q) {
    EventQueue* const copy = eqsnn_events_new(q->n_lists - 1);
    for (int64_t k = 0; copy && k < q->n_lists; ++k)
        if (eqsnn_events_put(copy, k, q->lists[k].items, q->lists[k].n)) {
            eqsnn_events_free(copy);
            return nullptr;
        }
    return copy;
}

void eqsnn_events_done(EventQueue* q, int64_t step) { events_at(q, step).n = 0; }

int32_t eqsnn_events_put(EventQueue* q, int64_t step, const Event* events, int64_t n) {
    EventList& list = events_at(q, step);
    if (n > list.room) {
        if (!lengthen(list.items, 0, n)) return no_memory;
        list.room = n;
    }
    if (n) std::memcpy(list.items, events, static_cast<size_t>(n) * sizeof(Event));
    list.n = n;
    return 0;
}

int32_t eqsnn_events_lengthen(EventQueue* q, int64_t longest_delay, int64_t step) {
    const int64_t n = longest_delay + 1;
    if (n <= q->n_lists) return 0;
    EventList* const lists = new_lists(n);
    if (!lists) return no_memory;
    for (int64_t t = step; t < step + q->n_lists; ++t) lists[t % n] = events_at(q, t);
    std::free(q->lists);
    q->lists = lists;
    q->n_lists = n;
    return 0;
}

int32_t eqsnn_events_push(EventQueue* q, const Ragged* r, int32_t slot, int64_t delay, int64_t step) {
    if (delay >= q->n_lists && eqsnn_events_lengthen(q, delay, step)) return no_memory;
    return push(q, r, slot, delay, step) ? 0 : no_memory;
}
