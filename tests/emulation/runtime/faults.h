// Faults of a kernel become errors of its launch: wild addresses, stacks that overflow, division of integers by zero,
// and threads that spin for ever without giving way.
#pragma once

#include <signal.h>
#include <time.h>

namespace emulated_cuda {

// Handles them while it lives, and puts back what was there. Under the address sanitizer, which has handlers of its
// own and says more, it only watches the time.
class FaultHandling {
public:
    explicit FaultHandling(double timeout);
    ~FaultHandling();
    FaultHandling(const FaultHandling&) = delete;
    FaultHandling& operator=(const FaultHandling&) = delete;

private:
    bool timed_;
    timer_t timer_;
    stack_t old_stack_;
};

}  // namespace emulated_cuda
