// EirSession: one participant's place in a consultation, from the link to the media. It draws nothing; see page.js.
import { ApiError, decide, decideForAll, forgetResume, join, resume, storeResume, storedResume } from './api.js';
import { Media } from './media.js';
import { SignalSocket } from './signal.js';

// Close codes after which trying again makes no sense (server/api/README.md).
const kFinalCodes = new Set([1000, 4400, 4409, 4410]);
const kRetryMs = [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000];

// What a server that does not tell may let one send.
const kAllMedia = ['audio', 'video'];

/**
 * @typedef {object} EirOptions
 * @property {MediaStreamConstraints} [constraints] what to ask the devices for
 * @property {boolean} [simulcast] send three layers of the camera
 * @property {string[]} [sendCodecs] offer only these for the camera, in this order: 'VP8', 'H264', …
 * @property {string} [displayName]
 * @property {number} [audioSlots]
 * @property {number} [videoSlots]
 * @property {Promise<void>} [ready] neither devices nor media before it: a person checks the own devices first
 * @property {boolean} [autoStart] false: the page waits for window.eir.session.start()
 */

/**
 * @typedef {object} Slot
 * @property {string} mid
 * @property {string} [participant]
 * @property {number} [track] CSRC of the slot's packets
 * @property {'audio'|'video'} kind
 * @property {string} label
 * @property {string} state
 */

/**
 * @typedef {object} Person an entry of the roster
 * @property {string} id
 * @property {string} seat
 * @property {string} role
 * @property {'waiting'|'admitted'|'reconnecting'|'left'} state
 * @property {string} [name]
 * @property {string[]} muted by themself
 * @property {string[]} hostMuted by a host
 * @property {boolean} [identityConfirmed]
 */

export class EirSession extends EventTarget {
  /**
   * Events: 'state', 'roster', 'room' (lock, hold), 'sending' (what one sends, or may), 'devices', 'slots',
   * 'track' (detail: RTCTrackEvent), 'muted' (by a host; detail: {kinds}), 'speakers', 'act' (a decision
   * of one's own is on its way), 'problem' (detail: {code, message}).
   * @param {string} invitation the token of the link's fragment
   * @param {EirOptions} [options]
   */
  constructor(invitation, options = {}) {
    super();
    this.invitation = invitation;
    this.options = options;
    /** @type {'joining'|'waiting'|'admitted'|'reconnecting'|'ended'|'failed'} */
    this.state = 'joining';
    /** Why it ended. @type {''|'left'|'ended'|'removed'|'denied'|'taken_over'} */
    this.endReason = '';
    /** Where one is, also while reconnecting. @type {'waiting'|'admitted'} */
    this.place = 'waiting';
    this.wasAdmitted = false;
    /** @type {Set<string>} */
    this.rights = new Set();
    /** What one may do once one is in, known already while one waits; null: not told yet. @type {Set<string>|null} */
    this.seatRights = null;
    this.room = { locked: false, hold: 'none' };
    this.media = new Media(this);
    /** @type {Map<string, Slot>} by mid */
    this.slots = new Map();
    /** @type {Map<string, Person>} by participant */
    this.roster = new Map();
    /** What tests and the quality record read; times are performance.now(). */
    this.timings = { start: 0, offerSent: 0, answerReceived: 0, iceConnected: 0, dtlsConnected: 0, firstFrame: {} };
    /** @type {{at: number, name: string, value: any}[]} */
    this.events = [];
    this.retries = 0;
    this.welcomes = 0;
  }

  get isOver() {
    return this.state === 'ended' || this.state === 'failed';
  }

  /** Joins, or goes on after a reload. */
  async start() {
    this.timings.start = performance.now();
    try {
      await this.joinOrResume();
    } catch (error) {
      this.fail(error instanceof ApiError ? error.code : 'network', String(error));
      return;
    }
    // Only `welcome` says which devices there is use for.
    this.openSignal();
  }

