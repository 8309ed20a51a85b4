// The frame of the step loop on the device: its clocks, its faults, and what many threads add to one place.
#pragma once

#include "../eqsnn/module.h"
#include "grid.h"

namespace eqsnn {

// Sets a clock's step and time, and tells whether this tick is one of its steps: else it stands where it last was.
__device__ inline bool begin_step(const Context& c, Clock& clock) {
    clock.step = c.tick / clock.period;
    clock.t = static_cast<double>(clock.step) * clock.dt;
    clock.draw = clock.step - c.origin / clock.period;
    return clock.step * clock.period == c.tick;
}

// ---- ending a launch early ----
//
// Each thread has a copy `c` of the run's context, and `home` is the one in memory. All threads must agree on whether to
// go on, though a fast one may be an action further when a slow one asks: so every step has a moment at its beginning and
// one for each action, and what ends the launch is noted with the moment. What a later moment brings is not yet seen.

constexpr int32_t moment_bits = 16;  // more actions than a step has

__device__ inline int64_t moment_of(int64_t tick, int32_t action) { return (tick << moment_bits) + 1 + action; }
__device__ inline int64_t moment_before(int64_t tick) { return tick << moment_bits; }

__device__ inline void end_launch(Context* home, int64_t moment) { atomicMin(&home->ends, static_cast<unsigned long long>(moment)); }

// The step is the last of this launch. Any thread may say so, while it lasts.
__device__ inline void end_after_step(const Context& c, Context* home) { end_launch(home, moment_before(c.tick + 1)); }

// Something went wrong in the present action. Any thread may say so.
__device__ inline void fail(const Context& c, Context* home, int32_t code) {
    atomicMax(&home->fault.code, code);
    end_launch(home, c.moment);
}

// Kinds of room that the host is asked for: for a projection, or in a pathway's queue.
enum Wants : int32_t { wants_slots = 1, wants_staging = 2, wants_queue = 3, wants_log = 4, wants_lists = 5 };

// The present action begins again once the host has made room; it has changed nothing yet. One thread says so.
__device__ inline void want_room(const Context& c, Context* home, int32_t projection, int32_t kind, int64_t amount) {
    home->wanted = Wanted{projection, kind, amount};
    atomicMax(&home->pause, pause_room);
    end_launch(home, c.moment);
}

// The host is to call the user's Python, in place of this action: the launch ends.
__device__ inline void call_python(Context* home, const Grid& grid) {
    if (grid.first()) atomicMax(&home->pause, pause_call);
}

// Whether the launch ends here. All threads ask after a barrier, or after none since they last did, and agree.
__device__ inline bool ended(const Context& c, const Context* home) {
    return *static_cast<const volatile unsigned long long*>(&home->ends) <= static_cast<unsigned long long>(c.moment);
}

// Where each action is a launch: whether the present one comes after the end. One that ends itself is not stopped by that.
__device__ inline bool ended_before(const Context& c, const Context* home) {
    return *static_cast<const volatile unsigned long long*>(&home->ends) < static_cast<unsigned long long>(c.moment);
}

// The last launch of a step: the next one begins, be it after the end. Behind `home` is what launches only read.
__device__ inline void end_step(Context* home) {
    if (blockIdx.x == 0 && threadIdx.x == 0) ++home[1].tick;
}

// Tells the host where the launch has ended: in which step, and at which action of it (-1: before the first).
__device__ inline void leave(const Context& c, Context* home, const Grid& grid) {
    if (!grid.first()) return;
    home->tick = c.tick;
    home->resume = home->fault.action = static_cast<int32_t>(c.moment - moment_before(c.tick)) - 1;
}

// Where a run is profiled, the first thread sums the clock cycles of each action up to the barrier after it, and those of
// the whole launch, by which the host turns them into seconds.
class Stopwatch {
public:
    __device__ Stopwatch(const Context& c, const Grid& grid) : c_(c), on_(c.profile && grid.first()) {
        if (on_) began_ = last_ = clock64();
    }
    __device__ void note(int32_t action) {
        if (!on_) return;
        const long long now = clock64();
        c_.seconds[action] += static_cast<double>(now - last_);
        ++c_.calls[action];
        last_ = now;
    }
    __device__ void stop(int32_t n_actions) {
        if (on_) c_.seconds[n_actions] += static_cast<double>(clock64() - began_);
    }

private:
    const Context& c_;
    const bool on_;
    long long began_ = 0, last_ = 0;
};

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
__device__ inline void check_finite(const Context& c, const Grid& grid, Context* home, const Real* values, int64_t n) {
    for (int64_t k = grid.thread; k < n; k += grid.threads) {
        if (is_finite(values[k])) continue;
        fail(c, home, fault_not_finite);
        atomicMin(reinterpret_cast<unsigned long long*>(&home->fault.index), static_cast<unsigned long long>(k));
    }
}

// The same of the synapses, by their slots.
template <class Real>
__device__ inline void check_finite_slots(const Context& c, const Grid& grid, Context* home, const Ragged* r, const Real* values) {
    for (int64_t s = grid.thread; s < r->rows.end; s += grid.threads) {
        if (r->pre[s] < 0 || is_finite(values[s])) continue;
        fail(c, home, fault_not_finite);
        atomicMin(reinterpret_cast<unsigned long long*>(&home->fault.index), static_cast<unsigned long long>(s));
    }
}

}  // namespace eqsnn
