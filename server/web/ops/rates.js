// Rates out of counters: what each worker did between two of its own snapshots, and all of them together.

/**
 * @typedef {object} WorkerStatus
 * @property {number} worker
 * @property {boolean} connected
 * @property {number} rooms
 * @property {number} restarts
 * @property {number} silenceMs
 * @property {number} countedAtMs when the counters came, on eird's clock
 * @property {Record<string, number>} counters
 */

/**
 * @typedef {object} Status what GET /status.json answers
 * @property {string} version
 * @property {string} node
 * @property {boolean} draining
 * @property {boolean} ready
 * @property {number} signalling
 * @property {number} joins
 * @property {{writes: boolean, waiting: number, failures: number}} journal
 * @property {{taken: number, refused: number}} reloads
 * @property {WorkerStatus[]} workers
 * @property {{room: number, participants: number, transports: number, worker?: number}[]} rooms
 * @property {string} [certificateExpires]
 */

/**
 * @typedef {object} Rates per second, of one worker or of all
 * @property {number} packetsIn
 * @property {number} packetsOut
 * @property {number} bitsIn
 * @property {number} bitsOut
 * @property {number} lost packets that receivers reported lost
 * @property {number} asked packets asked of publishers again
 * @property {number} keyFrames key frames asked of publishers
 * @property {number} dropped packets not sent for want of room or time
 * @property {number} cpu of one core
 */

/** @type {Record<keyof Rates, string[]>} */
const kCounters = {
  packetsIn: ['router_rtp_in_total'],
  packetsOut: ['router_rtp_out_total', 'router_rtx_out_total'],
  bitsIn: ['udp_bytes_in_total'],
  bitsOut: ['udp_bytes_out_total'],
  lost: ['router_downstream_lost_total'],
  asked: ['router_nacks_out_total'],
  keyFrames: ['router_key_frame_requests_out_total'],
  dropped: [
    'router_drop_queue_full_audio_total',
    'router_drop_queue_full_video_total',
    'slots_gone_total',
    'udp_drop_no_packet_total',
    'udp_drop_send_error_total',
  ],
  cpu: ['worker_cpu_seconds_total'],
};
const kNames = /** @type {(keyof Rates)[]} */ (Object.keys(kCounters));
const kBitsPerByte = 8;

/** @returns {Rates} */
export function noRates() {
  return { packetsIn: 0, packetsOut: 0, bitsIn: 0, bitsOut: 0, lost: 0, asked: 0, keyFrames: 0, dropped: 0, cpu: 0 };
}

/** @param {number} part @param {number} whole */
export function percent(part, whole) {
  return whole > 0 ? (100 * part) / whole : 0;
}

/**
 * What happened between two snapshots of one worker; nothing if it is another process by now.
 * @param {WorkerStatus} before @param {WorkerStatus} after @returns {Rates | undefined}
 */
export function ratesBetween(before, after) {
  const seconds = (after.countedAtMs - before.countedAtMs) / 1000;
  const rates = noRates();
  for (const name of kNames) {
    for (const counter of kCounters[name]) {
      const grown = (after.counters[counter] ?? 0) - (before.counters[counter] ?? 0);
      if (grown < 0 || seconds <= 0) return undefined;
      rates[name] += grown / seconds;
    }
  }
  rates.bitsIn *= kBitsPerByte;
  rates.bitsOut *= kBitsPerByte;
  return rates;
}

export class RateMeter {
  constructor() {
    /** @type {Map<number, WorkerStatus>} */
    this.snapshots = new Map();
    /** @type {Map<number, Rates>} */
    this.rates = new Map();
  }

  /** Whether a rate is known of any worker yet. */
  get isKnown() {
    return this.rates.size > 0;
  }

  /** A worker whose snapshot is still the same keeps its rates. @param {Status} status */
  take(status) {
    for (const worker of status.workers) {
      const before = this.snapshots.get(worker.worker);
      if (before && before.countedAtMs === worker.countedAtMs && worker.connected) continue;
      const rates = before && worker.connected ? ratesBetween(before, worker) : undefined;
      if (before) this.rates.set(worker.worker, rates ?? noRates());
      this.snapshots.set(worker.worker, worker);
    }
  }

  /** @param {number} worker */
  of(worker) {
    return this.rates.get(worker) ?? noRates();
  }

  all() {
    const sum = noRates();
    for (const rates of this.rates.values()) {
      for (const name of kNames) sum[name] += rates[name];
    }
    return sum;
  }
}
