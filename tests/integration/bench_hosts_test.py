"""eir-bench against other servers than its own eird: a real Janus. Runs in a network namespace of its own. The figures
are no pass or fail; that everything arrives is."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from running_eird import BUILD

BENCH = f"{BUILD}/eir-bench"
JANUS = "/usr/bin/janus"
TIMEOUT_S = 60  # for a loaded machine; the runs themselves take 5 s


def measure(*arguments):
    """What eir-bench says in JSON."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [BENCH, *arguments, "--no-floor", "--seconds", "2", "--json", str(report)]
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

    def check(self, figures, clients):
        self.assertEqual(figures["connected"], clients)
        self.assertEqual(figures["missing"], 0)
        self.assertEqual(figures["corrupt"], 0)
        self.assertGreater(figures["verified"], 0)
        self.assertGreater(figures["ns_per_packet"], 0)

    def test_one_publisher_reaches_all_who_watch_as_debian_configures_it(self):
        before = janus_processes()
        figures = measure("fanout", "--subscribers", "3", "--janus", JANUS)["figures"]
        self.assertEqual(figures["host"], "janus")
        self.check(figures, clients=4)
        # 8 packets of picture 30 times a second and 50 of sound, to three, for two seconds; joins and stalls take some.
        self.assertGreater(figures["forwarded"], 3 * 290)
        self.assertEqual(janus_processes(), before, "the one that was started is gone")

    def test_everyone_of_a_room_watches_the_others_on_one_event_loop(self):
        figures = measure("rooms", "--rooms", "2", "--janus", JANUS, "--event-loops", "1")["figures"]
        self.assertEqual(figures["host"], "janus event_loops=1")
        # A connection each for publishing and for watching.
        self.check(figures, clients=12)


if __name__ == "__main__":
    unittest.main()
