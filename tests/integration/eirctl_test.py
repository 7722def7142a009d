#!/usr/bin/env python3
"""eirctl beside a running eird: credentials from their making to their end, and the audit trail of real acts.

Usage: eirctl_test.py [path of eird]
"""
import os
import signal
import subprocess
import sys
import time
import unittest

import running_eird
from running_eird import Daemon, check_exchanges

PLAN = {"template": "samkonsultasjon", "seats": [{"role": "clinician"}, {"role": "patient"}]}
TAKES_EFFECT_S = 10


def tearDownModule():
    check_exchanges()


class EirctlTest(unittest.TestCase):
    def setUp(self):
        self.eird = Daemon("{workers: 1, addresses: [{bind: 127.0.0.1}]}", more="log: {format: json}").start()
        self.addCleanup(self.eird.stop)

    def eirctl(self, *words):
        program = os.path.join(os.path.dirname(running_eird.EIRD), "eirctl")
        configuration = os.path.join(self.eird.directory.name, "eird.yaml")
        done = subprocess.run([program, *words, "--config", configuration], capture_output=True, text=True, timeout=30)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def add(self, *scopes):
        """(id, secret)"""
        words = [word for scope in scopes for word in ("--scope", scope)]
        code, text = self.eirctl("credential", "add", "--tenant", "klinikk", *words)
        self.assertEqual(code, 0)
        fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
        return fields["id"].strip(), fields["secret"]

    def status(self, secret, method, path, body=None):
        return self.eird.call(method, path, body, secret)[0]

    def reload_until(self, wanted, secret, *request):
        self.eird.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + TAKES_EFFECT_S
        while self.status(secret, *request) != wanted and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.status(secret, *request), wanted)

    def test_a_credential_works_within_its_scopes_until_it_is_revoked(self):
        _, full = self.add()
        reader_id, reader = self.add("read")
        self.assertEqual(self.status(full, "POST", "/v1/consultations", PLAN), 401)
        self.reload_until(201, full, "POST", "/v1/consultations", PLAN)
        consultation = self.eird.call("POST", "/v1/consultations", PLAN, full)[1]["id"]
        self.assertEqual(self.status(reader, "POST", "/v1/consultations", PLAN), 403)
        self.assertEqual(self.status(reader, "GET", f"/v1/consultations/{consultation}"), 200)
        # The line "tenant hash" that was there before still opens its tenant, and only that.
        self.assertEqual(self.status(self.eird.secret, "POST", "/v1/consultations", PLAN), 201)
        self.assertEqual(self.status(self.eird.secret, "GET", f"/v1/consultations/{consultation}"), 404)
        self.assertEqual(self.eirctl("credential", "revoke", reader_id)[0], 0)
        self.reload_until(401, reader, "GET", f"/v1/consultations/{consultation}")
        self.assertEqual(self.status(full, "GET", f"/v1/consultations/{consultation}"), 200)

    def test_the_trail_of_real_acts_is_whole_while_eird_runs_and_after_control_was_killed(self):
        made = self.eird.call("POST", "/v1/consultations", PLAN, self.eird.secret)[1]["id"]
        code, text = self.eirctl("audit", "list", "--tenant", "demo", "--consultation", made)
        self.assertEqual(code, 0)
        self.assertIn('"consultation.created"', text)
        code, head = self.eirctl("audit", "head")
        self.assertEqual((code, len(head.split())), (0, 3))
        self.eird.kill_control()
        end = time.monotonic() + TAKES_EFFECT_S
        while not self.eird.lines("audit_heads") and time.monotonic() < end:
            time.sleep(0.05)
        # The new control tells of the same head, and finds what was acknowledged.
        kept = ":".join(head.split())
        self.assertEqual([line["heads"] for line in self.eird.lines("audit_heads")], [kept])
        self.assertEqual(self.status(self.eird.secret, "GET", f"/v1/consultations/{made}"), 200)
        code, text = self.eirctl("audit", "verify", "--head", kept)
        self.assertEqual(code, 0, text)
        self.assertIn("is the one given", text)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
