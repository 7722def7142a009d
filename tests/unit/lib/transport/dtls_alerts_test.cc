#include "lib/transport/dtls_alerts.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "tests/unit/lib/transport/dtls_pair.h"

namespace eir {
namespace {

// The server has let go of its SSL object, the client has one: OpenSSL writes what is read here, and reads what is
// written.
class DtlsAlertsTest : public testing::TestWithParam<const char*> {
 protected:
  DtlsAlertsTest() : context_(client_certificate(), kAllSrtpProfiles) {
    EXPECT_EQ(SSL_CTX_set_cipher_list(context_.ssl_ctx(), GetParam()), 1);
    pair_.emplace(1, DtlsNetwork{}, context_, server_context(), server_certificate().fingerprint(),
                  client_certificate().fingerprint());
    pair_->start();
    pair_->run(5s);
    EXPECT_TRUE(pair_->both_are(DtlsState::kConnected));
  }
  static std::vector<uint8_t> take(DtlsSession& session) {
    const ByteView datagram = session.poll_transmit();
    return {datagram.begin(), datagram.end()};
  }

  DtlsContext context_;
  std::optional<DtlsPair> pair_;
};

TEST_P(DtlsAlertsTest, TheClientsOpenSslUnderstandsTheServersCloseNotify) {
  pair_->server.close(pair_->now);
  const std::vector<uint8_t> record = take(pair_->server);
  ASSERT_FALSE(record.empty());
  EXPECT_EQ(record[0], 21);
  EXPECT_LE(record.size(), DtlsAlerts::kRecordBytesMax);
  EXPECT_TRUE(take(pair_->server).empty());
  pair_->client.handle_datagram(pair_->now, record);
  EXPECT_EQ(pair_->client.state(), DtlsState::kClosed);
}

TEST_P(DtlsAlertsTest, TheServerUnderstandsTheClientsOpenSsl) {
  pair_->client.close(pair_->now);
  const std::vector<uint8_t> record = take(pair_->client);
  ASSERT_FALSE(record.empty());
  pair_->server.handle_datagram(pair_->now, record);
  EXPECT_EQ(pair_->server.state(), DtlsState::kClosed);
  EXPECT_TRUE(take(pair_->server).empty());
}

TEST_P(DtlsAlertsTest, ARecordOfWhichOneBitIsOtherSaysNothing) {
  pair_->client.close(pair_->now);
  const std::vector<uint8_t> record = take(pair_->client);
  for (size_t bit = 0; bit < 8 * record.size(); ++bit) {
    std::vector<uint8_t> forged = record;
    forged[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    pair_->server.handle_datagram(pair_->now, forged);
    ASSERT_EQ(pair_->server.state(), DtlsState::kConnected) << "bit " << bit;
  }
  for (size_t size = 0; size < record.size(); ++size) {
    pair_->server.handle_datagram(pair_->now, ByteView(record).first(size));
    ASSERT_EQ(pair_->server.state(), DtlsState::kConnected) << size;
  }
  pair_->server.handle_datagram(pair_->now, record);
  EXPECT_EQ(pair_->server.state(), DtlsState::kClosed);
}

TEST_P(DtlsAlertsTest, AnAlertBehindAnotherRecordIsFound) {
  pair_->client.close(pair_->now);
  const std::vector<uint8_t> record = take(pair_->client);
  std::vector<uint8_t> both(13 + 40, 0x55);
  both[0] = 23;  // application data of nobody
  store_u16(&both[1], 0xfefd);
  store_u16(&both[3], 1);
  store_u16(&both[11], 40);
  both.insert(both.end(), record.begin(), record.end());
  pair_->server.handle_datagram(pair_->now, both);
  EXPECT_EQ(pair_->server.state(), DtlsState::kClosed);
}

INSTANTIATE_TEST_SUITE_P(EverySuite, DtlsAlertsTest,
                         testing::Values("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                         "ECDHE-ECDSA-CHACHA20-POLY1305"),
                         [](const auto& info) {
                           std::string name(info.param);
                           std::erase(name, '-');
                           return name;
                         });

}  // namespace
}  // namespace eir
