#!/usr/bin/env python3
"""eir-bench runs a scenario file against an eird of its own and reports it: nothing is lost, nothing is left out.

Usage: bench_test.py [path of eird [path of eir-bench]]
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

BENCH = os.environ.get("EIR_BENCH", f"{BUILD}/eir-bench")
LIMIT_S = 90  # for a loaded machine

SMALL = """
title: Two rooms <small>
rooms: 2
people:
  - {name: speaker, count: 1, video: [{packets_per_frame: 4}], audio: [{}], slots: {video: 1, audio: 1}}
  - {name: audience, count: 2, slots: {video: 1, audio: 1}}
  - {name: late, count: 3, slots: {video: 1, audio: 1}, storm_after_s: 1}
warm_up_s: 1
seconds: 3
joins: {at_once: 4}
added_delay: true
"""

LOSSY = """
title: A bad line
people:
  - {name: person, count: 3, video: [{packets_per_frame: 4}], audio: [{}], slots: {video: 2, audio: 2}}
network: {loss_percent: 3, delay_ms: 20, seed: 7}
seconds: 3
"""

COMING_AND_GOING = """
title: Coming and going
people:
  - {name: speaker, count: 2, video: [{packets_per_frame: 2}], audio: [{}], slots: {video: 2, audio: 2}}
  - {name: audience, count: 2, slots: {video: 2, audio: 2}}
churn: {per_minute: 120}
seconds: 3
"""

FIGURES = {
    "host", "srtp_profile", "rooms", "clients", "connected", "came", "went", "refusals", "join", "joins_measured",
    "seconds", "published", "forwarded", "packets_per_second", "megabits_per_second", "missing", "loss", "recovered",
    "duplicates", "verified", "corrupt", "line_drops", "own_overflows", "host_overflows", "audio_latency",
    "measured_from_s", "samples", "workers_cpu", "server_cpu", "own_cpu", "other_cpu_ns", "ns_per_packet", "user_ns_per_packet",
    "kernel_ns_per_packet", "own_ns_per_packet", "own_lateness", "receive_buffer", "system_calls_per_packet",
    "resident_before", "resident_after", "memory_per_client", "memory_per_room", "batches", "runs", "counters",
}  # fmt: skip
STEPS = {
    "invitation taken", "signalling", "answer", "ICE", "DTLS", "first sound", "first picture packet",
    "first decodable picture",
}  # fmt: skip


class Run(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(dir=FOLDERS)
        self.addCleanup(folder.cleanup)
        self.here = Path(folder.name)

    def run_bench(self, *texts, options=()):
        files = []
        for number, text in enumerate(texts):
            files.append(self.here / f"scenario{number}.yaml")
            files[-1].write_text(text)
        command = [BENCH, "run", *files, "--eird", running_eird.EIRD, "--json", self.here / "out.json", "--html",
                   self.here / "out.html", *options]  # fmt: skip
        environment = {**os.environ, "TMPDIR": str(self.here)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def scenarios(self, *texts, options=()):
        done = self.run_bench(*texts, options=options)
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads((self.here / "out.json").read_text())
        self.assertEqual(set(report["machine"]), {"cpu", "cores", "kernel", "load", "time"})
        self.assertEqual(len(report["scenarios"]), len(texts))
        return done, report["scenarios"]

    def test_a_scenario_is_run_and_reported_whole(self):
        done, (scenario,) = self.scenarios(SMALL)
        self.assertEqual(set(scenario), {"scenario", "figures", "warnings", "repeats_ns_per_packet"})
        figures = scenario["figures"]
        self.assertEqual(set(figures), FIGURES | {"added_delay"})
        self.assertEqual(set(figures["join"]), STEPS)
        self.assertEqual((figures["clients"], figures["connected"], figures["came"], figures["refusals"]), (12, 12, 6, {}))
        self.assertEqual((figures["missing"], figures["corrupt"]), (0, 0))
        # One who publishes sees nobody: four watch 30 · 4 + 50 packets/s for 3 s, six more for 2 s of them: 4080. Half
        # of it says that media flowed, also on a machine that has other things to do.
        self.assertGreater(figures["forwarded"], 2040)
        self.assertGreater(figures["ns_per_packet"], 0)
        delay = figures["added_delay"]
        # Of what is sent on: 2 rooms · 170 packets/s for the 2 s that lie between two of the workers' reports at least.
        self.assertGreater(delay["datagrams"], 680 / 2)
        self.assertGreater(delay["mean_ms"], 0)
        self.assertLessEqual(delay["p50_ms"], delay["p99_ms"])
        self.assertLessEqual(delay["p99_ms"], delay["p999_ms"])
        self.assertGreater(figures["resident_after"], 1 << 20)
        self.assertGreaterEqual(len(figures["samples"]), 3)
        self.assertIn("Two rooms <small>", done.stdout)
        page = (self.here / "out.html").read_text()
        self.assertIn("Two rooms &lt;small&gt;", page)
        self.assertNotIn("<small>", page)
        left = [path.name for path in self.here.iterdir()]
        self.assertCountEqual(left, ["scenario0.yaml", "out.json", "out.html"], "its daemon's folder is gone")

    def test_a_line_that_loses_is_repaired_and_people_come_and_go(self):
        _, (lossy, churn) = self.scenarios(LOSSY, COMING_AND_GOING)
        figures = lossy["figures"]
        self.assertEqual(set(figures), FIGURES, "nobody asked for the delay")
        self.assertGreater(figures["line_drops"], 0)
        self.assertGreater(figures["recovered"], 0)
        # Two lines of 20 ms: nothing is faster.
        self.assertGreater(figures["audio_latency"]["p50_ms"], 40)
        figures = churn["figures"]
        # Two a second for 3 s, the first at once; the last may fall behind the end.
        self.assertGreaterEqual(figures["came"], 5)
        self.assertEqual((figures["came"], figures["clients"]), (figures["went"], 4))
        self.assertEqual(figures["refusals"], {})

    def test_the_floor_replays_what_the_daemon_did(self):
        done, (scenario,) = self.scenarios(SMALL, options=["--floor"])
        figures, floor = scenario["figures"], scenario["floor"]
        self.assertGreater(floor["packets_forwarded"], 0)
        self.assertGreater(floor["ns_per_packet"], 0)
        self.assertRegex(done.stdout, r"the server against it +\d+\.\d\d × the floor\n")
        # Segments per message are as in the run, whatever the machine does to the pace: a tenth of all may differ,
        # because the daemon's counters are a second apart.
        for of_run, of_floor in zip(figures["runs"], floor["runs"]):
            self.assertAlmostEqual(of_run / sum(figures["runs"]), of_floor / sum(floor["runs"]), delta=0.1)

    def test_mistakes_in_a_file_are_told_before_anything_runs(self):
        done = self.run_bench(SMALL, "people: [{count: 0}]\nspeed: 3\n")
        self.assertEqual(done.returncode, 1)
        self.assertIn("scenario1.yaml:1: people[0].count must be a number from 1 to 4000", done.stderr)
        self.assertIn("scenario1.yaml:2: speed is not a key of a scenario", done.stderr)
        self.assertFalse((self.here / "out.json").exists())


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BENCH = sys.argv.pop(1)
    unittest.main()
