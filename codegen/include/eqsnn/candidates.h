// From which pairs a sample is drawn, and how: the same on every target, so that all draw the same pairs.
#pragma once

#include <cmath>

#include "ragged.h"

namespace eqsnn {

// The candidates of a sample are numbers 0 .. size - 1; `free` tells which may be drawn.
struct Candidates {
    const Ragged* r;
    int64_t size, n_free;
    int32_t neuron;  // whose partners, or -1 for all pairs
    bool of_pre, unconnected;

    EQSNN_HD void pair(int64_t k, int32_t& i, int32_t& j) const {
        if (neuron < 0) {
            i = static_cast<int32_t>(k / r->n_post);
            j = static_cast<int32_t>(k % r->n_post);
        } else {
            i = of_pre ? neuron : static_cast<int32_t>(k);
            j = of_pre ? static_cast<int32_t>(k) : neuron;
        }
    }
    EQSNN_HD bool free(int64_t k) const {
        if (!unconnected) return true;
        int32_t i, j;
        pair(k, i, j);
        return find(r, i, j) < 0;
    }
    // Whether n of them are better drawn until enough are new, which tries size / (n_free - found) times for each pair
    // found; else every candidate is looked at.
    EQSNN_HD bool are_many_for(int64_t n) const {
        const double free = static_cast<double>(n_free);
        return static_cast<double>(n) * static_cast<double>(size) < 0.5 * free * free;
    }
};

// The number of pairs that a rule asks for: rounded down, and none where it is no number.
EQSNN_HD inline int64_t whole_number(double count) {
    return count >= 1 ? static_cast<int64_t>(count < 9e18 ? count : 9e18) : 0;
}

// Knuth's algorithm S takes a free candidate while fewer than so many are found: each in turn, with the chance that
// leaves the sample uniform. `left` free candidates, this one included, are still to come; n are wanted in all.
EQSNN_HD inline int64_t taken_below(double uniform, int64_t left, int64_t n) {
    return n - static_cast<int64_t>(floor(uniform * static_cast<double>(left)));
}

// The elements that a neuron offers for a matching; what is no number, or below one, is none.
EQSNN_HD inline int64_t offered_elements(double n) {
    const double most = static_cast<double>(INT32_MAX) + 1;
    return n >= 1 ? static_cast<int64_t>(n < most ? n : most) : 0;
}

}  // namespace eqsnn
