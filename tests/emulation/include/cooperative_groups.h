// The part of cooperative_groups that the emulation knows: the grid and the block.
#pragma once

#include "emulated_cuda.h"

namespace cooperative_groups {

class grid_group {
public:
    bool is_valid() const { return emulated_cuda::is_cooperative(); }
    void sync(EmulatedCudaSite site = EmulatedCudaSite::here()) const { emulated_cuda::wait_for_grid(site); }
    unsigned long long num_blocks() const { return 1ull * gridDim.x * gridDim.y * gridDim.z; }
    unsigned long long num_threads() const { return num_blocks() * blockDim.x * blockDim.y * blockDim.z; }
    unsigned long long size() const { return num_threads(); }
    unsigned long long block_rank() const {
        return (1ull * blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
    }
    unsigned long long thread_rank() const {
        return block_rank() * (1ull * blockDim.x * blockDim.y * blockDim.z) +
               (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
    }
};

class thread_block {
public:
    void sync(EmulatedCudaSite site = EmulatedCudaSite::here()) const { __syncthreads(site); }
    unsigned num_threads() const { return blockDim.x * blockDim.y * blockDim.z; }
    unsigned size() const { return num_threads(); }
    unsigned thread_rank() const { return (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x; }
    dim3 group_index() const { return dim3(blockIdx); }
    dim3 thread_index() const { return dim3(threadIdx); }
};

inline grid_group this_grid() { return {}; }
inline thread_block this_thread_block() { return {}; }
inline void sync(const grid_group& group, EmulatedCudaSite site = EmulatedCudaSite::here()) { group.sync(site); }
inline void sync(const thread_block& group, EmulatedCudaSite site = EmulatedCudaSite::here()) { group.sync(site); }

}  // namespace cooperative_groups
