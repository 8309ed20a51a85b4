// What monitors take down on the device. Their memory does not grow while steps run: where it may not hold what another
// step brings, the launch ends after the present one, and the host fetches what is there.
#pragma once

#include "events.h"

namespace eqsnn {

// The k-th event of a step in a recorder's memory; counters move on once all have written (`events_recorded`).
struct EventRecord {
    const int32_t* index;
    int32_t count;
    int64_t* steps;
    int32_t* ids;
    char* values;

    __device__ EventRecord(const Recorder& recorder, const SpikeList& list, int32_t start, int32_t stop)
        : index(list.index + first_from(list.index, list.count, start)),
          count(first_from(list.index, list.count, stop) - first_from(list.index, list.count, start)),
          steps(reinterpret_cast<int64_t*>(recorder.step.data + recorder.step.bytes)),
          ids(reinterpret_cast<int32_t*>(recorder.id.data + recorder.id.bytes)),
          values(recorder.value.data + recorder.value.bytes) {}
};

__device__ inline void record_event(const Recorder& recorder, const EventRecord& record, int32_t k, int32_t start, int64_t step) {
    const int32_t neuron = record.index[k] - start;
    if (recorder.tally) ++recorder.tally[neuron];
    if (!recorder.count) return;  // only counted
    record.steps[k] = step;
    record.ids[k] = neuron;
}

// Whether all that another step may bring has room: `room` of the buffers tells, less a step at its most.
__device__ inline void see_to_room(const Context& c, Context* home, const Recorder& recorder) {
    const Buffer* const buffers[3] = {&recorder.step, &recorder.id, &recorder.value};
    for (const Buffer* buffer : buffers) {
        if (buffer->bytes <= buffer->room) continue;
        atomicMax(&home->pause, pause_full);
        end_after_step(c, home);
    }
}

__device__ inline void events_recorded(const Context& c, Context* home, const Grid& grid, Recorder& recorder, int32_t count, int64_t value_bytes) {
    grid.sync();
    if (!grid.first()) return;
    recorder.events += count;
    if (!recorder.count) return;
    recorder.step.bytes += 8 * int64_t{count};
    recorder.id.bytes += 4 * int64_t{count};
    recorder.value.bytes += value_bytes * count;
    see_to_room(c, home, recorder);
}

// A step's values of the chosen elements are complete.
__device__ inline void step_recorded(const Context& c, Context* home, const Grid& grid, Recorder& recorder, int64_t step, int64_t value_bytes) {
    grid.sync();
    if (!grid.first()) return;
    *reinterpret_cast<int64_t*>(recorder.step.data + recorder.step.bytes) = step;
    recorder.step.bytes += 8;
    recorder.value.bytes += value_bytes;
    see_to_room(c, home, recorder);
}

// The number of neurons in [start, stop) that spiked.
__device__ inline void record_count(
    const Context& c, Context* home, const Grid& grid, Recorder& recorder, const SpikeList& list, int32_t start, int32_t stop, int64_t step) {
    if (!grid.first()) return;
    const int32_t count = first_from(list.index, list.count, stop) - first_from(list.index, list.count, start);
    *reinterpret_cast<int64_t*>(recorder.step.data + recorder.step.bytes) = step;
    *reinterpret_cast<int32_t*>(recorder.id.data + recorder.id.bytes) = count;
    recorder.step.bytes += 8;
    recorder.id.bytes += 4;
    see_to_room(c, home, recorder);
}

// Where the k-th synapse that a recorder has chosen is now, or -1 if it is gone; it is looked for where it was last.
__device__ inline int32_t slot_of(const Ragged* r, Recorder& recorder, int64_t k) {
    const int32_t last = recorder.slot[k];
    if (last >= 0 && last < r->rows.end && r->serial[last] == recorder.serial[k]) return last;
    return recorder.slot[k] = find_serial(r, recorder.index[k], recorder.serial[k]);
}

// Tells apart the synapses of one pair, where there may be several: 0 where not.
__device__ inline uint32_t twin_of(const Ragged* r, int32_t slot) {
    return r->multi ? 1u + (static_cast<uint32_t>(r->serial[slot]) & 0x3FFFFFu) : 0u;
}

}  // namespace eqsnn
