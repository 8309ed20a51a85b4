// Putting synapses in order by a value.
#include "../eqsnn/order.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "../eqsnn/module.h"
#include "memory.h"

using namespace eqsnn;

namespace {

// All live synapses with their keys, one group after the other: `start` tells where each begins.
template <class Value>
struct Groups {
    using Key = typename KeyOf<Value>::type;
    struct Item {
        Key key;
        int32_t slot;
    };

    const Ragged& r;
    const By by;
    const int32_t n;
    Item* items;
    int64_t* start;  // n + 1

    Groups(const Ragged* r, By by)
        : r(*r), by(by), n(by == by_all ? 1 : by == by_pre ? r->n_pre : r->n_post),
          items(allocate_array<Item>(r->live)), start(allocate_array<int64_t>(int64_t{n} + 2)) {}
    Groups(const Groups&) = delete;
    Groups& operator=(const Groups&) = delete;
    ~Groups() {
        std::free(items);
        std::free(start);
    }
    bool fits() const { return items && start; }

    int64_t size(int32_t group) const {
        return by == by_all ? r.live : by == by_pre ? r.row_length[group] : r.col_length[group];
    }
    // Rows come in order, so each group has its synapses in the order of i.
    void gather(const void* given) {
        const Value* const values = static_cast<const Value*>(given);
        start[0] = start[1] = 0;
        for (int32_t g = 0; g < n; ++g) start[g + 2] = start[g + 1] + size(g);
        int64_t* const next = start + 1;  // where a group goes on; in the end, where the next one begins
        for (int32_t i = 0; i < r.n_pre; ++i)
            for (int32_t k = 0; k < r.row_length[i]; ++k) {
                const int32_t slot = r.row_start[i] + k, group = by == by_all ? 0 : by == by_pre ? i : r.post[slot];
                items[next[group]++] = Item{key_of(values[slot]), slot};
            }
    }
    bool before(const Item& a, const Item& b) const {
        if (a.key != b.key) return a.key < b.key;
        if (r.pre[a.slot] != r.pre[b.slot]) return r.pre[a.slot] < r.pre[b.slot];
        return r.post[a.slot] != r.post[b.slot] ? r.post[a.slot] < r.post[b.slot] : r.serial[a.slot] < r.serial[b.slot];
    }
};

// Sorts each group: small ones by comparison, large ones digit by digit.
template <class Value>
class Sorter {
public:
    using Item = typename Groups<Value>::Item;
    using Key = typename Groups<Value>::Key;

    explicit Sorter(Groups<Value>& groups) : groups_(groups) {}
    ~Sorter() { std::free(spare_); }
    Sorter(const Sorter&) = delete;
    Sorter& operator=(const Sorter&) = delete;

    // False where memory is out.
    bool sort() {
        for (int32_t g = 0; g < groups_.n; ++g) {
            Item *const first = groups_.items + groups_.start[g], *const last = groups_.items + groups_.start[g + 1];
            if (last - first < large) sort_small(first, last);
            else if (!sort_large(first, last - first)) return false;
        }
        return true;
    }

private:
    static constexpr int64_t large = 1 << 13;
    static constexpr int digit = 11, digits = 1 << digit;
    Groups<Value>& groups_;
    Item* spare_ = nullptr;

    void sort_small(Item* first, Item* last) {
        std::sort(first, last, [this](const Item& a, const Item& b) { return groups_.before(a, b); });
    }
    bool sort_large(Item* items, int64_t n) {
        if (!spare_ && !(spare_ = allocate_array<Item>(groups_.r.live))) return false;
        Item *from = items, *to = spare_;
        for (int shift = 0; shift < static_cast<int>(sizeof(Key) * 8); shift += digit)
            if (sort_by_digit(from, to, n, shift)) std::swap(from, to);
        if (from != items) std::copy(from, from + n, items);
        for (int64_t k = 0, end; k < n; k = end) {  // those of equal value
            for (end = k + 1; end < n && items[end].key == items[k].key;) ++end;
            if (end - k > 1) sort_small(items + k, items + end);
        }
        return true;
    }
    // Stable; false, and nothing done, where all keys have the same digit.
    static bool sort_by_digit(const Item* from, Item* to, int64_t n, int shift) {
        const auto digit_of = [=](const Item& item) { return static_cast<int32_t>(item.key >> shift & (digits - 1)); };
        int64_t place[digits] = {};
        for (int64_t k = 0; k < n; ++k) ++place[digit_of(from[k])];
        if (place[digit_of(from[0])] == n) return false;
        for (int64_t d = 0, sum = 0; d < digits; ++d) {
            const int64_t count = place[d];
            place[d] = sum;
            sum += count;
        }
        for (int64_t k = 0; k < n; ++k) to[place[digit_of(from[k])]++] = from[k];
        return true;
    }
};

template <class Value>
int32_t rank(const Ragged* r, const void* values, By by, int32_t* ranks) {
    Groups<Value> groups(r, by);
    if (!groups.fits()) return no_memory;
    groups.gather(values);
    if (!Sorter<Value>(groups).sort()) return no_memory;
    for (int32_t g = 0; g < groups.n; ++g)
        for (int64_t k = groups.start[g]; k < groups.start[g + 1]; ++k)
            ranks[groups.items[k].slot] = static_cast<int32_t>(k - groups.start[g]);
    return 0;
}

template <class Value>
int32_t quantile(const Ragged* r, const void* values, By by, const double* orders, Value* result) {
    Groups<Value> groups(r, by);
    if (!groups.fits()) return no_memory;
    groups.gather(values);
    const auto less = [](const auto& a, const auto& b) { return a.key < b.key; };
    const auto value_of = [=](const auto* item) { return static_cast<const Value*>(values)[item->slot]; };
    for (int32_t g = 0; g < groups.n; ++g) {
        auto *const first = groups.items + groups.start[g], *const last = groups.items + groups.start[g + 1];
        result[g] = std::numeric_limits<Value>::quiet_NaN();
        if (first == last || !(orders[g] >= 0 && orders[g] <= 1)) continue;
        if (std::any_of(first, last, [](const auto& item) { return item.key == no_number<Value>; })) continue;
        const double place = orders[g] * static_cast<double>(last - first - 1);
        auto* const lower = first + static_cast<int64_t>(place);
        std::nth_element(first, lower, last, less);
        const double part = place - std::floor(place);
        result[g] = value_of(lower);
        if (part > 0) result[g] += static_cast<Value>(part) * (value_of(std::min_element(lower + 1, last, less)) - result[g]);
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
