// The functions of the language that the C library does not have, for real and integer arguments.
#pragma once

#include <cmath>
#include <limits>

#include "expm.h"
#include "platform.h"
#include "vecmath.h"

namespace eqsnn {

// Rounded down, as in Python.
EQSNN_HD inline double floordiv(double a, double b) { return floor(a / b); }
EQSNN_HD inline float floordiv(float a, float b) { return floorf(a / b); }
// A machine would end the process at an integer division by zero, or of the least integer by -1: both are 0 here.
template <class Int>
constexpr Int least_integer = std::numeric_limits<Int>::min();
template <class Int>
EQSNN_HD inline bool divides(Int a, Int b) {
    return b != 0 && (b != -1 || a != least_integer<Int>);
}
template <class Int>
EQSNN_HD inline Int floordiv(Int a, Int b) {
    if (!divides(a, b)) return 0;
    const Int q = a / b;
    return q - (a % b != 0 && (a < 0) != (b < 0));
}

// With the sign of b, as in Python.
EQSNN_HD inline double mod(double a, double b) { return a - floor(a / b) * b; }
EQSNN_HD inline float mod(float a, float b) { return a - floorf(a / b) * b; }
template <class Int>
EQSNN_HD inline Int mod(Int a, Int b) {
    if (!divides(a, b)) return 0;
    const Int r = a % b;
    return r + (r != 0 && (r < 0) != (b < 0) ? b : Int{0});
}

template <class T>
EQSNN_HD inline T minimum(T a, T b) {
    return b < a ? b : a;
}
template <class T>
EQSNN_HD inline T maximum(T a, T b) {
    return a < b ? b : a;
}
template <class T>
EQSNN_HD inline T clip(T x, T low, T high) {
    return minimum(maximum(x, low), high);
}
template <class T>
EQSNN_HD inline T absolute(T x) {
    return x < 0 ? -x : x;
}
EQSNN_HD inline double absolute(double x) { return fabs(x); }
EQSNN_HD inline float absolute(float x) { return fabsf(x); }
template <class T>
EQSNN_HD inline T sign(T x) {
    return static_cast<T>((x > 0) - (x < 0));
}

template <class T>
EQSNN_HD inline T power2(T x) {
    return x * x;
}
template <class T>
EQSNN_HD inline T power3(T x) {
    return x * x * x;
}
template <class T>
EQSNN_HD inline T power4(T x) {
    return power2(power2(x));
}
template <class T>
EQSNN_HD inline T power5(T x) {
    return power4(x) * x;
}
template <class T>
EQSNN_HD inline T power6(T x) {
    return power2(power3(x));
}
template <class T>
EQSNN_HD inline T power7(T x) {
    return power6(x) * x;
}
template <class T>
EQSNN_HD inline T power8(T x) {
    return power2(power4(x));
}

// Whole steps in a time; a thousandth of a step is forgiven, so that 3 * 0.1 ms is three steps of 0.1 ms.
EQSNN_HD inline int32_t timestep(double t, double dt) { return static_cast<int32_t>(floor((t + 1e-3 * dt) / dt)); }

// Which row of a table with spacing dt holds at time t: the first before it begins, the last after it ends.
EQSNN_HD inline int32_t timed_row(double t, double dt, int32_t rows) {
    const double row = floor((t + 1e-6 * dt) / dt);
    return static_cast<int32_t>(row < 0 ? 0 : row > rows - 1 ? rows - 1 : row);
}
EQSNN_HD inline int32_t timed_cell(int32_t row, int32_t column, int32_t columns) {
    return row * columns + (column < 0 ? 0 : column >= columns ? columns - 1 : column);
}

template <class... Entries>
EQSNN_HD inline double expm_entry(int32_t n, int32_t row, int32_t column, double dt, double first, Entries... rest) {
    const double a[] = {first, static_cast<double>(rest)...};
    return expm_entry(n, row, column, dt, static_cast<const double*>(a));
}

}  // namespace eqsnn
