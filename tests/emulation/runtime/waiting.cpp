// Where threads wait: for their block, for the grid, or only for their turn.
#include "grid.h"
#include "races.h"
#include "report.h"

namespace emulated_cuda {

namespace {

void check_same_barrier(const Block& block, Waiting waiting, uint8_t operation, Site site) {
    if (block.exited != 0)
        fail("divergent %s: threads wait for their block where others have exited\n%s", name_of(waiting, operation),
             who_waits(block, current, waiting, operation, site).c_str());
    for (const Thread& other : block.all) {
        const bool at_barrier = other.waiting == Waiting::block_barrier || other.waiting == Waiting::grid_barrier;
        if (!at_barrier || is_ready(block, other)) continue;
        if (other.waiting != waiting || other.operation != operation || other.site.line != site.line)
            fail("divergent %s: threads of a block wait at different barriers\n%s", name_of(waiting, operation),
                 who_waits(block, current, waiting, operation, site).c_str());
        return;
    }
}

}  // namespace

int wait_for_block(Barrier kind, bool predicate, Site site) {
    Block& block = *current->block;
    const auto operation = static_cast<uint8_t>(kind);
    if (block.at_barrier == 0) {
        block.barrier_operation = operation;
        block.barrier_site = site;
    }
    const bool same = block.barrier_operation == operation && block.barrier_site.line == site.line;
    if (!same || block.exited != 0 || block.at_grid_barrier != 0)
        check_same_barrier(block, Waiting::block_barrier, operation, site);
    block.predicates += predicate;
    if (++block.at_barrier == block.threads) {
        block.result = block.predicates;
        block.at_barrier = block.predicates = 0;
        idle_spins = 0;
        races::block_synchronised(block);
        grid.make_all_ready(block);
    }
    leave(Waiting::block_barrier, operation, site);
    return static_cast<int>(block.result);
}

void wait_for_grid(Site site) {
    if (!grid.launch->cooperative)
        fail("%s:%d: a grid barrier needs a cooperative launch", site.file, site.line);
    Block& block = *current->block;
    if (block.exited != 0 || block.at_barrier != 0) check_same_barrier(block, Waiting::grid_barrier, 0, site);
    if (grid.at_barrier == 0) grid.barrier_site = site;
    if (grid.barrier_site.line != site.line)
        fail("divergent grid barrier: threads wait at %s:%d and %s:%d", grid.barrier_site.file, grid.barrier_site.line,
             site.file, site.line);
    if (grid.live_blocks != grid.blocks.size() || grid.next_block != grid.order.size())
        fail("%s:%d: a block waits for the grid, of which another block has ended", site.file, site.line);
    ++block.at_grid_barrier;
    if (++grid.at_barrier == grid.blocks.size() * block.threads) {
        grid.at_barrier = 0;
        idle_spins = 0;
        races::grid_synchronised();
        for (Block& each : grid.blocks) {
            each.at_grid_barrier = 0;
            grid.make_all_ready(each);
        }
    }
    leave(Waiting::grid_barrier, 0, site);
}

void spin(Site site) {
    if (++idle_spins > grid.launch->spin_limit) {
        current->waiting = Waiting::spin;
        current->site = site;
        fail("livelock: threads have spun %llu times and nothing has changed\n%s",
             static_cast<unsigned long long>(grid.launch->spin_limit), who_waits_where().c_str());
    }
    Block& block = *current->block;
    block.spinning[block.spinning_count++] = static_cast<uint16_t>(current->rank);
    leave(Waiting::spin, 0, site);
}

void yield(Site site) {
    if (below(2) == 0) return spin(site);
    ++idle_spins;
    grid.make_ready(*current->block, current->rank);
    leave(Waiting::no, 0, site);
}

void interrupt(Site site) {
    const uint32_t period = grid.launch->atomic_period;
    if (period == 0) return;
    atomic_countdown = 1 + below(2 * period - 1);
    grid.make_ready(*current->block, current->rank);
    leave(Waiting::no, 0, site);
}

unsigned current_lane() { return current->rank & 31; }

bool is_cooperative() { return grid.launch->cooperative != 0; }

void trap(Site site) { fail("__trap() at %s:%d by %s", site.file, site.line, place_of(*current).c_str()); }

}  // namespace emulated_cuda

extern "C" EMULATED_CUDA_API void emulated_cuda_assert_fail(const char* expression, const char* file, unsigned line,
                                                            const char*) noexcept {
    emulated_cuda::fail("assertion `%s` is false at %s:%u in %s", expression, file, line,
                        emulated_cuda::place_of(*emulated_cuda::current).c_str());
}
