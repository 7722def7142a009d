"""Builds and runs Eir's tests. The last line is `N passed, N failed`; logs lie in build/test-logs.

tests/run [PART...]      checks unit sim fuzz integration browser tidy all      (default: all)
  checks       the repository's own rules (tests/checks)
  unit         GoogleTest programs unit_*, clang with ASan and UBSan (preset asan)
  sim          the core over simulated networks in virtual time (preset asan)
  fuzz         every tests/fuzz/*_fuzz.cc for --seconds (preset asan)
  integration  eird and its processes over real sockets (preset release)
  browser      Chromium and Firefox (preset release, npm packages of tests/interop)
  tidy         clang-tidy over every .cc file; slow, not part of all
  all          checks unit sim fuzz integration browser
"""

import argparse
import sys
import time

sys.dont_write_bytecode = True

import parts
from tally import Tally

ALL = ["checks", "unit", "sim", "fuzz", "integration", "browser"]


def main():
    parser = argparse.ArgumentParser(prog="tests/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="PART", help="see above")
    parser.add_argument("--seconds", type=int, default=10, help="time of each fuzz target")
    parser.add_argument("--filter", default="", help="only test programs and files whose name contains this")
    options = parser.parse_args()
    wanted = []
    for part in options.parts or ["all"]:
        if part not in [*ALL, "tidy", "all"]:
            parser.error(f"no such part: {part}")
        wanted += ALL if part == "all" else [part]
    total = Tally()
    for part in dict.fromkeys(wanted):
        started = time.monotonic()
        print(f"== {part}", flush=True)
        tally = parts.run(part, options)
        total.add(tally)
        print(f"== {part}: {tally}, {time.monotonic() - started:.0f} s", flush=True)
    for failure in total.failures:
        print(f"failed: {failure}")
    if total.passed + total.failed == 0:
        print("no test ran")
    print(total, flush=True)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
