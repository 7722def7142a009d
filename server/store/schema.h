#pragma once

#include <memory>
#include <string>

#include "server/store/sqlite.h"

namespace eir {

// Where the database of a state directory is.
std::string database_path(const std::string& state_dir);

// Opens the database for the one process that writes it: makes it if there is none (mode 0600), checks that it is whole
// and Eir's, and brings an older schema up to date. Throws StoreError that names the file: damaged, newer, another
// program's, readable by others.
std::unique_ptr<Sqlite> open_database(const std::string& state_dir);

// The same database for a program that only looks; the writer may run meanwhile. Refuses an older schema too.
std::unique_ptr<Sqlite> open_database_to_read(const std::string& state_dir);

}  // namespace eir
