#pragma once

#include <cstddef>

namespace eir::bench {

// Lets this process and those it starts hold `wanted` descriptors. Throws std::runtime_error with what to do about it
// if the system's limit is lower.
void allow_descriptors(size_t wanted);

}  // namespace eir::bench
