// Synapses in the order of a value: ranks and quantiles on the device, equal to those of core/order.cpp.
#pragma once

#include "../eqsnn/order.h"
#include "rooms.h"

namespace eqsnn {

// Items [begin, end) of an array that are sorted among themselves.
struct Stretch {
    int64_t begin, end;
};

constexpr int64_t first_run = 32;

// The number of items of a sorted run that come before one of another run; of equal ones, all if `ties`.
template <class Item, class Before>
__device__ inline int64_t count_before(const Item* items, Stretch run, const Item& item, bool ties, Before before) {
    int64_t low = run.begin, high = run.end;
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (before(items[middle], item) || (ties && !before(item, items[middle]))) low = middle + 1;
        else high = middle;
    }
    return low - run.begin;
}

// Sorts each stretch: short runs by counting, then runs are merged two by two, where every item finds its place among those
// of the other run by itself. `stretch_of` tells the stretch of an item that is in it; none is longer than `longest`.
// Returns which of both arrays is sorted. All threads call it, after a barrier.
template <class Item, class StretchOf, class Before>
__device__ inline Item* sort_stretches(const Grid& grid, Item* items, Item* spare, int64_t n, int64_t longest, StretchOf stretch_of, Before before) {
    Item *from = items, *to = spare;
    for (int64_t k = grid.thread; k < n; k += grid.threads) {
        const Item item = from[k];
        const Stretch all = stretch_of(item);
        const int64_t begin = all.begin + (k - all.begin) / first_run * first_run, end = begin + first_run < all.end ? begin + first_run : all.end;
        int64_t place = begin;
        for (int64_t other = begin; other < end; ++other) place += before(from[other], item) || (other < k && !before(item, from[other]));
        to[place] = item;
    }
    grid.sync();
    for (int64_t width = first_run; width < longest; width *= 2) {
        Item* const sorted = to;
        to = from;
        from = sorted;
        for (int64_t k = grid.thread; k < n; k += grid.threads) {
            const Item item = from[k];
            const Stretch all = stretch_of(item);
            const int64_t run = (k - all.begin) / width, pair = all.begin + run / 2 * 2 * width;
            const bool second = run % 2;
            Stretch other{pair + (second ? 0 : width), pair + (second ? width : 2 * width)};
            if (other.begin > all.end) other.begin = all.end;
            if (other.end > all.end) other.end = all.end;
            to[pair + (k - all.begin) % width + count_before(from, other, item, second, before)] = item;
        }
        grid.sync();
    }
    return to;
}

// A synapse with the key of its value and its group, a neuron or 0.
template <class Value>
struct Ordered {
    typename KeyOf<Value>::type key;
    int32_t slot, group;
};

// All synapses in order, one group after the other: where each begins is in the room of neurons. Null where there was no
// room: the action begins again.
template <class Value>
struct InOrder {
    using Item = Ordered<Value>;

    const int64_t* starts;
    int32_t groups;
    bool together;
    int64_t live;
    const Item* items;

    __device__ Stretch of(int32_t group) const { return together ? Stretch{0, live} : Stretch{starts[group], starts[group + 1]}; }
};

