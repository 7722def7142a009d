#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "server/config/config.h"

namespace eir {
namespace {

std::string shipped_text() {
  std::ifstream file(EIR_SOURCE_DIR "/config/eird.yaml");
  return {std::istreambuf_iterator<char>(file), {}};
}

// One to three slips of a tired hand: bytes changed, left out and put in, lines twice, lost or swapped.
class Mutation {
 public:
  explicit Mutation(uint32_t seed) : random_(seed) {}

  std::string of(std::string text) {
    const uint32_t slips = 1 + below(3);
    for (uint32_t i = 0; i < slips; ++i) slip(text);
    return text;
  }

 private:
  uint32_t below(size_t bound) { return static_cast<uint32_t>(random_() % bound); }

  void slip(std::string& text) {
    static constexpr std::string_view kInserted = ":-[]{}\"'#,&*!|>%@\t\n x9\0\xc3";
    const size_t at = below(text.size());
    const size_t line = text.rfind('\n', at) + 1;
    const size_t line_end = std::min(text.find('\n', at), text.size() - 1) + 1;
    switch (below(6)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        return;
      case 1:
        text.erase(at, 1 + below(8));
        return;
      case 2:
        text.insert(at, 1, kInserted[below(kInserted.size())]);
        return;
      case 3:
        text.insert(line, text.substr(line, line_end - line));
        return;
      case 4:
        if (line < line_end) text.erase(line, line_end - line);
        return;
      default:
        text.insert(line, std::string(1 + below(4), ' '));
        return;
    }
  }

  std::mt19937 random_;
};

TEST(MutatedConfig, EveryErrorOfAThousandHasItsLineAndKey) {
  const std::string shipped = shipped_text();
  ASSERT_FALSE(shipped.empty());
  int refused = 0;
  for (uint32_t seed = 1; seed <= 1000; ++seed) {
    const std::string text = Mutation(seed).of(shipped);
    const auto lines = 1 + std::count(text.begin(), text.end(), '\n');
    const ParsedConfig parsed = check_config_text(text, "mutated");
    if (parsed.ok()) continue;
    ++refused;
    EXPECT_EQ(to_yaml(parsed.config), to_yaml(Config())) << "seed " << seed;
    for (const ConfigError& error : parsed.errors) {
      EXPECT_GE(error.line, 1) << "seed " << seed << ": " << error.message;
      EXPECT_LE(error.line, lines) << "seed " << seed << ": " << error.message;
      EXPECT_FALSE(error.key.empty()) << "seed " << seed << ": " << error.message;
      EXPECT_FALSE(error.message.empty()) << "seed " << seed;
    }
  }
  // Most slips fall into comments; the rest must not pass unseen.
  EXPECT_GT(refused, 200);
}

TEST(MutatedConfig, BytesOfAWrongKeyAreToldInPrintableText) {
  const auto parsed = parse_config("lim\xff\x1b[2Jits: 1\n", "f");
  ASSERT_EQ(parsed.errors.size(), 1U);
  EXPECT_EQ(parsed.errors[0].key, "lim\\xff\\x1b[2Jits");
}

TEST(MutatedConfig, WhatIsNotYamlIsPlacedAtTheNearestKeyAboveIt) {
  const auto parsed = parse_config("node_name: eir\nlimits:\n  joins_per_second: [1\nlog: {}\n", "f");
  ASSERT_EQ(parsed.errors.size(), 1U);
  EXPECT_EQ(parsed.errors[0].line, 4);
  EXPECT_EQ(parsed.errors[0].key, "log");
  const auto tab = parse_config("listeners:\n  ops:\n    port: 9090\n\t  address: 127.0.0.1\n", "f");
  ASSERT_EQ(tab.errors.size(), 1U);
  EXPECT_EQ(tab.errors[0].key, "listeners.ops.port");
}

}  // namespace
}  // namespace eir
