// The rows, or the columns, of the neurons that had an event, shared out among the threads of the grid by their length.
#pragma once

#include "../eqsnn/delays.h"
#include "steps.h"

namespace eqsnn {

// The part of an ascending list that lies in [start, stop); most often that is all of it.
__device__ inline int32_t first_from(const int32_t* index, int32_t n, int32_t start) {
    if (n == 0 || index[0] >= start) return 0;
    if (index[n - 1] < start) return n;
    int32_t low = 0, high = n;
    while (low < high) {
        const int32_t middle = (low + high) / 2;
        if (index[middle] < start) low = middle + 1;
        else high = middle;
    }
    return low;
}

#ifndef EQSNN_LONG_ROW
#define EQSNN_LONG_ROW 1024
#endif
constexpr int32_t long_row = EQSNN_LONG_ROW;  // entries that are work enough for a warp

// Few rows are cut into parts, a warp each; of many, each warp takes whole ones. Entries of a row that a lane takes are
// `first`, first + stride, ...
struct RowShare {
    int32_t event, events_apart;  // the warp's first row, and the distance to its next
    int32_t first, stride;

    __device__ RowShare(const Grid& grid, int32_t events) {
        const int32_t parts = events > 0 && events < grid.warps() ? grid.warps() / events : 1;
        const int32_t taking_part = events < grid.warps() ? parts * events : grid.warps();
        event = grid.warp() < taking_part ? grid.warp() / parts : events;
        events_apart = taking_part > 0 ? (taking_part / parts > 0 ? taking_part / parts : 1) : 1;
        first = grid.warp() % parts * warp_size + grid.lane();
        stride = parts * warp_size;
    }
};

// The neurons of the threads for whom it is true, in the order of the threads; returns how many there are. Every thread of
// the block calls it, and after a barrier all may read them.
__device__ inline int32_t gather(bool mine, int32_t neuron, const int32_t*& gathered) {
    __shared__ int32_t neurons[block_size];
    int32_t all;
    const int32_t place = sum_before(static_cast<int32_t>(mine), all);
    if (mine) neurons[place] = neuron;
    gathered = neurons;
    return all;
}

// Long rows, cut into parts that blocks take in turn: one row after the other, so that all have as many.
template <class Entry>
__device__ inline void for_each_long(const int32_t* neurons, int32_t events, int32_t from, const int32_t* starts, const int32_t* lengths, Entry entry) {
    const int32_t thread = static_cast<int32_t>(threadIdx.x), threads = static_cast<int32_t>(blockDim.x);
    const int32_t block = static_cast<int32_t>(blockIdx.x), blocks = static_cast<int32_t>(gridDim.x);
    int32_t turn = 0;  // the block that takes the next part
    for (int32_t first = 0; first < events; first += threads) {
        const int32_t neuron = first + thread < events ? neurons[first + thread] - from : -1;
        const int32_t* rows;
        const int32_t n = gather(neuron >= 0 && lengths[neuron] > long_row, neuron, rows);
        __syncthreads();
        for (int32_t q = 0; q < n; ++q) {
            const int32_t start = starts[rows[q]], length = lengths[rows[q]], parts = (length - 1) / long_row + 1;
            for (int32_t part = (block - turn + blocks) % blocks; part < parts; part += blocks) {
                const int32_t left = length - part * long_row, end = left < long_row ? left : long_row;
                for (int32_t k = thread; k < end; k += threads) entry(rows[q], start + part * long_row + k);
            }
            turn = (turn + parts) % blocks;
        }
        __syncthreads();
    }
}

// Calls entry(neuron, place) for each place in the rows, or in the lists of the column index, of those neurons in
// [from, to) that are in the list; they are counted from `from`. A warp takes a row, or a part of it; blocks take the
// parts of long ones. All threads of the grid call it.
template <class Entry>
__device__ inline void for_each_entry(const Grid& grid, const SpikeList& list, int32_t from, int32_t to, const Ragged* r, bool columns, Entry entry) {
    const int32_t begin = first_from(list.index, list.count, from), events = first_from(list.index, list.count, to) - begin;
    const int32_t *const starts = columns ? r->col_start : r->row_start, *const lengths = columns ? r->col_length : r->row_length;
    const int32_t* const neurons = list.index + begin;
    const RowShare share(grid, events);
    for (int32_t e = share.event; e < events; e += share.events_apart) {
        const int32_t neuron = neurons[e] - from, start = starts[neuron], length = lengths[neuron];
        if (length > long_row) continue;
        for (int32_t k = share.first; k < length; k += share.stride) entry(neuron, start + k);
    }
    if (events > 0 && r->longest > long_row) for_each_long(neurons, events, from, starts, lengths, entry);
}

}  // namespace eqsnn
