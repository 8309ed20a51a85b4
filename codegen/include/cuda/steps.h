// The frame of the step loop on the device: its clocks, its faults, and what many threads add to one place.
#pragma once

#include "../eqsnn/module.h"
#include "grid.h"

namespace eqsnn {

// Each thread has a copy of the run's context and of its clocks; `home` is the one in memory, where faults are noted.
struct Run {
    Context* home;
    Context c;
};

// Sets a clock's step and time, and tells whether this tick is one of its steps.
__device__ inline bool begin_step(const Context& c, Clock& clock) {
    if (c.tick % clock.period) return false;
    clock.step = c.tick / clock.period;
    clock.t = static_cast<double>(clock.step) * clock.dt;
    clock.draw = clock.step - c.origin / clock.period;
    return true;
}

__device__ inline void fail(Context* home, int32_t code) { atomicMax(&home->fault.code, code); }

// Whether an action went wrong; notes which. All threads call it after a barrier, and agree.
__device__ inline bool failed(Context* home, const Grid& grid, int32_t action) {
    const int32_t code = *static_cast<volatile int32_t*>(&home->fault.code);
    if (!code) return false;
    if (grid.first()) home->fault.action = action;
    return true;
}

// ---- adding to a place that several threads share ----

__device__ inline void add_to(double* place, double value) { atomicAdd(place, value); }
__device__ inline void add_to(float* place, float value) { atomicAdd(place, value); }
__device__ inline void add_to(int32_t* place, int32_t value) { atomicAdd(place, value); }
__device__ inline void add_to(int64_t* place, int64_t value) {
    atomicAdd(reinterpret_cast<unsigned long long*>(place), static_cast<unsigned long long>(value));
}

__device__ inline unsigned long long bits_of(double x) { return static_cast<unsigned long long>(__double_as_longlong(x)); }
__device__ inline unsigned bits_of(float x) { return static_cast<unsigned>(__float_as_int(x)); }
__device__ inline double value_of(unsigned long long bits) { return __longlong_as_double(static_cast<long long>(bits)); }
__device__ inline float value_of(unsigned bits) { return __int_as_float(static_cast<int>(bits)); }

template <class Real, class Better>
__device__ inline void replace_if(Real* place, Real value, Better better) {
    using Bits = decltype(bits_of(value));
    Bits* const word = reinterpret_cast<Bits*>(place);
    Bits known = *static_cast<volatile Bits*>(word);
    while (better(value, value_of(known))) {
        const Bits found = atomicCAS(word, known, bits_of(value));
        if (found == known) break;
        known = found;
    }
}
// Once NaN, a place stays so.
template <class Real>
__device__ inline void lower_to(Real* place, Real value) {
    replace_if(place, value, [](Real a, Real b) { return a < b || (a != a && b == b); });
}
template <class Real>
__device__ inline void raise_to(Real* place, Real value) {
    replace_if(place, value, [](Real a, Real b) { return a > b || (a != a && b == b); });
}
__device__ inline void lower_to(int32_t* place, int32_t value) { atomicMin(place, value); }
__device__ inline void raise_to(int32_t* place, int32_t value) { atomicMax(place, value); }

// ---- whole arrays ----

template <class T>
__device__ inline void zero(const Grid& grid, T* values, int64_t from, int64_t to) {
    for (int64_t k = from + grid.thread; k < to; k += grid.threads) values[k] = T{};
}
template <class T>
__device__ inline void add_up(const Grid& grid, T* values, const T* increments, int64_t n) {
    for (int64_t k = grid.thread; k < n; k += grid.threads) values[k] += increments[k];
}

__device__ inline bool is_finite(double x) { return (bits_of(x) & 0x7FF0000000000000ull) != 0x7FF0000000000000ull; }
__device__ inline bool is_finite(float x) { return (bits_of(x) & 0x7F800000u) != 0x7F800000u; }

// Notes the first value that is no number. `fault.index` begins beyond all of them.
template <class Real>
__device__ inline void check_finite(const Grid& grid, Context* home, const Real* values, int64_t n) {
    for (int64_t k = grid.thread; k < n; k += grid.threads) {
        if (is_finite(values[k])) continue;
        fail(home, fault_not_finite);
        atomicMin(reinterpret_cast<unsigned long long*>(&home->fault.index), static_cast<unsigned long long>(k));
    }
}

// The same of the synapses, by their slots.
template <class Real>
__device__ inline void check_finite_slots(const Grid& grid, Context* home, const Ragged* r, const Real* values) {
    for (int64_t s = grid.thread; s < r->rows.end; s += grid.threads) {
        if (r->pre[s] < 0 || is_finite(values[s])) continue;
        fail(home, fault_not_finite);
        atomicMin(reinterpret_cast<unsigned long long*>(&home->fault.index), static_cast<unsigned long long>(s));
    }
}

}  // namespace eqsnn
