#pragma once

#include <boost/assert/source_location.hpp>
#include <type_traits>

#include "lib/base/check.h"

namespace boost::system {

// value() on a refused Result is a programmer's error, not an exception. Declared before result.hpp, whose templates
// call it.
template <class E>
requires std::is_enum_v<E>
[[noreturn]] void throw_exception_from_error(E const&, boost::source_location const& where) {
  ::eir::check_failed(where.file_name(), static_cast<int>(where.line()), "Result holds a value");
}

}  // namespace boost::system

#include <boost/system/result.hpp>

namespace eir {

// A value, or the small enum that says why the operation was refused. Bad packets use std::optional instead.
template <class T, class E>
using Result = boost::system::result<T, E>;

}  // namespace eir
