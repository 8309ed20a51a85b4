// The order of synapses by a value: ranks and quantiles, the same wherever synapses lie in storage.
#pragma once

#include "ragged.h"

namespace eqsnn {

// Whose synapses are put in order: all together, or those of each neuron of a side apart.
enum By : int32_t { by_all, by_pre, by_post };

}  // namespace eqsnn

// `values` has for each slot a double or a float, as `bytes` tells. Both return 0, or no_memory.
//
// The place of each synapse, from 0, by value, then by (i, j) and the order of creation; what is not a number is last.
EQSNN_API int32_t eqsnn_rank(const eqsnn::Ragged* r, const void* values, int32_t bytes, eqsnn::By by, int32_t* ranks);
// The value below which the part `orders` (0 to 1, one for each group) of a group's values lies, between two of them by
// linear interpolation (type 7 of Hyndman & Fan 1996); NaN of none, where a value is NaN, or of an order that is none.
EQSNN_API int32_t eqsnn_quantile(const eqsnn::Ragged* r, const void* values, int32_t bytes, eqsnn::By by,
                                 const double* orders, void* result);
