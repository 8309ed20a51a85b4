// What generated loops call besides their bodies.
#pragma once

#include "draws.h"
#include "functions.h"
#include "module.h"
#include "order.h"
#include "sampling.h"
#include "step.h"

namespace eqsnn {

// Runs `range` over [start, stop), shared out among threads where that pays. Cuts lie whole blocks from `start`, so a
// neuron is computed by the same vector or remainder code whatever the number of threads.
inline void in_blocks(Context& c, int32_t start, int32_t stop, void (*range)(Context&, int32_t, int32_t)) {
#ifdef _OPENMP
    constexpr int32_t block = 64, worthwhile = 4096;  // neurons: below this, waking a thread costs more than it saves
    const int32_t n = stop - start;
    if (c.threads > 1 && n >= 2 * worthwhile && start % block == 0) {
        const int32_t share = ((n / c.threads + block - 1) / block) * block;
#pragma omp parallel for num_threads(c.threads) schedule(static, 1)
        for (int32_t part = 0; part < c.threads; ++part) {
            const int32_t from = start + part * share, to = part + 1 == c.threads ? stop : from + share;
            const FlushDenormals flush;  // each thread has its own arithmetic
            if (from < stop) range(c, from, to < stop ? to : stop);
        }
        return;
    }
#endif
    range(c, start, stop);
}

// Narrows a sorted list of neurons to those in [start, stop).
inline void within(const int32_t*& first, const int32_t*& last, int32_t start, int32_t stop) {
    while (first < last && *first < start) ++first;
    while (first < last && last[-1] >= stop) --last;
}

// ---- recorders ----

// Notes the events of this step; returns room for `n` values of each, or null where there is nothing more to record.
template <class Real>
inline Real* record_events(Context& c, Recorder& recorder, const int32_t* first, const int32_t* last, int32_t start,
                              int64_t step, int64_t n) {
    const int64_t count = last - first;
    if (!count) return nullptr;
    if (recorder.tally)
        for (int64_t k = 0; k < count; ++k) ++recorder.tally[first[k] - start];
    recorder.events += count;
    if (!recorder.count) return nullptr;  // only counted
    int64_t* const steps = extend<int64_t>(c, recorder.step, count);
    int32_t* const ids = extend<int32_t>(c, recorder.id, count);
    if (!steps || !ids) return nullptr;
    for (int64_t k = 0; k < count; ++k) {
        steps[k] = step;
        ids[k] = first[k] - start;
    }
    return n ? extend<Real>(c, recorder.value, count * n) : nullptr;
}

template <class Real>
inline Real* record_step(Context& c, Recorder& recorder, int64_t step, int64_t n) {
    int64_t* const at = extend<int64_t>(c, recorder.step, 1);
    Real* const values = extend<Real>(c, recorder.value, recorder.count * n);
    if (!at || !values) return nullptr;
    *at = step;
    return values;
}

// The number of neurons in [start, stop) that spiked.
inline void record_count(Context& c, Recorder& recorder, const SpikeList& list, int32_t start, int32_t stop, int64_t step) {
    const int32_t *first = list.index, *last = list.index + list.count;
    within(first, last, start, stop);
    int64_t* const at = extend<int64_t>(c, recorder.step, 1);
    int32_t* const count = extend<int32_t>(c, recorder.id, 1);
    if (!at || !count) return;
    *at = step;
    *count = static_cast<int32_t>(last - first);
}

// ---- synapses ----

// Where the k-th synapse that a recorder has chosen is now, or -1 if it is gone; it is looked for where it was last.
inline int32_t slot_of(const Ragged* r, Recorder& recorder, int64_t k) {
    const int32_t last = recorder.slot[k];
    if (last >= 0 && last < r->rows.end && r->serial[last] == recorder.serial[k]) return last;
    return recorder.slot[k] = find_serial(r, recorder.index[k], recorder.serial[k]);
}

// Tells apart the synapses of one pair, where there may be several: 0 where not.
inline uint32_t twin_of(const Ragged* r, int32_t slot) {
    return r->multi ? 1u + (static_cast<uint32_t>(r->serial[slot]) & 0x3FFFFFu) : 0u;
}

// Slots of a row, or of a list, by (i, j): what is summed over them does not depend on where they lie.
inline const int32_t* ordered_row(Context& c, const Ragged* r, int32_t start, int32_t length) {
    for (int32_t k = 0; k < length; ++k) c.scratch[1][k] = start + k;
    eqsnn_sort_slots(r, c.scratch[1], length);
    return c.scratch[1];
}
inline const int32_t* ordered_list(Context& c, const Ragged* r, const int32_t* slots, int32_t n) {
    for (int32_t k = 0; k < n; ++k) c.scratch[1][k] = slots[k];
    eqsnn_sort_slots(r, c.scratch[1], n);
    return c.scratch[1];
}

// The synapses that existed when the next one would have got number `mark`: a spike fired then is not theirs.
inline int32_t older_than(const Ragged* r, const int32_t* slots, int32_t start, int32_t length, int64_t mark, int32_t* out) {
    int32_t n = 0;
    for (int32_t k = 0; k < length; ++k) {
        const int32_t s = slots ? slots[k] : start + k;
        out[n] = s;
        n += r->serial[s] < mark;
    }
    return n;
}

// Ask for the memory of a row that will be searched soon: first where it is, then what it holds.
inline void fetch_row_place(const Ragged* r, int32_t i) {
    __builtin_prefetch(r->row_start + i);
    __builtin_prefetch(r->row_length + i);
}
inline void fetch_row(const Ragged* r, int32_t i) {
    const int32_t* const row = r->post + r->row_start[i];
    __builtin_prefetch(row);
    __builtin_prefetch(row + 16);
}

// The slot of every synapse of row i (of a pair, the oldest) by its postsynaptic neuron, for passes over all pairs.
class RowMap {
public:
    RowMap(Context& c, const Ragged* r, int32_t i)
        : map_(c.scratch[2]), post_(r->post + r->row_start[i]), length_(r->row_length[i]) {
        for (int32_t k = 0; k < length_; ++k) {
            const int32_t s = r->row_start[i] + k;
            int32_t& known = map_[post_[k]];
            if (known < 0 || r->serial[s] < r->serial[known]) known = s;
        }
    }
    ~RowMap() {
        for (int32_t k = 0; k < length_; ++k) map_[post_[k]] = -1;  // as Python filled it
    }
    RowMap(const RowMap&) = delete;
    RowMap& operator=(const RowMap&) = delete;
    int32_t slot(int32_t j) const { return map_[j]; }

private:
    int32_t* map_;
    const int32_t* post_;
    int32_t length_;
};

// ---- events ----

// Leaves with the neurons of a complete list that they had the event in this step.
inline void note_events(const SpikeRing& ring, const SpikeList& list, int64_t step) {
    if (ring.lastspike)
        for (int32_t k = 0; k < list.count; ++k) ring.lastspike[list.index[k]] = static_cast<int32_t>(step);
    if (ring.not_refractory)
        for (int32_t k = 0; k < list.count; ++k) ring.not_refractory[list.index[k]] = 0;
}

// Gathers the flagged neurons of this step into the list of now.
inline void find_events(Context& c, SpikeRing& ring, int64_t step) {
    SpikeList& list = list_at(ring, step);
    list.count = 0;
    const int64_t words = (ring.n + 7) / 8;  // padding is never flagged
    for (int64_t w = 0; w < words; ++w) {
        uint64_t eight;
        memcpy(&eight, ring.flags + 8 * w, 8);
        if (!eight) continue;
        if (list.count + 8 > list.room && !eqsnn_spikes_grow(&list)) {
            c.fault.code = fault_memory;
            return;
        }
        for (int64_t k = 8 * w; k < 8 * w + 8 && k < ring.n; ++k) {
            list.index[list.count] = static_cast<int32_t>(k);
            list.count += ring.flags[k];
        }
    }
    note_events(ring, list, step);
}

// Draws the neurons that have an event where all have it with the same probability, by the gaps between them. Every
// block of neurons has a stream of its own, so that blocks could be drawn side by side.
inline void draw_events(Context& c, SpikeRing& ring, int64_t step, uint64_t key, double p) {
    constexpr int64_t block = 4096;
    SpikeList& list = list_at(ring, step);
    list.count = 0;
    for (int64_t first = 0; first < ring.n; first += block) {
        const int64_t end = first + block < ring.n ? first + block : ring.n;
        Stream stream{key, static_cast<uint32_t>(first / block), 0x4C6F7474u, static_cast<uint32_t>(step), 0};
        for (int64_t k = first; k < end; ++k) {
            const int64_t skip = next_skip(stream, p);
            if (skip >= end - k) break;
            k += skip;
            if (list.count == list.room && !eqsnn_spikes_grow(&list)) {
                c.fault.code = fault_memory;
                return;
            }
            list.index[list.count++] = static_cast<int32_t>(k);
        }
    }
    note_events(ring, list, step);
}

// Takes this step's events from those given beforehand, which are sorted by step, then by neuron.
inline void generate_events(Context& c, SpikeRing& ring, Generator& g, int64_t step) {
    SpikeList& list = list_at(ring, step);
    list.count = 0;
    const int64_t round = g.period ? step / g.period : 0, wanted = g.period ? step % g.period : step;
    (void)round;
    if (g.position > 0 && (g.position == g.n || g.step[g.position] > wanted) && g.step[g.position - 1] >= wanted)
        g.position = 0;  // a new period, or an earlier time
    while (g.position < g.n && g.step[g.position] < wanted) ++g.position;
    for (; g.position < g.n && g.step[g.position] == wanted; ++g.position) {
        if (list.count == list.room && !eqsnn_spikes_grow(&list)) {
            c.fault.code = fault_memory;
            return;
        }
        list.index[list.count++] = g.index[g.position];
    }
    note_events(ring, list, step);
}

// Sends this step's events on their way through synapses that have a delay each, in seconds.
template <class Real>
inline void enqueue(Context& c, Pathway& way, const Ragged* r, const Real* delay, double dt, int64_t step, bool columns,
                    bool ordered) {
    const SpikeList& list = list_at(*way.ring, step);
    for (int32_t e = 0; e < list.count; ++e) {
        if (list.index[e] < way.start || list.index[e] >= way.stop) continue;
        const int32_t x = list.index[e] - way.start;
        const int32_t n = columns ? r->col_length[x] : r->row_length[x];
        const int32_t* slots = columns ? r->col_slot + r->col_start[x] : nullptr;
        if (ordered) slots = columns ? ordered_list(c, r, slots, n) : ordered_row(c, r, r->row_start[x], n);
        for (int32_t k = 0; k < n; ++k) {
            const int32_t s = slots ? slots[k] : r->row_start[x] + k;
            const int64_t steps = static_cast<int64_t>(static_cast<double>(delay[s]) / dt + 0.5);
            if (eqsnn_events_push(way.queue, r, s, steps < 0 ? 0 : steps, step)) c.fault.code = fault_memory;
        }
    }
}

// ---- structure ----

// Carries out what was staged. A rule's `tally` counts synapses created and removed, creations refused, and pairs that
// its samples lacked.
inline void apply_changes(Context& c, Ragged* r, int64_t step, int64_t* tally) {
    if (tally) tally[3] += c.shortfall;
    c.shortfall = 0;
    if (!r->n_pairs && !r->n_removals && !r->failed) return;
    const int64_t created = r->created, removed = r->removed, refusals = r->refusals;
    const int32_t result = eqsnn_ragged_apply(r, step);
    if (result < 0) {
        c.fault.code = result == too_many ? fault_too_many : fault_memory;
        return;
    }
    if (r->multi && r->live > c.widest && !eqsnn_widen(&c, r->live)) c.fault.code = fault_memory;
    if (!tally) return;
    tally[0] += r->created - created;
    tally[1] += r->removed - removed;
    tally[2] += r->refusals - refusals;
}

inline void reserve_changes(Context& c, Ragged* r, int32_t removals, int32_t limited) {
    if (eqsnn_ragged_reserve(r, removals, limited)) c.fault.code = fault_memory;
}

// ---- what a pass asks of all synapses ----

// The smaller or larger of what was met so far and one more value; once NaN, it stays so.
template <class T>
inline void keep_min(T& least, T x) {
    if (x < least || x != x) least = x;
}
template <class T>
inline void keep_max(T& most, T x) {
    if (x > most || x != x) most = x;
}

// Points array k to memory for a value of each slot.
inline void provide(Context& c, int32_t k, const Ragged* r, int64_t bytes) {
    Buffer& buffer = c.asides[k];
    buffer.bytes = 0;
    if (!room(buffer, (r->rows.room + 64) * bytes)) c.fault.code = fault_memory;
    c.arrays[k] = buffer.data;
}

template <class Real>
inline void rank_synapses(Context& c, const Ragged* r, const void* values, int32_t* ranks, By by) {
    if (eqsnn_rank(r, values, static_cast<int32_t>(sizeof(Real)), by, ranks)) c.fault.code = fault_memory;
}

template <class Real>
inline void quantile_synapses(Context& c, const Ragged* r, const void* values, const double* orders, Real* result, By by) {
    if (eqsnn_quantile(r, values, static_cast<int32_t>(sizeof(Real)), by, orders, result)) c.fault.code = fault_memory;
}

// ---- checks ----

template <class Real>
inline void check_finite(Context& c, const Real* values, int64_t n) {
    const int64_t at = eqsnn_first_not_finite(values, n, static_cast<int32_t>(sizeof(Real)));
    if (at < 0) return;
    c.fault.code = fault_not_finite;
    c.fault.index = at;
}
template <class Real>
inline void check_finite_slots(Context& c, const Ragged* r, const Real* values) {
    for (int32_t i = 0; i < r->n_pre && !c.fault.code; ++i) {
        const int64_t at = eqsnn_first_not_finite(values + r->row_start[i], r->row_length[i], sizeof(Real));
        if (at < 0) continue;
        c.fault.code = fault_not_finite;
        c.fault.index = r->row_start[i] + at;
    }
}

}  // namespace eqsnn
