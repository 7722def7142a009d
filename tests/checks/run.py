#!/usr/bin/env python3
"""Runs every check over the repository and the checks' own tests: one line each, exit 1 when one of them fails.

tests/checks/run.py [NAME...]      all checks, or those named
tests/checks/run.py --json FILE    also writes {"passed": N, "failed": N}
"""

import argparse
import io
import json
import sys
import time
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))

import clang_format
import coroutines
import file_length
import function_length
import headers_alone
import layers
import no_outside_references
import sans_io
from source import project_files

CHECKS = {
    "layers": layers.find,
    "sans_io": sans_io.find,
    "function_length": function_length.find,
    "file_length": file_length.find,
    "no_outside_references": no_outside_references.find,
    "clang_format": clang_format.find,
    "headers_alone": headers_alone.find,
    "coroutines": coroutines.find,
}


def report(name, complaints, started, detail):
    verdict = "FAIL" if complaints else "ok  "
    print(f"{verdict} {name}: {detail}, {time.monotonic() - started:.1f} s", flush=True)
    for complaint in complaints:
        print(f"     {complaint}")
    return not complaints


def own_tests():
    """The planted violations of checks_test.py: a check that finds nothing proves nothing until it has found those."""
    output = io.StringIO()
    suite = unittest.defaultTestLoader.loadTestsFromName("checks_test")
    result = unittest.TextTestRunner(stream=output, verbosity=0).run(suite)
    bad = result.failures + result.errors
    return [f"{test}: {trace.strip().splitlines()[-1]}" for test, trace in bad], result.testsRun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*CHECKS, []])
    parser.add_argument("--json")
    options = parser.parse_args()
    root = Path(__file__).resolve().parents[2]
    files = project_files(root)
    passed = failed = 0
    for name in options.names or CHECKS:
        started = time.monotonic()
        good = report(name, CHECKS[name](root, files), started, f"{len(files)} files")
        passed, failed = passed + good, failed + (not good)
    if not options.names:
        started = time.monotonic()
        complaints, count = own_tests()
        report("planted violations", complaints, started, f"{count} tests")
        passed, failed = passed + count - len(complaints), failed + len(complaints)
    if options.json:
        Path(options.json).write_text(json.dumps({"passed": passed, "failed": failed}))
    print(f"checks: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
