// Runs several networks of one program side by side: the copies of a batch.
//
// Each runs on one thread, alone, so nothing that a copy computes depends on how many threads there are. They run a
// slice of the ticks each, then the next slice: between slices all stand at the same tick, and only there Python is
// asked whether to go on. Slices are as long as the time between two such questions allows.
#include "../eqsnn/lanes.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

using namespace eqsnn;

namespace {

constexpr double slice_seconds = 0.1, ask_seconds = 0.1;
constexpr int64_t first_slice = 64, growth = 8;

int32_t go_on(int32_t) { return 0; }  // no copy talks to Python by itself

void lend(const Context& room, Context& c) {
    c.draws = room.draws;
    std::copy(room.scratch, room.scratch + 3, c.scratch);
    c.sums = room.sums;
    c.widest = room.widest;
}

// Threads of our own: those of OpenMP would spin while they wait for each other, which on a machine that has other work
// to do takes longer than the lanes themselves.
template <class Work>
void for_each_lane(const Lanes& l, Work work) {
    std::atomic<int64_t> next{0};
    const auto share = [&](const Context& room) {
        for (int64_t k = next++; k < l.n; k = next++) {
            lend(room, *l.lanes[k]);
            work(*l.lanes[k]);
        }
    };
    std::vector<std::thread> others;
    try {
        for (int64_t k = 1; k < std::min<int64_t>(l.threads, l.n); ++k) others.emplace_back(share, std::cref(*l.rooms[k]));
    } catch (const std::exception&) {  // no thread to be had: fewer do the same work
    }
    share(*l.rooms[0]);
    for (std::thread& other : others) other.join();
}

void begin(const Lanes& l, Context& c) {
    c.tick = l.tick;
    c.threads = 1;
    c.callback = go_on;
    c.fault = Fault{0, 0, 0};
    l.setup(&c);
}

// The lane with the earliest fault, and of several the first: none depends on how long the slices were.
int64_t first_failed(const Lanes& l) {
    int64_t found = -1;
    for (int64_t k = 0; k < l.n; ++k)
        if (l.lanes[k]->fault.code && (found < 0 || l.lanes[k]->tick < l.lanes[found]->tick)) found = k;
    return found;
}

int64_t next_slice(int64_t slice, double seconds) {
    const double wanted = static_cast<double>(slice) * slice_seconds / std::max(seconds, 1e-9);
    return std::max<int64_t>(1, static_cast<int64_t>(std::min(wanted, static_cast<double>(growth * slice))));
}

}  // namespace

void eqsnn_lanes_run(Lanes* l) {
    double asked = now();
    const int64_t first = l->tick;
    for (int64_t slice = first_slice; l->tick != l->end && l->failed < 0;) {
        const double began = now();
        const int64_t end = l->end < l->tick ? std::max(l->end, l->tick - slice) : std::min(l->end, l->tick + slice);
        for_each_lane(*l, [l, first, end](Context& c) {
            if (l->tick == first) begin(*l, c);
            c.end = end;
            l->run(&c);
        });
        l->tick = end;
        l->failed = first_failed(*l);
        const double ended = now();
        slice = next_slice(slice, ended - began);
        if (ended - asked < ask_seconds) continue;
        asked = ended;
        if (l->callback(-1)) return;
    }
}