  async joinOrResume() {
    const kept = storedResume(this.invitation);
    const name = this.options.displayName;
    try {
      this.joined = kept ? await resume(kept, name) : await join(this.invitation, name);
    } catch (error) {
      // Only a token that is known to be no good is given up.
      if (!kept || !(error instanceof ApiError) || error.status !== 401) throw error;
      forgetResume();
      this.joined = await join(this.invitation, name);
    }
    this.participant = this.joined.participant;
    this.token = this.joined.session;
    storeResume(this.invitation, this.joined.resume);
    this.setPlace(this.joined.state);
  }

  openSignal() {
    const signal = new SignalSocket(this.joined.signal, this.token, this.options.displayName);
    this.signal = signal;
    signal.addEventListener('message', (event) => {
      if (this.signal === signal && !this.isOver) this.handle(/** @type {CustomEvent} */ (event).detail);
    });
    signal.addEventListener('closed', (event) => {
      if (this.signal === signal) this.signalClosed(/** @type {CustomEvent} */ (event).detail.code);
    });
  }

  /** @param {import('./signal.js').Message} message */
  handle(message) {
    switch (message.type) {
      case 'welcome':
        this.welcomed(message);
        break;
      case 'answer':
        this.media.applyAnswer(message);
        break;
      case 'admitted':
        this.replaceRoster(message.roster);
        this.setRights(message.rights);
        this.setPlace('admitted');
        this.media.sync();
        break;
      case 'waiting':
        this.replaceRoster([...this.roster.values()].filter(({ id }) => id === this.participant));
        this.slots.clear();
        this.dispatchEvent(new Event('slots'));
        this.setRights([]);
        this.setPlace('waiting');
        this.media.sync();
        break;
      case 'rights':
        this.setRights(message.rights);
        this.media.sync();
        break;
      case 'consultation':
        this.setRoom(message);
        break;
      case 'slots':
        this.slots = new Map(message.slots.map((/** @type {Slot} */ slot) => [slot.mid, slot]));
        this.dispatchEvent(new Event('slots'));
        break;
      case 'roster':
        for (const entry of message.changed) this.roster.set(entry.id, entry);
        for (const id of message.gone) this.roster.delete(id);
        this.note('roster', { changed: message.changed.length, gone: message.gone });
        this.dispatchEvent(new Event('roster'));
        break;
      case 'session':
        this.token = message.session;
        break;
      case 'renew':
        this.note('renew', message.reason);
        this.media.connect();
        break;
      case 'muted':
        this.media.muteByHost(message.kinds);
        this.dispatchEvent(new CustomEvent('muted', { detail: message }));
        break;
      case 'speakers':
        this.dispatchEvent(new CustomEvent('speakers', { detail: message }));
        break;
      case 'removed':
        this.end(message.reason === 'denied' ? 'denied' : 'removed');
        break;
      case 'ended':
        this.end('ended');
        break;
      case 'error':
        this.problem(message.code, message.detail ?? '');
        break;
    }
  }

  /** @param {import('./signal.js').Message} message */
  welcomed(message) {
    this.retries = 0;
    this.replaceRoster(message.roster);
    this.seatRights = new Set(message.seatRights ?? kAllMedia);
    this.setRoom(message);
    this.setRights(message.rights);
    this.setPlace(message.state);
    // After a reload a microphone that was off is off: others are told so, and it is true.
    if (this.welcomes++ === 0) {
      const self = this.roster.get(this.participant ?? '');
      this.media.restoreMuted(self?.muted ?? []);
    }
    // After a lost WebSocket the media often lives on; after a reload or a lost worker there is none.
    if (this.media.isAlive) this.media.sync();
    else this.media.connect();
  }

  /** @param {object[]} wishes */
  setView(wishes) {
    this.signal?.send({ type: 'view', wishes });
  }

