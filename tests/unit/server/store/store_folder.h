#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "lib/base/check.h"
#include "server/store/store.h"

namespace eir {

// A state directory of its own, gone with the test. In memory where the system has such a place: on a disk that is busy
// with a build one fsync may take ten seconds. What a disk may do to a store is journal_crash's matter.
class StoreFolder {
 public:
  StoreFolder() {
    const bool has_memory = ::access("/dev/shm", W_OK) == 0;
    std::string pattern = (has_memory ? "/dev/shm/" : testing::TempDir()) + "eir-store-XXXXXX";
    EIR_CHECK(::mkdtemp(pattern.data()) != nullptr);
    path_ = pattern;
  }
  ~StoreFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string database() const { return path_ + "/eir.db"; }

 private:
  std::string path_;
};

// One act in consultation `id` with one row of every class.
inline Transition make_transition(uint64_t number, const std::string& tenant, const std::string& id) {
  const std::string text = std::to_string(number);
  const auto time = static_cast<int64_t>(1'700'000'000'000 + number);
  Transition transition;
  transition.number = number;
  transition.consultation = ConsultationRow{id, tenant, false, time, "{\"version\":" + text + "}"};
  transition.participants = {{"p_" + text, id, "{\"n\":" + text + "}"}};
  transition.audit = {{tenant, id, time, "{\"act\":" + text + "}"}};
  transition.usage = {{tenant, id, "p_" + text, time, "{\"seconds\":" + text + "}"}};
  transition.event = EventRow{tenant, id, time, "changed", "{\"at\":" + text + "}"};
  transition.answer = AnswerRow{"key" + text, time, std::string("\0sealed", 7) + text};
  return transition;
}

}  // namespace eir
