// The exchanges of a warp: the last lane to arrive works out what every lane gets, and all go on.
#include "grid.h"
#include "report.h"

namespace emulated_cuda {

namespace {

constexpr uint64_t undefined = 0xA5A5A5A5A5A5A5A5u;  // what a lane reads from one that takes no part

bool is_shuffle(Exchange kind) { return kind <= Exchange::shfl_xor; }

// The lane that `lane` reads from: `by` is a lane, a distance or a mask, within segments of `width` lanes.
int source_lane(Exchange kind, int lane, int by, int width) {
    const int first = lane & ~(width - 1), last = first + width - 1;
    int source = lane;
    switch (kind) {
        case Exchange::shfl: return first + (by & (width - 1));
        case Exchange::shfl_up: source = by > lane ? first - 1 : lane - by; break;
        case Exchange::shfl_down: source = by > 31 ? last + 1 : lane + by; break;
        case Exchange::shfl_xor: return (lane ^ by) > last ? lane : (lane ^ by) & 31;
        default: return lane;
    }
    return source < first || source > last ? lane : source;
}

uint32_t lanes_that_vote(const Warp& warp, uint32_t lanes) {
    uint32_t votes = 0;
    for (uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
        const int lane = __builtin_ctz(rest);
        votes |= static_cast<uint32_t>(warp.value[lane] != 0) << lane;
    }
    return votes;
}

uint32_t lanes_that_equal(const Warp& warp, uint32_t lanes, uint64_t value) {
    uint32_t equal = 0;
    for (uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
        const int lane = __builtin_ctz(rest);
        equal |= static_cast<uint32_t>(warp.value[lane] == value) << lane;
    }
    return equal;
}

// What each of `lanes` gets, of those whose exchange is complete.
void work_out(Warp& warp, Exchange kind, uint32_t lanes) {
    uint64_t common = 0;
    const int first = __builtin_ctz(lanes);
    if (kind == Exchange::ballot || kind == Exchange::any || kind == Exchange::all)
        common = lanes_that_vote(warp, lanes);
    else if (kind == Exchange::match_all)
        common = lanes_that_equal(warp, lanes, warp.value[first]) == lanes ? lanes : 0;
    for (uint32_t rest = lanes; rest != 0; rest &= rest - 1) {
        const int lane = __builtin_ctz(rest), source = warp.source[lane];
        if (is_shuffle(kind))
            warp.result[lane] = lanes >> source & 1 ? warp.value[source] : undefined;
        else if (kind == Exchange::match_any)
            warp.result[lane] = lanes_that_equal(warp, lanes, warp.value[lane]);
        else
            warp.result[lane] = common;
    }
}

// Let the lanes of `mask` go on if all that have not exited are there.
bool try_complete(Block& block, uint32_t warp_rank, uint32_t mask) {
    Warp& warp = block.warps[warp_rank];
    const uint32_t needed = mask & warp.alive;
    if ((warp.waiting & needed) != needed || needed == 0) return false;
    for (uint32_t rest = needed; rest != 0; rest &= rest - 1)
        if (warp.mask[__builtin_ctz(rest)] != mask) return false;  // that lane waits for others first
    work_out(warp, static_cast<Exchange>(warp.kind[__builtin_ctz(needed)]), needed);
    warp.waiting &= ~needed;
    ++warp.epoch;
    idle_spins = 0;
    for (uint32_t rest = needed; rest != 0; rest &= rest - 1)
        grid.make_ready(block, 32 * warp_rank + static_cast<uint32_t>(__builtin_ctz(rest)));
    return true;
}

// The lanes that wait with the same mask wait for each other: they must want the same.
void check_partners(const Warp& warp, uint32_t mask, Exchange kind, Site site) {
    for (uint32_t rest = warp.waiting & mask; rest != 0; rest &= rest - 1) {
        const int lane = __builtin_ctz(rest);
        if (warp.mask[lane] != mask) continue;
        const auto other = static_cast<Exchange>(warp.kind[lane]);
        if (other != kind)
            fail("%s: %s (%s:%d) with mask 0x%08x, while lane %d waits at %s with the same mask", place_of(*current).c_str(),
                 name_of(kind), site.file, site.line, mask, lane, name_of(other));
        return;  // it was compared with the others when it came
    }
}

}  // namespace

uint64_t exchange(Exchange kind, unsigned mask, uint64_t value, int by, int width, Site site) {
    Thread& thread = *current;
    Block& block = *thread.block;
    Warp& warp = block.warps[thread.rank / 32];
    const uint32_t lane = thread.rank & 31;
    if ((mask >> lane & 1) == 0)
        fail("%s: %s (%s:%d) by lane %u with mask 0x%08x, which does not name it", place_of(thread).c_str(), name_of(kind),
             site.file, site.line, lane, mask);
    if (is_shuffle(kind) && (mask & ~warp.alive) != 0)
        fail("%s: %s (%s:%d) with mask 0x%08x, which names lanes that have exited or never were (0x%08x)",
             place_of(thread).c_str(), name_of(kind), site.file, site.line, mask, mask & ~warp.alive);
    if (width <= 0 || width > 32 || (width & (width - 1)) != 0)
        fail("%s: %s (%s:%d) with a width of %d, which is no power of 2 up to 32", place_of(thread).c_str(), name_of(kind),
             site.file, site.line, width);
    check_partners(warp, mask, kind, site);
    warp.value[lane] = value;
    warp.mask[lane] = mask;
    warp.kind[lane] = static_cast<uint8_t>(kind);
    warp.source[lane] = static_cast<uint8_t>(source_lane(kind, static_cast<int>(lane), by, width));
    warp.waiting |= 1u << lane;
    try_complete(block, thread.rank / 32, mask);
    leave(Waiting::warp, static_cast<uint8_t>(kind), site);
    return warp.result[lane];
}

void leave_warp(Thread& thread) {
    Block& block = *thread.block;
    Warp& warp = block.warps[thread.rank / 32];
    const uint32_t lane = thread.rank & 31;
    warp.alive &= ~(1u << lane);
    for (uint32_t rest = warp.waiting; rest != 0; rest &= rest - 1) {
        const int other = __builtin_ctz(rest);
        if ((warp.waiting >> other & 1) == 0 || (warp.mask[other] >> lane & 1) == 0) continue;
        if (is_shuffle(static_cast<Exchange>(warp.kind[other])))
            fail("%s exits, but lane %d waits for it at %s (%s:%d)", place_of(thread).c_str(), other,
                 name_of(static_cast<Exchange>(warp.kind[other])), block.all[thread.rank / 32 * 32 + other].site.file,
                 block.all[thread.rank / 32 * 32 + other].site.line);
        try_complete(block, thread.rank / 32, warp.mask[other]);
    }
}

}  // namespace emulated_cuda
