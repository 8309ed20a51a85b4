// Data races: two accesses of different threads to the same bytes, at least one a plain write, that nothing orders.
//
// A module compiled with -fsanitize=thread calls us at every load and store (we stand in for the sanitizer's library).
// What orders two accesses is a barrier, counted in epochs:
//   in a warp   an exchange that both took part in;
//   in a block  a barrier of the block;
//   in the grid a grid barrier, or one made by hand: a block's barrier, a fence and an atomic or volatile write by one of
//               its threads, then an atomic or volatile read of that word in the other block, and a barrier there.
// An atomic alone orders nothing. Locks are not understood: what they guard must be volatile.
#pragma once

#include <cstdint>

namespace emulated_cuda {

struct Block;

namespace races {

void begin(const void* kernel, bool active);
void block_started(const Block& block);
void block_synchronised(const Block& block);
void grid_synchronised();

}  // namespace races
}  // namespace emulated_cuda
