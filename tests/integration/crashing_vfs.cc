#include "tests/integration/crashing_vfs.h"

#include <sqlite3.h>
#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "lib/base/check.h"
#include "lib/base/random.h"

namespace eir {
namespace {

// A disk forgets or keeps whole sectors.
constexpr size_t kSectorBytes = 512;

struct Pending {
  bool is_truncate = false;
  size_t at = 0;  // or the size to truncate to
  std::string data;
};

// One file as the disk surely has it, and what it may have besides.
struct DiskFile {
  std::string synced;
  std::vector<Pending> pending;
  bool is_new = false;      // its name is not surely on disk; the first sync of a log brings that about
  bool is_deleted = false;  // that it is gone is not surely on disk
};

struct Crasher {
  sqlite3_vfs vfs{};
  sqlite3_vfs* real = nullptr;
  CrashPlan plan;
  SeededRandom random{0};
  uint64_t steps = 0;
  std::map<std::string, DiskFile> disk;
};

// SQLite's interface has no place for it other than one per process.
Crasher* crasher = nullptr;

struct CrashingFile {
  sqlite3_file base;
  const char* path;  // SQLite keeps it for as long as the file is open; nullptr: a temporary file
  sqlite3_file* real;
};

CrashingFile& to_file(sqlite3_file* file) { return *reinterpret_cast<CrashingFile*>(file); }
sqlite3_file* real_of(sqlite3_file* file) { return to_file(file).real; }
DiskFile* disk_of(sqlite3_file* file) {
  return to_file(file).path == nullptr ? nullptr : &crasher->disk[to_file(file).path];
}

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void apply(const Pending& pending, bool is_partial, std::string& image) {
  if (pending.is_truncate) {
    image.resize(std::min(image.size(), pending.at));
    return;
  }
  for (size_t from = 0; from < pending.data.size();) {
    const size_t size = std::min(pending.data.size() - from, kSectorBytes - (pending.at + from) % kSectorBytes);
    if (!is_partial || crasher->random.chance(0.5)) {
      image.resize(std::max(image.size(), pending.at + from + size));
      image.replace(pending.at + from, size, pending.data, from, size);
    }
    from += size;
  }
}

void lose_power() {
  const bool keeps_some = crasher->plan.loss == CrashLoss::kSomeUnsynced;
  for (auto& [path, file] : crasher->disk) {
    std::string image = file.synced;
    for (const Pending& pending : file.pending) {
      if (keeps_some && crasher->random.chance(0.7)) apply(pending, crasher->random.chance(0.5), image);
    }
    if (file.is_deleted && keeps_some && crasher->random.chance(0.5)) continue;
    std::ofstream(path, std::ios::binary | std::ios::trunc) << image;
    ::unlink((path + "-shm").c_str());
  }
}

[[noreturn]] void die() {
  const CrashLoss loss = crasher->plan.loss;
  if (loss == CrashLoss::kUnsynced || loss == CrashLoss::kSomeUnsynced) lose_power();
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

bool is_last_step() { return ++crasher->steps == crasher->plan.step; }
void step() {
  if (is_last_step()) die();
}

int write_file(sqlite3_file* file, const void* data, int size, sqlite3_int64 at) {
  const bool is_last = is_last_step();
  if (is_last && crasher->plan.loss == CrashLoss::kTornWrite) {
    const auto prefix = static_cast<int>(crasher->random.below(static_cast<uint64_t>(size)));
    real_of(file)->pMethods->xWrite(real_of(file), data, prefix, at);
  }
  DiskFile* disk = disk_of(file);
  if (disk != nullptr) {
    disk->pending.push_back(
        {false, static_cast<size_t>(at), std::string(static_cast<const char*>(data), static_cast<size_t>(size))});
  }
  if (is_last) die();
  return real_of(file)->pMethods->xWrite(real_of(file), data, size, at);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  step();
  if (DiskFile* disk = disk_of(file)) disk->pending.push_back({true, static_cast<size_t>(size), ""});
  return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

int sync_file(sqlite3_file* file, int) {
  step();
  if (DiskFile* disk = disk_of(file)) {
    for (const Pending& pending : disk->pending) apply(pending, false, disk->synced);
    disk->pending.clear();
    EIR_CHECK(disk->synced == content_of(to_file(file).path));
    // SQLite syncs the directory together with a log that it has made.
    if (disk->is_new) std::erase_if(crasher->disk, [](const auto& entry) { return entry.second.is_deleted; });
    disk->is_new = false;
  }
  return SQLITE_OK;
}

int close_file(sqlite3_file* file) { return real_of(file)->pMethods->xClose(real_of(file)); }
int read_file(sqlite3_file* file, void* data, int size, sqlite3_int64 at) {
  return real_of(file)->pMethods->xRead(real_of(file), data, size, at);
}
int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_of(file)->pMethods->xFileSize(real_of(file), size);
}
int lock_file(sqlite3_file* file, int level) { return real_of(file)->pMethods->xLock(real_of(file), level); }
int unlock_file(sqlite3_file* file, int level) { return real_of(file)->pMethods->xUnlock(real_of(file), level); }
int check_lock(sqlite3_file* file, int* result) {
  return real_of(file)->pMethods->xCheckReservedLock(real_of(file), result);
}
int control_file(sqlite3_file* file, int operation, void* argument) {
  return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}
int sector_size(sqlite3_file*) { return kSectorBytes; }
// No promise that writes are atomic, in order, or safe beside others.
int device(sqlite3_file*) { return 0; }

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** out) {
  if (extend != 0) step();
  return real_of(file)->pMethods->xShmMap(real_of(file), region, size, extend, out);
}
int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  step();
  return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}
void shared_barrier(sqlite3_file* file) {
  step();
  real_of(file)->pMethods->xShmBarrier(real_of(file));
}
int unmap_shared(sqlite3_file* file, int is_deleted) {
  step();
  return real_of(file)->pMethods->xShmUnmap(real_of(file), is_deleted);
}

// Version 2: shared memory for the write-ahead log, no memory mapping of the file.
constexpr sqlite3_io_methods kMethods = {2,         close_file, read_file,   write_file,     truncate_file, sync_file,
                                         file_size, lock_file,  unlock_file, check_lock,     control_file,  sector_size,
                                         device,    map_shared, lock_shared, shared_barrier, unmap_shared,  nullptr,
                                         nullptr};

int open_file(sqlite3_vfs*, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  CrashingFile& opened = to_file(file);
  opened.base.pMethods = nullptr;
  opened.path = path;
  opened.real = reinterpret_cast<sqlite3_file*>(&opened + 1);
  const int code = crasher->real->xOpen(crasher->real, path, opened.real, flags, out_flags);
  if (code != SQLITE_OK) return code;
  opened.base.pMethods = &kMethods;
  if (path != nullptr && (!crasher->disk.contains(path) || crasher->disk[path].is_deleted)) {
    const std::string content = content_of(path);
    crasher->disk[path] = {content, {}, content.empty() && (flags & SQLITE_OPEN_MAIN_DB) == 0, false};
  }
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs*, const char* path, int sync_directory) {
  step();
  const auto file = crasher->disk.find(path);
  if (file != crasher->disk.end()) {
    file->second.is_deleted = true;
    if (sync_directory != 0) crasher->disk.erase(file);
  }
  return crasher->real->xDelete(crasher->real, path, 0);
}

}  // namespace

void install_crashing_vfs(const CrashPlan& plan) {
  EIR_CHECK(crasher == nullptr);
  crasher = new Crasher;  // for the rest of the process, which ends by a signal
  crasher->plan = plan;
  crasher->random = SeededRandom(plan.seed ^ plan.step << 8);
  crasher->real = sqlite3_vfs_find(nullptr);
  crasher->vfs = *crasher->real;
  crasher->vfs.zName = "crashing";
  crasher->vfs.szOsFile = static_cast<int>(sizeof(CrashingFile)) + crasher->real->szOsFile;
  crasher->vfs.xOpen = open_file;
  crasher->vfs.xDelete = delete_file;
  EIR_CHECK(sqlite3_vfs_register(&crasher->vfs, 1) == SQLITE_OK);
}

uint64_t crashing_vfs_steps() { return crasher->steps; }

}  // namespace eir
