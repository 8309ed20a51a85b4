// The frame of the step loop: its arithmetic, its clocks, its faults, and its talks with Python.
#pragma once

#include <cstring>

#include "module.h"

namespace eqsnn {

// Numbers too small to be normal cost a hundred times as much as others, and nothing here needs them: what decays
// becomes zero. For the time of the loop only; the rest of the process keeps its arithmetic.
class FlushDenormals {
public:
#if defined(__SSE2__)
    FlushDenormals() : before_(__builtin_ia32_stmxcsr()) { __builtin_ia32_ldmxcsr(before_ | 0x8040u); }
    ~FlushDenormals() { __builtin_ia32_ldmxcsr(before_); }

private:
    unsigned before_;
#else
    FlushDenormals() {}
    ~FlushDenormals() {}
#endif
};

template <class T>
inline void zero(T* values, int64_t from, int64_t to) {
    memset(values + from, 0, static_cast<size_t>(to - from) * sizeof(T));
}

template <class T>
inline void add_up(T* values, const T* increments, int64_t n) {
    for (int64_t k = 0; k < n; ++k) values[k] += increments[k];
}

// signal += matrix @ errors; a row of the matrix for each output neuron.
template <class T>
inline void feed_back(const T* __restrict matrix, const T* __restrict errors, T* __restrict signal, int64_t n, int64_t m) {
    for (int64_t k = 0; k < m; ++k) {
        const T error = errors[k];
        const T* __restrict const row = matrix + k * n;
#pragma omp simd
        for (int64_t i = 0; i < n; ++i) signal[i] += row[i] * error;
    }
}

// Sets a clock's step and time, and tells whether this tick is one of its steps.
inline bool begin_step(Context& c, int32_t k) {
    Clock& clock = c.clocks[k];
    if (c.tick % clock.period) return false;
    clock.step = c.tick / clock.period;
    clock.t = static_cast<double>(clock.step) * clock.dt;
    clock.draw = clock.step - c.origin / clock.period;
    return true;
}

inline void call_python(Context& c, int32_t object) {
    if (c.callback(object)) c.fault.code = fault_python;
}

// Whether an action went wrong; says which.
inline bool failed(Context& c, int32_t action) {
    if (!c.fault.code) return false;
    c.fault.action = action;
    return true;
}

// Asks Python every tenth of a second whether to go on: it may show progress, or have been interrupted.
class Heartbeat {
public:
    explicit Heartbeat(Context& c) : c_(c), next_(now() + interval) {}
    bool go_on() {
        if (++ticks_ & 15 && !slow_) return true;
        const double t = now();
        slow_ = t - last_ > 1e-3;
        last_ = t;
        if (t < next_) return true;
        next_ = t + interval;
        return !c_.callback(-1);
    }

private:
    static constexpr double interval = 0.1;
    Context& c_;
    double next_, last_ = 0;
    int64_t ticks_ = 0;
    bool slow_ = false;
};

#define EQSNN_ACTION(place, call)               \
    if (c.profile) {                            \
        const double began = now();             \
        call;                                   \
        c.seconds[place] += now() - began;      \
        ++c.calls[place];                       \
    } else                                      \
        call

}  // namespace eqsnn
