#!/usr/bin/env python3
"""What the processes do when one of them dies, stalls or is told to stop.

Runs the program supervisor_probe: the real supervisor, channel and Workers around a control and two media workers
that only keep rooms. Usage: processes_test.py [path of supervisor_probe]
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

PROBE = "build/release/supervisor_probe"
WAIT_S = 20  # for a loaded machine with sanitizers; nothing waits this long when all is well


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """One run of the probe, its log read line by line."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        path = os.path.join(self.directory.name, "eird.yaml")
        self.udp = free_port(socket.SOCK_DGRAM)
        self.http = free_port(socket.SOCK_STREAM)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""
listeners:
  http_loopback: {{addresses: [127.0.0.1], port: {self.http}}}
  ops: {{port: {free_port(socket.SOCK_STREAM)}}}
media: {{addresses: [{{bind: 127.0.0.1}}], port_base: {self.udp}, workers: 2}}
timeouts: {{drain_s: 0}}
log: {{format: json}}
""")
        self.process = subprocess.Popen([PROBE, path], stderr=subprocess.PIPE)
        os.set_blocking(self.process.stderr.fileno(), False)
        self.unread = b""
        self.lines = []
        self.seen = 0  # lines that an earlier wait has passed
        self.pids = {}

    def read(self):
        self.unread += self.process.stderr.read() or b""
        *whole, self.unread = self.unread.split(b"\n")
        for line in whole:
            entry = json.loads(line)
            self.lines.append(entry)
            if entry["event"] == "child_started":
                self.pids[entry["child"]] = entry["pid"]

    def wait(self, event, **fields):
        """The next line of this event with these fields, after those that earlier waits returned."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            self.read()
            for at in range(self.seen, len(self.lines)):
                line = self.lines[at]
                if line["event"] == event and all(line.get(k) == v for k, v in fields.items()):
                    self.seen = at + 1
                    return line
            time.sleep(0.01)
        raise AssertionError(f"no {event} {fields} in {self.lines}")

    def events(self):
        self.read()
        return [line["event"] for line in self.lines]

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stderr.close()
        self.directory.cleanup()


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return re.search(r"\) (\w)", file.read()).group(1) != "Z"
    except FileNotFoundError:
        return False


class Processes(unittest.TestCase):
    def setUp(self):
        self.daemon = Daemon()
        self.addCleanup(self.daemon.end)
        self.daemon.wait("probe_room_opened")
        self.daemon.wait("ready")

    def test_termination_drains_then_stops_in_reverse_and_exits_with_0(self):
        self.daemon.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.daemon.process.wait(WAIT_S), 0)
        self.daemon.wait("probe_drain")
        ended = [l["process"] for l in self.daemon.lines if l["event"] == "probe_ended"]
        self.assertEqual(ended[0], "control")
        self.assertEqual(sorted(ended[1:]), ["worker-0", "worker-1"])
        self.assertNotIn("child_ended_by_force", self.daemon.events())
        for pid in self.daemon.pids.values():
            self.assertFalse(is_alive(pid))

    def test_a_killed_worker_loses_its_rooms_and_is_replaced(self):
        victim = self.daemon.pids["worker-0"]
        os.kill(victim, signal.SIGKILL)
        begin = time.monotonic()
        self.daemon.wait("child_died", child="worker-0", signal=9)
        self.daemon.wait("probe_rooms_lost", worker=0, rooms=1)
        self.daemon.wait("worker_adopted", worker=0, rooms=0)
        self.assertLess(time.monotonic() - begin, 3)
        self.assertNotEqual(self.daemon.pids["worker-0"], victim)
        self.assertNotIn("worker-1", [l.get("child") for l in self.daemon.lines if l["event"] == "child_died"])

    def test_a_killed_control_comes_back_and_adopts_running_workers(self):
        workers = {k: v for k, v in self.daemon.pids.items() if k != "control"}
        os.kill(self.daemon.pids["control"], signal.SIGKILL)
        self.daemon.wait("child_died", child="control")
        adopted = [self.daemon.wait("worker_adopted")["rooms"] for _ in range(2)]
        self.assertEqual(sorted(adopted), [0, 1])
        self.assertEqual({k: v for k, v in self.daemon.pids.items() if k != "control"}, workers)
        self.assertEqual(self.daemon.wait("probe_room_opened")["room"], 2)

    def test_a_stalled_worker_is_replaced(self):
        os.kill(self.daemon.pids["worker-1"], signal.SIGSTOP)
        self.daemon.wait("child_stalled", child="worker-1")
        self.daemon.wait("worker_adopted", worker=1)

    def test_hangup_reaches_control(self):
        self.daemon.process.send_signal(signal.SIGHUP)
        self.daemon.wait("probe_reload", has_text=True)
        self.daemon.wait("reload_taken")
        self.assertIsNone(self.daemon.process.poll())

    def test_children_die_with_a_killed_supervisor(self):
        self.daemon.process.kill()
        self.daemon.process.wait()
        end = time.monotonic() + WAIT_S
        while any(is_alive(pid) for pid in self.daemon.pids.values()) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(any(is_alive(pid) for pid in self.daemon.pids.values()))

    def test_sockets_stay_open_while_a_child_is_replaced(self):
        os.kill(self.daemon.pids["control"], signal.SIGKILL)
        # The listening socket is the supervisor's: a connection made now waits for the new control.
        with socket.create_connection(("127.0.0.1", self.daemon.http), timeout=5):
            pass
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            with self.assertRaises(OSError):
                probe.bind(("127.0.0.1", self.daemon.udp))


class Refusals(unittest.TestCase):
    def test_a_taken_port_is_named(self):
        first = Daemon()
        self.addCleanup(first.end)
        first.wait("ready")
        second = subprocess.run([PROBE, os.path.join(first.directory.name, "eird.yaml")], capture_output=True,
                                timeout=WAIT_S, check=False)
        self.assertNotEqual(second.returncode, 0)
        self.assertIn(f"listeners.http_loopback: bind 127.0.0.1 port {first.http}".encode(), second.stderr)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROBE = sys.argv.pop(1)
    unittest.main()
