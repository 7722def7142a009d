#include "server/consultation/role.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "server/consultation/public_id.h"
#include "server/consultation/token.h"

namespace eir {
namespace {

// A line per role: audio, video, extra camera, screen, moderate, invite, end. y: from the start, g: a host may grant
// it.
const std::map<Role, std::string> kTable = {
    {Role::kSpecialist, "yyyyyyy"},  {Role::kClinician, "yyyyyyy"}, {Role::kModerator, "yyyyyyy"},
    {Role::kGp, "yyyygyg"},          {Role::kPatient, "yyyg-g-"},   {Role::kRelative, "yy-g---"},
    {Role::kInterpreter, "yy-----"}, {Role::kObserver, "g------"},  {Role::kDevice, "yyyg---"},
    {Role::kGateway, "y------"},     {Role::kSupport, "-------"},
};

TEST(Role, CeilingsAreTheTableOfRoles) {
  ASSERT_EQ(kTable.size(), kRoleCount);
  for (const auto& [role, line] : kTable) {
    SCOPED_TRACE(to_text(role));
    for (size_t i = 0; i < line.size(); ++i) {
      const auto right = static_cast<Right>(i);
      EXPECT_EQ(ceiling_of(role).given.has(right), line[i] == 'y') << to_text(right);
      EXPECT_EQ(ceiling_of(role).grantable.has(right), line[i] == 'g') << to_text(right);
    }
  }
}

TEST(Role, SupportListsAndNothingElse) { EXPECT_EQ(ceiling_of(Role::kSupport).given, Rights{Right::kList}); }

TEST(Role, NamesReadBack) {
  for (const auto& [role, line] : kTable) EXPECT_EQ(role_from_text(to_text(role)), role);
  EXPECT_FALSE(role_from_text("admin"));
  EXPECT_FALSE(role_from_text(""));
}

TEST(PublicId, TextReadsBackAndNothingElseDoes) {
  SeededRandom random(7);
  const auto id = ConsultationKey::random(random);
  const std::string text = id.to_string();
  EXPECT_EQ(text.size(), 22U);
  EXPECT_EQ(ConsultationKey::parse(text), id);
  EXPECT_FALSE(SeatKey::parse(text));
  EXPECT_FALSE(ConsultationKey::parse(text.substr(0, 21)));
  EXPECT_FALSE(ConsultationKey::parse(text + "A"));
  EXPECT_FALSE(ConsultationKey::parse("c_" + std::string(19, 'A') + "="));
}

// RFC 4648 section 10 "foobar"; 0xfb 0xff 0xbf are the two characters that differ from base64.
TEST(PublicId, Base64UrlIsThatOfTheRfc) {
  EXPECT_EQ(to_base64url(as_bytes("foobar")), "Zm9vYmFy");
  const std::array<uint8_t, 3> bytes = {0xfb, 0xff, 0xbf};
  EXPECT_EQ(to_base64url(bytes), "-_-_");
}

// FIPS 180-2 appendix B.1: SHA-256 of "abc".
TEST(Token, HashIsSha256) {
  EXPECT_EQ(to_hex(hash_token("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(token_hash_from_hex(to_hex(hash_token("abc"))), hash_token("abc"));
  EXPECT_FALSE(token_hash_from_hex("ba78"));
  EXPECT_FALSE(token_hash_from_hex(std::string(64, 'G')));
  EXPECT_TRUE(equal_in_constant_time(hash_token("a"), hash_token("a")));
  EXPECT_FALSE(equal_in_constant_time(hash_token("a"), hash_token("b")));
}

TEST(Token, Has192RandomBits) {
  SeededRandom random(3);
  EXPECT_EQ(Token::random(random).reveal().size(), 32U);
  EXPECT_NE(Token::random(random).reveal(), Token::random(random).reveal());
}

}  // namespace
}  // namespace eir
