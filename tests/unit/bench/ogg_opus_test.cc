#include "bench/ogg_opus.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace eir::bench {
namespace {

using Bytes = std::vector<uint8_t>;

// RFC 3533 section 6: 26 bytes that are not looked at except for the first four, then the lacing values.
void append_page(Bytes& file, const Bytes& lacing, const Bytes& body) {
  file.insert(file.end(), {'O', 'g', 'g', 'S'});
  file.insert(file.end(), 22, 0);
  file.push_back(static_cast<uint8_t>(lacing.size()));
  file.insert(file.end(), lacing.begin(), lacing.end());
  file.insert(file.end(), body.begin(), body.end());
}

Bytes headers() {
  Bytes file;
  append_page(file, {8}, {'O', 'p', 'u', 's', 'H', 'e', 'a', 'd'});
  append_page(file, {8}, {'O', 'p', 'u', 's', 'T', 'a', 'g', 's'});
  return file;
}

TEST(OggOpus, HeaderPacketsAreLeftOut) {
  Bytes file = headers();
  append_page(file, {3, 1}, {0xf8, 0xff, 0xfe, 0x08});
  const auto packets = parse_ogg_opus(file);
  ASSERT_TRUE(packets);
  EXPECT_EQ(*packets, (std::vector<Bytes>{{0xf8, 0xff, 0xfe}, {0x08}}));
}

TEST(OggOpus, ALacingValueOf255GoesOnInTheNextPage) {
  Bytes file = headers();
  append_page(file, {255}, Bytes(255, 1));
  append_page(file, {2}, {2, 2});
  const auto packets = parse_ogg_opus(file);
  ASSERT_TRUE(packets);
  ASSERT_EQ(packets->size(), 1U);
  EXPECT_EQ(packets->front().size(), 257U);
  EXPECT_EQ(packets->front().back(), 2);
}

TEST(OggOpus, APageThatEndsEarlyIsRefused) {
  Bytes file = headers();
  append_page(file, {4}, {1, 2, 3});
  EXPECT_FALSE(parse_ogg_opus(file));
}

TEST(OggOpus, AnotherCodecIsRefused) {
  Bytes file;
  append_page(file, {7, 1, 1}, {1, 'v', 'o', 'r', 'b', 'i', 's', 2, 3});
  EXPECT_FALSE(parse_ogg_opus(file));
}

TEST(OggOpus, HeadersAloneAreRefused) { EXPECT_FALSE(parse_ogg_opus(headers())); }

}  // namespace
}  // namespace eir::bench
