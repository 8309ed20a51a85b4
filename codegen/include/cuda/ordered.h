// Sums in a fixed order. What threads add to places that others add to as well is put aside, each with the number of its
// element; then it is sorted by place and element, and one thread for each place adds up in that order. So rounding does
// not depend on who came first.
#pragma once

#include "order.h"

namespace eqsnn {

struct Addend {
    uint64_t place;  // its address; the lowest bit tells that a float is there, and no double
    uint64_t element;
    double value;
};

// The most entries that the events of one list reach, of the lists that arrive through a pathway now. Each block counts
// by itself.
__device__ inline int64_t most_entries(const Pathway& way, const Ragged* r, int64_t now, bool columns, bool delayed) {
    const int32_t* const lengths = columns ? r->col_length : r->row_length;
    int64_t most = 0;
    for (int64_t d = 0; d < (delayed ? way.n_delays : 1); ++d) {
        const int64_t fired = delayed ? fired_at(way, d, now) : now;
        if (fired < 0) continue;
        const SpikeList& list = list_at(*way.ring, fired);
        const int32_t begin = first_from(list.index, list.count, way.start), end = first_from(list.index, list.count, way.stop);
        int64_t mine = 0, all;
        for (int32_t e = begin + static_cast<int32_t>(threadIdx.x); e < end; e += static_cast<int32_t>(blockDim.x)) mine += lengths[list.index[e] - way.start];
        sum_before(mine, all);
        most = most < all ? all : most;
    }
    return most;
}

// What a kernel puts aside. All threads make it, before any of them has changed anything, and add up together.
class Addends {
public:
    bool ready;  // else there was no room: the action begins again

    __device__ Addends(const Context& c, Context* home, const Grid& grid, int64_t most) : c_(c) {
        const int64_t bytes = most * static_cast<int64_t>(sizeof(Addend));
        ready = has_room(c, home, grid, of_items, bytes) && has_room(c, home, grid, of_items_too, bytes);
        if (!ready) return;
        if (grid.first()) *number() = 0;
        grid.sync();
    }

    template <class Real>
    __device__ void put(Real* place, Real value, uint64_t element) const {
        const unsigned long long k = atomicAdd(reinterpret_cast<unsigned long long*>(number()), 1ull);
        const uint64_t address = reinterpret_cast<uint64_t>(place) | (sizeof(Real) == sizeof(float) ? 1 : 0);
        in_room<Addend>(c_, of_items)[k] = Addend{address, element, static_cast<double>(value)};
    }

    __device__ void add_up(const Grid& grid) const {
        grid.sync();
        const int64_t n = *number();
        if (n == 0) return;
        const Stretch all{0, n};
        const Addend* const sorted = sort_stretches(
            grid, in_room<Addend>(c_, of_items), in_room<Addend>(c_, of_items_too), n, n, [=](const Addend&) { return all; },
            [](const Addend& a, const Addend& b) { return a.place != b.place ? a.place < b.place : a.element < b.element; });
        for (int64_t k = grid.thread; k < n; k += grid.threads) {
            if (k && sorted[k - 1].place == sorted[k].place) continue;
            if (sorted[k].place & 1) add_all<float>(sorted, k, n);
            else add_all<double>(sorted, k, n);
        }
        grid.sync();
        if (grid.first()) *number() = 0;
        grid.sync();
    }

private:
    const Context& c_;

    __device__ int64_t* number() const { return shared_number(c_, shared_addends); }

    template <class Real>
    __device__ static void add_all(const Addend* sorted, int64_t first, int64_t n) {
        Real* const place = reinterpret_cast<Real*>(sorted[first].place & ~uint64_t{1});
        Real sum = *place;
        for (int64_t k = first; k < n && sorted[k].place == sorted[first].place; ++k) sum += static_cast<Real>(sorted[k].value);
        *place = sum;
    }
};

}  // namespace eqsnn
