// Before one joins: do camera, microphone and network work?
import { Devices } from './devices.js';
/** @import { DevicesChecked, Kind, NetworkChecked } from './types.d.ts' */

const kPatienceMs = 5000;
const kTries = 3;

/**
 * Opens what is asked for; a kind that is left out is not asked for and not ok. Browsers ask the person, so this takes
 * as long as they think.
 * @param {{camera?: boolean|MediaTrackConstraints, microphone?: boolean|MediaTrackConstraints}} [wanted]
 * @returns {Promise<DevicesChecked>}
 */
export async function checkDevices({ camera = { width: 1280, height: 720 }, microphone = true } = {}) {
  const devices = new Devices({ video: camera, audio: microphone });
  await devices.open(['audio', 'video']);
  const meter = levelMeter(devices.track('audio'));
  const found = (/** @type {Kind} */ kind) => {
    const error = 'RTCPeerConnection' in globalThis ? devices.errors.get(kind) : 'no_webrtc';
    return { ok: !error && devices.track(kind) !== null, ...(error && { error }) };
  };
  return {
    camera: found('video'),
    microphone: { ...found('audio'), level: meter.level },
    stream: devices.stream,
    stop() {
      meter.close();
      devices.close();
    },
  };
}

/** @param {MediaStreamTrack|null} track */
function levelMeter(track) {
  if (!track) return { level: () => 0, close() {} };
  const context = new AudioContext();
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  const wave = new Float32Array(analyser.fftSize);
  return {
    level() {
      // Browsers let it run after a click only.
      if (context.state === 'suspended') context.resume();
      analyser.getFloatTimeDomainData(wave);
      return Math.min(1, Math.hypot(...wave) / Math.sqrt(wave.length));
    },
    close: () => context.state !== 'closed' && context.close(),
  };
}

/**
 * Whether the server answers, and whether WebSockets get through: some hospital proxies let pages pass and nothing else.
 * @returns {Promise<NetworkChecked>}
 */
export async function checkNetwork() {
  let roundTripMs = Infinity;
  try {
    for (let k = 0; k < kTries; ++k) {
      const start = performance.now();
      await fetch('/', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(kPatienceMs) });
      roundTripMs = Math.min(roundTripMs, performance.now() - start);
    }
  } catch {
    return { server: 'unreachable', websocket: 'blocked', roundTripMs: -1 };
  }
  return { server: 'ok', websocket: (await opensWebSocket()) ? 'ok' : 'blocked', roundTripMs };
}

/** @returns {Promise<boolean>} */
function opensWebSocket() {
  const socket = new WebSocket(`${location.origin.replace('http', 'ws')}/v1/signal`, 'eir.v1');
  return new Promise((done) => {
    setTimeout(() => done(false), kPatienceMs);
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
  }).finally(() => socket.close());
}
