// Spikes under way through synapses that have a delay each, where synapses come and go or code sets delays: one may then
// be longer than any before.
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

}  // namespace eqsnn
