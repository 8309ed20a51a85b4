// Ballots, votes and matches, in whole and in divided warps; bits of words; votes of a block.
struct Votes {
    const int* values;
    unsigned* ballot;
    unsigned* match;
    int* flags;
    int* bits;
    int* compacted;
    unsigned* n_compacted;
};

extern "C" __global__ void votes(Votes* a) {
    const unsigned k = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31;
    const int v = a->values[k];
    a->ballot[k] = __ballot_sync(0xffffffffu, v > 0);
    a->match[k] = __match_any_sync(0xffffffffu, v);
    a->flags[k] = __any_sync(0xffffffffu, v > 6) + 2 * __all_sync(0xffffffffu, v < 7) + 4 * __all_sync(0xffffffffu, v < 9);
    // Halves of a warp go different ways, each with its own mask.
    if (lane & 1)
        a->flags[k] += 8 * __popc(__ballot_sync(0xaaaaaaaau, v > 2));
    else
        a->flags[k] += 1000 * __shfl_sync(0x55555555u, v, 4);
    __syncwarp();
    a->bits[k] = __ffs(v) + 64 * __clz(v) + 4096 * __popcll(0xff00ff0000000000ull + static_cast<unsigned>(v)) +
                 static_cast<int>(__brev(static_cast<unsigned>(v)) >> 28 << 20);
    a->flags[k] += 100000 * (__syncthreads_count(v > 4) + 1000 * (__syncthreads_and(v > -1) + 2 * __syncthreads_or(v > 99)));
}

// Indices of positive values, gathered with one atomic a warp; their order within a warp is kept.
extern "C" __global__ void compact(Votes* a) {
    const unsigned k = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x & 31;
    const bool keep = __ldg(&a->values[k]) > 0;
    const unsigned kept = __ballot_sync(0xffffffffu, keep);
    unsigned start = 0;
    if (lane == 0 && kept != 0) start = atomicAdd(a->n_compacted, static_cast<unsigned>(__popc(kept)));
    start = __shfl_sync(0xffffffffu, start, 0);
    if (keep) a->compacted[start + __popc(kept & ((1u << lane) - 1))] = static_cast<int>(k);
}

// One atomic for all lanes that happen to be active together, however few these are.
extern "C" __global__ void count_by_active_lanes(Votes* a) {
    const unsigned lane = threadIdx.x & 31;
    if (a->values[blockIdx.x * blockDim.x + threadIdx.x] > 0) {
        const unsigned active = __activemask();
        if (static_cast<int>(lane) == __ffs(static_cast<int>(active)) - 1)
            atomicAdd(a->n_compacted, static_cast<unsigned>(__popc(active)));
    }
}
