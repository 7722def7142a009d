#!/usr/bin/env python3
"""Rooms with media while processes die, strangers shout and the node is told to stop.

A real eird with two media workers; eir-bench is the people in the rooms: three who all publish and watch each other, so
that a lost packet is one that no retransmission brought. Runs in a network namespace (tests/support/isolated), as root
of it, because one test sends with a participant's own source address.

Usage: media_test.py [path of eird [path of eir-bench]]
"""
import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import running_eird
from running_eird import ADDRESS, BUILD, Daemon, Events, WebSocket, check_exchanges, free_port

BENCH = os.environ.get("EIR_BENCH", f"{BUILD}/eir-bench")
OFFER = Path(__file__).resolve().parents[1] / "fixtures/sdp/firefox153_sendrecv.sdp"
WAIT_S = 20  # for a loaded machine; nothing waits this long when all is well


def tearDownModule():
    check_exchanges()


def wait_for(what, condition, limit_s=WAIT_S):
    end = time.monotonic() + limit_s
    while not (found := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit_s} s in vain: {what}")
        time.sleep(0.05)
    return found


class Eird(Daemon):
    def __init__(self):
        self.udp = free_port(socket.SOCK_DGRAM)
        super().__init__(
            media=f'{{addresses: [{{bind: "{ADDRESS}"}}], port_base: {self.udp}, workers: 2}}', more="log: {format: json}"
        )
        self.start()

    def of_workers(self, name):
        """A metric of both workers."""
        page = self.metrics()
        return [page.get(f'eir_{name}{{worker="{worker}"}}', 0) for worker in range(2)]

    def rooms(self):
        return self.of_workers("worker_rooms")

    def create(self):
        return self.call("POST", "/v1/consultations", {"template": "test", "seats": [{"role": "specialist"}]}, self.secret)


class Bench:
    """A room of three that is measured for `seconds`, after a warm-up."""

    def __init__(self, eird, name, seconds):
        here = eird.directory.name
        self.report, self.progress = f"{here}/{name}.json", open(f"{here}/{name}.progress", "wb+")
        eird.write(f"{name}.quickstart", json.dumps({
            "api": f"http://127.0.0.1:{eird.http}", "ops": f"http://127.0.0.1:{eird.ops}",
            "credential_file": f"{here}/secret", "pid": eird.process.pid,
        }))  # fmt: skip
        self.process = subprocess.Popen(
            [BENCH, "rooms", "--rooms", "1", "--publishers", "3", "--seconds", str(seconds), "--json", self.report,
             "--no-floor", "--quickstart", f"{here}/{name}.quickstart"],
            stdout=subprocess.DEVNULL, stderr=self.progress,
        )  # fmt: skip
        # One line's end after the joins, one after the warm-up.
        wait_for("the bench's room", lambda: self.text().count("\n") >= 2 or self.process.poll() is not None)

    def text(self):
        return Path(self.progress.name).read_text()

    def result(self):
        code = self.process.wait(60)
        if code != 0:
            raise AssertionError(f"eir-bench ended with {code}: {self.text()}")
        return json.loads(Path(self.report).read_text())["figures"]

    def end(self):
        self.process.kill()
        self.process.wait()
        self.progress.close()

    def local_addresses(self):
        """(address, port) of its UDP sockets."""
        links = (os.readlink(link) for link in Path(f"/proc/{self.process.pid}/fd").iterdir())
        inodes = {match.group(1) for link in links if (match := re.fullmatch(r"socket:\[(\d+)\]", link))}
        out = []
        for line in Path("/proc/net/udp").read_text().split("\n")[1:]:
            words = line.split()
            if len(words) > 9 and words[9] in inodes:
                address, port = words[1].split(":")
                out.append((socket.inet_ntoa(struct.pack("=I", int(address, 16))), int(port, 16)))
        return out


def udp_from(source, target, payload):
    """An IPv4 packet with a UDP datagram (RFC 791, RFC 768; UDP's checksum left out, the kernel fills in IP's)."""
    length = 8 + len(payload)
    udp = struct.pack("!HHHH", source[1], target[1], length, 0) + payload
    addresses = socket.inet_aton(source[0]) + socket.inet_aton(target[0])
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, 64, socket.IPPROTO_UDP, 0) + addresses + udp


def media_packets_to(ports, seconds):
    """How many RTP and RTCP packets (first byte 128 to 191, RFC 9443 section 2) arrive at each of these UDP ports."""
    counts = dict.fromkeys(ports, 0)
    every_protocol, to_us = 0x0003, 0  # linux/if_ether.h ETH_P_ALL, linux/if_packet.h PACKET_HOST
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(every_protocol)) as wire:
        wire.bind(("lo", every_protocol))
        wire.settimeout(0.1)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                packet, (_, _, direction, *_) = wire.recvfrom(2048)
            except TimeoutError:
                continue
            udp = packet[(packet[0] & 15) * 4 :]
            if direction != to_us or packet[0] >> 4 != 4 or packet[9] != socket.IPPROTO_UDP or len(udp) < 9:
                continue
            port = struct.unpack("!H", udp[2:4])[0]
            if port in counts and 128 <= udp[8] <= 191:
                counts[port] += 1
    return counts


