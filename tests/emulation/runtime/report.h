// Sentences about who waits where, for the messages of a launch that failed.
#pragma once

#include <string>

#include "grid.h"

namespace emulated_cuda {

const char* name_of(Waiting waiting, uint8_t operation);
const char* name_of(Exchange kind);

// "block (1,0,0), thread (5,0,0)".
std::string place_of(const Thread& thread);

// Whether a thread has been let go on and only has not run yet.
bool is_ready(const Block& block, const Thread& thread);

// The threads of a block by what they wait for; `arriving` is about to wait at the place given.
std::string who_waits(const Block& block, const Thread* arriving, Waiting waiting, uint8_t operation, Site site);

// The same for the first few blocks.
std::string who_waits_where();

}  // namespace emulated_cuda
