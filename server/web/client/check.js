// Before one joins: do camera, microphone and network work?
import { Devices } from './devices.js';
/** @import { DeviceError, DevicesChecked, Kind, NetworkChecked } from './types.d.ts' */

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
  /** @type {DeviceError|undefined} */
  let error = 'RTCPeerConnection' in globalThis ? undefined : 'no_webrtc';
  if (!navigator.mediaDevices) error ??= 'not_secure';
  if (!error) await devices.open(['audio', 'video']);
  const meter = levelMeter(devices.track('audio'));
  const found = (/** @type {Kind} */ kind) => {
    const problem = devices.wants(kind) ? (error ?? devices.errors.get(kind)) : undefined;
    return { ok: devices.track(kind) !== null, ...(problem && { error: problem }) };
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
      return Math.min(1, Math.sqrt(wave.reduce((sum, value) => sum + value * value, 0) / wave.length));
    },
    close: () => context.state !== 'closed' && context.close(),
  };
}

/**
 * Whether the server answers, and whether WebSockets get through: some hospital proxies let pages pass and nothing else.
 * @returns {Promise<NetworkChecked>}
 */
export async function checkNetwork() {
  let roundTripMs = -1;
  try {
    for (let k = 0; k < kTries; ++k) {
      const start = performance.now();
      await fetch('/', { method: 'HEAD', cache: 'no-store', signal: AbortSignal.timeout(kPatienceMs) });
      const took = performance.now() - start;
      roundTripMs = k === 0 ? took : Math.min(roundTripMs, took);
    }
  } catch {
    return { server: 'unreachable', websocket: 'blocked', roundTripMs: -1 };
  }
  return { server: 'ok', websocket: (await opensWebSocket()) ? 'ok' : 'blocked', roundTripMs };
}

/** @returns {Promise<boolean>} */
function opensWebSocket() {
  const url = new URL('/v1/signal', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url, 'eir.v1');
  return new Promise((done) => {
    const timer = setTimeout(() => done(false), kPatienceMs);
    socket.onopen = () => done(true);
    socket.onerror = () => done(false);
    socket.onclose = () => clearTimeout(timer);
  }).finally(() => socket.close());
}
