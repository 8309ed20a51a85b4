// Spikes under way through synapses that have a delay each, where synapses come and go: a list of arrivals may then hold
// events of more synapses than there are, and a synapse may have a longer delay than any had before.
#pragma once

#include "staging.h"

namespace eqsnn {

// Whether all lists that this step's events go to are there; if not, the host is asked for more of them, for delays as
// long as the queue has noted as `lost`.
template <class Real>
__device__ inline bool lists_to_enqueue(const Context& c, Context* home, const Grid& grid, int32_t pathway, const Ragged* r, const Real* delay, double dt,
                                        int64_t step, bool columns) {
    const Pathway& way = *c.pathways[pathway];
    int64_t longest = 0;
    for_each_entry(grid, list_at(*way.ring, step), way.start, way.stop, r, columns, [&](int32_t, int32_t place) {
        const int64_t steps = steps_of_delay(delay[columns ? r->col_slot[place] : place], dt);
        longest = steps > longest ? steps : longest;
    });
    if (longest >= way.queue->n_lists) atomicMax(reinterpret_cast<unsigned long long*>(&way.queue->lost), static_cast<unsigned long long>(longest));
    grid.sync();
    if (!way.queue->lost) return true;
    if (grid.first()) want_room(c, home, pathway, wants_lists, step);
    return false;
}

// Whether this step's events have room in any list; if not, the host is asked for as much as they may take. All threads
// call it before any of them sends an event, and agree.
template <class Real>
__device__ inline bool room_to_enqueue(const Context& c, Context* home, const Grid& grid, int32_t pathway, const Ragged* r, const Real* delay, double dt,
                                       int64_t step, bool columns) {
    if (!lists_to_enqueue(c, home, grid, pathway, r, delay, dt, step, columns)) return false;
    const Pathway& way = *c.pathways[pathway];
    const SpikeList& list = list_at(*way.ring, step);
    const int32_t begin = first_from(list.index, list.count, way.start), end = first_from(list.index, list.count, way.stop);
    const int32_t thread = static_cast<int32_t>(threadIdx.x), threads = static_cast<int32_t>(blockDim.x);
    int32_t mine = 0, all;
    for (int32_t e = begin + thread; e < end; e += threads) {
        const int32_t x = list.index[e] - way.start;
        mine += columns ? r->col_length[x] : r->row_length[x];
    }
    sum_before(mine, all);
    bool full = false;
    for (int64_t k = thread; k < way.queue->n_lists; k += threads) full = full || way.queue->lists[k].n + all > way.queue->lists[k].room;
    full = __syncthreads_or(full);
    if (full && grid.first()) want_room(c, home, pathway, wants_queue, all);
    grid.sync();
    return !full;
}

}  // namespace eqsnn
