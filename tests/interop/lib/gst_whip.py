#!/usr/bin/python3
"""A WHIP camera or a WHEP player by GStreamer's webrtcbin, the HTTP part by hand (1.22 has no whipclientsink).

  gst_whip.py publish URL TOKEN CODEC PARTY      CODEC: h264 or vp8; PARTY: the code in its picture, tile_code.js
  gst_whip.py play URL TOKEN
  gst_whip.py rtp PORT SSRC PARTY                plain RTP (VP8, payload type 96) to 127.0.0.1, for others to wrap

Reads commands a line from standard input: "stop" ends with DELETE. Says what happens as JSON lines. Debian's own
Python: the bindings are there.
"""
import json
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstWebRTC", "1.0")
gi.require_version("GstSdp", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

WIDTH, HEIGHT, FPS = 640, 360, 25
COLUMNS, ROWS, BLOCK = 10, 4, 64
CAMERA = (f"appsrc name=camera is-live=true format=time do-timestamp=true caps=video/x-raw,format=I420,width={WIDTH},"
          f"height={HEIGHT},framerate={FPS}/1 ! queue max-size-buffers=2 leaky=downstream")
ENCODERS = {
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=250 bitrate=800 ! "
            "video/x-h264,profile=constrained-baseline ! rtph264pay config-interval=-1 aggregate-mode=zero-latency mtu=1180 "
            "! application/x-rtp,media=video,encoding-name=H264,payload=96,rtcp-fb-nack-pli=(boolean)true",
    "vp8": "vp8enc deadline=1 cpu-used=8 keyframe-max-dist=250 target-bitrate=800000 ! rtpvp8pay mtu=1180 "
           "picture-id-mode=15-bit ! "
           "application/x-rtp,media=video,encoding-name=VP8,payload=96,rtcp-fb-nack-pli=(boolean)true",
}
RECEIVED = (
    ("audio", "application/x-rtp,media=audio,encoding-name=OPUS,clock-rate=48000,encoding-params=(string)2,payload=97"),
    ("video", "application/x-rtp,media=video,encoding-name=VP8,clock-rate=90000,payload=96"),
)


def say(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def check(data):
    """CRC-8, polynomial 0x07, inverted."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = ((crc << 1) ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc ^ 0xFF


def picture(party, frame):
    """I420: the code of tile_code.js, and below it something that moves."""
    milliseconds = int(time.time() * 1000) % (1 << 24)
    data = bytes([party, milliseconds >> 16, milliseconds >> 8 & 255, milliseconds & 255])
    data += bytes([check(data)])
    bits = [byte >> shift & 1 for byte in data for shift in range(7, -1, -1)]
    rows = []
    for row in range(ROWS):
        line = b"".join((b"\xeb" if bit else b"\x10") * BLOCK for bit in bits[row * COLUMNS : (row + 1) * COLUMNS])
        rows.append(line * BLOCK)
    at = frame * 8 % (WIDTH - 80)
    rows.append((b"\x60" * at + b"\xc0" * 80 + b"\x60" * (WIDTH - 80 - at)) * (HEIGHT - ROWS * BLOCK))
    return b"".join(rows) + b"\x80" * (WIDTH * HEIGHT // 2)


def read_party(luma):
    """The party code of a picture of this size, or None."""
    bits = [luma[(row * BLOCK + BLOCK // 2) * WIDTH + column * BLOCK + BLOCK // 2] > 127
            for row in range(ROWS) for column in range(COLUMNS)]
    data = bytes(sum(bit << (7 - at) for at, bit in enumerate(bits[i : i + 8])) for i in range(0, 40, 8))
    return data[0] if check(data[:4]) == data[4] else None


class Session:
    """One webrtcbin and its HTTP resource."""

    def __init__(self, url, token):
        self.url, self.token, self.resource = url, token, None
        self.offered = False

    def watch(self, webrtc):
        self.webrtc = webrtc
        webrtc.connect("notify::ice-gathering-state", self.on_gathering)
        webrtc.connect("notify::connection-state", self.on_state)

    def on_state(self, webrtc, _):
        say("state", state=webrtc.get_property("connection-state").value_nick)

    def offer(self, *_):
        promise = Gst.Promise.new_with_change_func(self.on_offer)
        self.webrtc.emit("create-offer", None, promise)

    def on_offer(self, promise):
        # The offer lives as long as the reply that it is part of.
        reply = promise.get_reply()
        self.webrtc.emit("set-local-description", reply.get_value("offer"), Gst.Promise.new())

    def on_gathering(self, webrtc, _):
        if webrtc.get_property("ice-gathering-state") != GstWebRTC.WebRTCICEGatheringState.COMPLETE or self.offered:
            return
        self.offered = True
        threading.Thread(target=self.post, daemon=True).start()

    def ask(self, method, url, body=None):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/sdp"}
        request = urllib.request.Request(url, body, headers, method=method)
        return urllib.request.urlopen(request, timeout=10)

    def post(self):
        sdp = self.webrtc.get_property("local-description").sdp.as_text()
        try:
            with self.ask("POST", self.url, sdp.encode()) as answer:
                text = answer.read()
                self.resource = urllib.parse.urljoin(self.url, answer.headers["Location"])
                say("answered", status=answer.status)
        except urllib.error.HTTPError as refused:
            say("refused", status=refused.code, text=refused.read().decode(), sdp=sdp)
            return
        _, message = GstSdp.SDPMessage.new_from_text(text.decode())
        answer = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, message)
        self.webrtc.emit("set-remote-description", answer, Gst.Promise.new())

    def remove(self):
        with self.ask("DELETE", self.resource) as answer:
            say("removed", status=answer.status)


def draw_all(camera, party):
    """Pushes pictures at their rate, by the clock and not by an interval, whose lateness would add up."""
    begin = time.monotonic()
    count = {"frames": 0}

    def draw():
        while count["frames"] < (time.monotonic() - begin) * FPS:
            camera.emit("push-buffer", Gst.Buffer.new_wrapped(picture(party, count["frames"])))
            count["frames"] += 1
        return True

    GLib.timeout_add(10, draw)
    GLib.timeout_add(1000, lambda: say("sent", frames=count["frames"]) or True)


def publish(session, codec, party):
    pipeline = Gst.parse_launch(
        f"{CAMERA} ! {ENCODERS[codec]} ! webrtcbin name=webrtc bundle-policy=max-bundle "
        "audiotestsrc is-live=true wave=ticks ! audioconvert ! audioresample ! opusenc ! rtpopuspay ! "
        "application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! webrtc.")
    webrtc = pipeline.get_by_name("webrtc")
    session.watch(webrtc)
    # It offers sendrecv, as any pipeline does that says nothing; the answer makes it one way.
    webrtc.connect("on-negotiation-needed", session.offer)
    pipeline.set_state(Gst.State.PLAYING)
    draw_all(pipeline.get_by_name("camera"), party)
    return pipeline


def send_rtp(port, ssrc, party):
    # Nobody asks this encoder for a key frame: it makes one each second.
    encoder = ENCODERS["vp8"].replace("keyframe-max-dist=250", f"keyframe-max-dist={FPS}")
    encoder = encoder.replace("rtpvp8pay", f"rtpvp8pay ssrc={ssrc}")
    pipeline = Gst.parse_launch(f"{CAMERA} ! {encoder} ! udpsink host=127.0.0.1 port={port} sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    draw_all(pipeline.get_by_name("camera"), party)
    return pipeline


def play(session):
    pipeline = Gst.Pipeline.new()
    webrtc = Gst.ElementFactory.make("webrtcbin", "webrtc")
    webrtc.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
    pipeline.add(webrtc)
    session.watch(webrtc)
    seen = {"frames": 0, "sounds": 0, "parties": {}}

    def on_sample(sink):
        data = sink.emit("pull-sample").get_buffer()
        ok, mapped = data.map(Gst.MapFlags.READ)
        if ok:
            party = read_party(mapped.data)
            data.unmap(mapped)
            seen["frames"] += 1
            seen["parties"][str(party)] = seen["parties"].get(str(party), 0) + 1
        return Gst.FlowReturn.OK

    def on_sound(_, __):
        seen["sounds"] += 1
        return Gst.PadProbeReturn.OK

    def on_pad(_, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        is_video = pad.get_current_caps().get_structure(0).get_string("media") == "video"
        text = ("rtpvp8depay ! vp8dec ! videoconvert ! videoscale ! "
                f"video/x-raw,format=I420,width={WIDTH},height={HEIGHT} ! appsink name=sink emit-signals=true sync=false"
                if is_video else "rtpopusdepay ! opusdec ! fakesink name=sink sync=false")
        tail = Gst.parse_bin_from_description(text, True)
        sink = tail.get_by_name("sink")
        if is_video:
            sink.connect("new-sample", on_sample)
        else:
            sink.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, on_sound)
        pipeline.add(tail)
        tail.sync_state_with_parent()
        pad.link(tail.get_static_pad("sink"))

    webrtc.connect("pad-added", on_pad)
    pipeline.set_state(Gst.State.PLAYING)
    for _, caps in RECEIVED:
        webrtc.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
    session.offer()
    GLib.timeout_add(1000, lambda: say("seen", **seen) or True)
    return pipeline


def main():
    Gst.init(None)
    role, *given = sys.argv[1:]
    session = Session(*given[:2])
    if role == "publish":
        pipeline = publish(session, given[2], int(given[3]))
    elif role == "play":
        pipeline = play(session)
    else:
        pipeline = send_rtp(*map(int, given))
    loop = GLib.MainLoop()

    def on_message(_, message):
        if message.type == Gst.MessageType.ERROR:
            say("error", text=message.parse_error()[0].message)
            loop.quit()

    bus = pipeline.get_bus()
    bus.add_signal_watch()
    bus.connect("message", on_message)

    def commands():
        for command in sys.stdin:
            if command.strip() == "stop":
                break
        loop.quit()

    threading.Thread(target=commands, daemon=True).start()
    loop.run()
    if session.resource:
        session.remove()
    pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
