#!/usr/bin/env python3
"""The end of a daemon with calls in it: drained, by its time limit, at once, and what its exit code says.

Usage: ops_drain_test.py [path of eird]
"""
import signal
import socket
import subprocess
import sys
import time
import unittest

import running_eird
from ops_support import LOAD_PUBLISHERS, LOAD_ROOMS, Load, ask, eirctl
from running_eird import Daemon, WebSocket, check_exchanges, free_port

PLAN = {"template": "test", "seats": [{"role": "clinician", "many": True}]}
WAIT_S = 30


def tearDownModule():
    check_exchanges()


class Drain(unittest.TestCase):
    def start(self, drain_s):
        media = f"{{workers: 1, port_base: {free_port(socket.SOCK_DGRAM)}, addresses: [{{bind: 127.0.0.1}}]}}"
        eird = Daemon(media, more=f"timeouts: {{drain_s: {drain_s}}}\nlog: {{format: json}}").start()
        self.addCleanup(eird.stop)
        self.eird = eird
        made = self.call("POST", "/v1/consultations", PLAN)
        path = f"/v1/consultations/{made['id']}/seats/{made['seats'][0]['id']}/invitations"
        self.token = self.call("POST", path, {"maxUses": 9})["token"]
        return eird

    def call(self, method, path, body):
        status, answer, _ = self.eird.call(method, path, body, self.eird.secret)
        self.assertLess(status, 300, answer)
        return answer

    def begin_load(self, seconds):
        load = Load(self.eird, seconds)
        self.addCleanup(load.stop)
        self.await_that(lambda: self.eird.metrics().get('eir_transports{worker="0"}') == LOAD_ROOMS * LOAD_PUBLISHERS)
        return load

    def await_that(self, claim):
        end = time.monotonic() + WAIT_S
        while not claim():
            self.assertLess(time.monotonic(), end, self.eird.log_text())
            time.sleep(0.02)

    def join(self):
        status, joined, headers = self.eird.call("POST", "/v1/join", {"token": self.token})
        return status, joined, headers

    def connect(self):
        """A participant's signalling, after its welcome."""
        status, joined, _ = self.join()
        self.assertEqual(status, 200)
        return self.say_hello(joined["session"]), joined

    def say_hello(self, session):
        stream = WebSocket(self.eird.http)
        self.addCleanup(stream.close)
        stream.send({"type": "hello", "session": session})
        self.assertEqual(stream.until("welcome")["type"], "welcome")
        return stream

    def assert_refuses(self):
        status, answer, headers = self.join()
        self.assertEqual((status, answer["code"]), (503, "draining"))
        self.assertEqual(headers["Retry-After"], "20")
        status, answer, headers = self.eird.call("POST", "/v1/consultations", PLAN, self.eird.secret)
        self.assertEqual((status, answer["code"]), (503, "draining"))
        self.assertEqual(headers["Retry-After"], "20")
        self.assertEqual(self.eird.get(self.eird.ops, "/readyz"), 503)

    def drain_under_load(self, begin_drain):
        eird = self.start(drain_s=120)
        stream, joined = self.connect()
        load = self.begin_load(seconds=6)
        begin_drain(eird)
        begin = time.monotonic()
        self.await_that(lambda: self.eird.get(eird.ops, "/readyz") == 503)
        print(f"not ready after {1000 * (time.monotonic() - begin):.0f} ms", file=sys.stderr)
        self.assertLess(time.monotonic() - begin, 1)
        while load.process.poll() is None:
            self.assert_refuses()
            time.sleep(0.2)
        self.assertEqual(eird.get(eird.ops, "/healthz"), 200)
        figures = load.figures()
        print(f"drain under {figures['connected']} connections: {figures['forwarded']} packets, "
              f"{figures['missing']} lost", file=sys.stderr)
        self.assertEqual(figures["connected"], LOAD_ROOMS * LOAD_PUBLISHERS)
        self.assertGreater(figures["forwarded"], 5000)
        self.assertEqual((figures["missing"], figures["corrupt"]), (0, 0))
        # Who is in may come back.
        status, resumed, _ = eird.call("POST", "/v1/join/resume", {"resume": joined["resume"]})
        self.assertEqual(status, 200)
        self.assertEqual(stream.until(None), 4409)
        stream = self.say_hello(resumed["session"])
        self.assertIsNone(eird.process.poll())
        rooms = ask(eird, "rooms")["rooms"]
        self.assertEqual(len(rooms), 1, "the load has left")
        for room in rooms:
            self.call("POST", f"/v1/consultations/{room['consultation']}/end", {})
        # With the last room the daemon goes, long before its limit.
        self.assertEqual(eird.process.wait(WAIT_S), 0)
        self.assertEqual(stream.until(None), 4410)

    def test_termination_refuses_new_joins_at_once_and_leaves_running_calls_untouched(self):
        self.drain_under_load(lambda eird: eird.process.send_signal(signal.SIGTERM))

    def test_eirctl_drain_does_the_same(self):
        def drain(eird):
            code, told, _ = eirctl(eird, "drain")
            self.assertEqual(code, 0)
            self.assertRegex(told, r"takes no new calls; 1\d rooms may go on for at most 120 s")

        self.drain_under_load(drain)

    def test_calls_end_with_the_limit_and_everybody_is_told(self):
        eird = self.start(drain_s=2)
        stream, _ = self.connect()
        self.begin_load(seconds=60)
        begin = time.monotonic()
        eird.process.send_signal(signal.SIGTERM)
        self.assertEqual(stream.until(None), 1001)
        self.assertGreater(time.monotonic() - begin, 1.9)
        self.assertEqual(eird.process.wait(WAIT_S), 0)
        self.assertLess(time.monotonic() - begin, 6)
        self.assertGreater(eird.lines("drained")[0]["rooms_left"], 0)

    def test_the_second_signal_ends_at_once(self):
        eird = self.start(drain_s=600)
        self.begin_load(seconds=60)
        eird.process.send_signal(signal.SIGTERM)
        self.await_that(lambda: eird.get(eird.ops, "/readyz") == 503)
        begin = time.monotonic()
        eird.process.send_signal(signal.SIGTERM)
        self.assertEqual(eird.process.wait(WAIT_S), 0)
        self.assertLess(time.monotonic() - begin, 3)

    def test_without_calls_it_ends_at_once_and_its_socket_is_gone(self):
        eird = self.start(drain_s=600)
        begin = time.monotonic()
        eird.process.send_signal(signal.SIGTERM)
        self.assertEqual(eird.process.wait(WAIT_S), 0)
        self.assertLess(time.monotonic() - begin, 3)
        code, _, told = eirctl(eird, "status")
        self.assertEqual(code, 2)
        self.assertIn("no eird answers at", told)


