// The one offer of a peer connection: what is sent, the slots for what is received, and m-lines in reserve.
/** @import { EirOptions, Output } from './types.d.ts' */

// What the template can need, so that nobody ever renegotiates within it.
const kAudioSlots = 5;
const kVideoSlots = 9;
const kSimulcastLayers = [
  { rid: 'q', scaleResolutionDownBy: 4 },
  { rid: 'h', scaleResolutionDownBy: 2 },
  { rid: 'f', scaleResolutionDownBy: 1 },
];

/**
 * Leaves out of an m-line what the server never takes or sends: a default video m-line of Chromium has 170 lines, and
 * ten of them are more than one offer may hold.
 * @param {RTCRtpTransceiver} transceiver
 * @param {string[]} [names] of codecs to offer alone, the preferred one first
 */
function preferCodecs(transceiver, names = []) {
  const order = names.map((name) => name.toLowerCase());
  const nameOf = (/** @type {RTCRtpCodec} */ codec) => codec.mimeType.split('/')[1].toLowerCase();
  const wanted = (RTCRtpReceiver.getCapabilities(transceiver.receiver.track.kind)?.codecs ?? []).filter((codec) => {
    const name = nameOf(codec);
    const format = codec.sdpFmtpLine ?? '';
    if (name === 'rtx') return true;
    if (names.length > 0 && !order.includes(name)) return false;
    if (name === 'h264') return /profile-level-id=42(e0|c0)/i.test(format) && /packetization-mode=1/.test(format);
    if (name === 'vp9' || name === 'av1') return !/profile(-id)?=[1-9]/.test(format);
    return name === 'opus' || name === 'vp8';
  });
  // What is not named, rtx, comes last.
  const rank = (/** @type {RTCRtpCodec} */ codec) => (order.indexOf(nameOf(codec)) + names.length + 1) % (names.length + 1);
  if (names.length > 0) wanted.sort((a, b) => rank(a) - rank(b));
  if (wanted.length > 0 && transceiver.setCodecPreferences) transceiver.setCodecPreferences(wanted);
}

/**
 * An m-line without a track: what is sent, and when, is the session's to say.
 * @param {RTCPeerConnection} pc
 * @param {Output} output
 * @param {MediaStream} stream
 * @param {EirOptions} options
 */
export function addSender(pc, output, stream, options) {
  const isCamera = output === 'video';
  const transceiver = pc.addTransceiver(output === 'audio' ? 'audio' : 'video', {
    direction: 'sendonly',
    streams: [stream],
    ...(options.simulcast && isCamera && { sendEncodings: kSimulcastLayers }),
  });
  const isReserve = output === 'second' || output === 'screen';
  if (isReserve || (isCamera && options.sendCodecs)) preferCodecs(transceiver, options.sendCodecs);
  return transceiver;
}

/**
 * Slot pair k shares a stream on the server's side; the transceivers' order makes the pairs.
 * @param {RTCPeerConnection} pc
 * @param {EirOptions} options
 */
export function addSlots(pc, options) {
  const audioSlots = options.audioSlots ?? kAudioSlots;
  const videoSlots = options.videoSlots ?? kVideoSlots;
  for (let k = 0; k < Math.max(audioSlots, videoSlots); ++k) {
    if (k < audioSlots) preferCodecs(pc.addTransceiver('audio', { direction: 'recvonly' }));
    if (k < videoSlots) preferCodecs(pc.addTransceiver('video', { direction: 'recvonly' }));
  }
}
