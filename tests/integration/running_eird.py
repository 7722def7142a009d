"""An eird to test from outside: started with a configuration, a credential and a state directory of its own."""

import base64
import hashlib
import http.client
import json
import os
import secrets
import signal
import socket
import struct
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

BUILD = os.environ.get("EIR_BUILD_DIR", "build/release")
EIRD = os.environ.get("EIR_EIRD", f"{BUILD}/eird")
ADDRESS = os.environ.get("EIR_TEST_ADDRESS", "127.0.0.1")
READY_S = 30  # for a loaded machine with sanitizers
STOP_S = 15
# Where the state directories are: in memory where the system has such a place. What a disk may do to a journal is
# integration_journal_crash's matter.
FOLDERS = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
ROOT = Path(__file__).resolve().parents[2]
# What call() sent and heard, for check_exchanges().
EXCHANGES = []


def record(asked, answered):
    """(method, path, headers, body) and (status, headers, body), for check_exchanges()."""
    method, path, sent, body = asked
    status, received, text = answered
    EXCHANGES.append({
        "method": method, "path": path, "requestHeaders": {name.lower(): value for name, value in sent.items()},
        "requestBody": body.decode(errors="replace") if isinstance(body, bytes) else body or "", "status": status,
        "headers": {name.lower(): value for name, value in received.items()}, "body": text,
    })  # fmt: skip


def check_exchanges(*flags):
    """Everything that went through call() so far is of the OpenAPI document; for tearDownModule()."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.writelines(json.dumps(exchange) + "\n" for exchange in EXCHANGES)
        file.flush()
        command = ["node", ROOT / "tests/integration/openapi_check.mjs", ROOT / "server/api/openapi.json", file.name]
        done = subprocess.run([*command, *flags], capture_output=True, text=True, timeout=60, check=False)
    EXCHANGES.clear()
    if done.returncode != 0:
        raise AssertionError(f"not as the OpenAPI document has it:\n{done.stdout}{done.stderr}")


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Daemon:
    """`https` and `media` are YAML flow mappings of those sections, `more` further top-level lines. SIGTERM ends
    calls at once unless `more` has timeouts."""

    def __init__(self, media, https="{addresses: []}", more=""):
        self.directory = tempfile.TemporaryDirectory(dir=FOLDERS)
        here = self.directory.name
        self.http, self.ops = free_port(), free_port()
        self.secret = secrets.token_urlsafe(24)
        self.write("credentials", f"demo {hashlib.sha256(self.secret.encode()).hexdigest()}\n")
        self.write("secret", self.secret)
        self.write("eird.yaml", f"""
state_dir: {here}
listeners:
  https: {https.replace("HERE", here)}
  http_loopback: {{addresses: [127.0.0.1], port: {self.http}}}
  ops: {{port: {self.ops}}}
media: {media}
{"" if "timeouts:" in more else "timeouts: {drain_s: 0}"}
{more}
""")

    def start(self):
        here = self.directory.name
        self.log = open(f"{here}/log", "wb+")
        self.process = subprocess.Popen([EIRD, "--config", f"{here}/eird.yaml"], stderr=self.log)
        self.await_ready(READY_S)
        return self

    def await_ready(self, limit_s):
        begin = time.monotonic()
        while self.get(self.ops, "/readyz") != 200:
            if time.monotonic() - begin > limit_s or self.process.poll() is not None:
                raise AssertionError(f"eird is not ready after {limit_s} s: " + self.log_text())
            time.sleep(0.05)
        return time.monotonic() - begin

    def stop(self):
        """Asks for the end; the exit code. Its files are gone then."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.log.close()
            self.directory.cleanup()

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

    def lines(self, event):
        """The log's lines of this event so far; for a log in JSON."""
        whole = self.log_text().rpartition("\n")[0].split("\n")
        return [line for line in map(json.loads, filter(None, whole)) if line["event"] == event]

    def pid_of(self, child):
        return [line["pid"] for line in self.lines("child_started") if line["child"] == child][-1]

    def kill_control(self):
        """kill -9; returns when a new one is ready. For a log in JSON."""
        deaths = len(self.lines("child_died"))
        os.kill(self.pid_of("control"), signal.SIGKILL)
        end = time.monotonic() + READY_S
        while len(self.lines("child_died")) == deaths:
            if time.monotonic() > end:
                raise AssertionError("the death of control was not noticed")
            time.sleep(0.01)
        return self.await_ready(READY_S)

    def metrics(self):
        """Each value of the metrics page by its name with labels: 'eir_worker_rooms{worker="0"}'."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.ops}/metrics", timeout=5) as page:
            lines = page.read().decode().split("\n")
        return {name: float(value) for name, value in (l.rsplit(" ", 1) for l in lines if l and l[0] != "#")}

    def call(self, method, path, body=None, bearer=None, **more):
        """(status, JSON, headers) over the loopback listener; a body of bytes is sent as it is. `more` are headers, with
        '_' for '-'."""
        headers = {name.replace("_", "-"): value for name, value in more.items()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if bearer:
            headers["Authorization"] = f"Bearer {bearer}"
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.http}{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, text, received = answer.status, answer.read(), answer.headers
        except urllib.error.HTTPError as refused:
            status, text, received = refused.code, refused.read(), refused.headers
        record((method, path, headers, data), (status, received, text.decode()))
        return status, json.loads(text or b"null"), received

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


class Events:
    """A reader of GET /v1/events."""

    def __init__(self, eird, bearer, last_id=None):
        self.link = http.client.HTTPConnection("127.0.0.1", eird.http, timeout=20)
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "text/event-stream"}
        if last_id is not None:
            headers["Last-Event-ID"] = str(last_id)
        self.link.request("GET", "/v1/events", headers=headers)
        self.answer = self.link.getresponse()
        self.status = self.answer.status
        record(("GET", "/v1/events", headers, None), (self.status, self.answer.headers, ""))
        # The first line comes at once: whatever happens from now on is told.
        if self.status == 200:
            self.line()

    def line(self):
        raw = self.answer.readline()
        if not raw:
            raise ConnectionError("the stream has ended")
        return raw.decode().rstrip("\n")

    def next(self):
        """(id, event, data) of the next one; id is None for `lost`."""
        fields = {}
        while True:
            line = self.line()
            if not line and "event" in fields:
                data = json.loads(fields["data"])
                if "id" in fields:
                    EXCHANGES.append({"schema": "Event", "value": data})
                return int(fields["id"]) if "id" in fields else None, fields["event"], data
            name, _, value = line.partition(": ")
            if name:
                fields[name] = value

    def until(self, event):
        """All up to the next one of this name."""
        read = [self.next()]
        while read[-1][1] != event:
            read.append(self.next())
        return read

    def close(self):
        self.answer.close()
        self.link.close()
