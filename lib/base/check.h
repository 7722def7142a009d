#pragma once

namespace eir {

// Prints the place and the condition on standard error and aborts: a programmer's error, never bad input.
[[noreturn]] void check_failed(const char* file, int line, const char* condition);

}  // namespace eir

// What must hold, in every build. Not for the packet path: there EIR_DCHECK.
#define EIR_CHECK(condition) ((condition) ? static_cast<void>(0) : ::eir::check_failed(__FILE__, __LINE__, #condition))

// The same in debug and sanitizer builds only; in release builds the condition is compiled but not evaluated.
#ifdef NDEBUG
#define EIR_DCHECK(condition) static_cast<void>(sizeof(!(condition)))
#else
#define EIR_DCHECK(condition) EIR_CHECK(condition)
#endif
