// Drawing distinct pairs.
#include "../eqsnn/sampling.h"

#include "../eqsnn/candidates.h"
#include "../eqsnn/distributions.h"
#include "memory.h"

using namespace eqsnn;

namespace {

// Which numbers were drawn already: open addressing, at most half full, empty entries are -1.
struct Seen {
    int64_t* table;
    int64_t mask;

    bool add(int64_t k) {
        int64_t at = static_cast<int64_t>(static_cast<uint64_t>(k) * 0x9E3779B97F4A7C15u >> 20) & mask;
        for (; table[at] >= 0; at = (at + 1) & mask)
            if (table[at] == k) return false;
        table[at] = k;
        return true;
    }
};

bool room_for(Context* c, int64_t n) {
    for (int side = 0; side < 2; ++side) {
        c->sample[side].bytes = 0;
        if (!room(c->sample[side], n * 4)) return false;
    }
    return true;
}

void put(Context* c, const Candidates& from, int64_t place, int64_t k) {
    from.pair(k, reinterpret_cast<int32_t*>(c->sample[0].data)[place], reinterpret_cast<int32_t*>(c->sample[1].data)[place]);
}

int64_t draw_until_enough(Context* c, const Candidates& from, int64_t n, Stream& stream) {
    int64_t size = 16;
    while (size < 2 * n) size *= 2;
    c->sample[2].bytes = 0;
    if (!room(c->sample[2], size * 8)) return -1;
    Seen seen{reinterpret_cast<int64_t*>(c->sample[2].data), size - 1};
    std::memset(seen.table, 0xFF, static_cast<size_t>(size) * 8);
    const uint64_t below = static_cast<uint64_t>(from.size);
    for (int64_t found = 0; found < n;) {
        const Words words = next_words(stream);
        for (uint32_t at = 0; at < numbers_in_words(below) && found < n; ++at) {
            uint64_t number;
            if (!below_by_word(words, at, below, number)) continue;
            const int64_t k = static_cast<int64_t>(number);
            if (from.free(k) && seen.add(k)) put(c, from, found++, k);
        }
    }
    return n;
}

// Knuth's algorithm S: every candidate in turn, taken with the chance that leaves the sample uniform.
int64_t select_from_all(Context* c, const Candidates& from, int64_t n, Stream& stream) {
    int64_t found = 0, left = from.n_free;
    for (int64_t k = 0; k < from.size && found < n; ++k) {
        if (!from.free(k)) continue;
        if (found < taken_below(next_uniform(stream), left, n)) put(c, from, found++, k);
        --left;
    }
    return found;
}

int64_t sample(Context* c, const Candidates& from, double count, Stream stream) {
    int64_t n = whole_number(count);
    if (n > from.n_free) {
        c->shortfall += n - from.n_free;
        n = from.n_free;
    }
    if (n <= 0) return 0;
    if (!room_for(c, n)) n = -1;
    if (n > 0) n = from.are_many_for(n) ? draw_until_enough(c, from, n, stream) : select_from_all(c, from, n, stream);
    if (n < 0) c->fault.code = fault_memory;
    return n < 0 ? 0 : n;
}

// How many pairs of the candidates are free; where a pair may have several synapses they have to be counted.
int64_t count_free(const Candidates& all, int64_t synapses) {
    if (!all.unconnected) return all.size;
    if (!all.r->multi) return all.size - synapses;
    int64_t n = 0;
    for (int64_t k = 0; k < all.size; ++k) n += all.free(k);
    return n;
}

}  // namespace

int64_t eqsnn_sample_pairs(Context* c, const Ragged* r, double count, bool unconnected, uint64_t key, uint32_t step) {
    Candidates all{r, int64_t{r->n_pre} * r->n_post, 0, -1, true, unconnected};
    all.n_free = count_free(all, r->live);
    return sample(c, all, count, Stream{key, 0, 0, step, 0});
}

int64_t eqsnn_sample_partners(Context* c, const Ragged* r, int32_t neuron, bool of_pre, double count, bool unconnected,
                              uint64_t key, uint32_t step) {
    Candidates all{r, of_pre ? r->n_post : r->n_pre, 0, neuron, of_pre, unconnected};
    all.n_free = count_free(all, of_pre ? r->row_length[neuron] : r->col_length[neuron]);
    return sample(c, all, count, Stream{key, static_cast<uint32_t>(neuron), of_pre ? 1u : 2u, step, 0});
}
