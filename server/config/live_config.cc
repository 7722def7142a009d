#include "server/config/live_config.h"

#include <algorithm>
#include <array>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <string_view>
#include <type_traits>

#include "server/config/config_fields.h"

namespace eir {
namespace {

// What the supervisor bound, opened or handed to a media worker for its life. A group stands for all that is in it.
constexpr std::array<std::string_view, 6> kRestartKeys = {
    "state_dir", "listeners.https.addresses", "listeners.https.port", "listeners.http_loopback", "listeners.ops",
    "media"};

bool equal(const std::vector<MediaAddress>& a, const std::vector<MediaAddress>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const MediaAddress& x, const MediaAddress& y) {
    return x.bind == y.bind && x.announce == y.announce;
  });
}

template <class T>
bool equal(const T& a, const T& b) {
  return a == b;
}

class Taking {
 public:
  explicit Taking(bool is_https_kept) : is_https_kept_(is_https_kept) {}

  template <class T>
  void take(const std::string& key, T& running, const T& wanted) {
    if constexpr (boost::describe::has_describe_members<T>::value) {
      boost::mp11::mp_for_each<boost::describe::describe_members<T, boost::describe::mod_public>>([&](auto member) {
        const std::string inner = key.empty() ? member.name : key + "." + member.name;
        take(inner, running.*member.pointer, wanted.*member.pointer);
      });
    } else {
      if (equal(running, wanted)) return;
      const bool is_certificate = key == "listeners.https.certificate_file" || key == "listeners.https.key_file";
      if (needs_restart(key) || (is_certificate && !is_https_kept_)) {
        change_.needs_restart.push_back(key);
      } else {
        running = wanted;
        change_.taken.push_back(key);
      }
    }
  }

  ConfigChange result() && { return std::move(change_); }

 private:
  bool is_https_kept_;
  ConfigChange change_;
};

}  // namespace

bool needs_restart(const std::string& key) {
  return std::any_of(kRestartKeys.begin(), kRestartKeys.end(), [&](std::string_view group) {
    return key == group || (key.starts_with(group) && (key[group.size()] == '.' || key[group.size()] == '['));
  });
}

ConfigChange take_live(Config& running, const Config& wanted) {
  const bool has_https = !running.listeners.https.certificate_file.empty();
  Taking taking(has_https == !wanted.listeners.https.certificate_file.empty());
  taking.take("", running, wanted);
  return std::move(taking).result();
}

}  // namespace eir
