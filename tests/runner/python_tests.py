"""Runs one unittest file and writes what passed and failed as JSON: python_tests.py FILE REPORT."""

import importlib.util
import json
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True


class Counting(unittest.TextTestResult):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def main():
    path, report = Path(sys.argv[1]), Path(sys.argv[2])
    sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    suite = unittest.defaultTestLoader.loadTestsFromModule(module)
    result = unittest.TextTestRunner(verbosity=2, resultclass=Counting).run(suite)
    failed = [str(test) for test, _ in result.failures + result.errors] + [str(test) for test in result.unexpectedSuccesses]
    report.write_text(json.dumps({"passed": result.passed, "failed": failed, "skipped": len(result.skipped)}))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
