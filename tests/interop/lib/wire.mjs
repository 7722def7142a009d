// What really went over the wire: tcpdump's record of the server's media ports, and for each stream that it sent, which
// stream it took the packets from, how long each stayed in the server, and where the pauses were before and after it.
// RTP headers are not encrypted (RFC 3711), so this needs no key and no word from the server.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { median } from './numbers.mjs';

const PORT_BASE = 40000; // media.port_base
const PORTS = 64; // media.workers at most
const ETHERNET_BYTES = 14;
const RTP_BYTES = 12;
// Frames that must agree in size and time before two streams are taken for the same.
const AGREE_MIN = 20;
const AGREE_SHARE = 0.9;

const isServer = (port) => port >= PORT_BASE && port < PORT_BASE + PORTS;

/** The fixed header of an RTP packet (RFC 3550 section 5.1) and its first CSRC; null for RTCP, STUN and DTLS. */
function parseRtp(bytes) {
  if (bytes.length < RTP_BYTES || bytes[0] >> 6 !== 2 || (bytes[1] >= 192 && bytes[1] <= 223)) return null;
  const csrcs = bytes[0] & 15;
  return {
    padding: (bytes[0] & 0x20) !== 0,
    marker: bytes[1] >> 7 === 1,
    payloadType: bytes[1] & 127,
    sequence: bytes.readUInt16BE(2),
    timestamp: bytes.readUInt32BE(4),
    ssrc: bytes.readUInt32BE(8),
    csrc: csrcs > 0 && bytes.length >= RTP_BYTES + 4 ? bytes.readUInt32BE(12) : null,
  };
}

/**
 * The datagrams in what the loopback device carries as one: a run that leaves as one message (UDP_SEGMENT) is cut only
 * behind it, into parts of one size, the last one shorter. The second part begins where a stream of `ssrcs` does.
 */
function* segments(payload, ssrcs) {
  let size = payload.length;
  for (let at = RTP_BYTES; parseRtp(payload) && at + RTP_BYTES <= payload.length; at += 1) {
    const next = parseRtp(payload.subarray(at));
    if (!next || !ssrcs.has(next.ssrc)) continue;
    size = at;
    break;
  }
  for (let at = 0; at < payload.length; at += size) yield payload.subarray(at, at + size);
}

/** The UDP payload of an Ethernet frame with its ports; null for anything else. */
function parseUdp(frame) {
  const type = frame.readUInt16BE(12);
  let at = ETHERNET_BYTES;
  if (type === 0x0800 && frame[at + 9] === 17) at += (frame[at] & 15) * 4;
  else if (type === 0x86dd && frame[at + 6] === 17) at += 40;
  else return null;
  return { from: frame.readUInt16BE(at), to: frame.readUInt16BE(at + 2), payload: frame.subarray(at + 8) };
}

/** What went to and from the server, of a pcap file with nanoseconds: [{at: wall clock ms, toServer, client: port, payload}]. */
function readDatagrams(file) {
  const datagrams = [];
  if (file.length < 24) return datagrams;
  if (file.readUInt32LE(0) !== 0xa1b23c4d || file.readUInt32LE(20) !== 1) throw new Error('not a pcap file of Ethernet frames with nanoseconds');
  for (let at = 24; at + 16 <= file.length; ) {
    const size = file.readUInt32LE(at + 8);
    if (at + 16 + size > file.length) break; // cut off when tcpdump ended
    const time = file.readUInt32LE(at) * 1000 + file.readUInt32LE(at + 4) / 1e6;
    const udp = parseUdp(file.subarray(at + 16, at + 16 + size));
    at += 16 + size;
    if (!udp || isServer(udp.from) === isServer(udp.to)) continue;
    const toServer = isServer(udp.to);
    datagrams.push({ at: time, toServer, client: toServer ? udp.from : udp.to, payload: udp.payload });
  }
  return datagrams;
}

/** RTP packets of a pcap file, in the order of time: {at, toServer, client, …the header's fields}. */
export function readCapture(file) {
  const datagrams = readDatagrams(file);
  const ssrcs = new Set(datagrams.map(({ payload }) => parseRtp(payload)?.ssrc));
  return datagrams.flatMap(({ payload, ...where }) =>
    [...segments(payload, ssrcs)].map(parseRtp).filter(Boolean).map((rtp) => ({ ...where, ...rtp })),
  );
}

/** Packets by the stream that they belong to; `key` gives its name. */
function streamsOf(packets, key) {
  const streams = new Map();
  for (const packet of packets) {
    const name = key(packet);
    if (!streams.has(name)) streams.set(name, []);
    streams.get(name).push(packet);
  }
  return streams;
}

/** Frames in the order of time, {timestamp, packets}; retransmissions of the same stream (same number) count once. */
function framesOf(packets) {
  const frames = new Map();
  for (const packet of packets) {
    if (!frames.has(packet.timestamp)) frames.set(packet.timestamp, { timestamp: packet.timestamp, packets: [] });
    const { packets: known } = frames.get(packet.timestamp);
    if (!known.some(({ sequence }) => sequence === packet.sequence)) known.push(packet);
  }
  const order = (a, b) => (((a.sequence - b.sequence) & 0xffff) < 0x8000 ? 1 : -1);
  for (const frame of frames.values()) frame.packets.sort(order);
  return [...frames.values()];
}

