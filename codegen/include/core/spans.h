// Lists of varying length in one pool: who has which span, which spans are free, how large the pool may be.
//
// The bounds that keep memory within 1.3 times that of a tight network, whatever happened before:
//   a pool is laid out anew with 1/16 of its entries as slack within the lists and 1/9 behind them, and again when it is
//   full, or when more than 1.27 times its entries are allocated. So at least a fixed part of the entries changed
//   between two layouts, and the cost of a layout, spread over these changes, is constant.
#pragma once

#include "../eqsnn/ragged.h"

namespace eqsnn {

// The rows, or the columns, of a projection, seen alike.
struct Lists {
    int32_t n;
    int32_t *start, *length, *capacity;
    Pool* pool;
    int32_t* words;      // per entry: in a free span, the link to the next one, then the size
    int64_t entry_bytes;  // of all arrays together, for one entry
};

constexpr int64_t most_entries = INT32_MAX;

// Sizes below 16 have a class each, larger ones eight to an octave.
inline int32_t size_class(int32_t size) {
    if (size < 16) return size - 1;
    const int32_t octave = 31 - __builtin_clz(static_cast<uint32_t>(size));
    return 15 + (octave - 4) * 8 + ((size >> (octave - 3)) & 7);
}

inline int32_t span_size(const Lists& lists, int32_t kind, int32_t start) {
    return kind < 15 ? kind + 1 : lists.words[start + 1];
}

inline void give_span(Lists& lists, int32_t start, int32_t size) {
    if (size == 0) return;
    int32_t& first = lists.pool->free_span[size_class(size)];
    lists.words[start] = first;
    if (size >= 16) lists.words[start + 1] = size;
    first = start;
}

struct Span {
    int32_t start, size;  // start -1: there is none
};

// A span for `length` entries and some more: a free one of about that size, else fresh from the end of the pool.
inline Span take_span(Lists& lists, int32_t length) {
    const int32_t wanted = length <= INT32_MAX / 9 * 8 ? length + (length + 4) / 8 : length;
    const int32_t last = size_class(wanted);
    for (int32_t kind = size_class(length); kind <= last; ++kind) {
        int32_t& first = lists.pool->free_span[kind];
        if (first < 0) continue;
        const Span span{first, span_size(lists, kind, first)};
        if (span.size < length) continue;
        first = lists.words[first];
        return span;
    }
    Pool& pool = *lists.pool;
    if (pool.end + wanted > pool.room) return {-1, 0};
    const Span span{static_cast<int32_t>(pool.end), wanted};
    pool.end += wanted;
    return span;
}

// A list that ends where the pool ends grows in place: true if that was enough.
inline bool extend_last(Lists& lists, int32_t id) {
    Pool& pool = *lists.pool;
    const int64_t start = lists.start[id], length = lists.length[id];
    if (start + lists.capacity[id] != pool.end || start + length > pool.room) return false;
    const int64_t wanted = start + length + length / 16;
    pool.end = wanted < pool.room ? wanted : pool.room;
    lists.capacity[id] = static_cast<int32_t>(pool.end - start);
    return true;
}

// Entries beyond those that are needed which a pool may always have: a tenth of what the three tables of its lists take.
inline int64_t allowance(const Lists& lists) { return 8 + int64_t{lists.n} * 6 / (5 * lists.entry_bytes); }

inline bool oversized(const Lists& lists, int64_t live) {
    return lists.pool->room > live + live * 27 / 100 + 2 * allowance(lists);
}

// Where each list goes when its pool is laid out anew.
struct Layout {
    int32_t* start;     // for each list; the caller's to free
    int32_t* capacity;
    int64_t end, room;
};

// Plans lists of their present `length`, in order; `tight` without any slack. Slack is spread by what has accumulated,
// so that many short lists have together no more than one long list.
inline int32_t plan(const Lists& lists, bool tight, int32_t* start, int32_t* capacity, Layout& layout) {
    int64_t end = 0, total = 0;
    for (int32_t id = 0; id < lists.n; ++id) {
        const int64_t length = lists.length[id];
        const int64_t size = length + (tight ? 0 : (total + length) / 16 - total / 16);
        if (end + size > most_entries) return too_many;
        start[id] = static_cast<int32_t>(end);
        capacity[id] = static_cast<int32_t>(size);
        end += size;
        total += length;
    }
    int64_t room = tight ? end : total + total * 18 / 100 + allowance(lists);
    if (room > most_entries) room = most_entries;
    layout = Layout{start, capacity, end, room > end ? room : end};
    return 0;
}

inline void reset(Pool& pool, int64_t end, int64_t room) {
    pool.end = end;
    pool.room = room;
    for (int32_t& first : pool.free_span) first = -1;
}

}  // namespace eqsnn
