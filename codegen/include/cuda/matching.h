// Uniformly random matchings on the device: the pairs are those of core/matching.cpp.
//
// The shuffle swaps one element after the other, but most swaps touch different elements: each round carries out those that
// no earlier one is in the way of, which leaves nothing after a number of rounds that grows with the logarithm of theirs
// (Shun, Gu, Blelloch, Fineman & Gibbons 2015).
#pragma once

#include "order.h"
#include "sampling.h"

namespace eqsnn {

// Each neuron as often as it offers an element: `starts` has the sum of what those before it offer.
__device__ inline void list_elements(const Grid& grid, const int64_t* starts, int32_t neurons, int32_t* elements) {
    for (int64_t k = grid.thread; k < starts[neurons]; k += grid.threads) {
        int32_t low = 0, high = neurons;  // the last neuron that begins at k or before
        while (high - low > 1) {
            const int32_t middle = low + (high - low) / 2;
            if (starts[middle] <= k) low = middle;
            else high = middle;
        }
        elements[k] = low;
    }
}

// With which element number t is swapped, t = 0 .. k - 1: it is t plus the t-th draw, below n - t. A call of the generator
// whose words are all rejected gives no draw, and moves those after it on: it is found, and they are drawn again.
__device__ inline void draw_swaps(const Context& c, const Grid& grid, int64_t n, int64_t k, const Stream& stream, int32_t* partners) {
    int64_t from = 0;
    for (uint32_t rejected = 0;; ++rejected) {
        if (grid.first()) *shared_number(c, shared_count) = k;
        grid.sync();
        for (int64_t t = from + grid.thread; t < k; t += grid.threads) {
            uint64_t draw = 0;
            const uint32_t call = stream.sub + static_cast<uint32_t>(t) + rejected;
            if (n - t <= 1 || below_by_words(philox(stream.key, stream.e0, stream.e1, stream.step, call), static_cast<uint64_t>(n - t), draw))
                partners[t] = static_cast<int32_t>(t + static_cast<int64_t>(draw));
            else atomicMin(reinterpret_cast<unsigned long long*>(shared_number(c, shared_count)), static_cast<unsigned long long>(t));
        }
        grid.sync();
        from = *shared_number(c, shared_count);
        grid.sync();
        if (from == k) return;
    }
}

// Swaps elements t and partners[t], t = 0 .. k - 1, as if one after the other. `claims` has room for n numbers: who is
// first in the present round to want an element; those of later rounds are smaller. A swap that is done has partner -1.
__device__ inline void swap_in_turn(const Context& c, const Grid& grid, int64_t n, int64_t k, int32_t* elements, int32_t* partners, unsigned long long* claims) {
    for (int64_t t = grid.thread; t < n; t += grid.threads) claims[t] = ~0ull;
    clear_shared(c, grid);
    for (uint32_t round = 1;; ++round) {
        const unsigned long long claim = static_cast<unsigned long long>(UINT32_MAX - round) << 32;
        for (int64_t t = grid.thread; t < k; t += grid.threads) {
            if (partners[t] < 0) continue;
            atomicMin(claims + t, claim | static_cast<unsigned long long>(t));
            atomicMin(claims + partners[t], claim | static_cast<unsigned long long>(t));
        }
        grid.sync();
        bool waits = false;
        for (int64_t t = grid.thread; t < k; t += grid.threads) {
            const int32_t other = partners[t];
            if (other < 0) continue;
            const unsigned long long mine = claim | static_cast<unsigned long long>(t);
            if (claims[t] != mine || claims[other] != mine) {
                waits = true;
                continue;
            }
            const int32_t element = elements[t];
            elements[t] = elements[other];
            elements[other] = element;
            partners[t] = -1;
        }
        if (waits) raise_shared(c, shared_round, round);
        grid.sync();
        if (*shared_number(c, shared_round) != round) return;
        grid.sync();
    }
}

// The pairs in the order of (i, j), and the number of each among its equals.
__device__ inline void order_pairs(const Context& c, const Grid& grid, const DrawnPairs& pairs) {
    uint64_t* const packed = in_room<uint64_t>(c, of_items);
    for (int64_t k = grid.thread; k < pairs.n; k += grid.threads) packed[k] = joined(pairs.i[k], pairs.j[k]);
    grid.sync();
    const Stretch all{0, pairs.n};
    const uint64_t* const sorted = sort_stretches(grid, packed, in_room<uint64_t>(c, of_items_too), pairs.n, pairs.n, [=](uint64_t) { return all; },
                                                  [](uint64_t a, uint64_t b) { return a < b; });
    for (int64_t k = grid.thread; k < pairs.n; k += grid.threads) {
        pairs.i[k] = first_of(sorted[k]);
        pairs.j[k] = second_of(sorted[k]);
        pairs.twin[k] = static_cast<uint32_t>(k - first_not_below(k, [=](int64_t other) { return sorted[other]; }, sorted[k]));
    }
}

// A uniformly random one-to-one matching of what neurons of both sides offer. All threads call it.
__device__ inline DrawnPairs match_pairs(const Context& c, Context* home, const Grid& grid, const Ragged* r, const double* offers, const double* wants,
                                         uint64_t key, uint32_t step) {
    DrawnPairs none = pairs_in_room(c, -1, 0);
    if (!has_room(c, home, grid, of_neurons, 8 * (int64_t{r->n_pre} + 1)) || !has_room(c, home, grid, of_others, 8 * (int64_t{r->n_post} + 1))) return none;
    int64_t *const pre = in_room<int64_t>(c, of_neurons), *const post = in_room<int64_t>(c, of_others);
    add_up_before(c, grid, pre, r->n_pre, [=](int64_t i) { return offered_elements(offers[i]); });
    add_up_before(c, grid, post, r->n_post, [=](int64_t j) { return offered_elements(wants[j]); });
    const int64_t n_pre = pre[r->n_pre], n_post = post[r->n_post], n = n_pre < n_post ? n_pre : n_post, most = n_pre < n_post ? n_post : n_pre;
    none.n = 0;
    if (n == 0) return none;
    if (most > INT32_MAX) {
        fail(c, home, fault_memory);
        return none;
    }
    none.n = -1;
    if (!has_room(c, home, grid, pairs_i, 4 * n_pre) || !has_room(c, home, grid, pairs_j, 4 * n_post) || !has_room(c, home, grid, pairs_extra, 4 * n)) return none;
    if (!has_room(c, home, grid, of_items, 8 * n) || !has_room(c, home, grid, of_items_too, 8 * most)) return none;
    const DrawnPairs pairs = pairs_in_room(c, n, 0);
    list_elements(grid, pre, r->n_pre, pairs.i);
    list_elements(grid, post, r->n_post, pairs.j);
    int32_t* const chosen = n_pre > n_post ? pairs.i : pairs.j;
    int32_t* const partners = reinterpret_cast<int32_t*>(pairs.twin);
    draw_swaps(c, grid, most, n, Stream{key, 0, 0, step, 0}, partners);
    swap_in_turn(c, grid, most, n, chosen, partners, in_room<unsigned long long>(c, of_items_too));
    order_pairs(c, grid, pairs);
    grid.sync();
    return pairs;
}

}  // namespace eqsnn
