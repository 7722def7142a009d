"""eir-bench impair between real sockets: its rate, delay, queue and losses, one address at the server for each client, and changes while it runs."""

import json
import select
import socket
import subprocess
import threading
import time
import unittest

from running_eird import BUILD, free_port

BENCH = f"{BUILD}/eir-bench"
HOST = "127.0.0.1"
BYTES = 1000
HEADERS = 28  # IPv4 and UDP, which the rate counts too
SLACK_S = 0.08  # for a loaded machine


class Echo:
    """A server that answers each datagram, and remembers who sent."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.port = self.socket.getsockname()[1]
        self.peers = set()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                data, peer = self.socket.recvfrom(2048)
            except OSError:
                return
            if data == b"end":
                return
            self.peers.add(peer)
            self.socket.sendto(data, peer)

    def close(self):
        self.socket.sendto(b"end", (HOST, self.port))
        self.thread.join()
        self.socket.close()


class Impair:
    """A running proxy before `server_port`."""

    def __init__(self, server_port, *options):
        self.port = free_port(socket.SOCK_DGRAM)
        command = [BENCH, "impair", "--listen", f"{HOST}:{self.port}", "--server", f"{HOST}:{server_port}"]
        self.process = subprocess.Popen(
            [*command, "--seconds", "30", "--control", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert json.loads(self.process.stdout.readline()) == {"ready": True}

    def change(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        time.sleep(0.3)  # until a busy machine has read it

    def end(self):
        """The last report."""
        self.process.stdin.close()
        lines = self.process.stdout.read().splitlines()
        self.process.stdout.close()
        assert self.process.wait() == 0
        return json.loads(lines[-1])


def client(port):
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect((HOST, port))
    out.setblocking(False)
    return out


def exchange(peer, count, interval_s, wait_s, until_all=False):
    """Sends numbered datagrams and returns {number: (sent, [came back…])} in seconds; `until_all`: ends when all came back."""
    times = {}
    begin = time.monotonic()
    end = begin + count * interval_s + wait_s
    sent = 0
    while (now := time.monotonic()) < end:
        if until_all and sent == count and all(back for _, back in times.values()):
            break
        while sent < count and now >= begin + sent * interval_s:
            peer.send(sent.to_bytes(4, "big") + bytes(BYTES - 4))
            times[sent] = (time.monotonic(), [])
            sent += 1
        ready, _, _ = select.select([peer], [], [], 0.001)
        if ready:
            times[int.from_bytes(peer.recv(2048)[:4], "big")][1].append(time.monotonic())
    return times


class ImpairTest(unittest.TestCase):
    def start(self, *options):
        echo = Echo()
        self.addCleanup(echo.close)
        return echo, Impair(echo.port, *options)

    def accounted(self, way):
        dropped = sum(way[f"dropped_{reason}"] for reason in ("loss", "burst", "queue", "blackout"))
        self.assertEqual(way["in"] + way["duplicated"], way["out"] + dropped + way["lost_here"] + way["held"])
        self.assertEqual(way["lost_here"], 0)

    def test_rate_queue_and_delay_are_those_of_the_line(self):
        # A machine that is busy delays everything; then once more.
        for attempts_left in (2, 1, 0):
            figures = self.fill_the_line()
            wrong = [
                name
                for name, least, most in (
                    ("rate", 0.93e6, 1.07e6),
                    ("shortest", 0.080, 0.088 + SLACK_S),
                    ("longest", 0.250, 0.290 + SLACK_S),
                    ("dropped", 150, 300),
                )
                if not least <= figures[name] <= most
            ]
            if not wrong:
                return
            self.assertGreater(attempts_left, 0, f"{wrong} of {figures}")

    def fill_the_line(self):
        """2 Mbit/s into 1: half is dropped once the queue is full."""
        _, proxy = self.start("--down", "rate=1M,queue=200ms,delay=50ms", "--up", "delay=30ms")
        peer = client(proxy.port)
        self.addCleanup(peer.close)
        times = exchange(peer, 500, 0.004, 0.6)
        report = proxy.end()
        self.accounted(report["up"])
        self.accounted(report["down"])
        self.assertEqual(report["up"]["out"], 500)
        arrivals = sorted(back[0] for _, back in times.values() if back)
        self.assertEqual(report["down"]["out"], len(arrivals))
        delays = [back[0] - sent for sent, back in times.values() if back]
        self.assertGreaterEqual(min(delays), 0.080, "nothing is ever early")
        steady = [at for at in arrivals if at >= arrivals[0] + 0.5]
        return {
            "rate": (len(steady) - 1) * (BYTES + HEADERS) * 8 / (steady[-1] - steady[0]),
            "shortest": min(delays),
            "longest": max(delays),
            "dropped": report["down"]["dropped_queue"],
        }

    def test_losses_copies_and_reordering_have_their_shares(self):
        _, proxy = self.start("--down", "loss=10%,duplicate=10%", "--up", "delay=5ms,reorder=10%,reorder_delay=20ms")
        peer = client(proxy.port)
        self.addCleanup(peer.close)
        times = exchange(peer, 1000, 0.001, 0.3)
        report = proxy.end()
        # Binomials of 1000 at 0.1 have a standard deviation of 9.5.
        self.assertAlmostEqual(report["down"]["dropped_loss"], 100, delta=50)
        self.assertAlmostEqual(sum(len(back) == 2 for _, back in times.values()), 90, delta=50)
        late = sum(back[0] - sent > 0.020 for sent, back in times.values() if back)
        self.assertGreater(late, 40)
        self.accounted(report["down"])

    def test_the_server_sees_each_client_at_its_own_address(self):
        echo, proxy = self.start()
        peers = [client(proxy.port) for _ in range(3)]
        for peer in peers:
            self.addCleanup(peer.close)
            self.assertTrue(all(back for _, back in exchange(peer, 5, 0.001, 5, until_all=True).values()))
        self.assertEqual(len(echo.peers), 3)
        self.assertEqual(proxy.end()["clients"], 3)

    def test_the_line_changes_by_schedule_and_by_control(self):
        _, proxy = self.start("--then", "1s down blackout=yes", "--then", "2s down blackout=no")
        peer = client(proxy.port)
        self.addCleanup(peer.close)
        times = exchange(peer, 150, 0.02, 0.1)
        first = times[0][0]
        dark = [sent - first for sent, back in times.values() if not back]
        # The proxy's clock began a little before; a busy machine holds both up.
        self.assertAlmostEqual(dark[0], 1.0, delta=0.3)
        self.assertAlmostEqual(dark[-1], 2.0, delta=0.3)
        self.assertAlmostEqual(len(dark), 50, delta=15)
        proxy.change("up blackout=yes")
        self.assertFalse(any(back for _, back in exchange(peer, 10, 0.001, 0.5).values()))
        proxy.change("up plain")
        self.assertTrue(all(back for _, back in exchange(peer, 10, 0.001, 5, until_all=True).values()))
        self.assertEqual(proxy.end()["up"]["dropped_blackout"], 10)


if __name__ == "__main__":
    unittest.main()