template <class Value>
__device__ inline InOrder<Value> in_order(const Context& c, Context* home, const Grid& grid, const Ragged* r, const Value* values, By by) {
    using Item = Ordered<Value>;
    // Rows, or where columns are wanted those: what comes after each in an array of all synapses.
    const bool columns = by == by_post;
    const int64_t lists = columns ? r->n_post : r->n_pre, live = r->live, bytes = live * static_cast<int64_t>(sizeof(Item));
    int64_t *const starts = in_room<int64_t>(c, of_neurons), *const taken = in_room<int64_t>(c, of_others);
    InOrder<Value> sorted{starts, by == by_all ? 1 : static_cast<int32_t>(lists), by == by_all, live, nullptr};
    if (!has_room(c, home, grid, of_neurons, 8 * (lists + 1)) || !has_room(c, home, grid, of_others, 8 * lists)) return sorted;
    if (!has_room(c, home, grid, of_items, bytes) || !has_room(c, home, grid, of_items_too, bytes)) return sorted;
    const int32_t* const lengths = columns ? r->col_length : r->row_length;
    clear_shared(c, grid);
    int64_t longest = 0;
    for (int64_t x = grid.thread; x < lists; x += grid.threads) {
        taken[x] = 0;
        longest = longest < lengths[x] ? lengths[x] : longest;
    }
    raise_shared(c, shared_longest, longest);
    add_up_before(c, grid, starts, lists, [=](int64_t x) -> int64_t { return lengths[x]; });
    Item* const items = in_room<Item>(c, of_items);
    for (int64_t s = grid.thread; s < r->rows.end; s += grid.threads) {
        const int32_t i = r->pre[s], slot = static_cast<int32_t>(s);
        if (i < 0) continue;
        const int32_t list = columns ? r->post[s] : i;
        // Who comes where in a column, a race decides; the order does not depend on it.
        const int64_t place = columns ? static_cast<int64_t>(atomicAdd(reinterpret_cast<unsigned long long*>(taken + list), 1ull)) : slot - r->row_start[i];
        items[starts[list] + place] = Item{key_of(values[s]), slot, by == by_all ? 0 : list};
    }
    grid.sync();
    const auto before = [=](const Item& a, const Item& b) {
        if (a.key != b.key) return a.key < b.key;
        if (r->pre[a.slot] != r->pre[b.slot]) return r->pre[a.slot] < r->pre[b.slot];
        return r->post[a.slot] != r->post[b.slot] ? r->post[a.slot] < r->post[b.slot] : r->serial[a.slot] < r->serial[b.slot];
    };
    longest = by == by_all ? live : *shared_number(c, shared_longest);
    sorted.items = sort_stretches(grid, items, in_room<Item>(c, of_items_too), live, longest, [&](const Item& item) { return sorted.of(item.group); }, before);
    return sorted;
}

// The place of each synapse in its group, from 0, by value, then by (i, j) and the order of creation.
template <class Value>
__device__ inline void rank_synapses(const Context& c, Context* home, const Grid& grid, const Ragged* r, const void* values, int32_t* ranks, By by) {
    const InOrder<Value> sorted = in_order(c, home, grid, r, static_cast<const Value*>(values), by);
    if (!sorted.items) return;
    for (int64_t k = grid.thread; k < sorted.live; k += grid.threads) {
        const Ordered<Value>& item = sorted.items[k];
        ranks[item.slot] = static_cast<int32_t>(k - sorted.of(item.group).begin);
    }
}

// The quantile of each group's values whose place `orders` gives, from 0 to 1; NaN of none, where a value is NaN, or of an
// order that is none.
template <class Value>
__device__ inline void quantile_synapses(const Context& c, Context* home, const Grid& grid, const Ragged* r, const void* given, const double* orders,
                                         Value* result, By by) {
    const Value* const values = static_cast<const Value*>(given);
    const InOrder<Value> sorted = in_order(c, home, grid, r, values, by);
    if (!sorted.items) return;
    for (int64_t g = grid.thread; g < sorted.groups; g += grid.threads) {
        const Stretch group = sorted.of(static_cast<int32_t>(g));
        result[g] = static_cast<Value>(NAN);
        if (group.begin == group.end || !(orders[g] >= 0 && orders[g] <= 1)) continue;
        if (sorted.items[group.end - 1].key == no_number<Value>) continue;
        const double place = orders[g] * static_cast<double>(group.end - group.begin - 1), part = place - floor(place);
        const Ordered<Value>* const lower = sorted.items + group.begin + static_cast<int64_t>(place);
        result[g] = values[lower->slot];
        if (part > 0) result[g] += static_cast<Value>(part) * (values[lower[1].slot] - result[g]);
    }
}

}  // namespace eqsnn