  /**
   * A host's decision about one participant. Refusals become a 'problem'.
   * @param {string} participant
   * @param {Parameters<typeof decide>[3]} act
   * @returns {Promise<boolean>} whether it was done
   */
  decide(participant, act) {
    return this.act(act, () => decide(this.joined, this.token, participant, act));
  }

  /**
   * A host's decision about the whole consultation.
   * @param {Parameters<typeof decideForAll>[2]} act
   * @returns {Promise<boolean>} whether it was done
   */
  decideForAll(act) {
    return this.act(act, () => decideForAll(this.joined, this.token, act));
  }

  /**
   * @param {string} name
   * @param {() => Promise<any>} call
   */
  async act(name, call) {
    this.dispatchEvent(new Event('act'));
    try {
      await call();
      this.note('act', name);
      return true;
    } catch (error) {
      this.problem(error instanceof ApiError ? error.code : 'internal', String(error));
      return false;
    }
  }

  /** The resume token is kept: for a minute one can change one's mind. */
  leave() {
    this.signal?.send({ type: 'leave' });
    this.stop('ended', 'left');
  }

  /** @param {number} code */
  async signalClosed(code) {
    this.note('signalClosed', code);
    if (this.isOver) return;
    if (kFinalCodes.has(code)) {
      this.end(code === 4409 ? 'taken_over' : 'ended');
      return;
    }
    // Media needs no signalling to go on: while it flows, nothing is given up.
    const flows = this.media.flows;
    if (this.retries >= kRetryMs.length && !flows) {
      this.fail('network', 'Forbindelsen er brutt');
      return;
    }
    this.setState('reconnecting');
    await new Promise((done) => setTimeout(done, kRetryMs[Math.min(this.retries++, kRetryMs.length - 1)]));
    if (this.isOver) return;
    // The session token is tried first, because it keeps the media; a token that is no good leads to the resume token.
    if (code === 4401) {
      try {
        await this.joinOrResume();
      } catch (error) {
        const code = error instanceof ApiError ? error.code : 'network';
        if (this.media.flows) this.problem(code, String(error));
        else this.fail(code, String(error));
        return;
      }
    }
    this.openSignal();
  }

  /** @param {Person[]} entries */
  replaceRoster(entries) {
    this.roster = new Map(entries.map((entry) => [entry.id, entry]));
    this.dispatchEvent(new Event('roster'));
  }

  /** @param {string[]} rights */
  setRights(rights) {
    this.rights = new Set(rights);
    // A host may have granted one more.
    for (const right of rights) this.seatRights?.add(right);
    this.note('rights', rights);
  }

  /** @param {{locked?: boolean, hold?: string}} room */
  setRoom({ locked, hold }) {
    this.room = { locked: locked ?? this.room.locked, hold: hold ?? this.room.hold };
    this.note('room', this.room);
    this.dispatchEvent(new Event('room'));
  }

  /** @param {'waiting'|'admitted'} place */
  setPlace(place) {
    this.place = place;
    if (place === 'admitted') this.wasAdmitted = true;
    this.setState(place);
  }

  /** @param {Exclude<EirSession['endReason'], ''|'left'>} reason */
  end(reason) {
    if (reason !== 'taken_over') forgetResume();
    this.stop('ended', reason);
  }

  /**
   * @param {'ended'|'failed'} state
   * @param {EirSession['endReason']} reason
   */
  stop(state, reason) {
    this.endReason = reason;
    this.setState(state);
    this.media.close();
    this.signal?.close();
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  fail(code, message) {
    this.problem(code, message);
    this.stop('failed', '');
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  problem(code, message) {
    this.note('problem', code);
    this.dispatchEvent(new CustomEvent('problem', { detail: { code, message } }));
  }

  /** @param {EirSession['state']} state */
  setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.note('state', state);
    this.dispatchEvent(new Event('state'));
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  note(name, value) {
    this.events.push({ at: performance.now(), name, value });
  }
}
