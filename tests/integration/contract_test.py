#!/usr/bin/env python3
"""What a program relies on, over a whole consultation: every operation of the OpenAPI document, the events, the records,
and that nothing is lost or made twice when control is killed with SIGKILL meanwhile.

Every request and answer is held against server/api/openapi.json at the end (openapi_check.mjs).

Usage: contract_test.py [path of eird]
"""
import hashlib
import json
import random
import socket
import sys
import threading
import time
import unittest
import urllib.error
from datetime import datetime, timedelta, timezone
from pathlib import Path

import running_eird
from running_eird import ADDRESS, ROOT, Daemon, Events, WebSocket, check_exchanges, free_port

SEED = 20260214


def tearDownModule():
    check_exchanges("--every-operation")


def from_now(**time_of):
    return (datetime.now(timezone.utc) + timedelta(**time_of)).strftime("%Y-%m-%dT%H:%M:%SZ")


class Contract(unittest.TestCase):
    def setUp(self):
        media = f'{{addresses: [{{bind: "{ADDRESS}"}}], port_base: {free_port(socket.SOCK_DGRAM)}, workers: 1}}'
        self.eird = Daemon(media=media, more="log: {format: json}")
        self.eird.start()
        self.addCleanup(self.eird.stop)
        self.links = []

    def post(self, path, body=None, bearer=None, status=200, **headers):
        answer = self.eird.call("POST", path, body, bearer or self.eird.secret, **headers)
        self.assertEqual(answer[0], status, answer[1])
        return answer[1]

    def get(self, path, bearer=None):
        status, answer, _ = self.eird.call("GET", path, None, bearer or self.eird.secret)
        self.assertEqual(status, 200, answer)
        return answer

    def refused(self, method, path, body=None, bearer=None, **headers):
        status, problem, received = self.eird.call(method, path, body, bearer or self.eird.secret, **headers)
        self.assertEqual(received["Content-Type"], "application/problem+json")
        return status, problem["code"]

    def create(self, *roles, template="samkonsultasjon", **more):
        made = self.post("/v1/consultations", {"template": template, "seats": [{"role": r} for r in roles], **more}, status=201)
        return f"/v1/consultations/{made['id']}", [seat["id"] for seat in made["seats"]]

    def enter(self, token, name):
        """Joins and says hello; (what join answered, the link)."""
        joined = self.eird.call("POST", "/v1/join", {"token": token, "displayName": name})[1]
        link = WebSocket(self.eird.http)
        self.addCleanup(link.close)
        link.send({"type": "hello", "session": joined["session"]})
        self.assertEqual(link.until("welcome")["participant"], joined["participant"])
        return joined, link

    def invite(self, path, seat, **more):
        return self.post(f"{path}/seats/{seat}/invitations", more, status=201)["token"]

    def test_every_operation_is_as_described_and_is_told_once_and_in_order(self):
        events = Events(self.eird, self.eird.secret)
        path, seats = self.create("specialist", "patient", "relative")
        host, host_link = self.enter(self.invite(path, seats[0]), "Vert")
        patient, patient_link = self.enter(self.invite(path, seats[1], maxUses=2), "Gjest")
        person = f"{path}/participants/{patient['participant']}"
        as_host = host["session"]
        self.post(f"{person}/admit", {}, as_host)
        self.post(f"{person}/mute", {"kinds": ["audio"]}, as_host)
        self.post(f"{person}/stop", {}, as_host)
        self.post(f"{person}/confirm-identity", None, as_host)
        self.post(f"{person}/grant", {"rights": ["screen"]}, as_host)
        self.post(f"{person}/groups", {"groups": [0, 3]}, as_host)
        self.post(f"{person}/persons", {"persons": [{"role": "relative", "name": "Datter"}]}, as_host)
        entry = next(p for p in self.get(f"{path}/participants", as_host)["participants"] if p["role"] == "patient")
        self.assertEqual((entry["muted"], entry["hostMuted"]), ([], ["audio", "video", "screen"]))
        self.assertEqual((entry["identityConfirmed"], entry["groups"]), (True, [0, 3]))
        self.assertEqual(entry["persons"], [{"role": "relative", "name": "Datter"}])
        self.post(f"{person}/return", {}, as_host)
        organised = {"role": "interpreter", "organisation": "Tolketjenesten", "invitation": {}}
        added = self.post(f"{path}/seats", organised, as_host, status=201)
        self.assertEqual(added["organisation"], "Tolketjenesten")
        denied, _ = self.enter(added["invitation"]["token"], "Tolk")
        everybody = self.get(f"{path}/participants", as_host)["participants"]
        self.assertEqual([p.get("organisation") for p in everybody if p["role"] == "interpreter"], ["Tolketjenesten"])
        self.post(f"{path}/participants/{denied['participant']}/deny", {}, as_host)
        spare = self.post(f"{path}/seats/{seats[2]}/invitations", {}, status=201)
        self.assertEqual(self.eird.call("DELETE", f"{path}/invitations/{spare['id']}", None, self.eird.secret)[0], 204)
        for act in ("lock", "unlock", "hold", "release"):
            self.post(f"{path}/{act}", {}, as_host)
        self.post(f"{path}/extend", {"endsAt": from_now(hours=2)}, as_host)
        patient_link.close()
        self.post("/v1/join/resume", {"resume": patient["resume"]})
        self.post(f"{person}/remove", {}, as_host)
        host_link.send({"type": "leave"})
        self.assertEqual(host_link.until("nothing"), 1000)
        self.post(f"{path}/end")
        self.post(f"{self.create('gp')[0]}/cancel")
        self.post(f"{self.create('gp')[0]}/no-show")
        self.assertEqual(self.eird.call("GET", "/v1/openapi.json")[1], json.loads((ROOT / "server/api/openapi.json").read_text()))

        joined = ["invitation.made", "participant.joined", "participant.connected"]
        of_patient = ["admitted", "muted", "muted", "identity_confirmed", "granted", "grouped", "persons", "returned"]
        expected = [
            "consultation.created", *joined, *joined, *(f"participant.{act}" for act in of_patient),
            "seat.added", "participant.joined", "participant.connected", "participant.denied",
            "invitation.made", "invitation.revoked",
            "consultation.locked", "consultation.unlocked", "consultation.held", "consultation.released",
            "consultation.end_time_set", "participant.resumed", "participant.removed", "participant.left",
            "consultation.ended", "consultation.created", "consultation.cancelled", "consultation.created", "consultation.no_show",
        ]  # fmt: skip
        told = events.until("consultation.no_show")
        self.assertEqual([event for _, event, _ in told], expected)
        numbers = [number for number, _, _ in told]
        self.assertEqual(numbers, sorted(set(numbers)))
        # The audit trail says the same of the first consultation, and of nothing else.
        audit = self.get(f"{path}/audit")["audit"]
        self.assertEqual([line["action"] for line in audit], expected[: expected.index("consultation.ended") + 1])
        self.assertEqual({line["consultation"] for line in audit}, {path.rsplit("/", 1)[1]})
        usage = self.get(f"{path}/usage")["usage"]
        self.assertEqual(sorted(line["role"] for line in usage), ["interpreter", "patient", "specialist"])
        self.assertEqual({line["role"]: line["persons"] for line in usage}["patient"], 2)
        text = json.dumps([audit, usage, [data for _, _, data in told]])
        for canary in ("Vert", "Gjest", "Datter", "Tolk", host["session"], patient["resume"]):
            self.assertNotIn(canary, text)

    def test_events_go_on_where_they_stopped_also_over_a_restart_of_control(self):
        path, _ = self.create("specialist")
        reader = Events(self.eird, self.eird.secret, 0)
        seen = [reader.next()]
        for turn in range(3):
            for _ in range(2):
                self.post(f"{path}/lock")
                self.post(f"{path}/unlock")
            seen += [reader.next() for _ in range(2)]
            if turn == 1:
                self.eird.kill_control()
            reader.close()
            reader = Events(self.eird, self.eird.secret, seen[-1][0])
        seen += [reader.next() for _ in range(13 - len(seen))]
        self.assertEqual([event for _, event, _ in seen],
                         ["consultation.created", *["consultation.locked", "consultation.unlocked"] * 6])
        numbers = [number for number, _, _ in seen]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual([data["version"] for _, _, data in seen], list(range(1, 14)))

    def test_readers_that_are_gone_are_let_go(self):
        readers = [Events(self.eird, self.eird.secret) for _ in range(5)]
        streams = 'eir_http_streams{listener="http_loopback"}'
        self.assertEqual(self.eird.metrics()[streams], 5)
        for reader in readers:
            reader.close()
        end = time.monotonic() + 5
        while self.eird.metrics()[streams] > 0:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_a_change_may_name_the_version_that_it_is_for(self):
        path, _ = self.create("specialist")
        self.assertEqual(self.refused("POST", f"{path}/lock", {}, If_Match='"2"'), (412, "version_mismatch"))
        self.assertEqual(self.post(f"{path}/lock", {}, If_Match='"1"')["version"], 2)
        self.assertEqual(self.refused("POST", f"{path}/unlock", {}, If_Match='"1"'), (412, "version_mismatch"))

    def test_a_key_makes_a_change_once(self):
        body = {"template": "test"}
        first = self.post("/v1/consultations", body, status=201, Idempotency_Key='"a-b"')
        self.eird.kill_control()
        self.assertEqual(self.post("/v1/consultations", body, status=201, Idempotency_Key='"a-b"'), first)
        other = {"template": "samkonsultasjon"}
        reused = self.refused("POST", "/v1/consultations", other, Idempotency_Key='"a-b"')
        self.assertEqual(reused, (422, "idempotency_key_reused"))
        self.assertEqual(self.refused("POST", "/v1/consultations", body, Idempotency_Key="a b"), (400, "invalid_value"))
        metrics = self.eird.metrics()
        self.assertEqual(metrics["eir_idempotent_replays_total"], 1)
        self.assertEqual(metrics["eir_idempotency_keys_reused_total"], 1)

    def test_no_change_is_lost_or_made_twice_by_kills_at_any_moment(self):
        """A program that asks again under its key until it has an answer, while control is killed again and again."""
        path, _ = self.create("specialist", template="test")
        chance = random.Random(SEED)
        answers, stop = {}, threading.Event()

        def ask(key):
            while True:
                try:
                    status, answer, _ = self.eird.call(
                        "POST", f"{path}/seats", {"role": "observer", "many": True, "invitation": {}}, self.eird.secret,
                        Idempotency_Key=key,
                    )  # fmt: skip
                except (OSError, urllib.error.URLError, json.JSONDecodeError, ValueError):
                    time.sleep(0.02)
                    continue
                if status == 201:
                    return answer
                self.assertIn(status, (409, 503), answer)
                time.sleep(0.02)

        def program():
            while not stop.is_set() and len(answers) < 60:
                key = f"seat-{len(answers)}"
                answers[key] = ask(key)

        worker = threading.Thread(target=program)
        worker.start()
        for _ in range(4):
            time.sleep(chance.uniform(0.05, 0.4))
            self.eird.kill_control()
        stop.set()
        worker.join(60)
        self.assertGreater(len(answers), 4, f"seed {SEED}")
        made = [seat["id"] for seat in self.get(path)["seats"]]
        self.assertEqual(sorted(answer["id"] for answer in answers.values()), sorted(made[1:]), f"seed {SEED}")
        for key, answer in answers.items():
            self.assertEqual(ask(key), answer)
            self.assertEqual(self.eird.call("POST", "/v1/join", {"token": answer["invitation"]["token"]})[0], 200)

    def test_nobody_is_forgotten_when_control_is_killed(self):
        path, seats = self.create("specialist", "patient", "relative")
        host, _ = self.enter(self.invite(path, seats[0]), "Vert")
        patient, _ = self.enter(self.invite(path, seats[1]), "Gjest")
        unused = self.invite(path, seats[2])
        over, over_seats = self.create("specialist", "patient")
        left, _ = self.enter(self.invite(over, over_seats[0]), "Vert")
        self.post(f"{over}/end")
        self.eird.kill_control()

        people = {p["id"]: p for p in self.get(f"{path}/participants")["participants"]}
        self.assertEqual(people[host["participant"]]["state"], "reconnecting")
        self.assertEqual(people[patient["participant"]]["state"], "reconnecting")
        link = WebSocket(self.eird.http)
        self.addCleanup(link.close)
        link.send({"type": "hello", "session": patient["session"], "displayName": "Gjest"})
        welcome = link.until("welcome")
        self.assertEqual((welcome["state"], welcome["rights"]), ("waiting", []), "who waited still waits")
        self.post(f"{path}/participants/{patient['participant']}/admit", {}, host["session"])
        self.assertIn("video", link.until("admitted")["rights"])
        self.enter(unused, "Nabo")
        self.assertEqual(self.get(over)["state"], "ended")
        self.assertEqual(self.refused("GET", f"{over}/participants", None, left["session"]), (401, "unauthorized"))

    def test_another_tenant_has_nothing_to_do_with_it(self):
        other = "another secret of another tenant"
        hashed = hashlib.sha256(other.encode()).hexdigest()
        mine = Path(self.eird.directory.name, "credentials").read_text()
        self.eird.write("credentials", f"{mine}clinic-2 {hashed}\n")
        self.eird.kill_control()
        reader = Events(self.eird, other, 0)
        path, _ = self.create("specialist")
        for act in ("lock", "end"):
            self.assertEqual(self.refused("POST", f"{path}/{act}", {}, other), (404, "not_found"))
        self.assertEqual(self.refused("GET", path, None, other), (404, "not_found"))
        self.assertEqual(self.refused("GET", f"{path}/audit", None, other), (404, "not_found"))
        theirs = self.post("/v1/consultations", {"template": "test"}, other, status=201)
        number, event, data = reader.next()
        self.assertEqual((event, data["consultation"]), ("consultation.created", theirs["id"]))
        self.assertGreater(number, 1, "the first one was not told")


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
