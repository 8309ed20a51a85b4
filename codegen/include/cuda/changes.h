// What a pass has staged, carried out at its end: removals, then creations in (i, j) order. All or nothing.
//
// First everything is decided (settle.h), then it is made sure that it fits; only then anything changes: entries leave
// their columns while no synapse moves, then synapses leave their rows, then lists that are too short move, then synapses
// are created. Within each of these no two threads touch the same place.
#pragma once

#include "log.h"
#include "moves.h"
#include "settle.h"

namespace eqsnn {

#ifndef EQSNN_FEW_CHANGES
#define EQSNN_FEW_CHANGES 4096
#endif
constexpr int64_t few_changes = EQSNN_FEW_CHANGES;  // that one block carries out

// ---- removing ----

// What fills the gaps of a list, of whose n places sorted ones are given up, `given(t)`, t < m: those that stay beyond
// the new end. -1 for a place that is itself beyond the end.
template <class Given>
__device__ inline int32_t filler(int32_t n, int64_t m, Given given, int64_t t) {
    const int32_t end = n - static_cast<int32_t>(m);
    if (given(t) >= end) return -1;
    int64_t gaps = 0, high = m;
    while (gaps < high) {
        const int64_t middle = (gaps + high) / 2;
        if (given(middle) < end) gaps = middle + 1;
        else high = middle;
    }
    // The t-th of those that stay, counted over the places given up beyond the end.
    int64_t passed = 0;
    for (int64_t most = m - gaps; passed < most;) {
        const int64_t middle = (passed + most) / 2;
        if (given(gaps + middle) - end - middle <= t) passed = middle + 1;
        else most = middle;
    }
    return end + static_cast<int32_t>(t + passed);
}

// The lists of these keys become longer, or shorter, by as many as there are keys of each. Returns the longest that this
// thread has changed.
template <class Team, class Key>
__device__ inline int32_t change_lengths(const Team& team, int32_t* length, int64_t n, Key key, int32_t sign) {
    int32_t longest = 0;
    team.sync();
    for (int64_t k = team.thread; k < n; k += team.threads) {
        const int32_t id = first_of(key(k));
        if (k && first_of(key(k - 1)) == id) continue;
        length[id] += sign * static_cast<int32_t>(segment_of(n, key, id).end - k);
        longest = longest < length[id] ? length[id] : longest;
    }
    team.sync();
    return longest;
}

template <class Team>
__device__ inline void leave_columns(const Team& team, DeviceRagged& r, int64_t n) {
    const uint64_t* const all = r.column_removals;
    const auto key = [=](int64_t k) { return all[k]; };
    for (int64_t k = team.thread; k < n; k += team.threads) {
        const int32_t j = first_of(all[k]);
        const Segment list = segment_of(n, key, j);
        const auto given = [=](int64_t t) { return second_of(all[list.begin + t]); };
        const int32_t from = filler(r.col_length[j], list.end - list.begin, given, k - list.begin);
        if (from < 0) continue;
        const int32_t slot = r.col_slot[r.col_start[j] + from], to = second_of(all[k]);
        r.col_slot[r.col_start[j] + to] = slot;
        r.col_pos[slot] = to;
    }
    change_lengths(team, r.col_length, n, key, -1);
}

template <class Team>
__device__ inline void leave_rows(const Team& team, DeviceRagged& r, int64_t n) {
    const uint64_t* const all = r.removals;
    const auto key = [=](int64_t k) { return all[k]; };
    for (int64_t k = team.thread; k < n; k += team.threads) {
        const int32_t i = first_of(all[k]), slot = r.row_start[i] + second_of(all[k]);
        const Segment list = segment_of(n, key, i);
        const auto given = [=](int64_t t) { return second_of(all[list.begin + t]); };
        const int32_t from = filler(r.row_length[i], list.end - list.begin, given, k - list.begin);
        if (from < 0) mark_free(r, slot);
        else move_slot(r, slot, r.row_start[i] + from);
    }
    change_lengths(team, r.row_length, n, key, -1);
}

// ---- creating ----

// One more than the highest number of a synapse of the same pair among the first `length` of the row, or 0.
__device__ inline int32_t next_number(const DeviceRagged& r, int32_t i, int32_t j, int32_t length) {
    const int32_t* const numbers = column<int32_t>(&r, r.numbered);
    int32_t next = 0;
    for (int32_t s = r.row_start[i]; s < r.row_start[i] + length; ++s)
        if (r.post[s] == j && numbers[s] >= next) next = numbers[s] + 1;
    return next;
}

// Pair number k of those to come, which has `position` in its column. Returns its slot.
__device__ inline int32_t create(DeviceRagged& r, int64_t n, int64_t k, int32_t position) {
    const PairToCome* const all = r.pairs;
    const auto key = [=](int64_t at) { return all[at].pair; };
    const PairToCome pair = all[k];
    const int32_t i = first_of(pair.pair), j = second_of(pair.pair), length = r.row_length[i];
    const int32_t slot = r.row_start[i] + length + static_cast<int32_t>(k - segment_of(n, key, i).begin);
    r.pre[slot] = i;
    r.post[slot] = j;
    r.serial[slot] = r.next_serial + k;
    if (r.indexed) {
        r.col_pos[slot] = position;
        r.col_slot[r.col_start[j] + position] = slot;
    }
    const unsigned char* const record = r.staged_records + int64_t{pair.record} * r.stride;
    for (int32_t c = 0; c < r.n_columns; ++c)
        copy_item(r.columns[c].data, slot, record + r.columns[c].offset, 0, r.columns[c].size);
    if (r.numbered < 0) return slot;
    const int64_t twins = k - first_not_below(n, key, pair.pair);
    column<int32_t>(&r, r.numbered)[slot] = next_number(r, i, j, length) + static_cast<int32_t>(twins);
    return slot;
}

template <class Team>
__device__ inline void create_all(const Team& team, DeviceRagged& r, int64_t n, int64_t tick) {
    const PairToCome* const pairs = r.pairs;
    const uint64_t* const columns = r.by_column;
    const auto row_key = [=](int64_t k) { return pairs[k].pair; };
    const auto col_key = [=](int64_t q) { return columns[q]; };
    for (int64_t q = team.thread; q < n; q += team.threads) {
        const int32_t j = first_of(columns[q]), place = static_cast<int32_t>(q - segment_of(n, col_key, j).begin);
        const int32_t k = second_of(columns[q]), slot = create(r, n, k, r.col_length[j] + place);
        if (r.logging) log_creation(r, k, slot, tick);
    }
    const int32_t column = change_lengths(team, r.col_length, n, col_key, 1), row = change_lengths(team, r.row_length, n, row_key, 1);
    const int32_t longest = r.indexed && row < column ? column : row;
    if (longest > long_row) atomicMax(&r.longest, longest);
}

// ---- all of it ----

// What leaves and what enters, column by column.
template <class Team>
__device__ inline void sort_by_column(const Team& team, DeviceRagged& r) {
    const int64_t n = r.n_pairs, m = r.n_removals;
    for (int64_t k = team.thread; k < n; k += team.threads)
        r.by_column[k] = joined(second_of(r.pairs[k].pair), static_cast<int32_t>(k));
    for (int64_t k = team.thread; k < m; k += team.threads) {
        const int32_t slot = r.row_start[first_of(r.removals[k])] + second_of(r.removals[k]);
        r.column_removals[k] = joined(r.post[slot], r.indexed ? r.col_pos[slot] : static_cast<int32_t>(k));
    }
    const auto less = [](uint64_t a, uint64_t b) { return a < b; };
    sort(team, r.by_column, n, less);
    sort(team, r.column_removals, m, less);
}

// Which lists have to move, and whether the pools have room for it: if not, nothing has changed.
template <class Team>
__device__ inline bool plan_growth(const Team& team, DeviceRagged& r) {
    const int64_t n = r.n_pairs, m = r.n_removals;
    const PairToCome* const pairs = r.pairs;
    const uint64_t *const columns = r.by_column, *const out_of_row = r.removals, *const out_of_column = r.column_removals;
    const auto into_row = [=](int64_t k) { return pairs[k].pair; };
    const auto into_column = [=](int64_t k) { return columns[k]; };
    const auto from_row = [=](int64_t k) { return out_of_row[k]; };
    const auto from_column = [=](int64_t k) { return out_of_column[k]; };
    if (team.thread == 0) r.n_row_moves = r.n_col_moves = r.row_growth = r.col_growth = 0;
    team.sync();
    add_up_growth(team, rows_of(r), &r.row_growth, n, into_row, m, from_row);
    if (r.indexed) add_up_growth(team, cols_of(r), &r.col_growth, n, into_column, m, from_column);
    team.sync();
    if (r.rows.end + static_cast<int64_t>(r.row_growth) > r.rows.room) return false;
    if (r.indexed && r.cols.end + static_cast<int64_t>(r.col_growth) > r.cols.room) return false;
    plan_moves(team, rows_of(r), r.row_moves, &r.n_row_moves, n, into_row, m, from_row);
    if (r.indexed) plan_moves(team, cols_of(r), r.col_moves, &r.n_col_moves, n, into_column, m, from_column);
    return true;
}

template <class Team>
__device__ inline void change(const Team& team, DeviceRagged& r, int64_t tick) {
    const int64_t n = r.n_pairs, m = r.n_removals;
    const uint64_t* const out_of_column = r.column_removals;
    if (r.logging) log_removals(team, r, tick);
    if (r.indexed) leave_columns(team, r, m);
    else change_lengths(team, r.col_length, m, [=](int64_t k) { return out_of_column[k]; }, -1);
    leave_rows(team, r, m);
    move_rows(team, r);
    if (r.indexed) move_cols(team, r);
    create_all(team, r, n, tick);
}

// Counts what has happened, and forgets what was staged.
__device__ inline void count_changes(DeviceRagged& r, int64_t* tally) {
    const int64_t refused = static_cast<int64_t>(r.refused_now);
    r.live += r.n_pairs - r.n_removals;
    r.next_serial += r.n_pairs;
    r.rows.end += static_cast<int64_t>(r.row_growth);
    r.cols.end += static_cast<int64_t>(r.col_growth);
    r.created += r.n_pairs;
    r.removed += r.n_removals;
    r.refusals += refused;
    if (r.logging) r.n_log += r.n_pairs + r.n_removals;
    if (tally) {
        tally[0] += r.n_pairs;
        tally[1] += r.n_removals;
        tally[2] += refused;
    }
    r.n_pairs = r.n_removals = r.n_candidates = 0;
    r.refused_now = 0;
    r.settled = 0;
}

// The host is asked for memory where one more pass could not stage what it may, or where too much lies idle.
__device__ inline void ask_ahead(const Context& c, Context* home, DeviceRagged& r) {
    const int64_t removals = r.live * r.removals_each, candidates = r.live * r.candidates_each;
    if (removals > r.removal_room || candidates > r.candidate_room) {
        r.asked_pairs = 0;
        r.asked_removals = removals;
        r.asked_candidates = candidates;
        want_room(c, home, r.number, wants_staging, 0);
    } else if (r.rows.room > 3 * r.live + 12 * int64_t{r.n_pre} + 4096) {
        want_room(c, home, r.number, wants_slots, 0);
    }
}

// A function that is called, not copied into every place that applies changes: ptxas would take several times as long.
template <class Team>
__device__ __attribute__((noinline)) void apply(const Team& team, const Context& c, Context* home, DeviceRagged& r, int64_t* tally) {
    if (!r.settled) settle(team, r);
    const bool possible = r.n_pairs <= INT32_MAX - r.live, noted = room_to_log(r);
    if (possible && noted) sort_by_column(team, r);
    const bool fits = possible && noted && plan_growth(team, r);
    if (fits) change(team, r, c.tick);
    if (team.thread) return;
    if (fits) {
        count_changes(r, tally);
        ask_ahead(c, home, r);
    } else if (possible) {
        want_room(c, home, r.number, noted ? wants_slots : wants_log, r.n_pairs + r.n_removals);
    } else {
        fail(c, home, fault_too_many);
    }
}

// Carries out what was staged. A rule's `tally` counts synapses created and removed, creations refused, and pairs that
// its samples lacked. All threads of the grid call it.
__device__ inline void apply_changes(const Context& c, Context* home, const Grid& grid, Ragged* projection, int64_t* tally) {
    DeviceRagged& r = *on_device(projection);
    if (grid.first() && home->shortfall) {
        if (tally) tally[3] += home->shortfall;
        home->shortfall = 0;
    }
    const int64_t changes = r.n_pairs + r.n_removals;
    if (!changes) return;
    if (changes > few_changes) return apply(GridTeam(grid, c.scratch[0]), c, home, r, tally);
    grid.sync();  // all know that there are few
    if (blockIdx.x == 0) apply(BlockTeam(), c, home, r, tally);
}

}  // namespace eqsnn
