// Lists of the neurons that had an event, always ascending: who comes where depends on no race.
#pragma once

#include "../eqsnn/delays.h"
#include "../eqsnn/distributions.h"
#include "rows.h"

namespace eqsnn {

// Every list has room for all neurons of its group, so that none grows while steps run.

__device__ inline void note_event(const SpikeRing& ring, int32_t neuron, int64_t step) {
    if (ring.lastspike) ring.lastspike[neuron] = static_cast<int32_t>(step);
    if (ring.not_refractory) ring.not_refractory[neuron] = 0;
}

// Counts of the blocks before this one, and of all: `counts` has one for each block, complete since the last barrier.
__device__ inline int32_t of_blocks_before(const int32_t* counts, int32_t& all) {
    int32_t before = 0, sum = 0;
    for (int32_t b = static_cast<int32_t>(threadIdx.x); b < static_cast<int32_t>(gridDim.x); b += static_cast<int32_t>(blockDim.x)) {
        if (b < static_cast<int32_t>(blockIdx.x)) before += counts[b];
        sum += counts[b];
    }
    int32_t whole;
    sum_before(before, whole);
    before = whole;
    sum_before(sum, all);
    return before;
}

// Gathers the flagged neurons of this step: each block counts a stretch of them, and then writes it.
__device__ inline void find_events(const Context& c, const Grid& grid, SpikeRing& ring, int64_t step) {
    SpikeList& list = list_at(ring, step);
    const int64_t tiles = (ring.n + blockDim.x - 1) / blockDim.x, share = (tiles + gridDim.x - 1) / gridDim.x;
    const int64_t from = blockIdx.x * share * blockDim.x, to = from + share * blockDim.x;
    int32_t count = 0;
    for (int64_t k = from + threadIdx.x; k < to; k += blockDim.x)
        count += __syncthreads_count(k < ring.n && ring.flags[k]);
    if (threadIdx.x == 0) c.scratch[0][blockIdx.x] = count;
    grid.sync();
    int32_t all, place = of_blocks_before(c.scratch[0], all);
    for (int64_t k = from + threadIdx.x; k < to; k += blockDim.x) {
        const bool has = k < ring.n && ring.flags[k];
        int32_t here;
        const int32_t mine = place + sum_before(has, here);
        place += here;
        if (!has) continue;
        list.index[mine] = static_cast<int32_t>(k);
        note_event(ring, static_cast<int32_t>(k), step);
    }
    if (grid.first()) list.count = all;
}

// Draws the neurons that have an event where all have it with the same probability, by the gaps between them: a stream
// for each stretch of neurons, as everywhere. It is drawn twice, to count and to write.
__device__ inline void draw_events(const Context& c, const Grid& grid, SpikeRing& ring, int64_t step, uint64_t key, double p) {
    constexpr int64_t stretch = 4096;
    SpikeList& list = list_at(ring, step);
    const int32_t stretches = static_cast<int32_t>((ring.n + stretch - 1) / stretch);
    const int32_t share = (stretches + grid.threads - 1) / grid.threads;
    const int32_t from = grid.thread * share, to = from + share < stretches ? from + share : stretches;
    int32_t place = 0;
    for (int pass = 0; pass < 2; ++pass) {
        int32_t count = 0;
        for (int32_t s = from; s < to; ++s) {
            const int64_t end = (s + 1) * stretch < ring.n ? (s + 1) * stretch : ring.n;
            Stream stream{key, static_cast<uint32_t>(s), 0x4C6F7474u, static_cast<uint32_t>(step), 0};
            for (int64_t k = s * stretch; k < end; ++k) {
                const int64_t skip = next_skip(stream, p);
                if (skip >= end - k) break;
                k += skip;
                if (pass) {
                    list.index[place + count] = static_cast<int32_t>(k);
                    note_event(ring, static_cast<int32_t>(k), step);
                }
                ++count;
            }
        }
        if (pass) return;
        int32_t here, all;
        const int32_t before = sum_before(count, here);
        if (threadIdx.x == 0) c.scratch[0][blockIdx.x] = here;
        grid.sync();
        place = of_blocks_before(c.scratch[0], all) + before;
        if (grid.first()) list.count = all;
    }
}

// Takes this step's events from those given beforehand, which are sorted by step, then by neuron. For one block.
__device__ inline void generate_events(const Grid&, SpikeRing& ring, Generator& g, int64_t step) {
    if (blockIdx.x) return;
    SpikeList& list = list_at(ring, step);
    const int64_t wanted = g.period ? step % g.period : step, threads = blockDim.x;
    int64_t at = g.position;
    if (at > 0 && (at == g.n || g.step[at] > wanted) && g.step[at - 1] >= wanted) at = 0;  // a new period, or earlier
    for (int64_t passed = threads; passed == threads; at += passed) {
        const int64_t mine = at + threadIdx.x;
        passed = __syncthreads_count(mine < g.n && g.step[mine] < wanted);
    }
    int32_t count = 0;
    for (int64_t taken = threads; taken == threads; at += taken) {
        const int64_t mine = at + threadIdx.x;
        const bool has = mine < g.n && g.step[mine] == wanted;
        if (has) {
            list.index[count + static_cast<int32_t>(threadIdx.x)] = g.index[mine];
            note_event(ring, g.index[mine], step);
        }
        taken = __syncthreads_count(has);
        count += static_cast<int32_t>(taken);
    }
    if (threadIdx.x) return;
    list.count = count;
    g.position = at;
}

// A delay in seconds as steps, to the nearest.
template <class Real>
__device__ inline int64_t steps_of_delay(Real delay, double dt) {
    const int64_t steps = static_cast<int64_t>(static_cast<double>(delay) / dt + 0.5);
    return steps < 0 ? 0 : steps;
}

// Whether this step's events have room in any list; if not, the host is asked for as much as they may take. All threads
// call it before any of them sends an event, and agree.
__device__ inline bool room_to_enqueue(const Context& c, Context* home, const Grid& grid, int32_t pathway, const Ragged* r, int64_t step, bool columns) {
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

// Sends this step's events on their way through synapses that have a delay each, in seconds. There is room for them.
template <class Real>
__device__ inline void enqueue(const Grid& grid, Pathway& way, const Ragged* r, const Real* delay, double dt, int64_t step, bool columns) {
    for_each_entry(grid, list_at(*way.ring, step), way.start, way.stop, r, columns, [&](int32_t, int32_t place) {
        const int32_t s = columns ? r->col_slot[place] : place;
        int64_t steps = steps_of_delay(delay[s], dt);
        steps = steps < way.queue->n_lists ? steps : way.queue->n_lists - 1;
        EventList& arrivals = events_at(way.queue, step + steps);
        const unsigned long long at = atomicAdd(reinterpret_cast<unsigned long long*>(&arrivals.n), 1ull);
        arrivals.items[at] = Event{r->serial[s], s, r->pre[s]};
    });
}

// The events of a step have been delivered.
__device__ inline void events_done(const Grid& grid, Pathway& way, int64_t step) {
    grid.sync();
    if (grid.first()) events_at(way.queue, step).n = 0;
}

}  // namespace eqsnn
