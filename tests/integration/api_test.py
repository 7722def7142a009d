#!/usr/bin/env python3
"""The API of a running eird over real sockets: limits of HTTP, TLS, WebSocket, and a join from link to answer.

Usage: api_test.py [path of eird]
"""
import base64
import hashlib
import json
import os
import secrets
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

EIRD = os.environ.get("EIR_EIRD", "build/release/eird")
ADDRESS = os.environ.get("EIR_TEST_ADDRESS", "127.0.0.1")
READY_S = 30  # for a loaded machine with sanitizers


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """One eird with a credential and a certificate made for it."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        here = self.directory.name
        self.http, self.https, self.ops = free_port(), free_port(), free_port()
        self.secret = secrets.token_urlsafe(24)
        self.write("credentials", f"demo {hashlib.sha256(self.secret.encode()).hexdigest()}\n")
        self.write("key.pem", "")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=eir-test", "-addext", f"subjectAltName=IP:{ADDRESS}", "-keyout", f"{here}/key.pem",
             "-out", f"{here}/cert.pem"],
            check=True, capture_output=True,
        )
        os.chmod(f"{here}/key.pem", 0o600)
        self.write("eird.yaml", f"""
state_dir: {here}
listeners:
  https: {{addresses: ["{ADDRESS}"], port: {self.https}, certificate_file: {here}/cert.pem, key_file: {here}/key.pem}}
  http_loopback: {{addresses: [127.0.0.1], port: {self.http}}}
  ops: {{port: {self.ops}}}
media: {{addresses: [{{bind: "{ADDRESS}"}}], port_base: {free_port(socket.SOCK_DGRAM)}, workers: 1}}
timeouts: {{http_header_s: 2, http_body_s: 2, signalling_hello_s: 2}}
log: {{level: debug}}
""")
        self.log = open(f"{here}/log", "wb+")
        self.process = subprocess.Popen([EIRD, "--config", f"{here}/eird.yaml"], stderr=self.log)
        end = time.monotonic() + READY_S
        while self.get(self.ops, "/readyz") != 200:
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError("eird is not ready: " + self.log_text())
            time.sleep(0.05)

    def write(self, name, text):
        path = os.path.join(self.directory.name, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)

    def get(self, port, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code
        except OSError:
            return None

    def log_text(self):
        with open(os.path.join(self.directory.name, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(15)
        finally:
            self.process.kill()
            self.process.wait()
            self.log.close()

    def call(self, method, path, body=None, bearer=None):
        """(status, JSON, headers) over the loopback listener."""
        headers = {"Content-Type": "application/json"}
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status, json.loads(answer.read() or b"null"), answer.headers
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read()), refused.headers

    def raw(self, data, timeout=10):
        """What comes back for these bytes until the server closes."""
        with socket.create_connection(("127.0.0.1", self.http), timeout) as stream:
            stream.sendall(data)
            received = b""
            while block := stream.recv(65536):
                received += block
            return received


class WebSocket:
    """Enough of RFC 6455 for a test."""

    def __init__(self, port, origin=None, path="/v1/signal"):
        self.stream = socket.create_connection(("127.0.0.1", port), 10)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Protocol: eir.v1"]
        if origin:
            lines.append(f"Origin: {origin}")
        self.stream.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        self.head = b""
        while b"\r\n\r\n" not in self.head:
            block = self.stream.recv(1)
            if not block:
                break
            self.head += block
        self.status = int(self.head.split()[1])

    def send(self, payload, opcode=1):
        if isinstance(payload, (dict, list)):
            payload = json.dumps(payload)
        data = payload.encode() if isinstance(payload, str) else payload
        mask = os.urandom(4)
        if len(data) < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | len(data))
        elif len(data) < 65536:
            head = struct.pack("!BBH", 0x80 | opcode, 0xFE, len(data))
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0xFF, len(data))
        self.stream.sendall(head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(data)))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            block = self.stream.recv(count - len(data))
            if not block:
                raise ConnectionError("closed")
            data += block
        return data

    def receive(self):
        """The next message as a dict, or the close code as a number; pings are passed over."""
        while True:
            first, length = self.exactly(2)
            if length == 126:
                length = struct.unpack("!H", self.exactly(2))[0]
            elif length == 127:
                length = struct.unpack("!Q", self.exactly(8))[0]
            data = self.exactly(length)
            if first & 15 == 8:
                return struct.unpack("!H", data[:2])[0]
            if first & 15 == 1:
                return json.loads(data)

    def until(self, kind):
        while True:
            message = self.receive()
            if isinstance(message, int) or message["type"] == kind:
                return message

    def close(self):
        self.stream.close()


class Api(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.eird = Daemon()

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

    def test_offer_that_is_none_is_refused_with_the_code_of_the_sdp(self):
        made = self.create("test")
        link, _ = self.connect(self.join(made, 0))
        link.send({"type": "offer", "id": 5, "sdp": "v=0\r\n"})
        refused = link.until("error")
        self.assertEqual(refused["id"], 5)
        self.assertNotIn(refused["code"], ("internal", "unavailable"))

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
        self.assertIn(b" 413 ", self.eird.raw(head + b"Content-Length: 70000\r\n\r\n" + b"x" * 70000))
        self.assertIn(b" 431 ", self.eird.raw(head + b"X: " + b"y" * 9000 + b"\r\n\r\n"))
        for bad in (b"nonsense\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
                    head + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                    head + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"):
            answer = self.eird.raw(bad)
            self.assertIn(b" 400 ", answer, bad)
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
        EIRD = sys.argv.pop(1)
    unittest.main()
