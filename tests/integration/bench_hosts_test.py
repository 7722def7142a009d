"""eir-bench against other servers than its own eird: a real Janus, and what has WHIP and WHEP. Runs in a network namespace of its own. The figures
are no pass or fail; that everything arrives is."""

import json
import os
import socket
import subprocess
import tempfile
import unittest
from pathlib import Path

from running_eird import ADDRESS, BUILD, Daemon, free_port

BENCH = f"{BUILD}/eir-bench"
JANUS = "/usr/bin/janus"
TIMEOUT_S = 60  # for a loaded machine; a run itself takes 3 s


def measure(*arguments):
    """What eir-bench says in JSON."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [BENCH, *arguments, "--seconds", "1", "--json", str(report)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        if done.returncode != 0:
            raise AssertionError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
        return json.loads(report.read_text())


def janus_processes():
    """Process ids of every janus of this machine that this user can see."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if (entry / "comm").read_text().strip() == "janus":
                found.append(int(entry.name))
        except OSError:
            continue
    return found


class Janus(unittest.TestCase):
    def setUp(self):
        self.assertTrue(os.environ.get("EIR_TEST_ADDRESS"), "run through tests/support/isolated")
        self.assertTrue(os.path.exists(JANUS), "janus is missing: deploy/packages.sh test")

    def test_eird_and_janus_are_measured_side_by_side(self):
        before = janus_processes()
        arguments = ("--eird", f"{BUILD}/eird", "--janus", JANUS, "--rooms", "1", "--repeat", "1")
        contenders = measure("side-by-side", *arguments, "--srtp", "gcm256")["contenders"]
        self.assertEqual([one["name"] for one in contenders], ["eird", "janus", "janus event_loops=1"])
        for one in contenders:
            self.assertEqual(one["srtp_profile"], "AEAD_AES_256_GCM")
            self.assertEqual(one["medians"]["lost_percent"], 0)
            # 8 packets of picture 30 times a second and 50 of sound, of each of three to two; stalls take some.
            self.assertGreater(one["medians"]["packets_per_second"], 3 * 2 * 290 / 2)
            self.assertGreater(one["medians"]["cpu_us_per_packet"], 0)
        self.assertEqual(janus_processes(), before, "those that were started are gone")


class Whip(unittest.TestCase):
    def test_any_server_with_whip_and_whep_takes_the_load(self):
        watchers = 3
        media = f'{{addresses: [{{bind: "{ADDRESS}"}}], port_base: {free_port(socket.SOCK_DGRAM)}, workers: 1}}'
        eird = Daemon(media=media).start()
        self.addCleanup(eird.stop)
        # One who sends and all who watch, each with a session of its own.
        seats = [{"role": role} for role in ("specialist", *["clinician"] * watchers)]
        made = eird.call("POST", "/v1/consultations", {"template": "test", "seats": seats}, eird.secret)[1]
        tokens = []
        for seat in made["seats"]:
            path = f"/v1/consultations/{made['id']}/seats/{seat['id']}/invitations"
            invitation = eird.call("POST", path, {}, eird.secret)[1]["token"]
            tokens.append(eird.call("POST", "/v1/join", {"token": invitation})[1]["session"])
        eird.write("bearers", "\n".join(tokens))
        api = f"http://127.0.0.1:{eird.http}/v1"
        report = measure(
            "fanout", "--subscribers", str(watchers), "--no-floor", "--pid", str(eird.process.pid),
            "--whip", f"{api}/whip/{made['id']}", "--whep", f"{api}/whep/{made['id']}",
            "--bearers", f"{eird.directory.name}/bearers",
        )  # fmt: skip
        figures = report["figures"]
        self.assertEqual(figures["host"], "whip")
        self.assertEqual(figures["connected"], 1 + watchers)
        self.assertEqual(figures["missing"], 0)
        self.assertEqual(figures["corrupt"], 0)
        self.assertGreater(figures["verified"], 0)
        self.assertGreater(figures["forwarded"], watchers * 290 / 2)
        self.assertGreater(figures["ns_per_packet"], 0)


if __name__ == "__main__":
    unittest.main()
