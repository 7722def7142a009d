#!/usr/bin/env python3
"""Reload of the whole configuration beside running calls: what is taken, what waits for a restart, what is refused.

Usage: ops_reload_test.py [path of eird]
"""
import contextlib
import os
import random
import signal
import socket
import stat
import subprocess
import sys
import time
import unittest
from pathlib import Path

import running_eird
from ops_support import (LOAD_PUBLISHERS, LOAD_ROOMS, Load, ask, eirctl, https_listener, make_certificate, read_file,
                         served_certificate)
from running_eird import Daemon, WebSocket, check_exchanges, free_port

PLAN = {"template": "test", "seats": [{"role": "clinician", "many": True}]}
MUTATIONS = 1000
SEED = int(os.environ.get("EIR_SEED", "20260"))
TAKES_EFFECT_S = 10
SHIPPED = Path(__file__).resolve().parents[2] / "config/eird.yaml"


def tearDownModule():
    check_exchanges()


def udp_port():
    return free_port(socket.SOCK_DGRAM)


class Reload(unittest.TestCase):
    def setUp(self):
        self.https, listener = https_listener()
        self.eird = Daemon(f"{{workers: 1, port_base: {udp_port()}, addresses: [{{bind: 127.0.0.1}}]}}", https=listener,
                           more="log: {format: json}\n#more")
        make_certificate(self.eird, "first")
        make_certificate(self.eird, "second")
        self.eird.start()
        self.addCleanup(self.eird.stop)
        self.text = read_file(self.eird, "eird.yaml")

    def configure(self, *changes):
        """The file with these replacements, as an editor leaves it."""
        text = self.text
        for old, new in changes:
            self.assertIn(old, text)
            text = text.replace(old, new)
        self.eird.write("eird.yaml", text)

    def children(self):
        pid = self.eird.process.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()

    def reload(self):
        return eirctl(self.eird, "reload")

    def test_a_hangup_changes_limits_origins_templates_log_and_certificate_without_a_new_process(self):
        control = self.eird.pid_of("control")
        with self.assertRaises(AssertionError):
            self.open_page("https://portal.example.org")
        self.eird.write("templates.yaml", "kveldsvakt:\n  extends: test\n")
        here = self.eird.directory.name
        self.configure(("first.pem", "second.pem"), ("first.key", "second.key"), ("#more", f"""
templates_file: {here}/templates.yaml
limits: {{consultations: 1, joins_per_second: 7}}
retention: {{usage_days: 9}}
"""), ("  ops:", "  allowed_origins: [https://portal.example.org]\n  ops:"), ("{format: json}", "{format: json, level: debug}"))
        self.eird.process.send_signal(signal.SIGHUP)
        self.await_line("reload_taken")
        self.assertEqual(served_certificate(self.https).strip(), read_file(self.eird, "second.pem").strip())
        self.open_page("https://portal.example.org")
        plan = {"template": "kveldsvakt", "seats": []}
        self.assertEqual(self.eird.call("POST", "/v1/consultations", plan, self.eird.secret)[0], 201)
        self.assertEqual(self.eird.call("POST", "/v1/consultations", plan, self.eird.secret)[0], 503)  # the limit of 1
        self.assertTrue(self.eird.lines("rest_request"), "debug lines are written now")
        keys = {line["key"] for line in self.eird.lines("config_taken")}
        self.assertLessEqual({"limits.consultations", "limits.joins_per_second", "retention.usage_days", "log.level",
                              "templates_file", "listeners.allowed_origins", "listeners.https.certificate_file",
                              "listeners.https.key_file"}, keys)  # fmt: skip
        self.assertEqual(self.eird.pid_of("control"), control)
        # What is in effect outlives control, though nobody reloads again.
        self.eird.kill_control()
        self.assertEqual(served_certificate(self.https).strip(), read_file(self.eird, "second.pem").strip())
        self.assertEqual(self.eird.call("POST", "/v1/consultations", plan, self.eird.secret)[0], 503)

    def open_page(self, origin):
        socket_ = WebSocket(self.eird.http, origin=origin)
        self.addCleanup(socket_.close)
        self.assertEqual(socket_.status, 101)

    def await_line(self, event):
        end = time.monotonic() + TAKES_EFFECT_S
        while not self.eird.lines(event):
            self.assertLess(time.monotonic(), end, self.eird.log_text())
            time.sleep(0.02)
        return self.eird.lines(event)

    def test_a_certificate_renewed_in_place_is_served_after_a_reload(self):
        self.assertEqual(served_certificate(self.https).strip(), read_file(self.eird, "first.pem").strip())
        for kind in ("pem", "key"):
            self.eird.write(f"first.{kind}", read_file(self.eird, f"second.{kind}"))
        code, told, _ = self.reload()
        self.assertEqual(code, 0, told)
        self.assertEqual(served_certificate(self.https).strip(), read_file(self.eird, "second.pem").strip())
        self.assertIn("eir_tls_certificate_expires_seconds", "".join(self.eird.metrics()))

    def test_keys_that_need_a_restart_are_named_and_stay_as_they_were(self):
        self.configure(("workers: 1", "workers: 2"), (f"port: {self.eird.ops}", f"port: {free_port()}"),
                       ("#more", "limits: {joins_per_second: 9}"))
        code, told, _ = self.reload()
        self.assertEqual(code, 0, told)
        self.assertIn("needs a restart, stays as it was: media.workers\n", told)
        self.assertIn("needs a restart, stays as it was: listeners.ops.port\n", told)
        self.assertIn("taken: limits.joins_per_second\n", told)
        self.assertEqual({line["key"] for line in self.eird.lines("config_needs_restart")},
                         {"media.workers", "listeners.ops.port"})
        self.assertEqual(self.eird.get(self.eird.ops, "/readyz"), 200)
        self.assertEqual(len(ask(self.eird, "status")["workers"]), 1)

    def test_a_wrong_file_changes_nothing_and_every_mistake_is_told_with_line_and_key(self):
        self.configure(("#more", "limits:\n  joins_per_second: 0\n  consultations: 5\nnod_name: x\n"),
                       ("{format: json}", "{format: json, level: loud}"))
        lines = read_file(self.eird, "eird.yaml").split("\n")
        where = {key: 1 + next(i for i, line in enumerate(lines) if word in line) for key, word in
                 {"limits.joins_per_second": "joins_per_second", "nod_name": "nod_name", "log.level": "loud"}.items()}
        code, told, _ = self.reload()
        self.assertEqual(code, 1)
        for key, line in where.items():
            self.assertIn(f"line {line}: {key} ", told)
        self.assertEqual({(line["key"], line["line"]) for line in self.eird.lines("config_error")}, set(where.items()))
        self.assertEqual(ask(self.eird, "status")["reloads"], {"taken": 0, "refused": 1})
        done = subprocess.run([running_eird.EIRD, "--config", f"{self.eird.directory.name}/eird.yaml", "--check-config"],
                              capture_output=True, text=True, timeout=20, check=False)
        self.assertEqual(done.returncode, 2)
        for key, line in where.items():
            self.assertIn(f"eird.yaml:{line}: {key} ", done.stderr)

    def test_files_that_the_configuration_names_are_judged_before_anything_changes(self):
        here = self.eird.directory.name
        first = served_certificate(self.https)
        self.configure(("first.key", "second.key"), ("#more", "limits: {consultations: 5}"))
        code, told, _ = self.reload()  # the key of another certificate
        self.assertEqual(code, 1)
        self.assertRegex(told, r"line \d+: listeners.https.key_file cannot be used: ")
        self.configure(("first.key", "second.key"), ("first.pem", "second.pem"))
        os.chmod(f"{here}/second.key", 0o640)
        code, told, _ = self.reload()
        self.assertEqual(code, 1)
        self.assertRegex(told, r"line \d+: listeners.https.key_file is open to others; chmod 0600")
        os.chmod(f"{here}/second.key", 0o600)
        self.eird.write("templates.yaml", "kveldsvakt:\n  extends: none_such\n")
        self.configure(("#more", f"templates_file: {here}/templates.yaml"))
        code, told, _ = self.reload()
        self.assertEqual(code, 1)
        self.assertRegex(told, r"line \d+: templates_file is wrong: .*templates.yaml:\d+: kveldsvakt")
        self.configure()
        os.chmod(f"{here}/credentials", 0o644)
        code, told, _ = self.reload()
        self.assertEqual(code, 1)
        self.assertRegex(told, r"line \d+: state_dir holds credentials that cannot be used: ")
        os.chmod(f"{here}/credentials", 0o600)
        os.rename(f"{here}/eird.yaml", f"{here}/elsewhere.yaml")
        code, told, _ = self.reload()
        self.assertEqual(code, 1)
        self.assertIn("line 1: (document) cannot be read: ", told)
        self.assertEqual(served_certificate(self.https), first)
        self.assertEqual(ask(self.eird, "status")["reloads"], {"taken": 0, "refused": 5})
        self.assertEqual(self.eird.call("POST", "/v1/consultations", PLAN, self.eird.secret)[0], 201)

    def test_the_socket_is_for_eirds_own_user_and_knows_its_commands(self):
        mode = os.stat(os.path.join(self.eird.directory.name, "eirctl.sock")).st_mode
        self.assertTrue(stat.S_ISSOCK(mode))
        self.assertEqual(stat.S_IMODE(mode), 0o600)
        self.assertEqual(ask(self.eird, "stop"), {"ok": False, "error": "is no command of this eird"})
        with socket.socket(socket.AF_UNIX) as stream:
            stream.settimeout(20)
            stream.connect(os.path.join(self.eird.directory.name, "eirctl.sock"))
            stream.sendall(b"x" * 65)  # longer than any command: closed without an answer
            with contextlib.suppress(ConnectionResetError):
                self.assertEqual(stream.recv(100), b"")
        self.assertEqual(ask(self.eird, "status")["node"], "eir")

    def test_certificate_and_configuration_change_under_twenty_calls_without_a_lost_packet(self):
        load = Load(self.eird, seconds=8)
        self.addCleanup(load.stop)
        begin = time.monotonic()
        changes = 0
        while load.process.poll() is None and time.monotonic() - begin < 60:
            name = ("second", "first")[changes % 2]
            self.configure(("first.pem", f"{name}.pem"), ("first.key", f"{name}.key"),
                           ("#more", f"limits: {{participants_per_worker: {900 + changes}}}"))
            self.eird.process.send_signal(signal.SIGHUP)
            changes += 1
            time.sleep(0.5)
        figures = load.figures()
        print(f"{changes} reloads under {figures['connected']} connections, {figures['forwarded']} packets, "
              f"{figures['missing']} lost", file=sys.stderr)
        self.assertEqual(figures["connected"], LOAD_ROOMS * LOAD_PUBLISHERS)
        self.assertGreater(figures["forwarded"], 10_000)
        self.assertEqual((figures["missing"], figures["corrupt"]), (0, 0))
        self.assertGreaterEqual(changes, 10)
        self.assertEqual(ask(self.eird, "status")["reloads"], {"taken": changes, "refused": 0})

    def test_a_thousand_mutated_files_leave_the_running_daemon_as_it_is(self):
        text = SHIPPED.read_text(encoding="utf-8").replace("format: text", "format: json")
        children = self.children()
        # Mutations that are valid are taken; sockets and state directory of the shipped file wait for a restart.
        source = random.Random(SEED)
        refused = 0
        for number in range(MUTATIONS):
            mutated = mutate(text, source)
            with open(os.path.join(self.eird.directory.name, "eird.yaml"), "wb") as file:
                file.write(mutated)
            before = ask(self.eird, "status")["reloads"]
            answer = ask(self.eird, "reload")
            after = ask(self.eird, "status")["reloads"]
            why = f"mutation {number} of seed {SEED}: {answer}"
            self.assertEqual(answer["ok"], not answer["errors"], why)
            self.assertEqual(after["refused"] - before["refused"], 0 if answer["ok"] else 1, why)
            self.assertEqual(after["taken"] - before["taken"], 1 if answer["ok"] else 0, why)
            refused += 0 if answer["ok"] else 1
            for error in answer["errors"]:
                self.assertGreaterEqual(error["line"], 1, why)
                self.assertLessEqual(error["line"], mutated.count(b"\n") + 1, why)
                self.assertTrue(error["key"] and error["message"], why)
        print(f"{refused} of {MUTATIONS} mutated configurations refused", file=sys.stderr)
        self.assertGreater(refused, MUTATIONS // 4)
        self.eird.write("eird.yaml", self.text)
        self.assertTrue(ask(self.eird, "reload")["ok"])
        self.assertEqual(self.eird.call("POST", "/v1/consultations", PLAN, self.eird.secret)[0], 201)
        self.assertEqual(self.children(), children, "no process was replaced")


def mutate(text, source):
    """One to three slips of a tired hand."""
    data = bytearray(text.encode())
    for _ in range(source.randint(1, 3)):
        at = source.randrange(len(data))
        begin = data.rfind(b"\n", 0, at) + 1
        end = data.find(b"\n", at) + 1 or len(data)
        slip = source.randrange(6)
        if slip == 0:
            data[at] = source.randrange(256)
        elif slip == 1:
            del data[at:at + source.randint(1, 8)]
        elif slip == 2:
            data.insert(at, source.choice(b":-[]{}\"'#,&*!|>%@\t\n x9\0\xc3"))
        elif slip == 3:
            data[begin:begin] = data[begin:end]
        elif slip == 4:
            del data[begin:end]
        else:
            data[begin:begin] = b" " * source.randint(1, 4)
    return bytes(data)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