class Media(unittest.TestCase):
    def setUp(self):
        self.eird = Eird()
        self.is_stopped = False
        self.addCleanup(self.stop)

    def stop(self):
        if not self.is_stopped:
            self.is_stopped = True
            self.assertEqual(self.eird.stop(), 0)

    def bench(self, name, seconds):
        bench = Bench(self.eird, name, seconds)
        self.addCleanup(bench.end)
        return bench

    def assert_nothing_was_lost(self, bench):
        figures = bench.result()
        self.assertEqual((figures["connected"], figures["missing"], figures["corrupt"]), (3, 0, 0), figures)
        # Each of three hears and sees two, at 50 and 240 packets a second: 1740. Half of it says that media flowed all
        # the time, also on a machine that has other things to do.
        self.assertGreater(figures["forwarded"], 870 * figures["seconds"])
        return figures

    def enter(self):
        """Somebody by signalling alone, with a browser's offer: the room is there, no packet ever comes."""
        status, made, _ = self.eird.create()
        self.assertEqual(status, 201)
        path = f"/v1/consultations/{made['id']}/seats/{made['seats'][0]['id']}/invitations"
        token = self.eird.call("POST", path, {}, self.eird.secret)[1]["token"]
        joined = self.eird.call("POST", "/v1/join", {"token": token})[1]
        link = WebSocket(self.eird.http)
        self.addCleanup(link.close)
        link.send({"type": "hello", "session": joined["session"]})
        self.assertEqual(link.until("welcome")["participant"], joined["participant"])
        self.offer(link)
        return link

    def offer(self, link, **more):
        link.send({"type": "offer", "id": 1, "sdp": OFFER.read_bytes().decode(), **more})
        while (answer := link.receive())["type"] not in ("answer", "error"):
            pass
        self.assertIn("a=candidate", answer.get("sdp", ""), answer)

    def test_media_flows_on_while_a_killed_control_comes_back(self):
        bench = self.bench("room", 9)
        before = sum(self.eird.of_workers("router_rtp_out_total"))
        os.kill(self.eird.pid_of("control"), signal.SIGKILL)
        wait_for("the death noticed", lambda: self.eird.lines("child_died"))
        self.assertLess(self.eird.await_ready(5), 5)
        self.assertEqual(self.eird.create()[0], 201)
        self.assertEqual(sum(self.eird.rooms()), 1, "the room of the earlier control is left to those who are in it")
        seen = wait_for("the workers' counters", lambda: sum(self.eird.of_workers("router_rtp_out_total")))
        self.assertGreater(seen, before, "the workers are the same ones")
        wait_for("media after the kill", lambda: sum(self.eird.of_workers("router_rtp_out_total")) > seen + 870)
        self.enter()
        self.assertEqual(sum(self.eird.rooms()), 2)
        self.assertIsNone(bench.process.poll(), "all of this was while the room was measured")
        self.assert_nothing_was_lost(bench)
        self.assertEqual([line["child"] for line in self.eird.lines("child_died")], ["control"])

    def test_whom_a_new_control_removes_gets_no_packet_more(self):
        bench = self.bench("room", 9)
        made = Events(self.eird, self.eird.secret, 0).next()[2]
        path = f"/v1/consultations/{made['consultation']}/participants"
        self.eird.kill_control()

        def people():
            return self.eird.call("GET", path, None, self.eird.secret)[1]["participants"]

        def connected():
            return len([p for p in people() if p["state"] == "admitted"]) == 3

        wait_for("the room adopted", connected)
        ports = [port for _, port in bench.local_addresses()]
        self.assertEqual(len(ports), 3)
        self.assertGreater(min(media_packets_to(ports, 1).values()), 100, "media flows on to everybody")
        status, entry, _ = self.eird.call("POST", f"{path}/{people()[0]['id']}/remove", {}, self.eird.secret)
        self.assertEqual((status, entry["state"]), (200, "left"))
        after = sorted(media_packets_to(ports, 1).values())
        self.assertEqual(after[0], 0, "the worker had confirmed before the answer came")
        self.assertGreater(after[1], 100, "the others go on")

    def test_a_consultation_that_ended_while_its_worker_could_not_hear_has_no_room(self):
        link = self.enter()
        self.assertEqual(sum(self.eird.rooms()), 1)
        made = Events(self.eird, self.eird.secret, 0).next()[2]
        # The end gets on disk, and control dies before the stopped worker can confirm it.
        worker = self.eird.pid_of(f"worker-{self.eird.rooms().index(1)}")
        os.kill(worker, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            end = pool.submit(self.ask_to_end, made["consultation"])
            wait_for("the end on disk", lambda: self.eird.metrics()["eir_journal_written_total"] >= 5)
            os.kill(self.eird.pid_of("control"), signal.SIGKILL)
            os.kill(worker, signal.SIGCONT)
            self.assertIsNone(end.result(), "nobody was told")
        wait_for("the death noticed", lambda: self.eird.lines("child_died"))
        self.eird.await_ready(10)
        wait_for("the room closed", lambda: sum(self.eird.rooms()) == 0)
        read = self.eird.call("GET", f"/v1/consultations/{made['consultation']}", None, self.eird.secret)[1]
        self.assertEqual(read["state"], "ended")
        link.close()

    def ask_to_end(self, key):
        try:
            return self.eird.call("POST", f"/v1/consultations/{key}/end", {}, self.eird.secret)
        except (OSError, HTTPException):
            return None

    def test_a_killed_worker_takes_its_own_rooms_with_it_and_nothing_else(self):
        link = self.enter()
        victim = self.eird.rooms().index(1)
        bench = self.bench("neighbours", 9)
        self.assertEqual(self.eird.rooms(), [1, 1], "rooms are placed on the worker that has fewest")
        os.kill(self.eird.pid_of(f"worker-{victim}"), signal.SIGKILL)
        self.assertEqual(link.until("renew")["reason"], "worker_lost")
        lost = wait_for("the rooms named", lambda: self.eird.lines("rooms_lost"))
        self.assertEqual([(l["worker"], l["rooms"], l["participants"]) for l in lost], [(victim, 1, 1)])
        wait_for("the worker's return", lambda: self.eird.of_workers("worker_restarts_total")[victim] == 1)
        wait_for("its counters", lambda: self.eird.of_workers("worker_up") == [1, 1])
        # The new worker has no room and so gets the next one, on the dead one's port.
        fresh = self.bench("fresh", 2)
        wait_for("media on the new worker", lambda: self.eird.of_workers("router_rtp_out_total")[victim] > 0)
        self.offer(link, fresh=True)
        self.assertIsNone(bench.process.poll(), "all of this was while the neighbours were measured")
        self.assert_nothing_was_lost(fresh)
        self.assert_nothing_was_lost(bench)
        self.assertEqual([line["child"] for line in self.eird.lines("child_died")], [f"worker-{victim}"])

    def test_wrong_packets_are_counted_by_reason_and_harm_nobody(self):
        bench = self.bench("room", 6)
        worker = self.eird.rooms().index(1)
        target = (ADDRESS, self.eird.udp + worker)
        reasons = ("unclassified", "stun_malformed", "unknown_path", "not_authentic")

        def drops():
            return [self.eird.of_workers(f"router_drop_{reason}_total")[worker] for reason in reasons]

        before = drops()
        people = [(ADDRESS if address == "0.0.0.0" else address, port) for address, port in bench.local_addresses()]
        self.assertEqual(len(people), 3)
        # RFC 3550 section 5.1: version 2, payload type 96, number, time, SSRC; what follows was made with no key.
        wrong = [struct.pack("!BBHII", 0x80, 96, i, i * 3000, 0xE19 + i % 7) + os.urandom(200) for i in range(100)]
        with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
            for i, packet in enumerate(wrong):
                raw.sendto(udp_from(people[i % 3], target, packet), (ADDRESS, 0))
        # By first byte (RFC 9443 section 2): nothing's, STUN's without its cookie, DTLS's, RTP's.
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for first in (0xFF, 0x00, 0x16, 0x80):
                for size in range(1, 251):
                    stranger.sendto(bytes([first, 96]) + os.urandom(4 * size), target)
        wanted = [250, 250, 500, 100]
        wait_for("the drops", lambda: drops()[2] - before[2] >= 500)
        time.sleep(1.2)  # one more snapshot of the counters
        self.assertEqual([now - then for now, then in zip(drops(), before)], wanted)
        self.assertIsNone(bench.process.poll(), "all of this was while the room was measured")
        self.assert_nothing_was_lost(bench)
        self.assertEqual(self.eird.lines("child_died"), [])

    def test_termination_ends_running_rooms_within_its_limit_and_with_0(self):
        link = self.enter()
        children = [self.eird.pid_of(child) for child in ("control", "worker-0", "worker-1")]
        begin = time.monotonic()
        self.stop()
        # drain_s is 0 here; 5 s of grace, and what the processes need to say farewell.
        self.assertLess(time.monotonic() - begin, 8)
        self.assertEqual(link.until("nothing"), 1001)
        for pid in children:
            self.assertFalse(Path(f"/proc/{pid}").exists())


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        BENCH = sys.argv.pop(1)
    unittest.main()
