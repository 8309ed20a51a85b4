#include "faults.h"

#include <sys/syscall.h>
#include <unistd.h>

#include "grid.h"
#include "report.h"

namespace emulated_cuda {

namespace {

constexpr int faults[] = {SIGSEGV, SIGBUS, SIGFPE};
constexpr int n_faults = EMULATED_CUDA_ASAN ? 0 : 3;
struct sigaction old_actions[3], old_alarm;
alignas(16) char handler_stack[64 << 10];
pid_t launching;
uint64_t switches_at_last_tick;
int ticks_left, ticks;

pid_t this_thread() { return static_cast<pid_t>(syscall(SYS_gettid)); }

void explain(int signal, const void* address) {
    const std::string place = place_of(*current);
    if (signal == SIGFPE) fail("%s divides an integer by zero", place.c_str());
    if (grid.stacks.is_guard(address))
        fail("%s overflows its stack of %zu bytes", place.c_str(), grid.stacks.bytes());
    fail("%s accesses the illegal address %p", place.c_str(), address);
}

void on_fault(int signal, siginfo_t* info, void*) {
    if (current == nullptr || this_thread() != launching) {  // not ours: it happens again, in the old handler's care
        for (int k = 0; k < n_faults; ++k)
            if (faults[k] == signal) sigaction(signal, &old_actions[k], nullptr);
        return;
    }
    explain(signal, info->si_addr);
}

void on_tick(int, siginfo_t*, void*) {
    if (current == nullptr || this_thread() != launching) return;
    if (grid.switches != switches_at_last_tick) {
        switches_at_last_tick = grid.switches;
        ticks_left = ticks;
    } else if (--ticks_left <= 0) {
        fail("%s has run for %.3g s without giving way: a spin on a plain or volatile load needs EQSNN_YIELD() or "
             "__nanosleep()",
             place_of(*current).c_str(), grid.launch->timeout);
    }
}

void install(int signal, void (*handler)(int, siginfo_t*, void*), struct sigaction& old) {
    struct sigaction action = {};
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;  // the handler may never return
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, &old);
}

}  // namespace

FaultHandling::FaultHandling(double timeout) : timed_(timeout > 0) {
    launching = this_thread();
    current = nullptr;
    stack_t stack = {};
    stack.ss_sp = handler_stack;
    stack.ss_size = sizeof handler_stack;
    sigaltstack(&stack, &old_stack_);
    for (int k = 0; k < n_faults; ++k) install(faults[k], on_fault, old_actions[k]);
    if (!timed_) return;
    install(SIGRTMIN + 7, on_tick, old_alarm);
    ticks = ticks_left = 8;
    switches_at_last_tick = ~uint64_t{0};
    sigevent event = {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMIN + 7;
    event._sigev_un._tid = launching;
    timed_ = timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    if (!timed_) return;
    const double tick = timeout / ticks;
    timespec interval = {time_t(tick), long((tick - double(time_t(tick))) * 1e9)};
    const itimerspec times = {interval, interval};
    timer_settime(timer_, 0, &times, nullptr);
}

FaultHandling::~FaultHandling() {
    current = nullptr;
    if (timed_) {
        timer_delete(timer_);
        sigaction(SIGRTMIN + 7, &old_alarm, nullptr);
    }
    for (int k = 0; k < n_faults; ++k) sigaction(faults[k], &old_actions[k], nullptr);
    sigaltstack(&old_stack_, nullptr);
}

}  // namespace emulated_cuda
