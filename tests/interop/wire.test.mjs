// Proves lib/wire.mjs on a record whose answer is known: made here, packet by packet.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { forwarding, readCapture } from './lib/wire.mjs';

const SERVER = 40001;
const START_MS = 1700000000000;
const FRAME_MS = 35;

function rtp({ ssrc, sequence, timestamp, marker = false, padding = false, csrc, bytes }) {
  const packet = Buffer.alloc(bytes, 0xee);
  packet[0] = 0x80 | (padding ? 0x20 : 0) | (csrc === undefined ? 0 : 1);
  packet[1] = (marker ? 0x80 : 0) | 96;
  packet.writeUInt16BE(sequence & 0xffff, 2);
  packet.writeUInt32BE(timestamp >>> 0, 4);
  packet.writeUInt32BE(ssrc, 8);
  if (csrc !== undefined) packet.writeUInt32BE(csrc, 12);
  return packet;
}

/** A pcap record of one UDP datagram over IPv4, or over IPv6. */
function record(at, from, to, payload, { v6 = false } = {}) {
  const ip = Buffer.alloc(v6 ? 40 : 20);
  ip[0] = v6 ? 0x60 : 0x45;
  ip[v6 ? 6 : 9] = 17;
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(from, 0);
  udp.writeUInt16BE(to, 2);
  const ethernet = Buffer.alloc(14);
  ethernet.writeUInt16BE(v6 ? 0x86dd : 0x0800, 12);
  const frame = Buffer.concat([ethernet, ip, udp, payload]);
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.floor(at / 1000), 0);
  header.writeUInt32LE(Math.round((at % 1000) * 1e6), 4);
  header.writeUInt32LE(frame.length, 8);
  header.writeUInt32LE(frame.length, 12);
  return { at, bytes: Buffer.concat([header, frame]) };
}

function capture(records) {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b23c4d, 0);
  header.writeUInt32LE(1, 20);
  return Buffer.concat([header, ...records.sort((a, b) => a.at - b.at).map(({ bytes }) => bytes)]);
}

/**
 * 60 frames of two packets from 5001, with a packet of padding in the middle and numbers that wrap, to 5002 under other
 * numbers and times. `change` may take a record of what leaves away (null) or alter it.
 */
function story({ change = (leaves) => leaves, run = false, v6 = false, pauseMs = 0 } = {}) {
  const records = [];
  let [sequenceIn, sequenceOut] = [65500, 10];
  for (let frame = 0; frame < 60; frame += 1) {
    const at = START_MS + frame * FRAME_MS + (frame > 40 ? pauseMs : 0);
    const timestamp = 4294960000 + frame * 3150;
    const parts = [0, 1].map((index) => {
      const fields = { timestamp, marker: index === 1, bytes: 900 };
      const received = rtp({ ...fields, ssrc: 111, sequence: sequenceIn++ });
      records.push(record(at + index, 5001, SERVER, received, { v6 }));
      return rtp({ ...fields, ssrc: 222, csrc: 7, timestamp: timestamp + 999, sequence: sequenceOut++ });
    });
    if (frame === 30) records.push(record(at + 1, 5001, SERVER, rtp({ ssrc: 111, sequence: sequenceIn++, timestamp, padding: true, bytes: 200 }), { v6 }));
    if (run) {
      records.push(record(at + 3, SERVER, 5002, Buffer.concat(parts), { v6 }));
    } else {
      for (const [index, part] of parts.entries()) {
        const leaves = change({ frame, index, at: at + index + 2 });
        if (leaves) records.push(record(leaves.at, SERVER, 5002, part, { v6 }));
      }
    }
  }
  const flows = forwarding(readCapture(capture(records)));
  assert.equal(flows.length, 1);
  assert.deepEqual([flows[0].client, flows[0].ssrc, flows[0].track, flows[0].source], [5002, 222, 7, { client: 5001, ssrc: 111 }]);
  return flows[0];
}
const close = (value, wanted) => assert.ok(Math.abs(value - wanted) < 0.01, `${value} instead of ${wanted}`);

describe('the record of the wire', () => {
  test('all packets that came have left, each 2 ms later, padding aside', () => {
    for (const v6 of [false, true]) {
      const flow = story({ v6 });
      assert.deepEqual([flow.packets, flow.frames, flow.missing], [116, 58, 0]); // the first and the last frame may be there in part
      close(flow.keptMedian, 2);
      close(flow.keptMax, 2);
      close(flow.longestPauseIn, FRAME_MS);
    }
  });

  test('a packet that did not leave is missing', () => {
    assert.equal(story({ change: (leaves) => (leaves.frame === 20 && leaves.index === 1 ? null : leaves) }).missing, 1);
  });

  test('packets that stayed are seen, as a pause behind the server alone', () => {
    const released = START_MS + 20 * FRAME_MS + 202;
    const flow = story({ change: ({ frame, at }) => ({ at: frame < 20 ? at : Math.max(at, released) }) });
    close(flow.keptMax, 202);
    close(flow.longestPauseIn, FRAME_MS);
    close(flow.longestPauseOut, 200 + FRAME_MS);
  });

  test('a pause of the sender is one before and behind the server', () => {
    const flow = story({ pauseMs: 300 });
    close(flow.keptMax, 2);
    close(flow.longestPauseIn, 300 + FRAME_MS);
    close(flow.longestPauseOut, 300 + FRAME_MS);
  });

  test('a run of packets that leaves as one message counts as the packets that it is', () => {
    const flow = story({ run: true });
    assert.deepEqual([flow.packets, flow.missing], [116, 0]);
    close(flow.keptMax, 3);
  });
});
