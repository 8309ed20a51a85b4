// Shared memory: the thread-local storage of the module, whose content is exchanged when another block goes on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace emulated_cuda {

constexpr size_t dynamic_capacity = 48 << 10;  // a device's limit without opting in
constexpr size_t red_zone = 256;               // behind the dynamic part
constexpr unsigned char poison = 0xA5;

// What one block has in shared memory while another is loaded.
struct SharedImage {
    bool fresh = true;  // nothing written yet
    std::vector<unsigned char> content;
};

class SharedMemory {
public:
    static constexpr size_t nowhere = ~size_t{0};
    // Find the storage of the module that has `kernel`, as the current thread of the operating system sees it.
    bool locate(const void* kernel, size_t dynamic_bytes);
    void store(SharedImage& image) const;
    void load(SharedImage& image) const;
    // Where an address lies in a block's image, and how large that is.
    size_t offset_of(const unsigned char* address) const {
        size_t before = 0;
        for (const Piece& piece : pieces_) {
            if (size_t(address - piece.start) < piece.bytes) return before + size_t(address - piece.start);
            before += piece.bytes;
        }
        return nowhere;
    }
    size_t bytes() const { return total_; }
    // Whether nothing was written behind the dynamic part.
    bool is_intact() const;

private:
    struct Piece {
        unsigned char* start;
        size_t bytes;
    };
    std::vector<Piece> pieces_;
    unsigned char* dynamic_ = nullptr;
    size_t dynamic_bytes_ = 0, total_ = 0;
};

}  // namespace emulated_cuda
