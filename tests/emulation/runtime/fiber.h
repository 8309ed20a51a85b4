// Fibres: several stacks, one of which runs. Threads of a kernel are fibres, and so is the caller of the launch.
#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define EMULATED_CUDA_ASAN 1
#else
#define EMULATED_CUDA_ASAN 0
#endif

#if defined(__x86_64__) && !defined(EMULATED_CUDA_UCONTEXT)
#define EMULATED_CUDA_ASSEMBLY 1
#else
#define EMULATED_CUDA_ASSEMBLY 0
#include <ucontext.h>
#endif

namespace emulated_cuda {

struct Fiber {
#if EMULATED_CUDA_ASSEMBLY
    void* stack_pointer;
    void* frame_pointer;
    void* resume_at;
#else
    ucontext_t* context;  // kept from launch to launch with its thread
#endif
    char* stack;  // lowest usable address
    size_t stack_bytes;
#if EMULATED_CUDA_ASAN
    void* fake_stack;
#endif
};

#if EMULATED_CUDA_ASSEMBLY

// The compiler keeps whatever it needs beyond this point, as every register is named as lost but the two stored here.
inline void exchange_registers(Fiber& from, Fiber& to) {
    Fiber *leave = &from, *enter = &to;
    __asm__ volatile(
        "movq %%rsp, 0(%0)\n\t"
        "movq %%rbp, 8(%0)\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "movq %%rax, 16(%0)\n\t"
        "movq 0(%1), %%rsp\n\t"
        "movq 8(%1), %%rbp\n\t"
        "jmpq *16(%1)\n"  // not a return: its target is nearly always the line below, and so well predicted
        "1:\n"
        : "+D"(leave), "+S"(enter)
        :
        : "rax", "rbx", "rcx", "rdx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2",
          "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
          "memory", "cc");
}

// Make `fiber` one that begins with `body`, `offset` bytes below the top of its stack.
inline void prepare(Fiber& fiber, void (*body)(), size_t offset) {
    const uintptr_t top = reinterpret_cast<uintptr_t>(fiber.stack + fiber.stack_bytes - offset) & ~uintptr_t{15};
    fiber.stack_pointer = reinterpret_cast<void*>(top - 8);  // as just after a call
    fiber.frame_pointer = nullptr;
    fiber.resume_at = reinterpret_cast<void*>(body);
}

#else

inline void exchange_registers(Fiber& from, Fiber& to) {
    if (from.context == nullptr) from.context = new ucontext_t;
    swapcontext(from.context, to.context);
}

inline void prepare(Fiber& fiber, void (*body)(), size_t) {
    if (fiber.context == nullptr) fiber.context = new ucontext_t;
    getcontext(fiber.context);
    fiber.context->uc_stack.ss_sp = fiber.stack;
    fiber.context->uc_stack.ss_size = fiber.stack_bytes;
    fiber.context->uc_link = nullptr;
    makecontext(fiber.context, body, 0);
}

#endif

// Leave `from`, to come back to it here, and go on in `to`.
inline void switch_to(Fiber& from, Fiber& to) {
#if EMULATED_CUDA_ASAN
    __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_bytes);
#endif
    exchange_registers(from, to);
#if EMULATED_CUDA_ASAN
    __sanitizer_finish_switch_fiber(from.fake_stack, nullptr, nullptr);
#endif
}

// To be called first in a new fibre; where it was entered from the caller of the launch, the caller's stack gets known.
inline void arrive([[maybe_unused]] Fiber& caller) {
#if EMULATED_CUDA_ASAN
    const void* stack;
    size_t bytes;
    __sanitizer_finish_switch_fiber(nullptr, &stack, &bytes);
    if (caller.stack != nullptr) return;
    caller.stack = static_cast<char*>(const_cast<void*>(stack));
    caller.stack_bytes = bytes;
#endif
}

// Leave a fibre for good.
[[noreturn]] inline void jump_to(Fiber& to) {
    static Fiber nowhere;
#if EMULATED_CUDA_ASAN
    __sanitizer_start_switch_fiber(nullptr, to.stack, to.stack_bytes);
#endif
    exchange_registers(nowhere, to);
    __builtin_unreachable();
}

}  // namespace emulated_cuda
