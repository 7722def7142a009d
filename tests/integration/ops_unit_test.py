#!/usr/bin/env python3
"""deploy/eird.service: understood by systemd, closed as far as it goes, and wide enough for what eird really does.

Usage: ops_unit_test.py [path of eird]
"""
import os
import re
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import running_eird
from ops_support import Load, ask, program
from running_eird import Daemon, free_port

UNIT = Path(__file__).resolve().parents[2] / "deploy/eird.service"
# systemd's own scale: 0 is closed, 10 is root without a fence.
EXPOSURE_MAX = 1.5
# The kernel resumes by itself; and what SQLite does as root alone, for the owner of the directory.
NOT_CALLED = {"restart_syscall"} | ({"fchown"} if os.geteuid() == 0 else set())


def run(*words):
    environment = {**os.environ, "SYSTEMD_PAGER": "", "LC_ALL": "C.UTF-8"}
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environment)


def values_of(key):
    return re.findall(rf"(?m)^{key}=(.*)$", UNIT.read_text(encoding="utf-8"))


class Unit(unittest.TestCase):
    def test_systemd_understands_every_line(self):
        with tempfile.TemporaryDirectory() as here:
            text = UNIT.read_text(encoding="utf-8")
            for name in ("eird", "eirctl"):
                text = text.replace(f"/usr/bin/{name} ", f"{Path(program(name)).resolve()} ")
            path = Path(here) / "eird.service"
            path.write_text(text, encoding="utf-8")
            done = run("systemd-analyze", "verify", "--man=no", str(path))
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_its_exposure_is_small(self):
        done = run("systemd-analyze", "security", "--offline=yes", f"--threshold={int(EXPOSURE_MAX * 10)}", str(UNIT))
        level = re.search(r"Overall exposure level for eird.service: ([0-9.]+)", done.stdout)
        self.assertIsNotNone(level, done.stdout + done.stderr)
        self.assertLessEqual(float(level.group(1)), EXPOSURE_MAX, done.stdout)
        self.assertEqual(done.returncode, 0)

    def test_a_wrong_line_is_found(self):
        with tempfile.TemporaryDirectory() as here:
            path = Path(here) / "eird.service"
            path.write_text("[Service]\nExecStart=/bin/true\nProtectSystm=strict\n", encoding="utf-8")
            self.assertIn("ProtectSystm", run("systemd-analyze", "verify", "--man=no", str(path)).stderr)
            self.assertNotEqual(
                run("systemd-analyze", "security", "--offline=yes", "--threshold=15", str(path)).returncode, 0)

    def test_it_waits_longer_than_a_drain_may_be_set_to_by_its_own_words(self):
        self.assertEqual(values_of("KillMode"), ["mixed"])
        self.assertEqual(values_of("RestartPreventExitStatus"), ["2"])
        self.assertTrue(values_of("ExecReload")[0].startswith("/usr/bin/eirctl reload"))


class SystemCalls(unittest.TestCase):
    def test_every_call_that_eird_makes_is_in_the_units_filter(self):
        eird = Daemon(f"{{workers: 1, port_base: {free_port(socket.SOCK_DGRAM)}}}", more="log: {format: json}")
        self.addCleanup(eird.directory.cleanup)
        here = eird.directory.name
        trace = f"{here}/trace"
        eird.log = open(f"{here}/log", "wb+")
        self.addCleanup(eird.log.close)
        eird.process = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, running_eird.EIRD, "--config", f"{here}/eird.yaml"],
                                        stderr=eird.log)  # fmt: skip
        self.addCleanup(eird.process.kill)
        eird.await_ready(60)
        load = Load(eird, seconds=1)
        self.addCleanup(load.stop)
        load.process.wait(60)
        self.assertTrue(ask(eird, "reload")["ok"])
        self.assertTrue(ask(eird, "drain")["ok"])
        eird.process.wait(30)
        called = set(re.findall(r"(?m)^\d+ +([a-z_0-9]+)\(", Path(trace).read_text(encoding="utf-8", errors="replace")))
        self.assertLess({"recvmmsg", "sendmmsg", "seccomp", "fdatasync"}, called)
        self.assertEqual(called - allowed_calls() - NOT_CALLED, set())

    def test_the_filter_forbids_what_eird_never_does(self):
        self.assertEqual(allowed_calls() & {"mount", "ptrace", "bpf", "setuid", "chroot", "reboot", "init_module"}, set())


def group_calls(name, groups):
    calls = set()
    for entry in groups[name]:
        calls |= group_calls(entry, groups) if entry.startswith("@") else {entry}
    return calls


def allowed_calls():
    """As systemd reads SystemCallFilter=: lists one after the other, with '~' taken away. @default is always there."""
    groups, name = {}, None
    for line in run("systemd-analyze", "syscall-filter").stdout.split("\n"):
        if line.startswith("@"):
            name = line.strip()
            groups[name] = []
        elif name and line.startswith(" ") and not line.strip().startswith("#"):
            groups[name].append(line.strip())
    allowed = group_calls("@default", groups)
    for value in values_of("SystemCallFilter"):
        words = value.removeprefix("~").split()
        calls = set().union(*(group_calls(w, groups) if w.startswith("@") else {w} for w in words))
        allowed = allowed - calls if value.startswith("~") else allowed | calls
    return allowed


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
