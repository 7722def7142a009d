"""The part of deploy/quickstart after the build: state directory, certificate, configuration, process, consultation.

Everything it writes lies in one state directory of the calling user: ${XDG_STATE_HOME:-~/.local/state}/eir-quickstart.
"""

import argparse
import hashlib
import ipaddress
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

API = "http://127.0.0.1:8080"
LOCAL_PAGE = "http://localhost:8080"
OPS = "http://127.0.0.1:9090"
HTTPS_PORT = 8443
ROLES = ["specialist", "clinician", "patient", "relative"]
TENANT = "demo"
CERTIFICATE_DAYS = 90
RENEW_SECONDS = 7 * 24 * 3600
READY_TIMEOUT_S = 30
STOP_TIMEOUT_S = 10
# A demo link may be used as often as one tries it; the newest use takes over.
LINK_USES = 1000


# Talks to this machine only, whatever proxy the user's environment names.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Failed(Exception):
    pass


def say(text):
    print(text, flush=True)


def state_directory():
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "eir-quickstart"


def first_address():
    listed = subprocess.run(["ip", "-json", "address", "show", "up"], capture_output=True, text=True, check=True).stdout
    found = []
    for interface in json.loads(listed):
        for entry in interface.get("addr_info", []):
            address = ipaddress.ip_address(entry["local"])
            if not address.is_loopback and not address.is_link_local:
                found.append(address)
    if not found:
        raise Failed("this machine has only loopback addresses; name one with --address")
    # IPv4 first: links to it can be typed.
    return str(sorted(found, key=lambda address: address.version)[0])


def check_address(text):
    """The address in its usual form; it must be this machine's, because media sockets are bound to it."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise Failed(f"--address {text}: not an IP address") from None
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            raise Failed(f"--address {text}: not an address of this machine") from None
    return str(address)


def https_origin(address):
    return f"https://[{address}]:{HTTPS_PORT}" if ":" in address else f"https://{address}:{HTTPS_PORT}"


def write_private(path, text):
    """Never readable by others, not even for a moment."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def make_certificate(state, address):
    """A self-signed certificate for the address and this machine's own names; kept while it is good for a week more."""
    certificate, key = state / "certificate.pem", state / "key.pem"
    if certificate.exists() and key.exists():
        kept = subprocess.run(
            ["openssl", "x509", "-in", certificate, "-noout", "-checkend", str(RENEW_SECONDS), "-checkip", address],
            capture_output=True, text=True,
        )  # fmt: skip
        if kept.returncode == 0 and "does match certificate" in kept.stdout:
            return certificate, key
    names = ",".join(["DNS:localhost", "IP:127.0.0.1"] + ([] if address == "127.0.0.1" else [f"IP:{address}"]))
    write_private(key, "")
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-sha256",
         "-days", str(CERTIFICATE_DAYS), "-subj", "/CN=eir-quickstart", "-addext", f"subjectAltName={names}",
         "-addext", "extendedKeyUsage=serverAuth", "-keyout", key, "-out", certificate],
        capture_output=True, text=True,
    )  # fmt: skip
    if done.returncode != 0:
        raise Failed(f"openssl: {done.stderr.strip()}")
    key.chmod(0o600)
    return certificate, key


def make_credential(state):
    """The service credential: the secret for callers of the API, and its hash where eird looks for it."""
    secret_file, hashes = state / "service-credential", state / "eird" / "credentials"
    if not secret_file.exists():
        write_private(secret_file, secrets.token_urlsafe(32))
    digest = hashlib.sha256(secret_file.read_bytes()).hexdigest()
    known = hashes.read_text() if hashes.exists() else ""
    # eirctl writes longer lines and may have added credentials.
    if digest not in known:
        write_private(hashes, known + f"{TENANT} {digest}\n")
    return secret_file


def write_configuration(state, address, certificate, key):
    quoted = json.dumps  # a JSON string is a YAML string
    path = state / "eird.yaml"
    path.write_text(f"""# Written by deploy/quickstart; config/eird.yaml describes every key.
node_name: quickstart
state_dir: {quoted(str(state / "eird"))}
timeouts: {{drain_s: 0}}
listeners:
  https:
    addresses: [{quoted(address)}]
    port: {HTTPS_PORT}
    certificate_file: {quoted(str(certificate))}
    key_file: {quoted(str(key))}
  public_url: {quoted(https_origin(address))}
  allowed_origins: [{quoted(LOCAL_PAGE)}, {quoted(API)}]
media:
  addresses: [{{bind: {quoted(address)}, announce: {quoted(address)}}}]
  measure_delay: true
""")
    return path


