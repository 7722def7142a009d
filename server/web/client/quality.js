// How well it goes, every two seconds, from named getStats fields only.
/** @import { Level, Quality } from './types.d.ts' */

const kEveryMs = 2000;
// From this on it is one level worse: shares of lost packets, and milliseconds there and back.
const kLossSteps = [0.01, 0.04, 0.12];
const kRoundTripSteps = [150, 300, 600];
// Fewer pictures a second than any camera sends.
const kFpsLow = 8;
const kLimits = /** @type {const} */ (['bandwidth', 'cpu', 'other', 'none']);

export class QualityMeter {
  /** @param {import('./session.js').EirSession} session */
  constructor(session) {
    this.session = session;
    /** What was last told. @type {Quality|null} */
    this.latest = null;
    /** What was read before, by its id. @type {Map<string, any>} */
    this.before = new Map();
    this.timer = setInterval(() => this.measure(), kEveryMs);
  }

  async measure() {
    const { pc, flows } = this.session.media;
    if (!pc || !flows) return;
    const { roundTripMs } = await this.session.media.route();
    const stats = new Map(await pc.getStats());
    const of = (/** @type {string} */ type) => [...stats.values()].filter((entry) => entry.type === type);
    this.latest = { up: this.up(of('outbound-rtp'), of('remote-inbound-rtp'), roundTripMs), down: this.down(of('inbound-rtp')) };
    this.before = stats;
    this.session.emit('quality', this.latest);
  }

  /**
   * @param {any[]} sent
   * @param {any[]} reports of the server
   * @param {number} pairRoundTripMs 0 where the browser does not tell
   * @returns {Quality['up']}
   */
  up(sent, reports, pairRoundTripMs) {
    const worst = (/** @type {string} */ field) => Math.max(0, ...reports.map((report) => report[field] ?? 0));
    const roundTripMs = pairRoundTripMs || worst('roundTripTime') * 1000;
    const lossShare = worst('fractionLost');
    const isListening = ![...this.session.media.attached.values()].some(Boolean);
    return {
      level: this.grown(sent, 'packetsSent') > 0 || isListening ? levelOf(lossShare, roundTripMs) : 0,
      lossShare,
      roundTripMs,
      bitrate: (this.grown(sent, 'bytesSent') * 8000) / kEveryMs,
      limited: kLimits.find((limit) => sent.some(({ qualityLimitationReason }) => qualityLimitationReason === limit)) ?? '',
    };
  }

  /**
   * @param {any[]} received
   * @returns {Quality['down']}
   */
  down(received) {
    const live = [...this.session.slots.values()].filter(({ state }) => state === 'live');
    return [...new Set(live.flatMap(({ participant }) => participant ?? []))].map((participant) => {
      const labels = new Map(live.filter((slot) => slot.participant === participant).map(({ mid, label }) => [mid, label]));
      const streams = received.filter(({ mid }) => labels.has(mid));
      const picture = streams.filter(({ mid }) => labels.get(mid) === 'camera');
      const [{ framesPerSecond: fps = 0, frameWidth: width = 0, frameHeight: height = 0 } = {}] = picture;
      const lost = Math.max(0, this.grown(streams, 'packetsLost'));
      const got = this.grown(streams, 'packetsReceived');
      const lossShare = lost / (lost + got || 1);
      const freezes = this.grown(picture, 'freezeCount');
      const isPoor = picture.length > 0 && (freezes > 0 || fps < kFpsLow);
      return { participant, level: got > 0 ? levelOf(lossShare, 0, isPoor) : 0, fps, width, height, freezes, lossShare };
    });
  }

  /**
   * @param {any[]} entries
   * @param {string} field a counter
   * @returns {number} how much it grew since the last time
   */
  grown(entries, field) {
    return entries.reduce((sum, entry) => sum + (entry[field] ?? 0) - (this.before.get(entry.id)?.[field] ?? 0), 0);
  }
}

/**
 * @param {number} lossShare
 * @param {number} roundTripMs
 * @param {boolean} [isPoor] by what is seen
 * @returns {Level}
 */
function levelOf(lossShare, roundTripMs, isPoor = false) {
  const steps = (/** @type {number[]} */ limits, /** @type {number} */ value) => limits.filter((limit) => value >= limit).length;
  const worse = Math.max(steps(kLossSteps, lossShare), steps(kRoundTripSteps, roundTripMs));
  return /** @type {Level} */ (Math.max(1, 4 - worse - Number(isPoor)));
}
