// The log of structural changes on the device: a line for each, and where values are logged a record of the synapse, as
// it is created or as it goes. It has room for one pass at least; the host empties it when it is full, and in the end.
#pragma once

#include "moves.h"

namespace eqsnn {

__device__ inline bool room_to_log(const DeviceRagged& r) {
    return !r.logging || r.n_log + r.n_pairs + r.n_removals <= r.log_room;
}

// The variables of line k's synapse, as they are now.
__device__ inline void log_record(DeviceRagged& r, int64_t k) {
    if (r.logging != log_values) return;
    unsigned char* const record = r.log_records + k * r.stride;
    for (int32_t c = 0; c < r.n_columns; ++c)
        copy_item(record + r.columns[c].offset, 0, r.columns[c].data, r.log[k].slot, r.columns[c].size);
}

// By identity, since neither the place in a row nor the order of creation means anything.
template <class Team>
__device__ inline void log_removals(const Team& team, DeviceRagged& r, int64_t tick) {
    Change* const lines = r.log + r.n_log;
    const int64_t n = r.n_removals;
    for (int64_t k = team.thread; k < n; k += team.threads) {
        const int32_t slot = r.row_start[first_of(r.removals[k])] + second_of(r.removals[k]);
        lines[k] = Change{tick, r.serial[slot], r.pre[slot], r.post[slot], -1, slot};
    }
    sort(team, lines, n, [](const Change& a, const Change& b) {
        if (a.i != b.i) return a.i < b.i;
        return a.j != b.j ? a.j < b.j : a.serial < b.serial;
    });
    for (int64_t k = team.thread; k < n; k += team.threads) log_record(r, r.n_log + k);
    team.sync();
}

// Pair number k of those that come, which is a synapse now.
__device__ inline void log_creation(DeviceRagged& r, int64_t k, int32_t slot, int64_t tick) {
    const int64_t line = r.n_log + r.n_removals + k;
    r.log[line] = Change{tick, r.serial[slot], r.pre[slot], r.post[slot], 1, slot};
    log_record(r, line);
}

}  // namespace eqsnn
