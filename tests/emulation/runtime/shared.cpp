#include "shared.h"

#include <dlfcn.h>
#include <link.h>

#include <cstring>

#include "fiber.h"

namespace emulated_cuda {

namespace {

struct Search {
    uintptr_t base;
    unsigned char* start;
    size_t bytes;
};

int look_at(dl_phdr_info* info, size_t, void* data) {
    auto* search = static_cast<Search*>(data);
    if (info->dlpi_addr != search->base) return 0;
    for (int k = 0; k < info->dlpi_phnum; ++k)
        if (info->dlpi_phdr[k].p_type == PT_TLS) {
            search->start = static_cast<unsigned char*>(info->dlpi_tls_data);
            search->bytes = info->dlpi_phdr[k].p_memsz;
        }
    return 1;
}

}  // namespace

bool SharedMemory::locate(const void* kernel, size_t dynamic_bytes) {
    Dl_info module;
    if (dladdr(kernel, &module) == 0) return false;
    void* handle = dlopen(module.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == nullptr) return false;
    // To ask for its address also has it allocated for this thread.
    dynamic_ = static_cast<unsigned char*>(dlsym(handle, "emulated_cuda_dynamic_shared"));
    dlclose(handle);
    Search search{reinterpret_cast<uintptr_t>(module.dli_fbase), nullptr, 0};
    dl_iterate_phdr(look_at, &search);
    if (dynamic_ == nullptr || search.start == nullptr) return false;
    unsigned char *after = dynamic_ + dynamic_capacity + red_zone, *end = search.start + search.bytes;
    pieces_ = {{search.start, size_t(dynamic_ - search.start)}, {dynamic_, dynamic_bytes}, {after, size_t(end - after)}};
    dynamic_bytes_ = dynamic_bytes;
    total_ = 0;
    for (const Piece& piece : pieces_) total_ += piece.bytes;
#if EMULATED_CUDA_ASAN
    __asan_unpoison_memory_region(dynamic_, dynamic_capacity + red_zone);
#endif
    memset(dynamic_ + dynamic_bytes, poison, red_zone);
#if EMULATED_CUDA_ASAN
    __asan_poison_memory_region(dynamic_ + dynamic_bytes, dynamic_capacity + red_zone - dynamic_bytes);
#endif
    return true;
}

void SharedMemory::store(SharedImage& image) const {
    image.content.resize(total_);
    unsigned char* to = image.content.data();
    for (const Piece& piece : pieces_) {
        if (piece.bytes != 0) memcpy(to, piece.start, piece.bytes);
        to += piece.bytes;
    }
}

void SharedMemory::load(SharedImage& image) const {
    const unsigned char* from = image.content.data();
    for (const Piece& piece : pieces_) {
        if (piece.bytes == 0) continue;
        if (image.fresh)
            memset(piece.start, poison, piece.bytes);
        else
            memcpy(piece.start, from, piece.bytes);
        from += piece.bytes;
    }
    image.fresh = false;
}

bool SharedMemory::is_intact() const {
#if !EMULATED_CUDA_ASAN  // which has spoken already
    for (size_t k = 0; k < red_zone; ++k)
        if (dynamic_[dynamic_bytes_ + k] != poison) return false;
#endif
    return true;
}

}  // namespace emulated_cuda
