#!/usr/bin/env python3
"""bench/compare tells a build that costs more from one that costs the same.

Both builds are the one under test, so their ratio is 1 but for what else the machine does; the limits are far from it.

Usage: bench_compare_test.py [path of eird [path of eir-bench]]
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import running_eird
from running_eird import BUILD, FOLDERS

COMPARE = Path(__file__).resolve().parents[2] / "bench/compare"
BENCH = os.environ.get("EIR_BENCH", f"{BUILD}/eir-bench")
LIMIT_S = 120  # for a loaded machine

SMALL = """
people:
  - {name: speaker, count: 1, video: [{}], audio: [{}]}
  - {name: audience, count: 5, slots: {video: 1, audio: 1}}
warm_up_s: 1
seconds: 2
"""


class Compare(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=FOLDERS)
        self.addCleanup(folder.cleanup)
        self.here = Path(folder.name)
        (self.here / "small.yaml").write_text(SMALL)

    def compare(self, *options, new=None):
        command = [COMPARE, running_eird.EIRD, new or running_eird.EIRD, self.here / "small.yaml", "--bench", BENCH,
                   "--json", self.here / "out.json", *options]  # fmt: skip
        environment = {**os.environ, "TMPDIR": str(self.here)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def found(self):
        return json.loads((self.here / "out.json").read_text())

    def test_a_build_that_costs_the_same_passes_and_both_took_their_turns(self):
        done = self.compare("--repeat", "2", "--limit", "5")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"^ok   small: \d+ → \d+ ns per packet, ratio \d\.\d+ \(limit 5\.00\)")
        (one,) = self.found()
        self.assertTrue(one["is_good"])
        for build in ("old", "new"):
            self.assertEqual(len(one[build]["ns_per_packet"]), 2)
            self.assertEqual(sum(one[build]["ns_per_packet"]) / 2, one[build]["median_ns_per_packet"])
        self.assertEqual(one["ratio"], one["new"]["median_ns_per_packet"] / one["old"]["median_ns_per_packet"])

    def test_a_build_above_the_limit_fails(self):
        done = self.compare("--repeat", "1", "--limit", "0.2")
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"^FAIL small: ")
        self.assertFalse(self.found()[0]["is_good"])

    def test_a_build_that_does_not_run_is_no_comparison(self):
        done = self.compare("--repeat", "1", new="/bin/false")
        self.assertEqual(done.returncode, 2)
        self.assertIn("eird ended at its start", done.stderr)
        self.assertFalse((self.here / "out.json").exists())


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BENCH = sys.argv.pop(1)
    unittest.main()
