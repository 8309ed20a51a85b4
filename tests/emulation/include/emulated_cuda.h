// CUDA C++ for g++: force-included before a kernel's source (g++ -include emulated_cuda.h), it stands for all that nvcc
// declares without being asked. The kernels then run on the CPU as fibres; `runtime/` has the machine beneath.
//
// The overloads are those of CUDA and no more, so that what compiles here compiles with nvcc too. Not emulated: textures,
// clusters, dynamic parallelism, wmma, asm, and what only sm_80 and later have.
#pragma once

#include "emulated_cuda/dialect.h"
#include "emulated_cuda/runtime.h"
#include "emulated_cuda/synchronise.h"
#include "emulated_cuda/warp.h"
#include "emulated_cuda/atomics.h"
#include "emulated_cuda/intrinsics.h"
