// The order of synapses by a value: ranks and quantiles, the same wherever synapses lie in storage.
#pragma once

#include <cstring>

#include "ragged.h"

namespace eqsnn {

// Whose synapses are put in order: all together, or those of each neuron of a side apart.
enum By : int32_t { by_all, by_pre, by_post };

template <class Value>
struct KeyOf;
template <>
struct KeyOf<double> {
    using type = uint64_t;
};
template <>
struct KeyOf<float> {
    using type = uint32_t;
};

template <class Value>
constexpr typename KeyOf<Value>::type no_number = ~typename KeyOf<Value>::type{0};

// An unsigned number with the order of a real one: zero has one sign, and all that is no number comes last.
template <class Value>
EQSNN_HD inline typename KeyOf<Value>::type key_of(Value value) {
    using Key = typename KeyOf<Value>::type;
    constexpr Key sign = Key{1} << (sizeof(Key) * 8 - 1);
    if (value != value) return no_number<Value>;
    Key bits;
    memcpy(&bits, &value, sizeof bits);
    if (bits == sign) bits = 0;  // arithmetic would not do: to the compiler both zeros are the same
    return bits & sign ? ~bits : bits | sign;
}

}  // namespace eqsnn

// `values` has for each slot a double or a float, as `bytes` tells. Both return 0, or no_memory.
//
// The place of each synapse, from 0, by value, then by (i, j) and the order of creation; what is not a number is last.
EQSNN_API int32_t eqsnn_rank(const eqsnn::Ragged* r, const void* values, int32_t bytes, eqsnn::By by, int32_t* ranks);
// The value below which the part `orders` (0 to 1, one for each group) of a group's values lies, between two of them by
// linear interpolation (type 7 of Hyndman & Fan 1996); NaN of none, where a value is NaN, or of an order that is none.
EQSNN_API int32_t eqsnn_quantile(const eqsnn::Ragged* r, const void* values, int32_t bytes, eqsnn::By by,
                                 const double* orders, void* result);
