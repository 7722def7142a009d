#!/usr/bin/env python3
"""What is planted comes back nowhere: a whole consultation at debug level, after which the log, the metrics, the audit,
the usage records, the events and every byte of the state directory are searched for the names, tokens, addresses and
keys that went in.

Usage: privacy_test.py [path of eird]
"""
import http.client
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest
from pathlib import Path

import running_eird
from ops_support import ask
from running_eird import ADDRESS, Daemon, WebSocket, check_exchanges, free_port, record

OFFER = Path(__file__).resolve().parents[1] / "fixtures/sdp/firefox153_sendrecv.sdp"
NAMES = ["Canary-Ingeborg Prøve", "Canary-Leif Østgård", "Canary-Tolk", "Canary-Pårørende", "Canary-Again"]
# Loopback is a whole network: whoever comes from here is told apart from everybody else (RFC 1122 section 3.2.1.3).
PEER = "127.83.71.59"
PLANTED_CANDIDATE = "198.51.100.77"
WRITTEN = ["Canary-melding om sår", "Canary-bokstav"]
PLANTED_MDNS = "0c4a7e1e-canary-4cd7-9d3e-2f6f0e5a1b2c.local"


def tearDownModule():
    check_exchanges()


def forms_of(text):
    """The ways in which a text may stand in a file: as it is, and as JSON writes it with escapes."""
    escaped = json.dumps(text)[1:-1]
    return {text.encode(), escaped.encode(), escaped.lower().encode()}


