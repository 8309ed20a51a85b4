// Several networks of one program, which run side by side (see core/lanes.cpp).
#pragma once

#ifdef _OPENMP
#endif

#include "module.h"

namespace eqsnn {

struct Lanes {
    Context** lanes;
    Context** rooms;  // working memory, one for each thread: contexts of which only that part is used
    int64_t n;
    int64_t tick, end;              // the first not run; where to stop
    int64_t failed;                 // the lane that met a fault, or -1
    void (*setup)(Context*);        // of the module
    void (*run)(Context*);
    int32_t (*callback)(int32_t);   // Python: whether to stop
    int32_t threads, unused;
};

}  // namespace eqsnn

EQSNN_API void eqsnn_lanes_run(eqsnn::Lanes* lanes);
