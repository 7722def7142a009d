#pragma once

#include <cstdint>

namespace eir {

// What is left of a process that dies at one of its writes.
enum class CrashLoss : uint8_t {
  kTornWrite,     // killed: all it wrote is there, but of the write that it was at only a prefix
  kUnsynced,      // the power went: of each file only what was synced is there
  kSomeUnsynced,  // the power went: any sectors of what was not synced are there, too
};

struct CrashPlan {
  uint64_t step = 0;  // dies at the n-th step, from 1; 0: never
  CrashLoss loss = CrashLoss::kTornWrite;
  uint64_t seed = 0;
};

// Makes SQLite's file access of this process count every step that changes something (write, truncate, sync, delete,
// shared memory and locks of the write-ahead log) and kill the process at one of them. Once per process, before the
// first database is opened. The disk is not synced really: what would be lost is computed here.
void install_crashing_vfs(const CrashPlan& plan);
uint64_t crashing_vfs_steps();

}  // namespace eir
