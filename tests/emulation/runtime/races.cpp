#include "races.h"

#include <dlfcn.h>

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "grid.h"
#include "report.h"

namespace emulated_cuda::races {

namespace {

enum Kind : uint8_t { read = 0, write = 1, weak_read = 2, weak_write = 3 };  // weak: atomic or volatile

struct Access {
    uint32_t thread = 0;  // 1 + its rank in the grid; 0: none yet
    uint32_t epoch, warp_epoch;
    uint32_t place;  // in the module's code
    uint8_t bytes;   // of the word, as a mask
    Kind kind;
};

// The last accesses to four bytes: two readers, so that one of them is not the writer.
struct Word {
    Access writer, readers[2];
};

constexpr uintptr_t page_bytes = 4096;
struct Page {
    Word words[page_bytes / 4];
};

using Clock = std::vector<uint32_t>;  // of each block: its accesses of lesser epochs have happened before

bool active;
uintptr_t module_base;
std::unordered_map<uintptr_t, std::unique_ptr<Page>> pages;
std::unordered_map<uintptr_t, Clock> released;  // by the word that was written
std::vector<Clock> known, coming;               // by block: what is ordered now, and from its next barrier on
std::vector<uint32_t> epochs;                   // by block
std::vector<std::vector<Word>> shared_words;    // by slot of resident blocks

void join(Clock& clock, const Clock& other) {
    if (clock.size() < other.size()) clock.resize(other.size());
    for (size_t k = 0; k < other.size(); ++k) clock[k] = std::max(clock[k], other[k]);
}

Word& word_of(uintptr_t address) {
    const size_t offset = grid.shared.offset_of(reinterpret_cast<unsigned char*>(address));
    if (offset != SharedMemory::nowhere)
        return shared_words[static_cast<size_t>(current->block - grid.blocks.data())][offset / 4];
    std::unique_ptr<Page>& page = pages[address / page_bytes];
    if (!page) page = std::make_unique<Page>();
    return page->words[address % page_bytes / 4];
}

bool is_ordered(const Access& earlier) {
    const Block& block = *current->block;
    const uint32_t thread = earlier.thread - 1, its_block = thread / block.threads, its_rank = thread % block.threads;
    if (its_block != block.rank)
        return its_block < known[block.rank].size() && earlier.epoch < known[block.rank][its_block];
    const bool same_warp = its_rank / 32 == current->rank / 32;
    return earlier.epoch < epochs[block.rank] || (same_warp && earlier.warp_epoch < block.warps[its_rank / 32].epoch);
}

const char* deed(Kind kind) {
    constexpr const char* names[] = {"reads", "writes", "reads (as volatile or atomic)", "writes (as volatile or atomic)"};
    return names[kind];
}

void compare(const Access& earlier, const Access& now, uintptr_t address) {
    if (earlier.thread == 0 || earlier.thread == now.thread || (earlier.bytes & now.bytes) == 0) return;
    if ((earlier.kind != write && now.kind != write) || is_ordered(earlier)) return;
    const Block& block = *current->block;
    const uint32_t rank = (earlier.thread - 1) / block.threads, thread = (earlier.thread - 1) % block.threads;
    const Index its_block = unravel(rank, grid.launch->grid), its_thread = unravel(thread, grid.launch->block);
    const bool shared = grid.shared.offset_of(reinterpret_cast<unsigned char*>(address)) != SharedMemory::nowhere;
    fail("race in %s memory at %p: %s %s (@%#x) what block (%u,%u,%u), thread (%u,%u,%u) %s (@%#x), and nothing "
         "orders the two",
         shared ? "shared" : "global", reinterpret_cast<void*>(address), place_of(*current).c_str(), deed(now.kind),
         now.place, its_block.x, its_block.y, its_block.z, its_thread.x, its_thread.y, its_thread.z, deed(earlier.kind), earlier.place);
}

void touch(Word& word, const Access& now, uintptr_t address) {
    compare(word.writer, now, address);
    if (now.kind == write || now.kind == weak_write) {
        if (now.kind == write)
            for (const Access& reader : word.readers) compare(reader, now, address);
        word.writer = now;
        return;
    }
    if (word.readers[0].thread != now.thread) word.readers[1] = word.readers[0];
    word.readers[0] = now;
}

// What a volatile or atomic access passes on from block to block.
void pass_on(uintptr_t address, Kind kind) {
    const uint32_t block = current->block->rank;
    if (kind == weak_read) {
        if (const auto found = released.find(address); found != released.end()) join(coming[block], found->second);
    } else if (kind == weak_write && current->fenced_at == epochs[block] + 1) {
        Clock& clock = released[address];
        join(clock, known[block]);
        join(clock, coming[block]);
        if (clock.size() <= block) clock.resize(block + 1);
        clock[block] = std::max(clock[block], epochs[block]);
    }
}

void access(const void* pointer, size_t bytes, Kind kind, const void* from) {
    if (!active || current == nullptr) return;
    const auto address = reinterpret_cast<uintptr_t>(pointer), stack = reinterpret_cast<uintptr_t>(current->fiber.stack);
    if (address - stack < current->fiber.stack_bytes) return;
    if (pointer == &atomic_countdown || pointer == &idle_spins) return;  // the runtime's own, changed in the headers
    const Block& block = *current->block;
    if (kind == weak_read || kind == weak_write) pass_on(address, kind);
    Access now{1 + block.rank * block.threads + current->rank, epochs[block.rank], block.warps[current->rank / 32].epoch,
               static_cast<uint32_t>(reinterpret_cast<uintptr_t>(from) - 1 - module_base), 0, kind};
    for (uintptr_t at = address & ~uintptr_t{3}; at < address + bytes; at += 4) {
        const uintptr_t first = std::max(at, address) - at, last = std::min(at + 4, address + bytes) - at;
        now.bytes = static_cast<uint8_t>((1u << last) - (1u << first));
        touch(word_of(at), now, at + first);
    }
}

}  // namespace

void begin(const void* kernel, bool wanted) {
    active = wanted;
    pages.clear();
    released.clear();
    if (!active) return;
    Dl_info module;
    module_base = dladdr(kernel, &module) != 0 ? reinterpret_cast<uintptr_t>(module.dli_fbase) : 0;
    const uint32_t* extent = grid.launch->grid;
    const size_t blocks = size_t(extent[0]) * extent[1] * extent[2];
    known.assign(blocks, {});
    coming.assign(blocks, {});
    epochs.assign(blocks, 0);
}

void block_started(const Block& block) {
    if (!active) return;
    shared_words.resize(grid.blocks.size());
    shared_words[static_cast<size_t>(&block - grid.blocks.data())].assign(grid.shared.bytes() / 4 + 1, {});
}

void block_synchronised(const Block& block) {
    if (!active) return;
    ++epochs[block.rank];
    join(known[block.rank], coming[block.rank]);
}

void grid_synchronised() {
    if (!active) return;
    for (uint32_t& epoch : epochs) ++epoch;
    for (Clock& clock : known) clock = epochs;
}

}  // namespace emulated_cuda::races