class ExitCodes(unittest.TestCase):
    def run_eird(self, *words):
        return subprocess.run([running_eird.EIRD, *words], capture_output=True, text=True, timeout=WAIT_S, check=False)

    def test_arguments_and_configuration_are_2(self):
        self.assertEqual(self.run_eird("--no-such").returncode, 2)
        self.assertEqual(self.run_eird("--config", "/nonexistent/eird.yaml").returncode, 2)

    def test_a_port_that_is_taken_is_1(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            eird = Daemon("{workers: 1, addresses: [{bind: 127.0.0.1}]}")
            eird.write("eird.yaml", f"state_dir: {eird.directory.name}\nlisteners:\n  ops: {{port: "
                       f"{taken.getsockname()[1]}}}\n  http_loopback: {{addresses: []}}\nmedia: {{workers: 1, port_base: "
                       f"{free_port(socket.SOCK_DGRAM)}, addresses: [{{bind: 127.0.0.1}}]}}\n")
            done = self.run_eird("--config", f"{eird.directory.name}/eird.yaml")
            eird.directory.cleanup()
        self.assertEqual(done.returncode, 1)
        self.assertIn("listeners.ops", done.stderr)

    def test_they_are_in_the_help(self):
        done = self.run_eird("--help")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stdout, r"Exit codes: 0 .*1 .*2 ")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