/** The offset of RTP time under which most frames of `sent` are frames of `received` with as many packets, if many are. */
function offsetBetween(sent, received) {
  const sizes = new Map(received.map(({ timestamp, packets }) => [timestamp, packets.length]));
  const agreeing = (offset) => sent.filter(({ timestamp, packets }) => sizes.get((timestamp - offset) >>> 0) === packets.length).length;
  // The true offset turns up at any frame that left soon after it came. One by a whole frame would agree nearly as well
  // where pictures are as regular as a clock: the best counts.
  let [best, most] = [null, Math.max(AGREE_MIN, AGREE_SHARE * sent.length) - 1];
  for (const frame of sent.slice(Math.floor(sent.length / 2)).slice(0, 5)) {
    for (const candidate of received.filter(({ packets }) => packets[0].at <= frame.packets[0].at).slice(-3)) {
      const offset = (frame.timestamp - candidate.timestamp) >>> 0;
      const count = offset === best ? 0 : agreeing(offset);
      if (count > most) [best, most] = [offset, count];
    }
  }
  return best;
}

const longestPause = (frames) =>
  frames.slice(1).reduce((longest, { packets }, index) => Math.max(longest, packets[0].at - frames[index].packets[0].at), 0);

/** One stream of the server against one of a client: what of it left, and when. */
function compare([, ...sent], received, offset) {
  // Without the first frame, which the record may hold in part only.
  const left = new Map(sent.map((frame) => [(frame.timestamp - offset) >>> 0, frame]));
  // Only what came and left whole within the record: what left last may have done so in part before its end.
  const firstAt = sent[0].packets[0].at;
  const known = received.filter(({ timestamp, packets }) => left.has(timestamp) || packets[0].at > firstAt);
  const within = known.slice(0, Math.max(0, known.findLastIndex(({ timestamp }) => left.has(timestamp))));
  const kept = [];
  let missing = 0;
  for (const { timestamp, packets } of within) {
    const out = left.get(timestamp)?.packets ?? [];
    packets.forEach((packet, index) => {
      if (out[index]) kept.push(out[index].at - packet.at);
      else missing += 1;
    });
  }
  return {
    packets: kept.length,
    frames: within.length,
    missing,
    keptMedian: median(kept),
    keptMax: Math.max(...kept),
    longestPauseIn: longestPause(within),
    longestPauseOut: longestPause(sent),
  };
}

/**
 * What the server did with each stream that it sent: {client, ssrc, track, source: {client, ssrc}, packets, frames,
 * missing: packets that came and did not leave, keptMedian, keptMax: ms in the server, longestPauseIn, longestPauseOut: ms
 * without the beginning of a frame before and after it}. Streams of which too little is in the record are left out.
 */
export function forwarding(packets) {
  const received = [...streamsOf(packets.filter(({ toServer, padding }) => toServer && !padding), ({ client, ssrc }) => `${client} ${ssrc}`).values()].map(framesOf);
  const flows = [];
  for (const stream of streamsOf(packets.filter(({ toServer, csrc }) => !toServer && csrc !== null), ({ client, ssrc, csrc }) => `${client} ${ssrc} ${csrc}`).values()) {
    const [{ client, ssrc, csrc }] = stream;
    const sent = framesOf(stream);
    for (const candidate of received) {
      const [first] = candidate[0].packets;
      if (first.client === client || sent.length < AGREE_MIN) continue;
      const offset = offsetBetween(sent, candidate);
      if (offset === null) continue;
      flows.push({ client, ssrc, track: csrc, source: { client: first.client, ssrc: first.ssrc }, ...compare(sent, candidate, offset) });
      break;
    }
  }
  return flows;
}

/** Begins to record; stop() ends it and answers with the packets. */
export async function recordWire() {
  const filter = `udp portrange ${PORT_BASE}-${PORT_BASE + PORTS - 1}`;
  const child = spawn('tcpdump', ['-i', 'lo', '-n', '-U', '-B', '16384', '--time-stamp-precision=nano', '-w', '-', filter], { stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks = [];
  let said = '';
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  const ready = new Promise((done, fail) => {
    child.on('error', fail);
    child.on('exit', (status) => fail(new Error(`tcpdump ended (${status}): ${said}`)));
    child.stderr.on('data', (chunk) => {
      said += chunk;
      if (said.includes('listening on')) done();
    });
  });
  await ready;
  return {
    async stop() {
      const ended = once(child, 'close');
      child.kill('SIGINT');
      await ended;
      const dropped = Number(/(\d+) packets dropped by kernel/.exec(said)?.[1] ?? NaN);
      if (dropped !== 0) throw new Error(`the record of the wire is not whole: ${said}`);
      return readCapture(Buffer.concat(chunks));
    },
  };
}
