#!/usr/bin/env python3
"""WHIP and WHEP over HTTP, against a running eird: every status and code, who owns what, and CORS. The media itself is
tested with real clients in tests/interop.

Usage: whip_test.py [path of eird]
"""
import http.client
import json
import os
import re
import signal
import socket
import sys
import time
import unittest
from pathlib import Path

import running_eird
from running_eird import ADDRESS, Daemon, WebSocket, check_exchanges, free_port, record

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures/sdp"
RECEIVING = (FIXTURES / "chromium156_recvonly.sdp").read_bytes().decode()
BOTH_WAYS = (FIXTURES / "chromium156_sendrecv.sdp").read_bytes().decode()
SENDING = BOTH_WAYS.replace("a=sendrecv", "a=sendonly")
PORTAL = "https://portal.example"
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
RESTART = b"a=ice-ufrag:frsh\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n"


def tearDownModule():
    check_exchanges()


def ufrag(sdp):
    return re.search(r"^a=ice-ufrag:(\S+)", sdp, re.MULTILINE).group(1)


class Whip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.eird = Daemon(
            media=f'{{addresses: [{{bind: "{ADDRESS}"}}], port_base: {free_port(socket.SOCK_DGRAM)}, workers: 1}}',
            https=f'{{addresses: []}}\n  allowed_origins: ["{PORTAL}"]',
        ).start()

    @classmethod
    def tearDownClass(cls):
        cls.eird.stop()

    def ask(self, method, path, body=None, bearer=None, **headers):
        """(status, code or text, headers)"""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if bearer:
            named["Authorization"] = f"Bearer {bearer}"
        link = http.client.HTTPConnection("127.0.0.1", self.eird.http, timeout=10)
        link.request(method, path, body, named)
        answer = link.getresponse()
        text = answer.read().decode()
        link.close()
        record((method, path, named, body), (answer.status, answer.headers, text))
        if answer.headers["Content-Type"] == "application/problem+json":
            problem = json.loads(text)
            self.assertEqual(problem["status"], answer.status)
            return answer.status, problem["code"], answer.headers
        return answer.status, text, answer.headers

    def join(self, template="test", roles=("specialist", "patient")):
        """A consultation and one session for each role."""
        seats = [{"role": role} for role in roles]
        made = self.eird.call("POST", "/v1/consultations", {"template": template, "seats": seats}, self.eird.secret)[1]
        people = []
        for seat in made["seats"]:
            path = f"/v1/consultations/{made['id']}/seats/{seat['id']}/invitations"
            token = self.eird.call("POST", path, {}, self.eird.secret)[1]["token"]
            people.append(self.eird.call("POST", "/v1/join", {"token": token})[1])
        return made["id"], *people

    def post(self, kind, consultation, bearer, offer=None):
        sdp = offer or (SENDING if kind == "whip" else RECEIVING)
        return self.ask("POST", f"/v1/{kind}/{consultation}", sdp.encode(), bearer, Content_Type="application/sdp")

    def test_a_session_is_created_restarted_and_deleted(self):
        for kind, direction in (("whip", "recvonly"), ("whep", "sendonly")):
            c, person, _ = self.join()
            status, sdp, headers = self.post(kind, c, person["session"])
            self.assertEqual((status, headers["Content-Type"]), (201, "application/sdp"))
            self.assertEqual(headers["ETag"], '"1"')
            self.assertEqual(headers["Accept-Patch"], "application/trickle-ice-sdpfrag")
            self.assertEqual(sdp.count(f"a={direction}\r\n"), 2)
            self.assertIn("a=candidate:", sdp)
            resource = headers["Location"]
            self.assertRegex(resource, f"^/v1/{kind}/{c}/r_[A-Za-z0-9_-]{{20}}$")
            bearer = person["session"]

            offer = SENDING if kind == "whip" else RECEIVING
            pwd = re.search(r"^a=ice-pwd:(\S+)", offer, re.MULTILINE).group(1)
            trickle = (f"a=ice-ufrag:{ufrag(offer)}\r\na=ice-pwd:{pwd}\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n"
                       "a=candidate:1387637174 1 udp 2122260223 192.0.2.1 61764 typ host generation 0\r\n"
                       "a=end-of-candidates\r\n").encode()
            status, text, headers = self.ask("PATCH", resource, trickle, bearer, If_Match='"1"', **FRAGMENT)
            self.assertEqual((status, text, headers["ETag"]), (204, "", None))

            status, fragment, headers = self.ask("PATCH", resource, RESTART, bearer, If_Match="*", **FRAGMENT)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/trickle-ice-sdpfrag"))
            self.assertEqual(headers["ETag"], '"2"')
            self.assertNotEqual(ufrag(fragment), ufrag(sdp))
            self.assertEqual(re.findall("^a=candidate:.*", fragment, re.MULTILINE),
                             re.findall("^a=candidate:.*", sdp.split("m=")[1], re.MULTILINE))
            self.assertIn("a=mid:0\r\n", fragment)

            stale = self.ask("PATCH", resource, RESTART, bearer, If_Match='"1"', **FRAGMENT)
            self.assertEqual(stale[:2], (412, "precondition_failed"))
            same = self.ask("PATCH", resource, RESTART, bearer, If_Match='"0", "2"', **FRAGMENT)
            self.assertEqual(same[0], 204, "the credentials of the current ICE session are no restart")

            self.assertEqual(self.ask("DELETE", resource, None, bearer, If_Match='"99"')[0], 200)
            self.assertEqual(self.ask("DELETE", resource, None, bearer)[:2], (404, "not_found"))
            self.assertEqual(self.ask("PATCH", resource, RESTART, bearer, If_Match="*", **FRAGMENT)[:2], (404, "not_found"))

    def test_who_may_not(self):
        c, person, other = self.join()
        elsewhere, stranger, _ = self.join()
        sdp = {"Content_Type": "application/sdp"}
        path = f"/v1/whip/{c}"
        self.assertEqual(self.ask("POST", path, SENDING, None, **sdp)[:2], (401, "unauthorized"))
        status, code, headers = self.ask("POST", path, SENDING, "guess", **sdp)
        self.assertEqual((status, code, headers["WWW-Authenticate"]), (401, "unauthorized", "Bearer"))
        self.assertEqual(self.ask("POST", path, SENDING, self.eird.secret, **sdp)[:2], (401, "unauthorized"))
        self.assertEqual(self.post("whip", c, stranger["session"])[:2], (403, "forbidden"))
        resource = self.post("whip", c, person["session"])[2]["Location"]
        for method in ("PATCH", "DELETE"):
            asked = self.ask(method, resource, RESTART, other["session"], If_Match="*", **FRAGMENT)
            self.assertEqual(asked[:2], (404, "not_found"), "another participant's")
            asked = self.ask(method, resource, RESTART, stranger["session"], If_Match="*", **FRAGMENT)
            self.assertEqual(asked[:2], (403, "forbidden"), "another consultation's")
        wrong = resource.replace("/whip/", "/whep/")
        self.assertEqual(self.ask("DELETE", wrong, None, person["session"])[:2], (404, "not_found"))
        self.assertEqual(self.ask("DELETE", resource, None, person["session"])[0], 200)

    def test_who_waits_is_not_admitted_and_who_returns_keeps_the_resource_without_rights(self):
        c, host, patient = self.join("samkonsultasjon")
        for kind in ("whip", "whep"):
            self.assertEqual(self.post(kind, c, patient["session"])[:2], (403, "not_admitted"))
        people = f"/v1/consultations/{c}/participants/{patient['participant']}"
        self.eird.call("POST", f"{people}/admit", {}, host["session"])
        status, _, headers = self.post("whip", c, patient["session"])
        self.assertEqual(status, 201)
        self.eird.call("POST", f"{people}/return", {}, host["session"])
        self.assertEqual(self.post("whip", c, patient["session"])[:2], (403, "not_admitted"))
        again = self.ask("PATCH", headers["Location"], RESTART, patient["session"], If_Match="*", **FRAGMENT)
        self.assertEqual(again[0], 200, "its transport lives on, with zero rights")

    def test_who_is_removed_loses_its_resources(self):
        c, host, patient = self.join()
        resource = self.post("whip", c, patient["session"])[2]["Location"]
        before = self.transports()
        self.eird.call("POST", f"/v1/consultations/{c}/participants/{patient['participant']}/remove", {}, host["session"])
        self.assertEqual(self.transports(), before - 1)
        self.assertEqual(self.ask("DELETE", resource, None, patient["session"])[:2], (401, "unauthorized"))

    def transports(self):
        time.sleep(1.2)  # workers count once a second
        return self.eird.metrics()['eir_transports{worker="0"}']

    def test_requests_that_are_not_whip_are_refused_with_their_codes(self):
        c, person, _ = self.join()
        bearer = person["session"]
        path = f"/v1/whip/{c}"
        for content_type in ("application/json", "text/plain", ""):
            status, code, headers = self.ask("POST", path, SENDING, bearer, Content_Type=content_type)
            self.assertEqual((status, code), (415, "unsupported_media_type"))
            self.assertEqual(headers["Accept-Post"], "application/sdp")
        resource = self.post("whip", c, bearer)[2]["Location"]
        self.assertEqual(self.ask("PATCH", resource, RESTART, bearer, If_Match="*", Content_Type="application/sdp")[:2],
                         (415, "unsupported_media_type"))
        self.assertEqual(self.ask("PATCH", resource, RESTART, bearer, **FRAGMENT)[:2], (428, "precondition_required"))
        for body in (b"nonsense", b"a=ice-ufrag:frsh\r\n", b"a=ice-ufrag:x\r\na=ice-pwd:vw5LmwG4y/e6dPP/zAP9Gp5k\r\n",
                     b"a=candidate:1\r\n", RESTART + b"a=ice-ufrag:else\r\n"):
            refused = self.ask("PATCH", resource, body, bearer, If_Match="*", **FRAGMENT)
            self.assertEqual(refused[:2], (400, "invalid_sdpfrag"), body)
        for method, at, allowed in (("GET", path, "POST, OPTIONS"), ("PUT", path, "POST, OPTIONS"),
                                    ("PATCH", path, "POST, OPTIONS"), ("POST", resource, "PATCH, DELETE, OPTIONS"),
                                    ("GET", resource, "PATCH, DELETE, OPTIONS")):
            status, code, headers = self.ask(method, at, None, bearer)
            self.assertEqual((status, code, headers["Allow"]), (405, "method_not_allowed", allowed))
        for at in ("/v1/whip/", "/v1/whip/c_nonsense", path + "/", path + "/r_nonsense", resource + "/more"):
            self.assertEqual(self.ask("POST", at, SENDING, bearer, Content_Type="application/sdp")[:2], (404, "not_found"))

    def test_an_offer_of_both_ways_is_answered_one_way(self):
        # RFC 9725 section 4.2 allows it, and GStreamer's webrtcbin does it unless it is told otherwise.
        c, person, _ = self.join()
        for kind, direction in (("whip", "recvonly"), ("whep", "sendonly")):
            status, sdp, _ = self.post(kind, c, person["session"], BOTH_WAYS)
            self.assertEqual(status, 201)
            self.assertEqual(re.findall("^a=(sendonly|recvonly|sendrecv|inactive)", sdp, re.MULTILINE), [direction] * 2)

    def test_offers_that_cannot_be_served_are_refused_with_the_code_of_the_sdp(self):
        c, person, _ = self.join()
        only_h265 = re.sub(r"a=rtpmap:(\d+) (VP8|VP9|H264|AV1)/90000", r"a=rtpmap:\1 H265/90000", RECEIVING)
        for kind, offer, status, code in (
            ("whip", BOTH_WAYS.replace("a=sendrecv", "a=inactive"), 406, "direction_not_allowed"),
            ("whip", RECEIVING, 406, "direction_not_allowed"),
            ("whep", SENDING, 406, "direction_not_allowed"),
            ("whep", only_h265, 406, "codec_none"),
            ("whip", "nonsense", 400, "sdp_syntax"),
            ("whip", SENDING.replace("a=group:BUNDLE 0 1\r\n", ""), 400, "bundle_required"),
            ("whip", SENDING.replace("a=setup:actpass", "a=setup:passive"), 422, "setup_unsupported"),
        ):
            self.assertEqual(self.post(kind, c, person["session"], offer)[:2], (status, code))
        self.assertEqual(self.post("whip", c, person["session"])[0], 201, "a refused offer leaves nothing behind")

    def test_a_participant_has_at_most_four_transports(self):
        c, person, _ = self.join()
        resources = [self.post(kind, c, person["session"]) for kind in ("whip", "whip", "whep", "whep")]
        self.assertEqual([status for status, _, _ in resources], [201] * 4)
        self.assertEqual(self.post("whep", c, person["session"])[:2], (409, "too_many_transports"))
        self.assertEqual(self.ask("DELETE", resources[0][2]["Location"], None, person["session"])[0], 200)
        self.assertEqual(self.post("whep", c, person["session"])[0], 201)
        self.assertGreaterEqual(self.eird.metrics()["eir_whip_over_limit_total"], 1)

    def test_pages_of_listed_origins_may_use_it_and_others_may_not(self):
        c, person, _ = self.join()
        path = f"/v1/whip/{c}"
        preflight = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
        status, _, headers = self.ask("OPTIONS", path, Origin=PORTAL, **preflight)
        self.assertEqual((status, headers["Accept-Post"]), (200, "application/sdp"))
        self.assertEqual(headers["Access-Control-Allow-Origin"], PORTAL)
        self.assertIn("POST", headers["Access-Control-Allow-Methods"])
        for name in ("Authorization", "Content-Type", "If-Match", "Idempotency-Key", "Last-Event-ID"):
            self.assertIn(name, headers["Access-Control-Allow-Headers"])
        status, _, headers = self.ask("POST", path, SENDING, person["session"], Content_Type="application/sdp", Origin=PORTAL)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"], headers["Vary"]), (201, PORTAL, "Origin"))
        for name in ("Location", "ETag", "Link", "Accept-Patch"):
            self.assertIn(name, headers["Access-Control-Expose-Headers"])
        resource = headers["Location"]
        status, _, headers = self.ask("OPTIONS", resource, Origin=PORTAL, **preflight)
        self.assertEqual((status, headers["Access-Control-Allow-Methods"]), (200, "PATCH, DELETE"))
        self.assertEqual(self.ask("OPTIONS", path)[0], 200)
        for at in (path, "/v1/join", "/v1/consultations"):
            status, _, headers = self.ask("OPTIONS", at, Origin="https://evil.example", **preflight)
            self.assertEqual(status, 200 if at == path else 204)
            self.assertFalse([name for name in headers if name.lower().startswith("access-control")], at)
            self.assertEqual(headers["Vary"], "Origin")
        status, _, headers = self.ask("OPTIONS", "/v1/join", Origin=PORTAL, **preflight)
        self.assertEqual((status, headers["Access-Control-Allow-Methods"]), (204, "POST"))
        status, code, headers = self.ask("POST", "/v1/join", b"{}", Origin=PORTAL)
        self.assertEqual((status, headers["Access-Control-Allow-Origin"]), (400, PORTAL), "errors may be read as well")
        self.assertEqual(self.ask("OPTIONS", "/v1/nothing", Origin=PORTAL)[0], 404)

    def test_a_web_session_and_a_camera_of_one_participant_live_side_by_side(self):
        c, person, _ = self.join()
        link = WebSocket(self.eird.http)
        self.addCleanup(link.close)
        link.send({"type": "hello", "session": person["session"]})
        link.until("welcome")
        link.send({"type": "offer", "id": 1, "sdp": BOTH_WAYS})
        self.assertEqual(link.until("answer")["id"], 1)
        resource = self.post("whip", c, person["session"])[2]["Location"]
        self.assertEqual(self.ask("DELETE", resource, None, person["session"])[0], 200)
        link.send({"type": "offer", "id": 2, "sdp": BOTH_WAYS})
        self.assertEqual(link.until("answer")["id"], 2, "the web session lives on")

    def test_z_after_the_worker_died_the_resource_is_gone_and_is_posted_anew(self):
        c, person, _ = self.join()
        resource = self.post("whip", c, person["session"])[2]["Location"]
        pid = re.search(r"child_started child=worker-0 pid=(\d+)", self.eird.log_text()).group(1)
        os.kill(int(pid), signal.SIGKILL)
        end = time.monotonic() + 5
        while self.ask("PATCH", resource, RESTART, person["session"], If_Match="*", **FRAGMENT)[0] != 404:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)
        while (posted := self.post("whip", c, person["session"]))[0] != 201:
            self.assertEqual(posted[:2], (503, "unavailable"))
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        running_eird.EIRD = sys.argv.pop(1)
    unittest.main()
