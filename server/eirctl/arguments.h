#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/scope.h"
#include "server/store/store.h"

namespace eir {

enum class CtlCommand : uint8_t {
  kHelp,
  kVersion,
  kStatus,
  kRooms,
  kDrain,
  kReload,
  kCredentialAdd,
  kCredentialList,
  kCredentialRevoke,
  kAuditVerify,
  kAuditList,
  kAuditHead,
};

struct CtlArguments {
  CtlCommand command = CtlCommand::kHelp;
  std::string config_file;
  std::string state_dir;
  std::string tenant;
  std::string consultation;
  std::string id;
  Scopes scopes;
  std::vector<AuditHead> heads;
  bool as_json = false;
};

extern const std::string_view kCtlUsageText;

// Nothing: not understood, or an option that the command does not take.
std::optional<CtlArguments> parse_ctl_arguments(std::span<const std::string_view> words);

}  // namespace eir
