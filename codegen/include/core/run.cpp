// What the step loop needs rarely: growing buffers, ordering rows, looking for numbers that are none.
#include "../eqsnn/module.h"

#include <algorithm>

#include "memory.h"

using namespace eqsnn;

bool eqsnn_buffer_grow(Buffer* b, int64_t more) {
    const int64_t wanted = std::max<int64_t>(b->bytes + more, b->room + b->room / 2 + 4096);
    char* const data = static_cast<char*>(std::realloc(b->data, static_cast<size_t>(wanted)));
    if (!data) return false;
    b->data = data;
    b->room = wanted;
    return true;
}

bool eqsnn_spikes_grow(SpikeList* list) {
    const int32_t wanted = list->room ? 2 * list->room : 64;
    int32_t* const index = static_cast<int32_t*>(std::realloc(list->index, static_cast<size_t>(wanted) * 4));
    if (!index) return false;
    list->index = index;
    list->room = wanted;
    return true;
}

void eqsnn_sort_slots(const Ragged* r, int32_t* slots, int64_t n) {
    std::sort(slots, slots + n, [r](int32_t a, int32_t b) {
        if (r->pre[a] != r->pre[b]) return r->pre[a] < r->pre[b];
        if (r->post[a] != r->post[b]) return r->post[a] < r->post[b];
        return r->serial[a] < r->serial[b];
    });
}

// By the bits: the compiler may not be told that numbers are finite, but nothing here depends on what it was told.
int64_t eqsnn_first_not_finite(const void* values, int64_t n, int32_t bytes) {
    if (bytes == 8) {
        const uint64_t* const x = static_cast<const uint64_t*>(values);
        for (int64_t k = 0; k < n; ++k)
            if ((x[k] & 0x7FF0000000000000u) == 0x7FF0000000000000u) return k;
    } else {
        const uint32_t* const x = static_cast<const uint32_t*>(values);
        for (int64_t k = 0; k < n; ++k)
            if ((x[k] & 0x7F800000u) == 0x7F800000u) return k;
    }
    return -1;
}

void eqsnn_buffer_free(Buffer* b) {
    std::free(b->data);
    *b = Buffer{nullptr, 0, 0};
}

// Sixteen sums of up to eight bytes each for every synapse of a row, as Python gives room for at first.
bool eqsnn_widen(Context* c, int64_t widest) {
    const int64_t wanted = (2 * widest + 63) / 64 * 64;
    for (int k = 0; k < 4; ++k) {
        Buffer& b = c->wide[k];
        const int64_t bytes = wanted * (k < 3 ? 4 : 16 * 8);
        if (bytes > b.room && !eqsnn_buffer_grow(&b, bytes)) return false;
        if (k < 3) c->scratch[k] = reinterpret_cast<int32_t*>(b.data);
        else c->sums = b.data;
    }
    std::fill(c->scratch[2], c->scratch[2] + wanted, -1);  // no row is mapped
    c->widest = wanted;
    return true;
}

SpikeRing* eqsnn_ring_new(int64_t n, int64_t depth) {
    SpikeRing* const ring = static_cast<SpikeRing*>(std::calloc(1, sizeof(SpikeRing)));
    if (!ring) return nullptr;
    ring->lists = static_cast<SpikeList*>(std::calloc(static_cast<size_t>(depth), sizeof(SpikeList)));
    ring->n = n;
    ring->depth = depth;
    if (ring->lists) return ring;
    std::free(ring);
    return nullptr;
}

void eqsnn_ring_free(SpikeRing* ring) {
    for (int64_t k = 0; k < ring->depth; ++k) std::free(ring->lists[k].index);
    std::free(ring->lists);
    std::free(ring);
}

void eqsnn_ring_clear(SpikeRing* ring) {
    for (int64_t k = 0; k < ring->depth; ++k) ring->lists[k].count = 0;
}

SpikeRing* eqsnn_ring_copy(const SpikeRing* ring) {
    SpikeRing* const copy = eqsnn_ring_new(ring->n, ring->depth);
    if (!copy) return nullptr;
    for (int64_t k = 0; k < ring->depth; ++k) {
        const SpikeList& from = ring->lists[k];
        SpikeList& to = copy->lists[k];
        while (to.room < from.count)
            if (!eqsnn_spikes_grow(&to)) {
                eqsnn_ring_free(copy);
                return nullptr;
            }
        if (from.count) std::memcpy(to.index, from.index, static_cast<size_t>(from.count) * sizeof(int32_t));
        to.count = from.count;
    }
    return copy;
}

// Makes room for a longer delay before step `now`: the lists of the steps before it keep their events.
bool eqsnn_ring_deepen(SpikeRing* ring, int64_t depth, int64_t now) {
    if (depth <= ring->depth) return true;
    SpikeList* const lists = static_cast<SpikeList*>(std::calloc(static_cast<size_t>(depth), sizeof(SpikeList)));
    if (!lists) return false;
    for (int64_t step = std::max<int64_t>(0, now - ring->depth); step < now; ++step)
        std::swap(lists[step % depth], ring->lists[step % ring->depth]);
    for (int64_t k = 0; k < ring->depth; ++k) std::free(ring->lists[k].index);
    std::free(ring->lists);
    ring->lists = lists;
    ring->depth = depth;
    return true;
}
