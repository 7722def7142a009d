"""What the tests of operations share: a certificate, eir-bench as load beside them, eirctl, and its socket."""

import json
import os
import socket
import ssl
import subprocess

import running_eird
from running_eird import free_port

LOAD_ROOMS = 10
LOAD_PUBLISHERS = 2  # of each room: 20 people in calls


def program(name):
    return os.path.join(os.path.dirname(running_eird.EIRD), name)


def make_certificate(eird, name):
    """HERE/<name>.pem and HERE/<name>.key, the key private from its first moment."""
    here = eird.directory.name
    eird.write(f"{name}.key", "")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", f"{here}/{name}.key", "-out", f"{here}/{name}.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


def served_certificate(port):
    """PEM of the certificate that a new handshake gets."""
    return ssl.get_server_certificate(("127.0.0.1", port), timeout=10)


def read_file(eird, name):
    with open(os.path.join(eird.directory.name, name), encoding="utf-8") as file:
        return file.read()


def ask(eird, command):
    """eird's answer over its socket, as eirctl gets it."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(20)
        stream.connect(os.path.join(eird.directory.name, "eirctl.sock"))
        stream.sendall(command.encode() + b"\n")
        answer = b""
        while block := stream.recv(65536):
            answer += block
    return json.loads(answer)


def eirctl(eird, *words):
    """(exit code, output, errors)"""
    done = subprocess.run([program("eirctl"), *words, "--state-dir", eird.directory.name], capture_output=True, text=True,
                          timeout=30, check=False)  # fmt: skip
    return done.returncode, done.stdout, done.stderr


class Load:
    """eir-bench in this eird: 20 lib/client peers in 10 rooms that send and count what they get."""

    def __init__(self, eird, seconds):
        self.eird = eird
        eird.write("quickstart.json", json.dumps({
            "api": f"http://127.0.0.1:{eird.http}", "ops": f"http://127.0.0.1:{eird.ops}",
            "credential_file": f"{eird.directory.name}/secret", "pid": eird.process.pid}))  # fmt: skip
        self.process = subprocess.Popen(
            [program("eir-bench"), "rooms", "--rooms", str(LOAD_ROOMS), "--publishers", str(LOAD_PUBLISHERS),
             "--seconds", str(seconds), "--no-floor", "--quickstart", f"{eird.directory.name}/quickstart.json",
             "--json", f"{eird.directory.name}/load.json"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def figures(self):
        """What it measured, at its end."""
        output = self.process.communicate(timeout=120)[0].decode(errors="replace")
        if self.process.returncode != 0:
            raise AssertionError("eir-bench: " + output[-2000:])
        return json.loads(read_file(self.eird, "load.json"))["figures"]

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


def https_listener():
    """(port, the YAML of a listener with the certificate `first`)"""
    port = free_port()
    return port, f"{{addresses: [127.0.0.1], port: {port}, certificate_file: HERE/first.pem, key_file: HERE/first.key}}"
