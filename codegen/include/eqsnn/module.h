// What a generated module and Python share: the state of a run, in plain C structs that Python mirrors
// (eqsnn/runtime/context.py). A module owns nothing: every pointer here is kept alive by Python.
#pragma once

#include <cstring>
#include <ctime>

#include "delays.h"
#include "platform.h"
#include "ragged.h"

namespace eqsnn {

// A growing block of memory: what a recorder has taken down so far.
struct Buffer {
    char* data;
    int64_t bytes, room;
};

struct SpikeList {
    int32_t* index;
    int32_t count, room;
};

// The events of one kind of a group of neurons: a list for each of the last `depth` steps.
struct SpikeRing {
    SpikeList* lists;
    int64_t depth;
    int64_t n;                // neurons
    const uint8_t* flags;     // which of them have the event in this step
    int32_t* lastspike;       // step of the last one, or null
    uint8_t* not_refractory;  // cleared by an event, or null
};

// Events given beforehand, sorted by step; `period` steps later they come again (0: never).
struct Generator {
    const int64_t* step;
    const int32_t* index;
    int64_t n, position, period;
};

// A delay in steps, and the steps [since, until) whose events have it: they keep the delay that they were fired with.
struct DelayPeriod {
    int64_t since, until, delay;
};

// One pathway of a projection: which events it hears, and when they arrive.
struct Pathway {
    SpikeRing* ring;
    const DelayPeriod* delays;  // where all synapses share it: the present delay last
    int64_t n_delays;
    int32_t start, stop;    // neurons of the group that belong to the projection's side
    int64_t* marks;         // serial number that the next synapse would have got, for each of the last `n_marks` steps
    int64_t n_marks;
    EventQueue* queue;      // where each synapse has a delay of its own, else null
};

struct Recorder {
    int64_t count;                        // elements chosen
    const int32_t* index;                 // neurons, or rows of the synapses chosen
    const int64_t* serial;                // the synapses chosen
    int32_t* slot;                        // where each of them was last found
    int64_t* tally;                       // events of each neuron so far, or null
    int64_t events;                       // events so far
    Buffer step, id, value;
};

struct Clock {
    int64_t period;  // in ticks
    int64_t step;
    double dt, t;
    int64_t draw;  // step that random numbers are counted by
};

struct Fault {
    int32_t code, action;
    int64_t index;
};

constexpr int32_t fault_memory = 1, fault_not_finite = 2, fault_python = 3, fault_too_many = 4;

// Room that an action on a device wants before it can go on, of a kind that the runtime knows.
struct Wanted {
    int32_t projection, kind;
    int64_t amount;
};

// Why a launch on a device has ended before its last step: what monitors have recorded is to be fetched, the user's Python
// is to be called, an action wants room.
constexpr int32_t pause_full = 1, pause_call = 2, pause_room = 3;

struct Context {
    void** arrays;
    const int64_t* sizes;  // elements of each array
    const double* arguments;  // given by Python
    double* computed;         // from those, by the module's setup
    const int32_t* columns;  // of each slot array, its number among the columns of its projection
    Ragged** projections;
    SpikeRing** rings;
    Generator** generators;
    Pathway** pathways;
    Recorder** recorders;
    Clock* clocks;
    uint64_t* keys;      // one for each random call
    void** draws;          // one array for each random call of a vector loop
    int32_t* scratch[3];   // each with room for the widest row or column
    void* sums;            // several times as many numbers
    int64_t widest;
    Buffer sample[3];      // a sample of pairs: i, j, and a table of what was drawn
    Buffer* asides;        // for each array that lasts for a pass, its memory
    Buffer wide[4];        // in place of scratch and sums, where rows have become wider than they were
    int64_t shortfall;     // pairs that a sample wanted and the network did not have
    double* seconds;     // for each action, where profiled
    int64_t* calls;
    int32_t (*callback)(int32_t);  // Python: an object's number, or -1 to see whether to go on
    double tick_dt;
    int64_t tick, end;
    uint64_t seed;
    int64_t origin;      // tick from which random numbers are counted
    int32_t threads, profile, n_clocks, n_keys, stop, n_recorders;
    Fault fault;
    // On a device, where a launch may end in the middle of a step and the next one go on there:
    uint32_t* arrived;  // at the barrier of a device, see cuda/grid.h
    int64_t moment;               // of each thread: the action it is at, counted over all steps (see cuda/steps.h)
    unsigned long long ends;      // moment after which the launch ends early
    int32_t resume, pause;        // action to begin with, or where it ended; why it ended
    Wanted wanted;
};

inline double now() {
    timespec t;  // <chrono> would take longer to compile than most modules
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// The step whose events arrive now after the d-th delay of a pathway, or -1.
EQSNN_HD inline int64_t fired_at(const Pathway& way, int64_t d, int64_t now) {
    const int64_t fired = now - way.delays[d].delay;
    return way.delays[d].since <= fired && fired < way.delays[d].until ? fired : -1;
}

EQSNN_HD inline SpikeList& list_at(const SpikeRing& e, int64_t step) { return e.lists[step % e.depth]; }

}  // namespace eqsnn

// In the core library. Growing returns false where memory is out; what was there then stays.
EQSNN_API bool eqsnn_buffer_grow(eqsnn::Buffer* b, int64_t more);
EQSNN_API void eqsnn_buffer_free(eqsnn::Buffer* b);
EQSNN_API bool eqsnn_widen(eqsnn::Context* c, int64_t widest);  // room for longer rows
EQSNN_API eqsnn::SpikeRing* eqsnn_ring_new(int64_t n, int64_t depth);
EQSNN_API void eqsnn_ring_free(eqsnn::SpikeRing* ring);
EQSNN_API bool eqsnn_ring_deepen(eqsnn::SpikeRing* ring, int64_t depth, int64_t now);
EQSNN_API eqsnn::SpikeRing* eqsnn_ring_copy(const eqsnn::SpikeRing* ring);  // with its events; null: no memory
EQSNN_API void eqsnn_ring_clear(eqsnn::SpikeRing* ring);                    // forgets all events
EQSNN_API bool eqsnn_spikes_grow(eqsnn::SpikeList* list);
EQSNN_API void eqsnn_sort_slots(const eqsnn::Ragged* r, int32_t* slots, int64_t n);  // by (i, j, serial)
EQSNN_API int64_t eqsnn_first_not_finite(const void* values, int64_t n, int32_t bytes);  // or -1

namespace eqsnn {

inline bool room(Buffer& b, int64_t more) { return b.bytes + more <= b.room || eqsnn_buffer_grow(&b, more); }

template <class T>
inline T* extend(Context& c, Buffer& b, int64_t n) {
    const int64_t more = n * static_cast<int64_t>(sizeof(T));
    if (!room(b, more)) {
        c.fault.code = fault_memory;
        return nullptr;
    }
    T* const at = reinterpret_cast<T*>(b.data + b.bytes);
    b.bytes += more;
    return at;
}

}  // namespace eqsnn
