#include "server/store/audit_chain.h"

#include <gtest/gtest.h>

#include <vector>

#include "server/store/audit_trail.h"

namespace eir {
namespace {

AuditRow row_of(uint64_t seq) {
  return {"demo", "c_1", static_cast<int64_t>(1000 + seq), "{\"act\":" + std::to_string(seq) + "}"};
}

std::vector<AuditRecord> chain_of(uint64_t count) {
  std::vector<AuditRecord> records;
  AuditHash hash{};
  for (uint64_t seq = 1; seq <= count; ++seq) {
    hash = audit_hash(hash, seq, row_of(seq));
    records.push_back({seq, row_of(seq), hash});
  }
  return records;
}

AuditHead head_of(const AuditRecord& record) { return {"demo", record.seq, record.hash}; }

AuditVerifier::Ends ends_of(const std::vector<AuditRecord>& records) {
  return {{"demo", 0, {}}, head_of(records.back()), std::nullopt};
}

std::string text_of(const std::optional<AuditFinding>& finding) {
  return finding ? std::to_string(finding->seq) + " " + std::string(to_string(finding->fault)) : "whole";
}

std::string hex_of(const AuditHash& hash) { return to_string(AuditHead{"", 0, hash}).substr(3); }

// Computed by hand with another program's SHA-256 over the encoding that the header describes.
TEST(AuditChain, HashIsThatOfTheDescribedEncoding) {
  const AuditHash first = audit_hash({}, 1, {"demo", "c_1", 1'700'000'000'000, R"({"act":"opened"})"});
  EXPECT_EQ(hex_of(first), "5870829706426b21b22c4b204d56fc76ba9eb9270b36a533e57305d82152b999");
  const AuditHash second = audit_hash(first, 2, {"demo", "", 1'700'000'000'001, "{}"});
  EXPECT_EQ(hex_of(second), "2a1f13afcbc7e4680c9f4bb382dd4a508ef697664e8b7158f5578fb49f022bf1");
}

TEST(AuditChain, TextCannotMoveBetweenFieldsUnseen) {
  EXPECT_NE(audit_hash({}, 1, {"demo", "c_1", 0, "{}"}), audit_hash({}, 1, {"dem", "oc_1", 0, "{}"}));
  EXPECT_NE(audit_hash({}, 1, {"demo", "c_1", 0, "{}"}), audit_hash({}, 1, {"demo", "c_1{", 0, "}"}));
}

TEST(AuditChain, AnUntouchedChainIsWhole) {
  const auto records = chain_of(5);
  EXPECT_EQ(text_of(verify_chain(records, ends_of(records))), "whole");
  EXPECT_EQ(text_of(verify_chain({}, {{"demo", 0, {}}, std::nullopt, std::nullopt})), "whole");
}

TEST(AuditChain, AChangedDocumentTimeConsultationOrTenantIsFoundAtItsPlace) {
  for (const uint64_t seq : {1u, 3u, 5u}) {
    const auto whole = chain_of(5);
    for (int field = 0; field < 5; ++field) {
      auto records = whole;
      AuditRecord& record = records[seq - 1];
      if (field == 0) record.row.document += ' ';
      if (field == 1) record.row.time_ms ^= 1;
      if (field == 2) record.row.consultation = "c_2";
      if (field == 3) record.row.tenant = "other";
      if (field == 4) record.hash[31] ^= 1;
      EXPECT_EQ(text_of(verify_chain(records, ends_of(whole))), std::to_string(seq) + " changed") << field;
    }
  }
}

TEST(AuditChain, AMissingRecordIsFoundWithAndWithoutItsNumber) {
  const auto whole = chain_of(6);
  auto records = whole;
  records.erase(records.begin() + 2);
  EXPECT_EQ(text_of(verify_chain(records, ends_of(whole))), "3 missing");
  for (size_t i = 2; i < records.size(); ++i) records[i].seq = i + 1;
  EXPECT_EQ(text_of(verify_chain(records, ends_of(whole))), "3 missing");
}

TEST(AuditChain, AnInsertedRecordIsFound) {
  const auto whole = chain_of(6);
  auto records = whole;
  AuditRecord forged{3, row_of(99), {}};
  forged.hash = audit_hash(records[1].hash, 3, forged.row);
  records.insert(records.begin() + 2, forged);
  auto numbered_anew = records;
  for (size_t i = 3; i < records.size(); ++i) numbered_anew[i].seq = i + 1;
  // The forged one fits by itself: what was third before does not fit any more.
  EXPECT_EQ(text_of(verify_chain(numbered_anew, ends_of(whole))), "4 changed");
  forged.hash = {};
  numbered_anew[2].hash = {};
  EXPECT_EQ(text_of(verify_chain(numbered_anew, ends_of(whole))), "3 inserted");
  records[2] = records[1];  // the second one twice, under its own number
  EXPECT_EQ(text_of(verify_chain(records, ends_of(whole))), "2 inserted");
}

TEST(AuditChain, RecordsThatChangedPlacesAreFound) {
  const auto whole = chain_of(6);
  for (const size_t other : {2u, 3u, 5u}) {
    auto records = whole;
    std::swap(records[1], records[other]);
    records[1].seq = 2;
    records[other].seq = other + 1;
    EXPECT_EQ(text_of(verify_chain(records, ends_of(whole))), "2 reordered") << other;
  }
}

TEST(AuditChain, ACutEndIsFoundByTheHead) {
  const auto whole = chain_of(5);
  auto records = whole;
  records.resize(3);
  EXPECT_EQ(text_of(verify_chain(records, ends_of(whole))), "4 cut at the end");
  EXPECT_EQ(text_of(verify_chain({}, ends_of(whole))), "1 cut at the end");
}

TEST(AuditChain, AnAlteredHeadIsFound) {
  const auto records = chain_of(5);
  auto ends = ends_of(records);
  ends.head->hash[0] ^= 1;
  EXPECT_EQ(text_of(verify_chain(records, ends)), "5 head altered");
  ends = ends_of(records);
  ends.head->seq = 4;
  EXPECT_EQ(text_of(verify_chain(records, ends)), "4 head altered");
  ends.head->seq = 6;
  EXPECT_EQ(text_of(verify_chain(records, ends)), "6 head altered");
  ends.head.reset();
  EXPECT_EQ(text_of(verify_chain(records, ends)), "5 head altered");
}

TEST(AuditChain, ARecordAddedWithoutTheHeadIsFound) {
  const auto records = chain_of(5);
  auto ends = ends_of(records);
  ends.head = head_of(records[3]);
  EXPECT_EQ(text_of(verify_chain(records, ends)), "5 inserted");
}

TEST(AuditChain, ARewrittenChainIsFoundByAHeadFromElsewhere) {
  const auto whole = chain_of(5);
  std::vector<AuditRecord> forged;
  AuditHash hash{};
  for (uint64_t seq = 1; seq <= 5; ++seq) {
    AuditRow row = row_of(seq);
    if (seq == 2) row.document = "{}";
    hash = audit_hash(hash, seq, row);
    forged.push_back({seq, row, hash});
  }
  auto ends = ends_of(forged);
  EXPECT_EQ(text_of(verify_chain(forged, ends)), "whole");
  ends.known = head_of(whole[3]);
  EXPECT_EQ(text_of(verify_chain(forged, ends)), "4 rewritten");
  ends.known = head_of(whole[0]);
  EXPECT_EQ(text_of(verify_chain(forged, ends)), "whole");  // the first record is what it was
}

TEST(AuditChain, AShorterTrailThanTheKnownHeadIsCut) {
  const auto whole = chain_of(5);
  auto records = whole;
  records.resize(3);
  auto ends = ends_of(records);
  ends.known = head_of(whole[4]);
  EXPECT_EQ(text_of(verify_chain(records, ends)), "4 cut at the end");
}

TEST(AuditChain, VerificationStartsAtTheAnchorThatRetentionLeft) {
  const auto whole = chain_of(6);
  const std::vector<AuditRecord> kept(whole.begin() + 3, whole.end());
  auto ends = ends_of(whole);
  EXPECT_EQ(text_of(verify_chain(kept, ends)), "1 missing");
  ends.anchor = head_of(whole[2]);
  EXPECT_EQ(text_of(verify_chain(kept, ends)), "whole");
  ends.known = head_of(whole[2]);
  EXPECT_EQ(text_of(verify_chain(kept, ends)), "whole");
  ends.known = head_of(whole[1]);
  EXPECT_EQ(text_of(verify_chain(kept, ends)), "2 older than what is kept");
  ends.known.reset();
  ends.anchor.hash[5] ^= 1;
  EXPECT_EQ(text_of(verify_chain(kept, ends)), "4 changed");
}

TEST(AuditChain, RetentionMayLeaveNothingButTheAnchor) {
  const auto whole = chain_of(3);
  EXPECT_EQ(text_of(verify_chain({}, {head_of(whole[2]), head_of(whole[2]), head_of(whole[2])})), "whole");
  EXPECT_EQ(text_of(verify_chain({}, {head_of(whole[1]), head_of(whole[2]), std::nullopt})), "3 cut at the end");
}

TEST(AuditChain, AHeadIsReadAsItWasWritten) {
  AuditHead head{"clinic-2", 123, {}};
  head.hash[0] = 0xab;
  head.hash[31] = 0x01;
  const std::string zeros(60, '0');
  EXPECT_EQ(to_string(head), "clinic-2:123:ab" + zeros + "01");
  EXPECT_EQ(parse_audit_head(to_string(head)), head);
  for (const std::string& bad :
       {std::string(), std::string("demo"), std::string("demo:1"), "demo:x:" + zeros + "0000", "demo:1:" + zeros,
        ":1:" + zeros + "0000", "demo::" + zeros + "0000", "demo:1:" + zeros + "00g0", "demo:1:" + zeros + "00000"}) {
    EXPECT_FALSE(parse_audit_head(bad)) << bad;
  }
}

}  // namespace
}  // namespace eir
