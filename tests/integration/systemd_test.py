#!/usr/bin/env python3
"""eird as a service of a systemd that has really booted: installed as deploy/README.md says, started, reloaded, killed,
stalled, drained and stopped. tests/support/booted makes the system.

Usage: systemd_test.py [path of eird]
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import running_eird
from ops_support import program
from running_eird import ROOT

BOOT_S = 60
OFF_S = 30
WATCHDOG_S = 2
CONFIGURATION = """
listeners:
  http_loopback: {addresses: [127.0.0.1], port: 8080}
media: {addresses: [{bind: 127.0.0.1}], workers: 1}
limits: {joins_per_second: 1000, joins_per_source_per_minute: 10000}
log: {format: journald}
"""


class BootedSystem:
    """The system of tests/support/booted, and commands in it."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([ROOT / "tests/support/booted", self.folder.name], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)  # fmt: skip
        end = time.monotonic() + BOOT_S
        while self.process.poll() is None and time.monotonic() < end:
            self.leader = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().strip()
            if self.leader and self.run("systemctl", "is-system-running", "--wait").stdout.strip() in ("running", "degraded"):
                return
            time.sleep(0.1)
        self.log.seek(0)
        raise AssertionError("no system has booted: " + self.log.read().decode(errors="replace"))

    def run(self, *words, stdin=b""):
        inside = ["nsenter", "--target", self.leader, "--all", "--wd=/", *map(str, words)]
        done = subprocess.run(inside, input=stdin, capture_output=True, timeout=120, check=False)
        return subprocess.CompletedProcess(words, done.returncode, done.stdout.decode(), done.stderr.decode())

    def sure(self, *words, stdin=b""):
        done = self.run(*words, stdin=stdin)
        if done.returncode != 0:
            raise AssertionError(f"{words}: {done.returncode} {done.stdout}{done.stderr}\n" + self.journal())
        return done.stdout.strip()

    def start(self, *words):
        return subprocess.Popen(["nsenter", "--target", self.leader, "--all", "--wd=/", *words], stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT)  # fmt: skip

    def write(self, path, content, mode="0644", owner="root"):
        self.sure("install", "-D", "-m", mode, "-o", owner, "-g", owner, "/dev/stdin", path,
                  stdin=content.encode() if isinstance(content, str) else content)  # fmt: skip

    def journal(self):
        return self.run("journalctl", "--no-pager", "--unit", "eird", "--output", "cat").stdout

    def off(self):
        self.process.terminate()
        try:
            self.process.wait(OFF_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.log.close()
            self.folder.cleanup()


def stripped(path):
    """Without what only a debugger reads: it is copied into memory."""
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(["objcopy", "--strip-debug", path, file.name], check=True)
        return Path(file.name).read_bytes()


system = None


def setUpModule():
    global system
    if os.geteuid() != 0:
        raise unittest.SkipTest("booting a system needs root")
    system = BootedSystem()
    unittest.addModuleCleanup(system.off)
    for name in ("eird", "eirctl"):
        system.write(f"/usr/bin/{name}", stripped(program(name)), "0755")
    system.write("/usr/local/bin/eir-bench", stripped(program("eir-bench")), "0755")
    archive = subprocess.run(["tar", "-C", ROOT / "server", "-c", "web"], check=True, capture_output=True).stdout
    system.sure("mkdir", "-p", "/usr/share/eir")
    system.sure("tar", "-C", "/usr/share/eir", "-x", stdin=archive)
    system.write("/usr/lib/sysusers.d/eird.conf", (ROOT / "deploy/eird.sysusers.conf").read_bytes())
    system.sure("systemd-sysusers")
    system.sure("install", "-d", "-m", "0750", "-g", "eir", "/etc/eir")
    system.write("/etc/systemd/system/eird.service", (ROOT / "deploy/eird.service").read_bytes())
    system.sure("systemctl", "daemon-reload")


class Service(unittest.TestCase):
    def setUp(self):
        system.write("/etc/eir/eird.yaml", CONFIGURATION, "0640", "eir")
        system.sure("systemctl", "reset-failed")
        system.sure("systemctl", "start", "eird")
        self.addCleanup(lambda: system.sure("systemctl", "stop", "eird"))

    def shown(self, *properties):
        found = system.sure("systemctl", "show", "eird", *(f"--property={name}" for name in properties))
        return dict(line.split("=", 1) for line in found.split("\n"))

    def pid(self):
        return self.shown("MainPID")["MainPID"]

    def status_of(self, path):
        return system.run("curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", f"http://127.0.0.1:{path}").stdout

    def await_that(self, what, within_s=30):
        end = time.monotonic() + within_s
        while not what():
            self.assertLess(time.monotonic(), end, system.journal())
            time.sleep(0.1)

    def test_it_is_ready_when_start_returns_as_its_own_user_with_the_page_and_a_log(self):
        self.assertEqual(self.shown("ActiveState", "SubState", "StatusText")["SubState"], "running")
        self.assertEqual([self.status_of("9090/readyz"), self.status_of("9090/healthz"), self.status_of("8080/j")], ["200"] * 3)
        members = system.sure("ps", "-o", "user=,comm=", "--ppid", self.pid(), "--pid", self.pid()).split("\n")
        self.assertEqual(sorted(line.split() for line in members), [["eir", "eird"], ["eir", "eird-control"], ["eir", "eird-worker-0"]])
        self.assertEqual(system.sure("stat", "-c", "%U %a", "/var/lib/eir"), "eir 700")
        lines = [json.loads(line) for line in
                 system.sure("journalctl", "--no-pager", "--unit", "eird", "--output", "json").split("\n")]  # fmt: skip
        ready = [line for line in lines if re.search(r"\bready\b", str(line["MESSAGE"]))]
        self.assertEqual({line["PRIORITY"] for line in ready}, {"6"}, "informational")
        self.assertIn("ready", system.sure("eirctl", "status"))

    def test_reload_waits_for_the_outcome_and_keeps_what_runs_when_the_file_is_wrong(self):
        before = self.pid()
        system.write("/etc/eir/eird.yaml", CONFIGURATION + "node_name: other\n", "0640", "eir")
        system.sure("systemctl", "reload", "eird")
        system.write("/etc/eir/eird.yaml", CONFIGURATION + "no_such_key: 1\n", "0640", "eir")
        self.assertNotEqual(system.run("systemctl", "reload", "eird").returncode, 0)
        self.assertRegex(system.journal(), r"line 7: no_such_key")
        self.assertEqual((self.shown("ActiveState")["ActiveState"], self.pid()), ("active", before))
        self.assertEqual(self.status_of("9090/readyz"), "200")

    def test_what_is_killed_comes_back(self):
        before = self.pid()
        system.sure("kill", "-KILL", before)
        self.await_that(lambda: self.pid() not in ("0", before))
        self.await_that(lambda: self.status_of("9090/readyz") == "200")

    def test_what_stalls_is_replaced(self):
        system.write("/run/systemd/system/eird.service.d/watchdog.conf", f"[Service]\nWatchdogSec={WATCHDOG_S}\n")
        system.sure("systemctl", "daemon-reload")
        self.addCleanup(lambda: system.sure("systemctl", "daemon-reload"))
        self.addCleanup(lambda: system.sure("rm", "/run/systemd/system/eird.service.d/watchdog.conf"))
        system.sure("systemctl", "restart", "eird")
        before = self.pid()
        time.sleep(1.5 * WATCHDOG_S)
        self.assertEqual(self.pid(), before, "who is well feeds the watchdog")
        system.sure("kill", "-STOP", before)
        self.await_that(lambda: self.pid() not in ("0", before))
        self.await_that(lambda: self.status_of("9090/readyz") == "200")

    def test_a_wrong_configuration_is_said_at_once_and_not_tried_again(self):
        system.sure("systemctl", "stop", "eird")
        system.write("/etc/eir/eird.yaml", "no_such_key: 1\n", "0640", "eir")
        self.assertNotEqual(system.run("systemctl", "start", "eird").returncode, 0)
        self.assertRegex(system.journal(), r"/etc/eir/eird.yaml:1: no_such_key")
        time.sleep(2.5)  # RestartSec is 1
        shown = self.shown("NRestarts", "ActiveState", "ExecMainStatus", "Result")
        self.assertEqual((shown["NRestarts"], shown["ActiveState"]), ("0", "failed"), shown)

    def test_stop_lets_running_calls_end(self):
        system.write("/run/quickstart.json", json.dumps({
            "api": "http://127.0.0.1:8080", "ops": "http://127.0.0.1:9090", "credential_file": "/run/secret", "pid": int(self.pid())}))
        made = system.sure("eirctl", "credential", "add", "--tenant", "bench")
        system.write("/run/secret", re.search(r"(?m)^secret: (\S+)$", made).group(1))
        system.sure("systemctl", "reload", "eird")
        load = system.start("eir-bench", "rooms", "--rooms", "2", "--publishers", "3", "--seconds", "4", "--no-floor",
                            "--quickstart", "/run/quickstart.json", "--json", "/run/load.json")  # fmt: skip
        self.await_that(lambda: load.poll() is not None or "rooms 2" in re.sub(r"\s+", " ", system.sure("eirctl", "status")))
        begin = time.monotonic()
        system.sure("systemctl", "stop", "eird")
        took = time.monotonic() - begin
        output = load.communicate(timeout=60)[0].decode(errors="replace")
        self.assertEqual(load.returncode, 0, output)
        figures = json.loads(system.sure("cat", "/run/load.json"))["figures"]
        print(f"systemctl stop under {figures['connected']} connections: {took:.1f} s, {figures['forwarded']} packets, "
              f"{figures['missing']} lost", file=sys.stderr)
        self.assertEqual((figures["connected"], figures["missing"]), (6, 0))
        self.assertGreater(figures["forwarded"], 1000)
        shown = self.shown("ActiveState", "Result", "ExecMainStatus")
        self.assertEqual(shown, {"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"})


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
