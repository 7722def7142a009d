#include "server/config/live_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace eir {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LiveConfig, EqualConfigurationsChangeNothing) {
  Config running;
  const ConfigChange change = take_live(running, Config());
  EXPECT_THAT(change.taken, IsEmpty());
  EXPECT_THAT(change.needs_restart, IsEmpty());
}

TEST(LiveConfig, LimitsTimesOriginsRetentionAndLogAreTaken) {
  Config running;
  Config wanted;
  wanted.node_name = "node-2";
  wanted.templates_file = "/etc/eir/templates.yaml";
  wanted.listeners.public_url = "https://video.example.org";
  wanted.listeners.allowed_origins = {"https://portal.example.org"};
  wanted.limits.joins_per_second = 7;
  wanted.timeouts.drain_s = 60;
  wanted.retention.usage_days = 400;
  wanted.log.format = LogFormat::kJson;
  wanted.log.level = LogLevel::kDebug;
  const ConfigChange change = take_live(running, wanted);
  EXPECT_THAT(change.taken, ElementsAre("node_name", "templates_file", "listeners.public_url",
                                        "listeners.allowed_origins", "limits.joins_per_second", "timeouts.drain_s",
                                        "retention.usage_days", "log.format", "log.level"));
  EXPECT_THAT(change.needs_restart, IsEmpty());
  EXPECT_EQ(to_yaml(running), to_yaml(wanted));
}

TEST(LiveConfig, SocketsWorkersAndTheStateDirectoryStayAsTheyWere) {
  Config running;
  Config wanted;
  wanted.state_dir = "/srv/eir";
  wanted.listeners.https.addresses = {"10.0.0.5"};
  wanted.listeners.https.port = 443;
  wanted.listeners.http_loopback.addresses.clear();
  wanted.listeners.ops.port = 9091;
  wanted.media.addresses = {{"10.0.0.5", ""}};
  wanted.media.workers = 3;
  wanted.media.dscp.video = 0;
  const ConfigChange change = take_live(running, wanted);
  EXPECT_THAT(change.needs_restart, ElementsAre("state_dir", "listeners.https.addresses", "listeners.https.port",
                                                "listeners.http_loopback.addresses", "listeners.ops.port",
                                                "media.addresses", "media.workers", "media.dscp.video"));
  EXPECT_THAT(change.taken, IsEmpty());
  EXPECT_EQ(to_yaml(running), to_yaml(Config()));
}

TEST(LiveConfig, AnotherAnnouncedAddressIsADifference) {
  Config running;
  running.media.addresses = {{"10.0.0.5", "203.0.113.7"}};
  Config wanted = running;
  wanted.media.addresses[0].announce = "203.0.113.8";
  EXPECT_THAT(take_live(running, wanted).needs_restart, ElementsAre("media.addresses"));
}

TEST(LiveConfig, CertificateMayMoveButNotComeOrGo) {
  Config running;
  running.listeners.https.certificate_file = "/a.pem";
  running.listeners.https.key_file = "/a.key";
  Config wanted = running;
  wanted.listeners.https.certificate_file = "/b.pem";
  wanted.listeners.https.key_file = "/b.key";
  EXPECT_THAT(take_live(running, wanted).taken,
              ElementsAre("listeners.https.certificate_file", "listeners.https.key_file"));
  EXPECT_THAT(take_live(running, Config()).needs_restart,
              ElementsAre("listeners.https.certificate_file", "listeners.https.key_file"));
  EXPECT_EQ(running.listeners.https.certificate_file, "/b.pem");
  Config without;
  EXPECT_THAT(take_live(without, wanted).needs_restart,
              ElementsAre("listeners.https.certificate_file", "listeners.https.key_file"));
}

TEST(LiveConfig, KeyThatOnlyBeginsAlikeIsAnother) {
  EXPECT_TRUE(needs_restart("media.workers"));
  EXPECT_TRUE(needs_restart("media.addresses[0].bind"));
  EXPECT_FALSE(needs_restart("mediation"));
  EXPECT_FALSE(needs_restart("listeners.public_url"));
}

}  // namespace
}  // namespace eir