class Privacy(unittest.TestCase):
    def setUp(self):
        self.media_port = free_port(socket.SOCK_DGRAM)
        self.eird = Daemon(
            media=f'{{addresses: [{{bind: "{ADDRESS}"}}], port_base: {self.media_port}, workers: 1}}',
            more="log: {level: debug}\n",
        )
        self.eird.start()
        self.addCleanup(self.eird.stop)
        self.secrets = {self.eird.secret}

    def call(self, method, path, body=None, bearer=None):
        """As the other tests' call(), from the planted address; whatever token it answers is planted from then on."""
        link = http.client.HTTPConnection("127.0.0.1", self.eird.http, timeout=10, source_address=(PEER, 0))
        headers = {"Content-Type": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        asked = None if body is None else json.dumps(body)
        link.request(method, path, asked, headers)
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        record((method, path, headers, asked), (answer.status, answer.headers, text))
        data = json.loads(text or "null")
        for holder in (data, (data or {}).get("invitation", {})):
            self.secrets.update(holder[k] for k in ("token", "session", "resume") if k in (holder or {}))
        return answer.status, data

    def manage(self, path, body=None):
        status, data = self.call("POST", "/v1/consultations" + path, {} if body is None else body, self.eird.secret)
        self.assertIn(status, (200, 201), (path, data))
        return data

    def join(self, consultation, seat, name):
        token = self.manage(f"/{consultation}/seats/{seat}/invitations", {"maxUses": 2})["token"]
        status, joined = self.call("POST", "/v1/join", {"token": token, "displayName": name})
        self.assertEqual(status, 200)
        return joined

    def connect(self, joined, name=None):
        link = WebSocket(self.eird.http)
        self.addCleanup(link.close)
        link.send({"type": "hello", "session": joined["session"], **({"displayName": name} if name else {})})
        welcome = link.until("welcome")
        self.assertEqual(welcome["participant"], joined["participant"])
        return link

    def offer(self, link):
        """An offer with planted candidates and ICE credentials, and checks with them that nobody will believe."""
        text = OFFER.read_bytes().decode()
        lines = text.split("\r\n")
        media = next(i for i, line in enumerate(lines) if line.startswith("m="))
        lines[media + 2:media + 2] = [
            f"a=candidate:1 1 udp 2122252543 {PLANTED_CANDIDATE} 50000 typ host",
            f"a=candidate:2 1 udp 2122187007 {PLANTED_MDNS} 50001 typ host",
        ]
        self.secrets.update(line.split(":", 1)[1] for line in lines if line.startswith("a=ice-pwd:"))
        link.send({"type": "offer", "id": 1, "sdp": "\r\n".join(lines)})
        while (answer := link.receive())["type"] not in ("answer", "error"):
            pass
        self.assertEqual(answer["type"], "answer", answer)
        for line in answer["sdp"].split("\r\n"):
            if line.startswith("a=ice-pwd:"):
                self.secrets.add(line.split(":", 1)[1])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.bind((PEER, 0))
            stun = struct.pack("!HHI12s", 1, 0, 0x2112A442, b"canary-trans")
            for _ in range(20):
                stranger.sendto(stun, (ADDRESS, self.media_port))
                stranger.sendto(b"\x80\x60" + os.urandom(60), (ADDRESS, self.media_port))

    def control_pid(self):
        out = subprocess.run(["ps", "--ppid", str(self.eird.process.pid), "-o", "pid=,args="],
                             check=True, capture_output=True, text=True).stdout
        return next(int(line.split()[0]) for line in out.splitlines() if "--role control" in line)

    def consult(self):
        """Everything that people do, once; the ids of what was made."""
        roles = [{"role": r} for r in ("specialist", "clinician", "patient", "interpreter")]
        made = self.manage("", {"template": "samkonsultasjon", "seats": roles})
        c, seats = made["id"], [seat["id"] for seat in made["seats"]]
        host = self.join(c, seats[0], NAMES[0])
        patient = self.join(c, seats[2], NAMES[1])
        other = self.join(c, seats[3], NAMES[2])
        host_link, patient_link = self.connect(host), self.connect(patient)
        self.offer(host_link)
        self.offer(patient_link)
        people = f"/{c}/participants/{patient['participant']}"
        self.manage(f"{people}/admit")
        patient_link.send({"type": "chat", "text": WRITTEN[0]})
        self.assertEqual(host_link.until("chat")["text"], WRITTEN[0])
        patient_link.send({"type": "text", "t140": WRITTEN[1]})
        self.assertEqual(host_link.until("text")["t140"], WRITTEN[1])
        self.manage(f"{people}/confirm-identity")
        self.manage(f"{people}/persons", {"persons": [{"role": "relative", "name": NAMES[3]}]})
        self.manage(f"{people}/mute", {"kinds": ["audio"]})
        self.manage(f"{people}/return")
        self.manage(f"/{c}/seats", {"role": "relative", "invitation": {"maxUses": 1}})
        self.manage(f"/{c}/lock")
        status, again = self.call("POST", "/v1/join/resume", {"resume": patient["resume"], "displayName": NAMES[4]})
        self.assertEqual(status, 200)
        self.manage(f"/{c}/participants/{other['participant']}/remove")
        for bad in ("canary-wrong-token-0123456789abcdef", patient["resume"]):
            self.assertEqual(self.call("POST", "/v1/join", {"token": bad})[0], 401)
        self.secrets.add("canary-wrong-token-0123456789abcdef")
        self.assertEqual(self.call("POST", f"/v1/consultations/{c}/end", {}, again["session"])[0], 403)
        self.assertEqual(self.call("GET", f"/v1/consultations/{c}", None, "canary-wrong-bearer-0123456789")[0], 401)
        self.secrets.add("canary-wrong-bearer-0123456789")
        os.kill(self.control_pid(), signal.SIGKILL)
        time.sleep(0.3)
        self.eird.await_ready(10)
        link = self.connect(again, NAMES[4])
        self.offer(link)
        return c

    def everything(self, consultation):
        """Each place where something may have been kept, by its name."""
        places = {"log": self.eird.log_text().encode(), "metrics": json.dumps(self.eird.metrics()).encode()}
        for command in ("status", "rooms"):
            places[f"eirctl {command}"] = json.dumps(ask(self.eird, command)).encode()
        for what in ("audit", "usage"):
            status, data = self.call("GET", f"/v1/consultations/{consultation}/{what}", None, self.eird.secret)
            self.assertEqual(status, 200)
            places[what] = json.dumps(data, ensure_ascii=False).encode()
        for path in sorted(Path(self.eird.directory.name).rglob("*")):
            # `secret` is the test's own copy of the credential.
            if path.is_file() and path.name not in ("secret", "log"):
                places[path.name] = path.read_bytes()
        return places

    def test_nothing_personal_or_secret_is_kept_or_told(self):
        consultation = self.consult()
        self.manage(f"/{consultation}/end")
        places = self.everything(consultation)
        # The search finds what is there: the consultation's id is in the database, the audit and the log.
        for place in ("audit", "log"):
            self.assertIn(consultation.encode(), places[place], place)
        self.assertTrue(any(consultation.encode() in data for name, data in places.items() if name.startswith("eir.db")),
                        sorted(places))
        planted = NAMES + WRITTEN + [part for name in NAMES for part in name.split(" ")] + sorted(self.secrets)
        planted += [PEER, PLANTED_CANDIDATE, PLANTED_MDNS]
        self.assertGreater(len(self.secrets), 12)
        hits = [(text, place) for text in planted for place, data in places.items()
                if any(form in data for form in forms_of(text))]
        self.assertEqual(hits, [])


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