namespace emulated_cuda {

void note_fence() {
    if (races::active) current->fenced_at = races::epochs[current->block->rank] + 1;
}

}  // namespace emulated_cuda

// What the compiler calls under -fsanitize=thread.
#define EMULATED_CUDA_HOOK(name, bytes, kind)                                                        \
    extern "C" EMULATED_CUDA_API void __tsan_##name(void* address) {                                 \
        emulated_cuda::races::access(address, bytes, emulated_cuda::races::kind, __builtin_return_address(0)); \
    }
#define EMULATED_CUDA_HOOKS(n)                                   \
    EMULATED_CUDA_HOOK(read##n, n, read)                         \
    EMULATED_CUDA_HOOK(write##n, n, write)                       \
    EMULATED_CUDA_HOOK(unaligned_read##n, n, read)               \
    EMULATED_CUDA_HOOK(unaligned_write##n, n, write)             \
    EMULATED_CUDA_HOOK(volatile_read##n, n, weak_read)           \
    EMULATED_CUDA_HOOK(volatile_write##n, n, weak_write)         \
    EMULATED_CUDA_HOOK(unaligned_volatile_read##n, n, weak_read) \
    EMULATED_CUDA_HOOK(unaligned_volatile_write##n, n, weak_write)
EMULATED_CUDA_HOOKS(1)
EMULATED_CUDA_HOOKS(2)
EMULATED_CUDA_HOOKS(4)
EMULATED_CUDA_HOOKS(8)
EMULATED_CUDA_HOOKS(16)

extern "C" {
EMULATED_CUDA_API void __tsan_init() {}
EMULATED_CUDA_API void __tsan_func_entry(void*) {}
EMULATED_CUDA_API void __tsan_func_exit() {}
EMULATED_CUDA_API void __tsan_read_range(void* address, size_t bytes) {
    emulated_cuda::races::access(address, bytes, emulated_cuda::races::read, __builtin_return_address(0));
}
EMULATED_CUDA_API void __tsan_write_range(void* address, size_t bytes) {
    emulated_cuda::races::access(address, bytes, emulated_cuda::races::write, __builtin_return_address(0));
}
}
