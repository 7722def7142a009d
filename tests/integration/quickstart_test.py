"""deploy/quickstart from outside: what it prints, writes, starts and stops. Runs in a network namespace of its own."""

import json
import os
import shutil
import ssl
import stat
import subprocess
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from running_eird import FOLDERS, ROOT

ADDRESS = os.environ.get("EIR_TEST_ADDRESS", "")


def is_running(pid):
    """Not so once it is a zombie, which init takes in at its leisure."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.assertTrue(ADDRESS, "run through tests/support/isolated")
        self.folder = Path(tempfile.mkdtemp(dir=FOLDERS))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.addCleanup(self.quickstart, "--stop")
        self.state = self.folder / "eir-quickstart"

    def quickstart(self, *arguments):
        environment = {**os.environ, "XDG_STATE_HOME": str(self.folder)}
        return subprocess.run(
            [ROOT / "deploy/quickstart", *arguments], capture_output=True, text=True, env=environment, timeout=300
        )

    def start(self):
        done = self.quickstart("--json", "--address", ADDRESS)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return json.loads(done.stdout.strip().split("\n")[-1])

    def status(self, url, headers=None):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            return refused.code

    def test_the_last_line_says_all_that_a_program_needs(self):
        told = self.start()
        self.assertEqual(
            sorted(told), ["api", "consultation", "credential_file", "https", "links", "ops", "pid"]
        )
        self.assertEqual(told["https"], f"https://{ADDRESS}:8443")
        self.assertEqual(sorted(told["links"]), ["clinician", "patient", "relative", "specialist"])
        for link in told["links"].values():
            self.assertTrue(link.startswith("http://localhost:8080/j#"), link)
        self.assertEqual(self.status(told["ops"] + "/readyz"), 200)
        credential = Path(told["credential_file"])
        self.assertEqual(stat.S_IMODE(credential.stat().st_mode), 0o600)
        url = f"{told['api']}/v1/consultations/{told['consultation']}"
        self.assertEqual(self.status(url, {"Authorization": f"Bearer {credential.read_text()}"}), 200)
        self.assertEqual(self.status(url, {"Authorization": "Bearer wrong"}), 401)
        self.assertEqual(self.status("http://localhost:8080/j"), 200)
        trusted = ssl.create_default_context(cafile=self.state / "certificate.pem")
        with urllib.request.urlopen(f"{told['https']}/j", timeout=5, context=trusted) as page:
            self.assertEqual(page.status, 200)
        self.assertTrue(is_running(told["pid"]))

    def test_each_link_lets_its_role_in_again_and_again(self):
        told = self.start()
        for role, link in told["links"].items():
            body = json.dumps({"token": link.split("#")[1]}).encode()
            request = urllib.request.Request(f"{told['api']}/v1/join", body, {"Content-Type": "application/json"})
            for _ in range(2):
                with urllib.request.urlopen(request, timeout=5) as answer:
                    joined = json.load(answer)
                self.assertEqual((joined["role"], joined["consultation"]), (role, told["consultation"]))
                hosts = ("specialist", "clinician")
                self.assertEqual(joined["state"], "admitted" if role in hosts else "waiting")

    def test_the_certificate_names_the_address_and_this_machine_and_its_key_is_private(self):
        self.start()
        text = subprocess.run(
            ["openssl", "x509", "-in", self.state / "certificate.pem", "-noout", "-ext", "subjectAltName"],
            capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip
        for name in ("DNS:localhost", "IP Address:127.0.0.1", f"IP Address:{ADDRESS}"):
            self.assertIn(name, text)
        self.assertEqual(stat.S_IMODE((self.state / "key.pem").stat().st_mode), 0o600)

    def test_a_second_run_is_quick_and_takes_the_place_of_the_first(self):
        first = self.start()
        started = time.monotonic()
        second = self.start()
        self.assertLess(time.monotonic() - started, 15)
        self.assertNotEqual(first["pid"], second["pid"])
        self.assertNotEqual(first["consultation"], second["consultation"])
        self.assertFalse(is_running(first["pid"]))
        self.assertEqual(self.status(second["ops"] + "/readyz"), 200)

    def test_stop_ends_it_and_a_second_stop_has_nothing_to_do(self):
        told = self.start()
        self.assertTrue(is_running(told["pid"]))
        self.assertIn("stopped", self.quickstart("--stop").stdout)
        self.assertFalse(is_running(told["pid"]))
        self.assertIn("nothing to stop", self.quickstart("--stop").stdout)

    def test_a_process_that_is_not_its_own_is_left_alone(self):
        other = subprocess.Popen(["sleep", "60"])
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        self.state.mkdir(parents=True)
        (self.state / "eird.pid").write_text(f"{other.pid}\n")
        self.assertIn("nothing to stop", self.quickstart("--stop").stdout)
        self.assertIsNone(other.poll())

    def test_an_address_of_another_machine_is_refused(self):
        done = self.quickstart("--address", "198.51.100.7")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("not an address of this machine", done.stderr)


if __name__ == "__main__":
    unittest.main()
