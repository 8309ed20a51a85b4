// Which of the staged changes come to be: limits are held, pairs that are connected are refused, and of equal ones all
// but the first. As core/changes.cpp, to which every number here is equal.
#pragma once

#include "staging.h"

namespace eqsnn {

__device__ inline bool is_pair(const Candidate& c) { return c.staged >= 0; }

__device__ inline bool is_lost(const DeviceRagged& r, const Candidate& c) {
    return is_pair(c) ? r.pairs[c.staged].lost != 0 : r.removals[~c.staged] == no_removal;
}

__device__ inline void lose(DeviceRagged& r, const Candidate& c) {
    if (is_pair(c)) r.pairs[c.staged].lost = 1;
    else r.removals[~c.staged] = no_removal;
}

// Of all removals, or all pairs, that compete for a limit's places, those with the smallest keys take them.
template <class Team>
__device__ inline void hold_to_limits(const Team& team, DeviceRagged& r, int64_t n, bool pairs) {
    Candidate* const all = r.candidates;
    const auto apart = [&](const Candidate& c) { return is_pair(c) != pairs || is_lost(r, c); };
    sort(team, all, n, [&](const Candidate& a, const Candidate& b) {
        const bool a_apart = apart(a), b_apart = apart(b);
        if (a_apart != b_apart) return b_apart;
        if (a.limit != b.limit) return a.limit < b.limit;
        return a.group != b.group ? a.group < b.group : a.key < b.key;
    });
    const auto group_of = [=](int64_t k) { return joined(all[k].limit, all[k].group); };
    for (int64_t k = team.thread; k < n && !apart(all[k]); k += team.threads) {
        const Candidate& c = all[k];
        const int64_t rank = k - first_not_below(k, group_of, group_of(k));
        if (!(c.places >= 1) || static_cast<double>(rank) >= floor(c.places)) lose(r, c);
    }
    team.sync();
}

// Turns the sign of the serials that are to go (on again: back), which hides them from the search for a connection.
template <class Team>
__device__ inline void toggle_removals(const Team& team, DeviceRagged& r, int64_t n) {
    for (int64_t k = team.thread; k < n; k += team.threads) {
        int64_t& serial = r.serial[r.row_start[first_of(r.removals[k])] + second_of(r.removals[k])];
        serial = ~serial;
    }
    team.sync();
}

__device__ inline bool connected(const DeviceRagged& r, uint64_t pair) {
    const int32_t i = first_of(pair), j = second_of(pair), end = r.row_start[i] + r.row_length[i];
    int32_t slot = find_in(r.post, r.row_start[i], end, j);
    while (slot >= 0 && r.serial[slot] < 0) slot = find_in(r.post, slot + 1, end, j);
    return slot >= 0;
}

// Of equal pairs that compete for the same places, the first does so for all.
template <class Team>
__device__ inline void refuse_twins(const Team& team, DeviceRagged& r, int64_t n) {
    Candidate* const all = r.candidates;
    sort(team, all, n, [&](const Candidate& a, const Candidate& b) {
        if (is_pair(a) != is_pair(b)) return is_pair(a);
        if (!is_pair(a)) return false;
        if (a.limit != b.limit) return a.limit < b.limit;
        const PairToCome &x = r.pairs[a.staged], &y = r.pairs[b.staged];
        return x.pair != y.pair ? x.pair < y.pair : x.turn < y.turn;
    });
    for (int64_t k = team.thread; k < n; k += team.threads) {
        if (k == 0 || !is_pair(all[k]) || all[k].limit != all[k - 1].limit) continue;
        if (r.pairs[all[k].staged].pair != r.pairs[all[k - 1].staged].pair) continue;
        lose(r, all[k]);
        atomicAdd(&r.refused_now, 1ull);
    }
    team.sync();
}

// Of pairs that compete for a limit's places, those that are connected take none.
template <class Team>
__device__ inline void refuse_connected(const Team& team, DeviceRagged& r, int64_t n) {
    for (int64_t k = team.thread; k < n; k += team.threads) {
        const Candidate& c = r.candidates[k];
        if (!is_pair(c) || is_lost(r, c) || !connected(r, r.pairs[c.staged].pair)) continue;
        lose(r, c);
        atomicAdd(&r.refused_now, 1ull);
    }
    team.sync();
}

// The removals in the order of (row, place), each once; returns how many.
template <class Team>
__device__ inline int64_t settle_removals(const Team& team, DeviceRagged& r, int64_t n) {
    uint64_t* const all = r.removals;
    sort(team, all, n, [](uint64_t a, uint64_t b) { return a < b; });
    return compact(team, all, n, [=](int64_t k) { return all[k] != no_removal && (k == 0 || all[k - 1] != all[k]); });
}

// The pairs in the order of (i, j) without those that are refused; returns how many.
template <class Team>
__device__ inline int64_t settle_pairs(const Team& team, DeviceRagged& r, int64_t n) {
    PairToCome* const all = r.pairs;
    sort(team, all, n, [](const PairToCome& a, const PairToCome& b) {
        if (a.lost != b.lost) return b.lost != 0;
        return a.pair != b.pair ? a.pair < b.pair : a.turn < b.turn;
    });
    return compact(team, all, n, [=, &r](int64_t k) {
        if (all[k].lost) return false;
        if (r.multi) return true;
        if (!(k && all[k - 1].pair == all[k].pair) && !connected(r, all[k].pair)) return true;
        atomicAdd(&r.refused_now, 1ull);
        return false;
    });
}

// Leaves only what will come to be. Done once for what was staged, also where room has to be made before it goes on.
template <class Team>
__device__ inline void settle(const Team& team, DeviceRagged& r) {
    const int64_t candidates = r.n_candidates, staged = r.n_pairs;
    int64_t removals = r.n_removals;
    if (candidates) hold_to_limits(team, r, candidates, false);
    removals = settle_removals(team, r, removals);
    toggle_removals(team, r, removals);
    if (candidates && staged) {
        if (!r.multi) refuse_twins(team, r, candidates);
        if (!r.multi) refuse_connected(team, r, candidates);
        hold_to_limits(team, r, candidates, true);
    }
    const int64_t pairs = settle_pairs(team, r, staged);
    toggle_removals(team, r, removals);
    if (team.thread == 0) {
        r.n_removals = removals;
        r.n_pairs = pairs;
        r.n_candidates = 0;
        r.settled = 1;
    }
    team.sync();
}

}  // namespace eqsnn
