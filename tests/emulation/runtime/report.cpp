#include "report.h"

#include <cstdarg>
#include <cstdio>
#include <map>
#include <vector>

namespace emulated_cuda {

namespace {

constexpr const char* barriers[] = {"__syncthreads", "__syncthreads_count", "__syncthreads_and", "__syncthreads_or"};
constexpr const char* exchanges[] = {"__shfl_sync",   "__shfl_up_sync", "__shfl_down_sync", "__shfl_xor_sync",
                                     "__ballot_sync", "__any_sync",     "__all_sync",       "__match_any_sync",
                                     "__match_all_sync", "__syncwarp"};
constexpr size_t named = 8, described = 4;  // threads and blocks that a message lists

std::string text(Index index) {
    return "(" + std::to_string(index.x) + "," + std::to_string(index.y) + "," + std::to_string(index.z) + ")";
}

std::string doing(Waiting waiting, uint8_t operation, Site site) {
    if (waiting == Waiting::exited) return "have exited";
    if (waiting == Waiting::no) return "could run";
    return std::string(waiting == Waiting::spin ? "spin" : "wait at ") +
           (waiting == Waiting::spin ? "" : name_of(waiting, operation)) + " (" + site.file + ":" +
           std::to_string(site.line) + ")";
}

}  // namespace

const char* name_of(Exchange kind) { return exchanges[static_cast<int>(kind)]; }

const char* name_of(Waiting waiting, uint8_t operation) {
    switch (waiting) {
        case Waiting::block_barrier: return barriers[operation];
        case Waiting::grid_barrier: return "the grid barrier";
        case Waiting::warp: return exchanges[operation];
        default: return "nothing";
    }
}

std::string place_of(const Thread& thread) {
    return "block " + text(thread.block->index) + ", thread " + text(thread.index);
}

bool is_ready(const Block& block, const Thread& thread) {
    for (uint32_t k = 0; k < block.ready_count; ++k)
        if (block.ready[k] == thread.rank) return true;
    return false;
}

std::string who_waits(const Block& block, const Thread* arriving, Waiting waiting, uint8_t operation, Site site) {
    std::map<std::string, std::vector<Index>> threads;
    for (const Thread& thread : block.all) {
        if (&thread == arriving)
            threads[doing(waiting, operation, site)].push_back(thread.index);
        else if (thread.waiting != Waiting::spin && is_ready(block, thread))
            threads["could run"].push_back(thread.index);
        else
            threads[doing(thread.waiting, thread.operation, thread.site)].push_back(thread.index);
    }
    std::string result;
    for (const auto& [what, who] : threads) {
        result += "  block " + text(block.index) + ": " + std::to_string(who.size()) + " threads " + what + ": ";
        for (size_t k = 0; k < who.size() && k < named; ++k) result += text(who[k]) + " ";
        result += who.size() > named ? "...\n" : "\n";
    }
    return result;
}

std::string who_waits_where() {
    std::string result;
    size_t count = 0;
    for (const Block& block : grid.blocks) {
        if (block.exited == block.threads || ++count > described) continue;
        const Thread* self = current != nullptr && current->block == &block ? current : nullptr;
        result += self == nullptr ? who_waits(block, nullptr, Waiting::no, 0, {})
                                  : who_waits(block, self, self->waiting, self->operation, self->site);
    }
    if (count > described) result += "  and " + std::to_string(count - described) + " blocks more\n";
    return result;
}

void fail(const char* format, ...) {
    std::string message = "kernel `" + std::string(grid.launch->name) + "`: ";
    char body[3072];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(body, sizeof body, format, arguments);
    va_end(arguments);
    message += body;
    snprintf(grid.outcome->message, sizeof grid.outcome->message, "%s", message.c_str());
    grid.failed = true;
    grid.outcome->switches = grid.switches;
    { std::string().swap(message); }  // this frame is never left
    current = nullptr;
    jump_to(grid.caller);
}

}  // namespace emulated_cuda
