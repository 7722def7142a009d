#include "server/config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>

#include "server/config/config_fields.h"

namespace eir {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAreArray;

std::string read_shipped_file() {
  std::ifstream file(EIR_SOURCE_DIR "/config/eird.yaml");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// "key@line" of each error.
std::vector<std::string> places(const ParsedConfig& parsed) {
  std::vector<std::string> out;
  for (const auto& e : parsed.errors) out.push_back(e.key + "@" + std::to_string(e.line));
  return out;
}

void collect_keys(const YAML::Node& node, const std::string& path, std::set<std::string>& out) {
  for (const auto& entry : node) {
    const std::string key = path + entry.first.as<std::string>();
    if (entry.second.IsMap()) {
      collect_keys(entry.second, key + ".", out);
    } else {
      out.insert(key);
    }
  }
}

std::set<std::string> keys_of(const std::string& text) {
  std::set<std::string> out;
  collect_keys(YAML::Load(text), "", out);
  return out;
}

TEST(Config, ShippedFileSaysExactlyTheDefaults) {
  const auto parsed = parse_config(read_shipped_file(), "eird.yaml");
  EXPECT_EQ(parsed.error_text(), "");
  EXPECT_EQ(to_yaml(parsed.config), to_yaml(Config{}));
}

TEST(Config, ShippedFileHasEveryKey) {
  EXPECT_THAT(keys_of(read_shipped_file()), UnorderedElementsAreArray(keys_of(to_yaml(Config{}))));
}

TEST(Config, EveryKeyOfTheShippedFileHasACommentAboveIt) {
  std::istringstream lines(read_shipped_file());
  std::string line;
  std::string above;
  while (std::getline(lines, line)) {
    const bool is_group = line.ends_with(':');
    const bool is_comment = line.find_first_not_of(' ') == line.find('#');
    if (!line.empty() && !is_group && !is_comment) {
      EXPECT_THAT(above, HasSubstr("# ")) << line;
    }
    above = line;
  }
}

TEST(Config, EveryNumberHasARangeThatHoldsItsDefault) {
  for (const KeyRange& range : key_ranges()) EXPECT_THAT(keys_of(to_yaml(Config{})), Contains(range.key));
  // A number without a range admits only 0, so the defaults would not be read back.
  EXPECT_EQ(parse_config(to_yaml(Config{}), "defaults").error_text(), "");
}

TEST(Config, WhatIsPrintedIsReadBackTheSame) {
  Config config;
  config.node_name = "ward-7.example";
  config.listeners.public_url = "https://video.example.org:8443";
  config.listeners.allowed_origins = {"https://portal.example.org"};
  config.media.addresses = {{"10.0.0.5", "203.0.113.7"}, {"2001:db8::5", ""}};
  config.media.forbid_cm80 = true;
  config.media.measure_delay = true;
  config.log.format = LogFormat::kJournald;
  config.state_dir = "/var/lib/a \"quoted\\\" # name";
  const auto parsed = parse_config(to_yaml(config), "printed");
  EXPECT_EQ(parsed.error_text(), "");
  EXPECT_EQ(to_yaml(parsed.config), to_yaml(config));
  ASSERT_EQ(parsed.config.media.addresses.size(), 2U);
  EXPECT_EQ(parsed.config.media.addresses[0].announce, "203.0.113.7");
  EXPECT_TRUE(parsed.config.media.measure_delay);
  EXPECT_EQ(parsed.config.state_dir, config.state_dir);
}

TEST(Config, EmptyFileIsAllDefaults) {
  EXPECT_TRUE(parse_config("", "empty").ok());
  EXPECT_TRUE(parse_config("# only a comment\n", "comment").ok());
}

TEST(Config, LeftOutKeysKeepTheirDefaults) {
  const auto parsed = parse_config("media:\n  workers: 3\n", "f");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.config.media.workers, 3U);
  EXPECT_EQ(parsed.config.media.port_base, 40000);
  EXPECT_EQ(parsed.config.listeners.https.port, 8443);
}

TEST(Config, AllMistakesAreReportedAtOnceWithLineAndKey) {
  const auto parsed = parse_config(
      "node_name: Ward 7\n"                          // 1: capital and space
      "listners: {}\n"                               // 2: unknown
      "listeners:\n"                                 // 3
      "  ops:\n"                                     // 4
      "    address: 0.0.0.0\n"                       // 5: wider than loopback
      "    port: 70000\n"                            // 6: out of range
      "media:\n"                                     // 7
      "  workers: \"4\"\n"                           // 8: text
      "  forbid_cm80: yes\n"                         // 9: not a YAML 1.2 boolean
      "  addresses:\n"                               // 10
      "    - bind: 0.0.0.0\n"                        // 11: wildcard
      "    - {bind: 10.0.0.1, anounce: 10.0.0.2}\n"  // 12: unknown
      "log:\n"                                       // 13
      "  level: loud\n"                              // 14: unknown enumerator
      "  level: info\n",                             // 15: twice
      "bad.yaml");
  EXPECT_THAT(places(parsed), testing::UnorderedElementsAre(
                                  "node_name@1", "listners@2", "listeners.ops.address@5", "listeners.ops.port@6",
                                  "media.workers@8", "media.forbid_cm80@9", "media.addresses[0].bind@11",
                                  "media.addresses[1].anounce@12", "log.level@14", "log.level@15"));
  EXPECT_THAT(parsed.error_text(), HasSubstr("bad.yaml:6: listeners.ops.port must be a number from 1 to 65535\n"));
  EXPECT_EQ(to_yaml(parsed.config), to_yaml(Config{}));
}

TEST(Config, WrongShapesAreRefused) {
  EXPECT_THAT(places(parse_config("media: 3\n", "f")), ElementsAre("media@1"));
  EXPECT_THAT(places(parse_config("- a\n- b\n", "f")), ElementsAre("(document)@1"));
  EXPECT_THAT(places(parse_config("state_dir: [a]\n", "f")), ElementsAre("state_dir@1"));
  EXPECT_THAT(places(parse_config("state_dir:\n", "f")), ElementsAre("state_dir@1"));
  EXPECT_THAT(places(parse_config("media:\n  addresses: 10.0.0.1\n", "f")), ElementsAre("media.addresses@2"));
  EXPECT_THAT(places(parse_config("[a]: b\n", "f")), ElementsAre("(document)@1"));
  EXPECT_THAT(places(parse_config("media:\n  workers: -1\n", "f")), ElementsAre("media.workers@2"));
  EXPECT_THAT(places(parse_config("media:\n  workers: 65\n", "f")), ElementsAre("media.workers@2"));
  EXPECT_THAT(places(parse_config("media:\n  workers: 4.0\n", "f")), ElementsAre("media.workers@2"));
  EXPECT_THAT(places(parse_config("media:\n  workers: 99999999999999999999\n", "f")), ElementsAre("media.workers@2"));
  EXPECT_THAT(places(parse_config("a: 1\n---\nb: 2\n", "f")), ElementsAre("(document)@1"));
}

TEST(Config, TextThatBeginsWithACommaIsRefusedAndNotReadForEver) {
  EXPECT_THAT(places(parse_config(", node_name: eir\n", "f")), ElementsAre("(document)@1"));
}

TEST(Config, BrokenYamlNamesItsLine) {
  const auto parsed = parse_config("node_name: eir\nmedia: [1,\n", "f");
  ASSERT_EQ(parsed.errors.size(), 1U);
  EXPECT_GE(parsed.errors[0].line, 2);
  EXPECT_THAT(parsed.errors[0].message, HasSubstr("is not YAML"));
}

TEST(Config, TextAboveTheLimitIsRefusedUnread) {
  const std::string text(kConfigBytesMax + 1, '#');
  EXPECT_FALSE(parse_config(text, "f").ok());
  EXPECT_TRUE(parse_config(text.substr(1), "f").ok());
}

TEST(Config, LoopbackListenerTakesLoopbackOnly) {
  const auto check = [](const std::string& address) {
    return parse_config("listeners: {http_loopback: {addresses: [\"" + address + "\"]}}", "f").ok();
  };
  EXPECT_TRUE(check("127.0.0.1"));
  EXPECT_TRUE(check("127.255.0.9"));
  EXPECT_TRUE(check("::1"));
  EXPECT_TRUE(check("::ffff:127.0.0.1"));
  EXPECT_FALSE(check("::"));
  EXPECT_FALSE(check("10.0.0.1"));
  EXPECT_FALSE(check("128.0.0.1"));
  EXPECT_FALSE(check("localhost"));
}

TEST(Config, WorkersPortsEndBelow65536) {
  EXPECT_TRUE(parse_config("media: {port_base: 65534, workers: 2}", "f").ok());
  EXPECT_THAT(places(parse_config("media: {port_base: 65535, workers: 2}", "f")), ElementsAre("media.port_base@1"));
}

TEST(Config, PortsOfListenersDiffer) {
  EXPECT_THAT(places(parse_config("listeners:\n  ops:\n    port: 8080\n", "f")), ElementsAre("listeners.ops.port@3"));
  EXPECT_THAT(places(parse_config("listeners:\n  https:\n    port: 9090\n", "f")), ElementsAre("listeners.ops.port@1"));
}

TEST(Config, CertificateAndKeyBelongTogether) {
  EXPECT_THAT(places(parse_config("listeners:\n  https:\n    certificate_file: /c.pem\n", "f")),
              ElementsAre("listeners.https.key_file@2"));
  EXPECT_THAT(places(parse_config("listeners:\n  https:\n    key_file: /k.pem\n", "f")),
              ElementsAre("listeners.https.certificate_file@2"));
}

TEST(Config, PublicUrlIsAnOrigin) {
  const auto check = [](const std::string& url) {
    return parse_config("listeners: {public_url: \"" + url + "\"}", "f").ok();
  };
  EXPECT_TRUE(check("https://video.example.org"));
  EXPECT_TRUE(check("https://[2001:db8::1]:8443"));
  EXPECT_FALSE(check("https://video.example.org/"));
  EXPECT_FALSE(check("video.example.org"));
  EXPECT_FALSE(check("https://"));
  EXPECT_FALSE(check("ftp://video.example.org"));
}

TEST(Config, AnnouncedAddressHasTheFamilyOfItsLocalOne) {
  EXPECT_THAT(places(parse_config("media: {addresses: [{bind: 10.0.0.1, announce: \"2001:db8::1\"}]}", "f")),
              ElementsAre("media.addresses[0].announce@1"));
  EXPECT_THAT(places(parse_config("media: {addresses: [{bind: 10.0.0.1}, {bind: 10.0.0.1}]}", "f")),
              ElementsAre("media.addresses[1].bind@1"));
}

// Files in a directory of the test's own, removed with it.
class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "eir-config-XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override {
    for (const auto& file : files_) std::remove(file.c_str());
    rmdir(directory_.c_str());
  }
  std::string write(const std::string& name, const std::string& text, mode_t mode) {
    const std::string path = directory_ + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), mode);
    files_.push_back(path);
    return path;
  }
  std::string config_with(const std::string& certificate, const std::string& key) {
    return write("eird.yaml",
                 "listeners:\n  https:\n    certificate_file: " + certificate + "\n    key_file: " + key + "\n", 0644);
  }

 private:
  std::string directory_;
  std::vector<std::string> files_;
};

TEST_F(ConfigFile, PrivateKeyMustBePrivate) {
  const std::string certificate = write("c.pem", "x", 0644);
  const std::string open_key = write("open.pem", "x", 0640);
  const std::string key = write("k.pem", "x", 0600);
  EXPECT_EQ(load_config(config_with(certificate, key)).error_text(), "");
  const auto parsed = load_config(config_with(certificate, open_key));
  EXPECT_THAT(places(parsed), ElementsAre("listeners.https.key_file@4"));
  EXPECT_THAT(parsed.error_text(), HasSubstr("chmod 0600"));
}

TEST_F(ConfigFile, MissingFilesAreNamed) {
  const auto parsed = load_config(config_with("/nonexistent/c.pem", "/nonexistent/k.pem"));
  EXPECT_THAT(places(parsed), ElementsAre("listeners.https.certificate_file@3", "listeners.https.key_file@4"));
  EXPECT_THAT(places(load_config("/nonexistent/eird.yaml")), ElementsAre("(document)@1"));
}

}  // namespace
}  // namespace eir
