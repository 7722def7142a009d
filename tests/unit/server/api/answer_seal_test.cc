#include "server/api/answer_seal.h"

#include <gtest/gtest.h>

namespace eir {
namespace {

// Gives 0, 1, 2, …
class CountingRandom final : public Random {
 public:
  void fill(MutableBytes out) override {
    for (uint8_t& byte : out) byte = next_++;
  }

 private:
  uint8_t next_ = 0;
};

std::string hex(std::string_view text) {
  std::string out;
  for (const char c : text) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += kDigits[static_cast<uint8_t>(c) >> 4];
    out += kDigits[static_cast<uint8_t>(c) & 15];
  }
  return out;
}

// Both made with other programs: HKDF from HMAC-SHA256 as RFC 5869 section 2 has it, AES-256-GCM by another library
// with the second half of the HKDF's 64 bytes and the nonce 000102…0b.
TEST(AnswerSeal, NameAndSealAreOfHkdfAndGcm) {
  const AnswerSeal seal("a bearer secret", "order-4711");
  EXPECT_EQ(seal.name(), "42fe19e18b8484b00683b625b6c1616dc0ec614d58f19f0a71766bea8764824e");
  CountingRandom random;
  EXPECT_EQ(hex(seal.seal(R"({"status":201})", random)),
            "000102030405060708090a0bd0e1570dd744bf20681299c46a6a02cac09d0df80cff0977f32f77fd1749");
}

TEST(AnswerSeal, OpensWithTheSameSecretAndKeyOnly) {
  SeededRandom random{1};
  const std::string sealed = AnswerSeal("secret", "key").seal("answer", random);
  EXPECT_EQ(AnswerSeal("secret", "key").open(sealed), "answer");
  EXPECT_FALSE(AnswerSeal("secret", "kez").open(sealed));
  EXPECT_FALSE(AnswerSeal("secreu", "key").open(sealed));
  EXPECT_NE(AnswerSeal("secret", "key").name(), AnswerSeal("secret", "kez").name());
  EXPECT_NE(AnswerSeal("secret", "key").name(), AnswerSeal("secreu", "key").name());
}

TEST(AnswerSeal, OpensNothingThatWasChangedOrCut) {
  SeededRandom random{2};
  const AnswerSeal seal("secret", "key");
  const std::string sealed = seal.seal("answer", random);
  for (size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(seal.open(changed)) << i;
    EXPECT_FALSE(seal.open(sealed.substr(0, i))) << i;
  }
}

TEST(AnswerSeal, SealsTheSameTextDifferentlyEachTime) {
  SeededRandom random{3};
  const AnswerSeal seal("secret", "key");
  EXPECT_NE(seal.seal("answer", random), seal.seal("answer", random));
}

TEST(AnswerSeal, EmptyTextIsSealedToo) {
  SeededRandom random{4};
  const AnswerSeal seal("secret", "key");
  EXPECT_EQ(seal.open(seal.seal("", random)), "");
}

}  // namespace
}  // namespace eir
