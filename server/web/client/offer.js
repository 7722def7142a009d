// The one offer of a peer connection: what is sent, then the slots for what is received.
import { kKinds } from './devices.js';

// What the template can need, so that nobody ever renegotiates within it.
const kAudioSlots = 5;
const kVideoSlots = 9;
const kSimulcastLayers = [
  { rid: 'q', scaleResolutionDownBy: 4 },
  { rid: 'h', scaleResolutionDownBy: 2 },
  { rid: 'f', scaleResolutionDownBy: 1 },
];

/**
 * Leaves out of a slot's m-line what the server never sends: a default video m-line of Chromium has 170 lines, and ten of
 * them are more than one offer may hold.
 * @param {RTCRtpTransceiver} transceiver
 * @param {string[]} [names] of codecs to offer alone, the preferred one first
 */
function preferCodecs(transceiver, names) {
  const kind = transceiver.receiver.track.kind;
  const wanted = (RTCRtpReceiver.getCapabilities(kind)?.codecs ?? []).filter((codec) => {
    const name = codec.mimeType.split('/')[1].toLowerCase();
    const format = codec.sdpFmtpLine ?? '';
    if (name === 'h264') return /profile-level-id=42e0|profile-level-id=42c0/i.test(format) && /packetization-mode=1/.test(format);
    if (name === 'vp9') return !/profile-id=[1-9]/.test(format);
    if (name === 'av1') return !/profile=[1-9]/.test(format);
    return ['opus', 'vp8', 'rtx'].includes(name);
  });
  if (names) {
    const order = [...names.map((name) => name.toLowerCase()), 'rtx'];
    const rank = (/** @type {{mimeType: string}} */ codec) => order.indexOf(codec.mimeType.split('/')[1].toLowerCase());
    wanted.splice(0, wanted.length, ...wanted.filter((codec) => rank(codec) >= 0).sort((a, b) => rank(a) - rank(b)));
  }
  if (wanted.length > 0 && transceiver.setCodecPreferences) transceiver.setCodecPreferences(wanted);
}

/**
 * An m-line for each open device, without its track: what is sent, and when, is the session's to say. Sound comes first:
 * the server may refuse every picture, but never the m-line that carries the transport.
 * @param {RTCPeerConnection} pc
 * @param {import('./devices.js').Devices} devices
 * @param {import('./session.js').EirOptions} options
 * @returns {Map<import('./devices.js').Kind, RTCRtpTransceiver>}
 */
export function addSenders(pc, devices, options) {
  const senders = new Map();
  for (const kind of kKinds) {
    if (!devices.track(kind)) continue;
    const isCamera = kind === 'video';
    const transceiver = pc.addTransceiver(kind, {
      direction: 'sendonly',
      streams: [devices.stream],
      ...(options.simulcast && isCamera && { sendEncodings: kSimulcastLayers }),
    });
    if (options.sendCodecs && isCamera) preferCodecs(transceiver, options.sendCodecs);
    senders.set(kind, transceiver);
  }
  return senders;
}

/**
 * Slot pair k shares a stream on the server's side; the transceivers' order makes the pairs.
 * @param {RTCPeerConnection} pc
 * @param {import('./session.js').EirOptions} options
 */
export function addSlots(pc, options) {
  const audioSlots = options.audioSlots ?? kAudioSlots;
  const videoSlots = options.videoSlots ?? kVideoSlots;
  for (let k = 0; k < Math.max(audioSlots, videoSlots); ++k) {
    if (k < audioSlots) preferCodecs(pc.addTransceiver('audio', { direction: 'recvonly' }));
    if (k < videoSlots) preferCodecs(pc.addTransceiver('video', { direction: 'recvonly' }));
  }
}
