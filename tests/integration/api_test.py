#!/usr/bin/env python3
"""The API of a running eird over real sockets: limits of HTTP, TLS, WebSocket, and a join from link to answer.

Usage: api_test.py [path of eird]
"""
import os
import socket
import ssl
import subprocess
import sys
import time
import unittest
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

import running_eird
from running_eird import ADDRESS, Daemon, WebSocket, check_exchanges, free_port

OFFER = Path(__file__).resolve().parents[1] / "fixtures/sdp/firefox153_sendrecv.sdp"


def tearDownModule():
    check_exchanges()


def start_eird():
    """One eird with a certificate made for it and short limits."""
    https = free_port()
    eird = Daemon(
        media=f'{{addresses: [{{bind: "{ADDRESS}"}}], port_base: {free_port(socket.SOCK_DGRAM)}, workers: 1}}',
        https=f'{{addresses: ["{ADDRESS}"], port: {https}, certificate_file: HERE/cert.pem, key_file: HERE/key.pem}}',
        more="""
limits: {participants_per_consultation: 2}
timeouts: {drain_s: 0, http_header_s: 2, http_body_s: 2, signalling_hello_s: 2}
log: {level: debug}
node_name: api-test
""",
    )
    eird.https = https
    eird.write("key.pem", "")  # private from its first moment
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=eir-test", "-addext", f"subjectAltName=IP:{ADDRESS}",
         "-keyout", f"{eird.directory.name}/key.pem", "-out", f"{eird.directory.name}/cert.pem"],
        check=True, capture_output=True,
    )
    return eird.start()


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.eird = start_eird()

    @classmethod
    def tearDownClass(cls):
        cls.eird.stop()

    def websocket(self, origin=None, path="/v1/signal"):
        link = WebSocket(self.eird.http, origin, path)
        self.addCleanup(link.close)
        return link

    def create(self, template="samkonsultasjon"):
        seats = [{"role": "specialist"}, {"role": "patient"}]
        status, made, headers = self.eird.call("POST", "/v1/consultations", {"template": template, "seats": seats},
                                               self.eird.secret)
        self.assertEqual(status, 201)
        self.assertEqual(headers["ETag"], '"1"')
        self.assertEqual((made["state"], made["version"]), ("planned", 1))
        return made

    def join(self, made, seat, name="Canary Testperson"):
        path = f"/v1/consultations/{made['id']}/seats/{made['seats'][seat]['id']}/invitations"
        status, invitation, _ = self.eird.call("POST", path, {"kind": "link", "maxUses": 1}, self.eird.secret)
        self.assertEqual(status, 201)
        self.assertTrue(invitation["url"].endswith("/j#" + invitation["token"]))
        status, joined, _ = self.eird.call("POST", "/v1/join", {"token": invitation["token"], "displayName": name})
        self.assertEqual(status, 200)
        status, problem, headers = self.eird.call("POST", "/v1/join", {"token": invitation["token"]})
        self.assertEqual((status, problem["code"]), (403, "invitation_used"))
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        return joined

    def connect(self, joined):
        link = self.websocket()
        self.assertEqual(link.status, 101)
        self.assertIn(b"eir.v1", link.head)
        link.send({"type": "hello", "session": joined["session"]})
        welcome = link.until("welcome")
        self.assertEqual(welcome["participant"], joined["participant"])
        return link, welcome

    def test_patient_waits_is_admitted_reconnects_and_leaves(self):
        made = self.create()
        host, patient = self.join(made, 0), self.join(made, 1)
        link, welcome = self.connect(patient)
        self.assertEqual((welcome["state"], welcome["rights"]), ("waiting", []))
        people = f"/v1/consultations/{made['id']}/participants"
        self.assertEqual(self.eird.call("POST", f"{people}/{patient['participant']}/admit", {}, host["session"])[0], 200)
        self.assertIn("video", link.until("admitted")["rights"])
        link.close()
        time.sleep(0.5)
        states = {p["id"]: p["state"] for p in self.eird.call("GET", people, None, self.eird.secret)[1]["participants"]}
        self.assertEqual(states[patient["participant"]], "reconnecting")
        status, again, _ = self.eird.call("POST", "/v1/join/resume", {"resume": patient["resume"]})
        self.assertEqual((status, again["participant"], again["state"]), (200, patient["participant"], "admitted"))
        link, _ = self.connect(again)
        link.send({"type": "leave"})
        self.assertEqual(link.until("nothing"), 1000)

    def test_offers_that_cannot_be_answered_are_refused_with_the_code_of_the_sdp(self):
        link, _ = self.connect(self.join(self.create("test"), 0))
        good = OFFER.read_bytes().decode()
        offers = {
            "sdp_syntax": ["nonsense", "v=1\r\n", good.replace("m=audio 51106", "m=audio port"), good[:-2] + "\0\r\n"],
            "sdp_too_many_lines": [good + "a=x\r\n" * 2000],
            "no_media": [good[: good.index("m=")]],
            "bundle_required": [good.replace("a=group:BUNDLE 0 1\r\n", "")],
            "rtcp_mux_required": [good.replace("a=rtcp-mux\r\n", "")],
            "fingerprint_missing": ["\r\n".join(l for l in good.split("\r\n") if "a=fingerprint" not in l)],
            "mid_duplicate": [good.replace("a=mid:1", "a=mid:0")],
        }
        number = 0
        for code, texts in offers.items():
            for sdp in texts:
                number += 1
                link.send({"type": "offer", "id": number, "sdp": sdp})
                refused = link.until("error")
                self.assertEqual((refused["id"], refused["code"]), (number, code), sdp[:60])
        link.send({"type": "offer", "id": 99, "sdp": good})
        self.assertEqual(link.until("answer")["id"], 99, "a refused offer changes nothing")

    def test_messages_that_are_not_in_the_protocol_are_refused_and_change_nothing(self):
        link, _ = self.connect(self.join(self.create("test"), 0))
        for message, code in (
            ("{", "invalid_json"),
            ("[]", "invalid_json"),
            ("{} {}", "invalid_json"),
            ("{}", "missing_field"),
            ({"type": "sing"}, "unknown_type"),
            ({"type": "ping", "loud": True}, "unknown_field"),
            ({"type": "offer", "id": 1}, "missing_field"),
            ({"type": "offer", "id": "1", "sdp": ""}, "invalid_value"),
            ({"type": "mute", "kind": "smell", "muted": True}, "invalid_value"),
            ({"type": "view", "wishes": [{"mid": "0", "width": -1, "height": 0}]}, "invalid_value"),
            ({"type": "view", "wishes": [{"mid": "0", "width": 1, "height": 1, "depth": 1}]}, "unknown_field"),
        ):
            link.send(message)
            self.assertEqual(link.until("error")["code"], code, message)
        link.send({"type": "ping", "id": 7})
        self.assertEqual(link.until("pong")["id"], 7)

    def refused(self, method, path, body=None, bearer=None):
        status, problem, headers = self.eird.call(method, path, body, bearer)
        self.assertEqual(headers["Content-Type"], "application/problem+json")
        self.assertEqual(problem["status"], status)
        return status, problem["code"]

    def test_bodies_that_are_not_in_the_contract_are_refused_with_their_codes(self):
        secret, made = self.eird.secret, self.create("test")
        seats = f"/v1/consultations/{made['id']}/seats"
        invitations = f"{seats}/{made['seats'][0]['id']}/invitations"
        for path, body, code in (
            ("/v1/consultations", b"{", "invalid_json"),
            ("/v1/consultations", b'{"template":"test"} x', "invalid_json"),
            ("/v1/consultations", b"[" * 5000, "invalid_json"),
            ("/v1/consultations", {}, "missing_field"),
            ("/v1/consultations", {"template": "disco"}, "invalid_value"),
            ("/v1/consultations", {"template": "test", "colour": 1}, "unknown_field"),
            ("/v1/consultations", {"template": "test", "seats": [{"role": "patient", "row": 1}]}, "unknown_field"),
            ("/v1/consultations", {"template": "test", "seats": [{"role": "clown"}]}, "invalid_value"),
            ("/v1/consultations", {"template": "test", "seats": "two"}, "invalid_value"),
            (seats, {"role": "patient", "many": 1}, "invalid_value"),
            (seats, {"many": True}, "missing_field"),
            (invitations, {"kind": "link", "maxuses": 1}, "unknown_field"),
            (invitations, {"maxUses": 0}, "invalid_value"),
            (invitations, {"notAfter": "tomorrow"}, "invalid_value"),
            ("/v1/join", {"token": "x", "age": 7}, "unknown_field"),
            ("/v1/join", {"displayName": "x"}, "missing_field"),
            ("/v1/join/resume", {"token": "x"}, "unknown_field"),
        ):
            self.assertEqual(self.refused("POST", path, body, secret), (400, code), (path, body))
        self.assertEqual(self.refused("POST", "/v1/consultations", b" " * 70000, secret), (413, "too_large"))
        self.assertEqual(self.refused("POST", "/v1/nothing", {}, secret), (404, "not_found"))
        self.assertEqual(self.refused("PUT", "/v1/consultations", {}, secret), (405, "method_not_allowed"))
        self.assertEqual(self.eird.call("GET", f"/v1/consultations/{made['id']}", None, secret)[1]["version"], 1)

    def test_tokens_that_are_wrong_used_withdrawn_or_out_of_their_time_open_nothing(self):
        secret, made = self.eird.secret, self.create("test")
        mine = f"/v1/consultations/{made['id']}"
        for bearer in (None, "guess", secret[:-1], secret + "x"):
            self.assertEqual(self.refused("POST", "/v1/consultations", {"template": "test"}, bearer), (401, "unauthorized"))
            self.assertEqual(self.refused("GET", mine, None, bearer), (401, "unauthorized"))
        self.assertEqual(self.refused("POST", "/v1/join", {"token": "guess"}), (401, "unauthorized"))
        self.assertEqual(self.refused("POST", "/v1/join/resume", {"resume": "guess"}), (401, "unauthorized"))

        seat = f"{mine}/seats/{made['seats'][1]['id']}/invitations"
        now = datetime.now(timezone.utc)
        soon, later = ((now + timedelta(seconds=s)).strftime("%Y-%m-%dT%H:%M:%SZ") for s in (2, 3600))
        early = self.eird.call("POST", seat, {"notBefore": later}, secret)[1]
        short = self.eird.call("POST", seat, {"notAfter": soon}, secret)[1]
        withdrawn = self.eird.call("POST", seat, {}, secret)[1]
        self.assertEqual(self.eird.call("DELETE", f"{mine}/invitations/{withdrawn['id']}", None, secret)[0], 204)
        time.sleep(3)
        for invitation, code in ((early, "early"), (short, "expired"), (withdrawn, "revoked")):
            answer = self.refused("POST", "/v1/join", {"token": invitation["token"]})
            self.assertEqual(answer, (403, f"invitation_{code}"))

        joined = self.join(made, 0)
        people = f"{mine}/participants"
        self.assertEqual(self.eird.call("GET", people, None, joined["session"])[0], 200)
        other = self.create("test")
        self.assertEqual(self.refused("GET", f"/v1/consultations/{other['id']}", None, joined["session"]), (403, "forbidden"))
        resumed = self.eird.call("POST", "/v1/join/resume", {"resume": joined["resume"]})[1]
        self.assertEqual(self.refused("GET", people, None, joined["session"]), (401, "unauthorized"))
        self.assertEqual(self.refused("POST", "/v1/join/resume", {"resume": joined["resume"]}), (401, "unauthorized"))
        link, _ = self.connect(resumed)
        link.send({"type": "leave"})
        self.assertEqual(link.until("nothing"), 1000)
        self.assertEqual(self.refused("GET", people, None, resumed["session"]), (401, "token_expired"))
        self.assertEqual(self.eird.call("POST", f"{mine}/end", {}, secret)[1]["state"], "ended")
        invited = self.refused("POST", seat, {}, secret)
        self.assertEqual(invited, (409, "consultation_ended"))

    def test_a_consultation_takes_as_many_as_the_node_allows(self):
        made = self.create("test")
        seats = f"/v1/consultations/{made['id']}/seats"
        many = self.eird.call("POST", seats, {"role": "observer", "many": True}, self.eird.secret)[1]
        link = self.eird.call("POST", f"{seats}/{many['id']}/invitations", {"maxUses": 3}, self.eird.secret)[1]
        for _ in range(2):
            self.assertEqual(self.eird.call("POST", "/v1/join", {"token": link["token"]})[0], 200)
        self.assertEqual(self.refused("POST", "/v1/join", {"token": link["token"]}), (409, "full"))

    def test_the_metrics_page_names_the_node(self):
        self.assertEqual(self.eird.metrics()['eir_node_info{node="api-test"}'], 1)

    def test_violations_close_with_their_codes(self):
        made = self.create("test")
        silent, stranger, early = (self.websocket() for _ in range(3))
        early.send({"type": "ping"})
        self.assertEqual(early.receive(), 4400)
        stranger.send({"type": "hello", "session": "guess"})
        self.assertEqual(stranger.receive()["code"], "unauthorized")
        self.assertEqual(stranger.receive(), 4401)
        self.assertEqual(silent.receive(), 4408)
        fast, _ = self.connect(self.join(made, 0))
        for _ in range(300):
            fast.send({"type": "ping"})
        self.assertEqual(fast.until("nothing"), 4429)
        binary, _ = self.connect(self.join(made, 1))
        binary.send(b"\0", 2)
        self.assertEqual(binary.until("nothing"), 4400)
        large = self.websocket()
        large.send("x" * 65537)
        self.assertEqual(large.receive(), 1009)

    def test_foreign_origin_is_refused(self):
        self.assertEqual(self.websocket("https://evil.example").status, 403)
        self.assertEqual(self.websocket(f"http://127.0.0.1:{self.eird.http}").status, 101)
        self.assertEqual(self.websocket(path="/v1/other").status, 404)

    def test_http_limits_are_answered(self):
        head = b"POST /v1/join HTTP/1.1\r\nHost: localhost\r\n"
        large = self.eird.raw(head + b"Content-Length: 70000\r\n\r\n" + b"x" * 70000)
        self.assertIn(b" 413 ", large)
        self.assertIn(b'"code":"too_large"', large)
        long = self.eird.raw(head + b"X: " + b"y" * 9000 + b"\r\n\r\n")
        self.assertIn(b" 431 ", long)
        self.assertIn(b'"code":"header_too_large"', long)
        for bad in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                    head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    head + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"):
            answer = self.eird.raw(bad)
            self.assertIn(b" 400 ", answer, bad)
            self.assertIn(b'"code":"bad_request"', answer, bad)
            self.assertEqual(answer.count(b"HTTP/1.1"), 1)

    def test_slow_requests_are_cut_off_in_total_time(self):
        started = time.monotonic()
        with socket.create_connection(("127.0.0.1", self.eird.http), 20) as slow:
            slow.sendall(b"GET / HTTP/1.1\r\n")
            slow.settimeout(0.3)
            while True:
                try:
                    if not slow.recv(100):
                        break
                except TimeoutError:
                    try:
                        slow.sendall(b"X: y\r\n")
                    except OSError:
                        break
                except OSError:
                    break
                self.assertLess(time.monotonic() - started, 6)
        self.assertEqual(self.eird.get(self.eird.ops, "/healthz"), 200)

    def test_pages_are_strict_and_nothing_else_is_served(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.eird.http}/j", timeout=5) as page:
            self.assertIn("default-src 'none'", page.headers["Content-Security-Policy"])
            self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertIn(b" 404 ", self.eird.raw(b"GET /../main.cc HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))

    def test_tls_is_modern_or_refused(self):
        def handshake(version, ciphers=None):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.load_verify_locations(os.path.join(self.eird.directory.name, "cert.pem"))
            context.minimum_version = context.maximum_version = version
            if ciphers:
                context.set_ciphers(ciphers)
            with socket.create_connection((ADDRESS, self.eird.https), 10) as plain:
                with context.wrap_socket(plain, server_hostname=ADDRESS) as stream:
                    stream.sendall(b"GET /j HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                    return stream.recv(12)

        self.assertEqual(handshake(ssl.TLSVersion.TLSv1_3), b"HTTP/1.1 200")
        self.assertEqual(handshake(ssl.TLSVersion.TLSv1_2), b"HTTP/1.1 200")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            handshake(ssl.TLSVersion.TLSv1_2, "ECDHE-ECDSA-AES128-SHA256:AES128-GCM-SHA256:@SECLEVEL=0")

    def test_log_holds_no_name_token_or_secret(self):
        made = self.create("test")
        joined = self.join(made, 0)
        link, _ = self.connect(joined)
        link.send({"type": "ping"})
        link.until("pong")
        text = self.eird.log_text()
        for canary in ("Canary", joined["session"], joined["resume"], self.eird.secret):
            self.assertNotIn(canary, text)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