def our_process(state):
    """The pid of the eird that an earlier call started, or None: a pid that was given to another program since is not."""
    try:
        pid = int((state / "eird.pid").read_text())
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    is_ours = arguments[0].endswith(b"/eird") and str(state / "eird.yaml").encode() in arguments
    return pid if is_ours else None


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def stop(state):
    pid = our_process(state)
    if pid is not None:
        os.kill(pid, signal.SIGTERM)
        end = time.monotonic() + STOP_TIMEOUT_S
        while is_alive(pid) and time.monotonic() < end:
            time.sleep(0.05)
        if is_alive(pid):
            say(f"eird {pid} does not end by itself; ending its process group")
            os.killpg(pid, signal.SIGKILL)
        say(f"stopped eird {pid}")
    (state / "eird.pid").unlink(missing_ok=True)
    return pid is not None


def start(state, program, configuration):
    log = state / "eird.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "--config", str(configuration)], cwd=state, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    (state / "eird.pid").write_text(f"{process.pid}\n")
    end = time.monotonic() + READY_TIMEOUT_S
    while True:
        if process.poll() is not None:
            (state / "eird.pid").unlink(missing_ok=True)
            raise Failed(f"eird ended with {process.returncode}; the end of {log}:\n{tail(log)}")
        try:
            with DIRECT.open(OPS + "/readyz", timeout=2) as answer:
                if answer.status == 200:
                    return process.pid
        except OSError:
            pass
        if time.monotonic() > end:
            raise Failed(f"eird is not ready after {READY_TIMEOUT_S} s; the end of {log}:\n{tail(log)}")
        time.sleep(0.05)


def tail(log):
    return "\n".join(log.read_text(errors="replace").splitlines()[-15:])


def call(credential, path, body):
    request = urllib.request.Request(
        API + path, json.dumps(body).encode(),
        {"Authorization": f"Bearer {credential}", "Content-Type": "application/json"},
    )  # fmt: skip
    try:
        with DIRECT.open(request, timeout=10) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as refused:
        raise Failed(f"POST {path}: {refused.code} {refused.read().decode(errors='replace')}") from None


def make_consultation(credential):
    """(id, {role: link on this machine}); the link's path and token are the API's, its origin is the local page."""
    seats = [{"role": role} for role in ROLES]
    made = call(credential, "/v1/consultations", {"template": "samkonsultasjon", "seats": seats})
    links = {}
    for seat in made["seats"]:
        path = f"/v1/consultations/{made['id']}/seats/{seat['id']}/invitations"
        invitation = call(credential, path, {"kind": "link", "maxUses": LINK_USES})
        links[seat["role"]] = LOCAL_PAGE + invitation["url"][invitation["url"].index("/j#") :]
    return made["id"], links


def run(options):
    state = state_directory()
    if options.stop:
        if not stop(state):
            say("nothing to stop")
        return
    address = check_address(options.address or first_address())
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    (state / "eird").mkdir(exist_ok=True, mode=0o700)
    stop(state)
    certificate, key = make_certificate(state, address)
    credential_file = make_credential(state)
    pid = start(state, options.program, write_configuration(state, address, certificate, key))
    consultation, links = make_consultation(credential_file.read_text())
    elsewhere = https_origin(address)
    say(f"eird {pid} is ready; its log: {state / 'eird.log'}\n")
    say(f"Open these on this machine, or with {elsewhere} instead of {LOCAL_PAGE} on another one")
    say("(there the browser warns once, because the certificate is self-signed):\n")
    for role, link in links.items():
        say(f"  {role:<11} {link}")
    # The page has no host's controls yet.
    people = f"{API}/v1/consultations/{consultation}/participants"
    bearer = f'-H "Authorization: Bearer $(cat {credential_file})"'
    say("\nThe patient and the relative wait until they are admitted. Who is there, and letting participant p_… in:")
    say(f"  curl -s {bearer} {people}")
    say(f"  curl -s {bearer} -X POST {people}/p_…/admit")
    say(f"\nAPI: {API}, credential: {credential_file}; stop: deploy/quickstart --stop")
    if options.json:
        say(json.dumps({
            "api": API, "https": elsewhere, "ops": OPS, "credential_file": str(credential_file),
            "consultation": consultation, "links": links, "pid": pid,
        }))  # fmt: skip


def main():
    parser = argparse.ArgumentParser(prog="deploy/quickstart")
    parser.add_argument("--address", help="where browsers reach this machine")
    parser.add_argument("--json", action="store_true", help="the last line is JSON")
    parser.add_argument("--stop", action="store_true", help="stops what an earlier call started")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        run(options)
    except Failed as failure:
        sys.exit(f"quickstart: {failure}")


if __name__ == "__main__":
    main()
