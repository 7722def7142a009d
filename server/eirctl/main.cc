#include <iostream>
#include <string_view>
#include <vector>

#include "server/eirctl/eirctl.h"

int main(int argc, char** argv) {
  const std::vector<std::string_view> words(argv + (argc > 0 ? 1 : 0), argv + argc);
  const int code = eir::run_eirctl(words, std::cout, std::cerr);
  std::cout.flush();
  // A list that could not be written whole must not look whole.
  return std::cout.good() ? code : eir::kCtlUsage;
}
