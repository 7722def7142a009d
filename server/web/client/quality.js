// How well it goes, every two seconds, from named getStats fields only.
/** @import { Level, Quality } from './types.d.ts' */

const kEveryMs = 2000;
// From this on it is one level worse: shares of lost packets, and milliseconds there and back.
const kLossSteps = [0.01, 0.04, 0.12];
const kRoundTripSteps = [150, 300, 600];
// Of the pictures that somebody's camera sends.
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
    const stats = await pc.getStats();
    const of = (/** @type {string} */ type) => [...stats.values()].filter((entry) => entry.type === type);
    const up = this.up(of('outbound-rtp'), of('remote-inbound-rtp'), roundTripMs);
    const down = this.down(of('inbound-rtp'));
    this.before = new Map(stats);
    this.latest = { up, down };
    this.session.emit('quality', this.latest);
  }

  /**
   * @param {any[]} sent
   * @param {any[]} reports of the server
   * @param {number} pairRoundTripMs
   * @returns {Quality['up']}
   */
  up(sent, reports, pairRoundTripMs) {
    const roundTripMs = pairRoundTripMs || Math.max(0, ...reports.map(({ roundTripTime }) => (roundTripTime ?? 0) * 1000));
    const lossShare = Math.max(0, ...reports.map(({ fractionLost }) => fractionLost ?? 0));
    const limits = sent.map(({ qualityLimitationReason }) => qualityLimitationReason);
    const packets = sum(sent, (entry) => this.since(entry, 'packetsSent'));
    return {
      level: packets > 0 ? levelOf(lossShare, roundTripMs) : 0,
      lossShare,
      roundTripMs,
      bitrate: (sum(sent, (entry) => this.since(entry, 'bytesSent')) * 8000) / kEveryMs,
      limited: kLimits.find((limit) => limits.includes(limit)) ?? '',
    };
  }

  /**
   * @param {any[]} received
   * @returns {Quality['down']}
   */
  down(received) {
    const live = [...this.session.slots.values()].filter(({ participant, state }) => participant && state === 'live');
    const people = new Set(live.map(({ participant }) => /** @type {string} */ (participant)));
    return [...people].map((participant) => {
      const slots = live.filter((slot) => slot.participant === participant);
      const streams = received.filter(({ mid }) => slots.some((slot) => slot.mid === mid));
      const picture = streams.find(({ mid, kind }) => kind === 'video' && slots.find((slot) => slot.mid === mid)?.label === 'camera');
      const lost = Math.max(0, sum(streams, (entry) => this.since(entry, 'packetsLost')));
      const got = sum(streams, (entry) => this.since(entry, 'packetsReceived'));
      const lossShare = lost / (lost + got || 1);
      const fps = picture?.framesPerSecond ?? 0;
      const freezes = picture ? this.since(picture, 'freezeCount') : 0;
      return {
        participant,
        level: got === 0 ? 0 : lower(levelOf(lossShare, 0), picture && (freezes > 0 || fps < kFpsLow)),
        fps,
        width: picture?.frameWidth ?? 0,
        height: picture?.frameHeight ?? 0,
        freezes,
        lossShare,
      };
    });
  }

  /**
   * @param {any} entry
   * @param {string} field a counter
   * @returns {number} how much it grew
   */
  since(entry, field) {
    return (entry[field] ?? 0) - (this.before.get(entry.id)?.[field] ?? 0);
  }

  close() {
    clearInterval(this.timer);
  }
}

/**
 * @param {any[]} entries
 * @param {(entry: any) => number} value
 */
const sum = (entries, value) => entries.reduce((total, entry) => total + value(entry), 0);

/**
 * @param {number} lossShare
 * @param {number} roundTripMs
 * @returns {Level}
 */
function levelOf(lossShare, roundTripMs) {
  const steps = (/** @type {number[]} */ limits, /** @type {number} */ value) => limits.filter((limit) => value >= limit).length;
  return /** @type {Level} */ (4 - Math.max(steps(kLossSteps, lossShare), steps(kRoundTripSteps, roundTripMs)));
}

/**
 * @param {Level} level
 * @param {boolean} isBad
 * @returns {Level}
 */
const lower = (level, isBad) => (isBad && level > 1 ? /** @type {Level} */ (level - 1) : level);
