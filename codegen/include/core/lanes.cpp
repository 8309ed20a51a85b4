// Runs several networks of one program side by side: the copies of a batch.
//
// Each runs on one thread, alone, so nothing that a copy computes depends on how many threads there are. They run a
// slice of the ticks each, then the next slice: between slices all stand at the same tick, and only there Python is
// asked whether to go on. Slices are as long as the time between two such questions allows.
#include "../eqsnn/lanes.h"

#include <algorithm>

using namespace eqsnn;

namespace {

constexpr double slice_seconds = 0.1, ask_seconds = 0.1;
constexpr int64_t first_slice = 16, growth = 8;

int32_t go_on(int32_t) { return 0; }  // no copy talks to Python by itself

void lend(const Context& room, Context& c) {
    c.draws = room.draws;
    std::copy(room.scratch, room.scratch + 3, c.scratch);
    c.sums = room.sums;
    c.widest = room.widest;
}

int32_t thread_number() {
#ifdef _OPENMP
    return omp_get_thread_num();
#else
    return 0;
#endif
}

template <class Work>
void for_each_lane(const Lanes& l, Work work) {
#pragma omp parallel for num_threads(l.threads) schedule(dynamic, 1) if (l.threads > 1)
    for (int64_t k = 0; k < l.n; ++k) {
        Context& c = *l.lanes[k];
        lend(*l.rooms[thread_number()], c);
        work(c);
    }
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
    for_each_lane(*l, [l](Context& c) {
        c.tick = l->tick;
        c.threads = 1;
        c.callback = go_on;
        c.fault = Fault{0, 0, 0};
        l->setup(&c);
    });
    double asked = now();
    for (int64_t slice = first_slice; l->tick < l->end && l->failed < 0;) {
        const double began = now();
        const int64_t end = std::min(l->end, l->tick + slice);
        for_each_lane(*l, [l, end](Context& c) {
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
