// Putting synapses in order by a value.
#include "../eqsnn/order.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../eqsnn/module.h"
#include "memory.h"

using namespace eqsnn;

namespace {

template <class Value>
struct KeyOf;
template <>
struct KeyOf<double> {
    using type = uint64_t;
};
template <>
struct KeyOf<float> {
    using type = uint32_t;
};

// An unsigned number with the order of a real one: zero has one sign, and all that is no number comes last.
template <class Value>
typename KeyOf<Value>::type key_of(Value value) {
    using Key = typename KeyOf<Value>::type;
    constexpr Key sign = Key{1} << (sizeof(Key) * 8 - 1);
    if (value != value) return ~Key{0};
    Key bits;
    std::memcpy(&bits, &value, sizeof bits);
    if (bits == sign) bits = 0;  // arithmetic would not do: the compiler takes both zeros for the same
    return bits & sign ? ~bits : bits | sign;
}

template <class Key>
struct Keyed {
    Key key;
    int32_t slot;
};

// All live synapses with their keys, and room to sort them.
template <class Value>
struct Sorter {
    using Key = typename KeyOf<Value>::type;
    using Item = Keyed<Key>;

    const Ragged& r;
    const Value* values;
    Item *items, *spare;

    Sorter(const Ragged* r, const void* values)
        : r(*r), values(static_cast<const Value*>(values)), items(allocate_array<Item>(r->live)),
          spare(allocate_array<Item>(r->live)) {}
    Sorter(const Sorter&) = delete;
    Sorter& operator=(const Sorter&) = delete;
    ~Sorter() {
        std::free(items);
        std::free(spare);
    }
    bool fits() const { return items && spare; }

    void sort() {
        int64_t n = 0;
        for (int32_t i = 0; i < r.n_pre; ++i)
            for (int32_t k = 0; k < r.row_length[i]; ++k) {
                const int32_t slot = r.row_start[i] + k;
                items[n++] = Item{key_of(values[slot]), slot};
            }
        for (int shift = 0; shift < static_cast<int>(sizeof(Key) * 8); shift += digit) sort_by(shift);
        settle_ties();
    }

private:
    static constexpr int digit = 11, digits = 1 << digit;

    // One pass of a radix sort; a digit that all keys share costs but the counting.
    void sort_by(int shift) {
        const int64_t n = r.live;
        int64_t place[digits] = {};
        for (int64_t k = 0; k < n; ++k) ++place[items[k].key >> shift & (digits - 1)];
        if (n && place[items[0].key >> shift & (digits - 1)] == n) return;
        for (int64_t d = 0, sum = 0; d < digits; ++d) {
            const int64_t count = place[d];
            place[d] = sum;
            sum += count;
        }
        for (int64_t k = 0; k < n; ++k) spare[place[items[k].key >> shift & (digits - 1)]++] = items[k];
        std::swap(items, spare);
    }

    void settle_ties() {
        const auto before = [this](const Item& a, const Item& b) {
            if (r.pre[a.slot] != r.pre[b.slot]) return r.pre[a.slot] < r.pre[b.slot];
            return r.post[a.slot] != r.post[b.slot] ? r.post[a.slot] < r.post[b.slot] : r.serial[a.slot] < r.serial[b.slot];
        };
        for (int64_t from = 0, to; from < r.live; from = to) {
            for (to = from + 1; to < r.live && items[to].key == items[from].key;) ++to;
            if (to - from > 1) std::sort(items + from, items + to, before);
        }
    }
};

int32_t group_of(const Ragged& r, By by, int32_t slot) { return by == by_all ? 0 : by == by_pre ? r.pre[slot] : r.post[slot]; }

int32_t groups(const Ragged& r, By by) { return by == by_all ? 1 : by == by_pre ? r.n_pre : r.n_post; }

int64_t size_of(const Ragged& r, By by, int32_t group) {
    return by == by_all ? r.live : by == by_pre ? r.row_length[group] : r.col_length[group];
}

// How many of each group have been met.
struct Met {
    int64_t* n;
    Met(const Ragged& r, By by) : n(allocate_array<int64_t>(groups(r, by))) {
        if (n) std::memset(n, 0, static_cast<size_t>(groups(r, by)) * 8);
    }
    Met(const Met&) = delete;
    Met& operator=(const Met&) = delete;
    ~Met() { std::free(n); }
};

template <class Value>
int32_t rank(const Ragged* r, const void* values, By by, int32_t* ranks) {
    Sorter<Value> sorter(r, values);
    const Met met(*r, by);
    if (!sorter.fits() || !met.n) return no_memory;
    sorter.sort();
    for (int64_t k = 0; k < r->live; ++k) {
        const int32_t slot = sorter.items[k].slot;
        ranks[slot] = static_cast<int32_t>(met.n[group_of(*r, by, slot)]++);
    }
    return 0;
}

template <class Value>
int32_t quantile(const Ragged* r, const void* values, By by, const double* orders, Value* result) {
    Sorter<Value> sorter(r, values);
    const Met met(*r, by);
    if (!sorter.fits() || !met.n) return no_memory;
    sorter.sort();
    for (int32_t g = 0; g < groups(*r, by); ++g) result[g] = std::numeric_limits<Value>::quiet_NaN();
    for (int64_t k = 0; k < r->live; ++k) {
        const int32_t slot = sorter.items[k].slot, g = group_of(*r, by, slot);
        if (!(orders[g] >= 0 && orders[g] <= 1)) continue;
        const double place = orders[g] * static_cast<double>(size_of(*r, by, g) - 1), low = std::floor(place);
        const int64_t number = met.n[g]++;
        const Value value = static_cast<const Value*>(values)[slot];
        if (number == static_cast<int64_t>(low)) result[g] = value;
        else if (number == static_cast<int64_t>(low) + 1 && place > low)
            result[g] += static_cast<Value>(place - low) * (value - result[g]);
    }
    return 0;
}

}  // namespace

int32_t eqsnn_rank(const Ragged* r, const void* values, int32_t bytes, By by, int32_t* ranks) {
    return bytes == 8 ? rank<double>(r, values, by, ranks) : rank<float>(r, values, by, ranks);
}

int32_t eqsnn_quantile(const Ragged* r, const void* values, int32_t bytes, By by, const double* orders, void* result) {
    return bytes == 8 ? quantile(r, values, by, orders, static_cast<double*>(result))
                      : quantile(r, values, by, orders, static_cast<float*>(result));
}
