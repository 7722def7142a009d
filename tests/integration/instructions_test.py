#!/usr/bin/env python3
"""Instructions that the router executes per forwarded packet, counted by callgrind: see tests/instructions/README.md.

Usage: instructions_test.py [--write]
"""
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("EIR_BUILD_DIR", "build/release")) / "count_forward"
EXPECTED = ROOT / "tests/instructions/expected.json"
RATIO_MAX = 1.10
SECONDS = 1
ENTRANCES = ("handle_datagram", "handle_timeout", "flush")
# name: publishers, watchers, loss in per cent
SCENARIOS = {
    "fan-out 1 to 100": (1, 100, 0),
    "fan-out 1 to 10, 2 % lost": (1, 10, 2),
    "a room of 3": (3, 0, 0),
}
KINDS = {"count_forward": "own", "libsrtp2": "srtp", "libcrypto": "crypto"}


def machine():
    compiler = subprocess.run(["c++", "-dumpfullversion"], capture_output=True, text=True, check=True).stdout.split(".")[0]
    return f"{platform.machine()} g++ {compiler}"


def collect(words):
    """(RTP packets forwarded, {"own", "srtp", "crypto", "other": instructions}) of one run"""
    with tempfile.TemporaryDirectory() as here:
        out = f"{here}/callgrind.out"
        done = subprocess.run(
            ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
             *(f"--toggle-collect=eir::Router::{name}(*" for name in ENTRANCES), PROGRAM, *map(str, words)],
            capture_output=True, text=True, timeout=500, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        told = subprocess.run(["callgrind_annotate", "--threshold=100", "--show=Ir", "--auto=no", out],
                              capture_output=True, text=True, check=True).stdout  # fmt: skip
    sums = dict.fromkeys([*KINDS.values(), "other"], 0)
    for instructions, library in re.findall(r"(?m)^ *([\d,]+) \([ \d.]+%\)  .*\[([^\]]+)\]$", told):
        kind = next((kind for name, kind in KINDS.items() if name in library), "other")
        sums[kind] += int(instructions.replace(",", ""))
    return int(done.stdout), sums


def count(words):
    """{"own", "srtp", "crypto", "other": instructions per forwarded packet, "packets"}: of a run that goes on after the
    warm-up, less those of one that ends with it."""
    packets, whole = collect([*words, SECONDS])
    _, before = collect([*words, 0])
    return {**{kind: round((whole[kind] - before[kind]) / packets, 1) for kind in whole}, "packets": packets}


def count_all():
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return dict(zip(SCENARIOS, pool.map(count, SCENARIOS.values())))


class Instructions(unittest.TestCase):
    def test_the_routers_own_code_takes_no_more_of_them_than_before(self):
        expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
        if machine() != expected["machine"]:
            self.skipTest(f"the figures are of {expected['machine']}, this is {machine()}")
        for name, found in count_all().items():
            ratio = found["own"] / expected["own"][name]
            print(f"measured {name}: {found['own']} instructions of our own per forwarded packet ({ratio:.2f} of before), "
                  f"srtp {found['srtp']}, crypto {found['crypto']}, other {found['other']}", file=sys.stderr)
            with self.subTest(name):
                self.assertGreater(found["packets"], 300)
                self.assertGreater(found["crypto"], found["srtp"], "the counting is wrong")
                self.assertLessEqual(ratio, RATIO_MAX)


if __name__ == "__main__":
    if sys.argv[1:] == ["--write"]:
        figures = {name: found["own"] for name, found in count_all().items()}
        EXPECTED.write_text(json.dumps({"machine": machine(), "own": figures}, indent=2) + "\n", encoding="utf-8")
        print(EXPECTED.read_text(encoding="utf-8"))
    else:
        unittest.main()
