// Spikes under way through synapses with delays of their own: a ring of lists, one for each step to come.
//
// An entry names the synapse by its identity, and its slot as a guess of where it lies. Rows may move meanwhile: then it
// is looked up in its row. If it was removed the spike is lost, even where a new synapse connects the same pair.
#pragma once

#include "ragged.h"

namespace eqsnn {

struct Event {
    int64_t serial;
    int32_t slot, i;
};

struct EventList {
    Event* items;
    int64_t n, room;
};

// Lists for the steps now, now + 1, ... now + n_lists - 1, in a ring: that of step t is lists[t % n_lists].
struct EventQueue {
    EventList* lists;
    int64_t n_lists;  // the longest delay, in steps, plus one
    int64_t lost;     // events that found no memory; the step loop reports them as an error
};

EQSNN_HD inline EventList& events_at(EventQueue* q, int64_t step) { return q->lists[step % q->n_lists]; }

// The slot where the event's synapse is now, or -1 if it was removed.
EQSNN_HD inline int32_t locate(const Ragged* r, const Event& event) {
    if (event.slot < r->rows.end && r->serial[event.slot] == event.serial) return event.slot;
    return find_serial(r, event.i, event.serial);
}

}  // namespace eqsnn

// `delay` is in steps, one for each slot; 0 is delivered in the same step if pushed before the list is read.
// Delays outside 0 .. n_lists - 1 are cut to it. Functions return 0, or no_memory.
EQSNN_API eqsnn::EventQueue* eqsnn_events_new(int64_t longest_delay);
EQSNN_API void eqsnn_events_free(eqsnn::EventQueue* q);
EQSNN_API int32_t eqsnn_events_push_row(eqsnn::EventQueue* q, const eqsnn::Ragged* r, int32_t i, const int32_t* delay,
                                        int64_t step);
EQSNN_API int32_t eqsnn_events_push_col(eqsnn::EventQueue* q, const eqsnn::Ragged* r, int32_t j, const int32_t* delay,
                                        int64_t step);
// Empties the list of a step that was delivered.
EQSNN_API void eqsnn_events_done(eqsnn::EventQueue* q, int64_t step);
// Puts these events in place of those of a step.
EQSNN_API int32_t eqsnn_events_put(eqsnn::EventQueue* q, int64_t step, const eqsnn::Event* events, int64_t n);
// Allows longer delays from `step` on; what is under way arrives when it would have.
EQSNN_API int32_t eqsnn_events_lengthen(eqsnn::EventQueue* q, int64_t longest_delay, int64_t step);
EQSNN_API void eqsnn_events_clear(eqsnn::EventQueue* q);  // forgets all that is under way
EQSNN_API eqsnn::EventQueue* eqsnn_events_copy(const eqsnn::EventQueue* q);  // null: no memory
// One synapse's event; a delay longer than any before makes the queue longer.
EQSNN_API int32_t eqsnn_events_push(eqsnn::EventQueue* q, const eqsnn::Ragged* r, int32_t slot, int64_t delay, int64_t step);
