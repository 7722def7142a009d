// libdatachannel (npm node-datachannel) as a WHIP camera or a WHEP player. It sends and receives RTP as it is given: the
// pictures come from GStreamer over a UDP socket of this machine.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import ndc from 'node-datachannel';
import { startGst } from './gst.mjs';

const SSRC = 4242;
const PAYLOAD_TYPE = 96;

/** `publish`: the party code of its pictures, or undefined: it plays. */
export async function startDatachannel({ url, token, publish }) {
  const connection = new ndc.PeerConnection('interop', { iceServers: [] });
  const video = new ndc.Video('0', publish === undefined ? 'RecvOnly' : 'SendOnly');
  video.addVP8Codec(PAYLOAD_TYPE);
  if (publish !== undefined) video.addSSRC(SSRC, 'camera', 'stream', 'track');
  const track = connection.addTrack(video);
  const sequences = new Set();
  let first;
  let last;
  if (publish === undefined) {
    track.setMediaHandler(new ndc.RtcpReceivingSession());
    track.onMessage((message) => {
      const packet = Buffer.from(message);
      // RFC 5761 section 4: what is RTP.
      if (packet.length < 12 || (packet[1] & 0x7f) !== PAYLOAD_TYPE) return;
      const sequence = packet.readUInt16BE(2);
      first ??= sequence;
      last = sequence;
      sequences.add(sequence);
    });
  }
  const connected = new Promise((done, failed) => {
    connection.onStateChange((state) => {
      if (state === 'connected') done();
      if (state === 'failed') failed(new Error('libdatachannel did not connect'));
    });
  });
  const gathered = new Promise((done) => {
    connection.onGatheringStateChange((state) => state === 'complete' && done());
  });
  connection.setLocalDescription('offer');
  await gathered;
  const answered = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
    body: connection.localDescription().sdp,
  });
  if (answered.status !== 201) throw new Error(`${answered.status} ${await answered.text()}`);
  connection.setRemoteDescription(await answered.text(), 'answer');

  let camera;
  let socket;
  if (publish !== undefined) {
    socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    socket.on('message', (packet) => track.isOpen() && track.sendMessageBinary(packet));
    camera = startGst('rtp', socket.address().port, SSRC, publish);
  }
  return {
    connected,
    /** Packets that came, and how many of the numbers between the first and the last did not. */
    received() {
      const span = first === undefined ? 0 : ((last - first) & 0xffff) + 1;
      return { packets: sequences.size, lost: span - sequences.size };
    },
    async stop() {
      await camera?.stop();
      socket?.close();
      const resource = new URL(answered.headers.get('location'), url);
      await fetch(resource, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
      connection.close();
    },
  };
}

/** Ends the library's threads, which would keep the process. */
export const endDatachannel = () => ndc.cleanup();
