#pragma once

#include <string_view>

namespace eir {

// What a media worker's counter of this name counts, a sentence for the metrics page; nothing for a name that is not
// known here.
std::string_view worker_metric_help(std::string_view name);

}  // namespace eir
