#!/usr/bin/env python3
"""What monitoring reads: health of real processes, the metrics page, the figures of the ops page, eirctl's lists.

Usage: ops_health_test.py [path of eird]
"""
import json
import os
import re
import signal
import socket
import sys
import time
import unittest
import urllib.request

import running_eird
from ops_support import LOAD_PUBLISHERS, LOAD_ROOMS, Load, eirctl
from running_eird import Daemon, free_port

LABELS = {"worker", "listener", "node", "le"}
WAIT_S = 30


class Health(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.eird = Daemon(f"{{workers: 2, port_base: {free_port(socket.SOCK_DGRAM) & ~1}, addresses: [{{bind: 127.0.0.1}}]}}",
                          more="log: {format: json}\nnode_name: ops-test").start()
        cls.load = Load(cls.eird, seconds=40)

    @classmethod
    def tearDownClass(cls):
        cls.load.stop()
        cls.eird.stop()

    def setUp(self):
        # Workers count once a second.
        self.await_that(lambda: [w["counters"].get("transports") for w in self.status()["workers"]] == [LOAD_ROOMS] * 2)

    def await_that(self, claim):
        end = time.monotonic() + WAIT_S
        while not claim():
            self.assertLess(time.monotonic(), end, self.eird.log_text())
            time.sleep(0.05)

    def page(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.eird.ops}{path}", timeout=10) as answer:
            return answer.read().decode()

    def status(self):
        return json.loads(self.page("/status.json"))

    def test_1_every_metric_has_a_help_text_and_labels_that_name_nobody(self):
        text = self.page("/metrics")
        helps = dict(re.findall(r"^# HELP (\S+) ?(.*)$", text, re.MULTILINE))
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
        self.assertEqual(set(helps), set(types))
        for name, sentence in helps.items():
            self.assertTrue(sentence.endswith("."), f"{name}: {sentence!r}")
        for line in filter(lambda line: line and line[0] != "#", text.split("\n")):
            name = re.match(r"[a-z0-9_]+", line).group()
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            self.assertIn(name if name in types else base, types)
            self.assertLessEqual(set(re.findall(r'([a-z_]+)="', line)), LABELS, line)
        # All that the workers count is there.
        for counter in self.status()["workers"][0]["counters"]:
            self.assertIn(f"eir_{counter}", types)
        for name in ("eir_join_to_first_media_seconds", "eir_node_info", "eir_worker_up", "eir_journal_written_total"):
            self.assertIn(name, types)

    def test_2_status_has_rooms_by_number_and_no_id(self):
        text = self.page("/status.json")
        self.assertIsNone(re.search(r"\b[cpsi]_[A-Za-z0-9_-]{10}", text))
        status = json.loads(text)
        self.assertEqual(status["node"], "ops-test")
        self.assertEqual(sum(room["participants"] for room in status["rooms"]), LOAD_ROOMS * LOAD_PUBLISHERS)
        self.assertEqual(sorted(worker["rooms"] for worker in status["workers"]), [LOAD_ROOMS // 2] * 2)

    def test_3_eirctl_lists_status_and_rooms_by_their_ids_alone(self):
        code, told, _ = eirctl(self.eird, "status")
        self.assertEqual(code, 0, told)
        self.assertRegex(told, r"(?m)^state        ready$")
        self.assertRegex(told, r"(?m)^worker 1     up, 5 rooms, 10 participants, 10 transports, 0 restarts$")
        code, told, _ = eirctl(self.eird, "rooms")
        self.assertEqual(code, 0)
        self.assertEqual(len(told.splitlines()), LOAD_ROOMS)
        for line in told.splitlines():
            self.assertRegex(line, r"^c_[A-Za-z0-9_-]+ room \d+ worker [01] participants 2 transports 2$")
        code, told, _ = eirctl(self.eird, "rooms", "--json")
        self.assertEqual(len(json.loads(told)["rooms"]), LOAD_ROOMS)

    def test_4_a_worker_that_hangs_is_told_of_within_three_seconds(self):
        self.assertEqual(self.eird.get(self.eird.ops, "/healthz"), 200)
        pid = self.eird.pid_of("worker-1")
        os.kill(pid, signal.SIGSTOP)
        begin = time.monotonic()
        try:
            with self.assertRaises(urllib.error.HTTPError) as refused:
                self.page("/healthz")
            took = time.monotonic() - begin
        finally:
            os.kill(pid, signal.SIGCONT)
        self.assertEqual(refused.exception.code, 503)
        self.assertEqual(json.loads(refused.exception.read())["detail"], "no answer from worker 1")
        self.assertLess(took, 3)
        self.await_that(lambda: self.eird.get(self.eird.ops, "/healthz") == 200)

    def test_5_a_worker_that_was_killed_is_replaced_and_no_reason_to_restart_the_node(self):
        os.kill(self.eird.pid_of("worker-1"), signal.SIGKILL)
        self.assertEqual(self.eird.get(self.eird.ops, "/healthz"), 200)
        self.await_that(lambda: self.status()["workers"][1] | {"counters": 0, "silenceMs": 0, "countedAtMs": 0} == {
            "worker": 1, "connected": True, "rooms": 0, "restarts": 1, "silenceMs": 0, "countedAtMs": 0, "counters": 0})


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
