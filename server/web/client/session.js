// EirSession: one participant's place in a consultation, from the link to the media. It draws nothing; see page.js.
import { ApiError, decide, decideForAll, forgetResume, join, resume, storeResume, storedResume } from './api.js';
import { failureOf } from './failure.js';
import { Media } from './media.js';
import { QualityMeter } from './quality.js';
import { SignalSocket } from './signal.js';

// Close codes after which trying again makes no sense (server/api/README.md).
const kFinalCodes = new Set([1000, 4400, 4409, 4410]);
// Letters that are typed go together, as RFC 4103 has it.
const kTypingMs = 300;
const kRetryMs = [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000];

// What a server that does not tell may let one send.
const kAllMedia = ['audio', 'video'];

/**
 * @typedef {import('./types.d.ts').EirOptions} EirOptions
 * @typedef {import('./types.d.ts').Slot} Slot
 * @typedef {import('./types.d.ts').Person} Person
 * @typedef {import('./types.d.ts').Message} Message
 */
/** @import { EndReason, Failure, Joined, Label, Pin, Place, State, Wish } from './types.d.ts' */

export class EirSession extends EventTarget {
  /**
   * Events: 'state', 'roster', 'room' (lock, hold), 'sending' (what one sends, or may), 'devices', 'slots',
   * 'track' (detail: RTCTrackEvent), 'muted' (by a host; detail: {kinds}), 'speakers', 'pin', 'quality' (detail: Quality),
   * 'chat' (detail: {participant, text}), 'text' (detail: {participant, t140}), 'act' (a decision of one's own is on its
   * way), 'problem' (detail: {code, message}), 'failure' (detail: Failure; null: the last one is over).
   * @param {string} invitation the token of the link's fragment
   * @param {EirOptions} [options]
   */
  constructor(invitation, options = {}) {
    super();
    this.invitation = invitation;
    this.options = options;
    /** @type {State} */
    this.state = 'joining';
    /** Why it ended. @type {EndReason} */
    this.endReason = '';
    /** What went wrong last and is not over. @type {Failure|null} */
    this.failure = null;
    /** Where one is, also while reconnecting. @type {Place} */
    this.place = 'waiting';
    this.wasAdmitted = false;
    /** @type {Set<string>} */
    this.rights = new Set();
    /** What one may do once one is in, known already while one waits; null: not told yet. @type {Set<string>|null} */
    this.seatRights = null;
    this.room = { locked: false, hold: 'none' };
    this.media = new Media(this);
    this.quality = new QualityMeter(this);
    /** Whom one wants to see large. @type {Pin|null} */
    this.pinned = null;
    /** The page's own wishes; null: those of the tiles. @type {Wish[]|null} */
    this.wishes = null;
    this.unsentText = '';
    /** @type {Map<string, Slot>} by mid */
    this.slots = new Map();
    /** @type {Map<string, Person>} by participant */
    this.roster = new Map();
    /** What tests and the quality record read; times are performance.now(). */
    /** @type {{[name: string]: any, firstFrame: Record<string, number>}} */
    this.timings = { start: 0, offerSent: 0, answerReceived: 0, iceConnected: 0, dtlsConnected: 0, firstFrame: {} };
    /** @type {{at: number, name: string, value: any}[]} */
    this.events = [];
    this.retries = 0;
    this.welcomes = 0;
    this.participant = this.consultation = this.token = '';
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
      return this.refused(error);
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
    ({ participant: this.participant, consultation: this.consultation, session: this.token } = this.joined);
    storeResume(this.invitation, this.joined.resume);
    this.setPlace(this.joined.state);
  }

  openSignal() {
    const signal = new SignalSocket(this.joined?.signal ?? '', this.token, this.options.displayName);
    this.signal = signal;
    signal.addEventListener('message', (event) => {
      if (this.signal === signal && !this.isOver) this.handle(/** @type {CustomEvent} */ (event).detail);
    });
    signal.addEventListener('closed', (event) => {
      if (this.signal === signal) this.signalClosed(/** @type {CustomEvent} */ (event).detail.code);
    });
  }

  /** @param {Message} message */
  handle(message) {
    switch (message.type) {
      case 'welcome': return this.welcomed(message);
      case 'answer': return void this.media.applyAnswer(message);
      case 'rights': return this.become(this.place, message.rights);
      case 'admitted':
        this.replaceRoster(message.roster);
        return this.become('admitted', message.rights);
      case 'waiting':
        this.replaceRoster([...this.roster.values()].filter(({ id }) => id === this.participant));
        this.setSlots([]);
        return this.become('waiting', []);
      case 'slots': return this.setSlots(message.slots);
      case 'consultation': return this.setRoom(message);
      case 'roster':
        for (const entry of message.changed) this.roster.set(entry.id, entry);
        for (const id of message.gone) this.roster.delete(id);
        this.note('roster', { changed: message.changed.length, gone: message.gone });
        return this.emit('roster');
      case 'session': return void (this.token = message.session);
      case 'renew':
        this.note('renew', message.reason);
        return void this.media.connect();
      case 'muted':
        this.media.muteByHost(message.kinds);
        return this.emit('muted', message);
      case 'speakers':
      case 'chat':
      case 'text': return this.emit(message.type, message);
      case 'removed': return this.end(message.reason === 'denied' ? 'denied' : 'removed');
      case 'ended': return this.end('ended');
      case 'error': return this.problem(message.code, message.detail ?? '');
    }
  }

  /** @param {Message} message */
  welcomed(message) {
    this.retries = 0;
    this.replaceRoster(message.roster);
    this.seatRights = new Set(message.seatRights ?? kAllMedia);
    this.setRoom(message);
    this.setRights(message.rights);
    this.setPlace(message.state);
    // After a reload a microphone that was off is off: others are told so, and it is true.
    if (this.welcomes++ === 0) this.media.restoreMuted(this.roster.get(this.participant)?.muted ?? []);
    // After a lost WebSocket the media often lives on; after a reload or a lost worker there is none.
    if (this.media.isAlive) this.media.sync();
    else this.media.connect();
  }

  /**
   * What the slots should show, and how large, instead of what the tiles say by their sizes; null: as the tiles say.
   * @param {Wish[]|null} wishes
   */
  view(wishes) {
    this.wishes = wishes;
    this.signal?.send({ type: 'view', wishes: wishes ?? [] });
  }

  /**
   * Somebody who is to be seen whatever happens, and larger than the others.
   * @param {string|null} participant
   * @param {Label} [label]
   */
  pin(participant, label = 'camera') {
    this.pinned = participant ? { participant, label } : null;
    this.emit('pin');
  }

  /** @param {string} text */
  chat(text) {
    this.signal?.send({ type: 'chat', text });
  }

  /**
   * As it is typed (T.140): U+0008 erases, U+2028 begins a line.
   * @param {string} t140
   */
  realTimeText(t140) {
    if (!this.unsentText) {
      setTimeout(() => {
        this.signal?.send({ type: 'text', t140: this.unsentText });
        this.unsentText = '';
      }, kTypingMs);
    }
    this.unsentText += t140;
  }

  /**
   * A host's decision about one participant. Refusals become a 'problem'.
   * @param {string} participant
   * @param {Parameters<typeof decide>[3]} act
   * @returns {Promise<boolean>} whether it was done
   */
  decide(participant, act) {
    return this.act(act, () => decide(this.consultation, this.token, participant, act));
  }

  /**
   * A host's decision about the whole consultation.
   * @param {Parameters<typeof decideForAll>[2]} act
   * @returns {Promise<boolean>} whether it was done
   */
  decideForAll(act) {
    return this.act(act, () => decideForAll(this.consultation, this.token, act));
  }

  /**
   * @param {string} name
   * @param {() => Promise<any>} call
   */
  async act(name, call) {
    this.emit('act');
    try {
      await call();
      this.note('act', name);
      return true;
    } catch (error) {
      this.problem(codeOf(error), String(error));
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
    if (kFinalCodes.has(code)) return this.end(code === 4409 ? 'taken_over' : 'ended');
    // Media needs no signalling to go on: while it flows, nothing is given up.
    if (this.retries >= kRetryMs.length && !this.media.flows) return this.fail('network', 'no signalling');
    this.setState('reconnecting');
    await new Promise((done) => setTimeout(done, kRetryMs[Math.min(this.retries++, kRetryMs.length - 1)]));
    if (this.isOver) return;
    // The session token is tried first, because it keeps the media; a token that is no good leads to the resume token.
    if (code === 4401) {
      try {
        await this.joinOrResume();
      } catch (error) {
        return this.media.flows ? this.problem(codeOf(error), String(error)) : this.refused(error);
      }
    }
    this.openSignal();
  }

  /** @param {Person[]} entries */
  replaceRoster(entries) {
    this.roster = new Map(entries.map((entry) => [entry.id, entry]));
    this.emit('roster');
  }

  /** @param {Slot[]} slots */
  setSlots(slots) {
    this.slots = new Map(slots.map((slot) => [slot.mid, slot]));
    this.emit('slots');
  }

  /**
   * @param {Place} place
   * @param {string[]} rights
   */
  become(place, rights) {
    this.setRights(rights);
    this.setPlace(place);
    this.media.sync();
  }

  /** @param {string[]} rights */
  setRights(rights) {
    this.rights = new Set(rights);
    // A host may have granted one more.
    for (const right of rights) this.seatRights?.add(right);
    this.note('rights', rights);
  }

  /** @param {Partial<Message>} room */
  setRoom({ locked, hold }) {
    this.room = { locked: locked ?? this.room.locked, hold: hold ?? this.room.hold };
    if (this.room.hold === 'host_absent') this.report('host_absent');
    else this.recover('host_absent');
    this.note('room', this.room);
    this.emit('room');
  }

  /** @param {Place} place */
  setPlace(place) {
    this.place = place;
    this.wasAdmitted ||= place === 'admitted';
    this.setState(place);
  }

  /** @param {Exclude<EndReason, ''|'left'>} reason */
  end(reason) {
    if (reason !== 'taken_over') forgetResume();
    this.report(reason);
    this.stop('ended', reason);
  }

  /**
   * @param {'ended'|'failed'} state
   * @param {EndReason} reason
   */
  stop(state, reason) {
    this.endReason = reason;
    this.setState(state);
    this.media.close();
    this.quality.close();
    this.signal?.close();
  }

  /** @param {unknown} error of a join */
  refused(error) {
    this.fail(codeOf(error), String(error), error instanceof ApiError ? error.retryAt : undefined);
  }

  /**
   * @param {string} code
   * @param {string} message
   * @param {number} [at] when to try again
   */
  fail(code, message, at) {
    this.report(code, at);
    this.problem(code, message);
    this.stop('failed', '');
  }

  /**
   * Tells what a person can do about it.
   * @param {string} cause
   * @param {number} [at]
   */
  report(cause, at) {
    if (this.failure?.cause === cause) return;
    this.failure = failureOf(cause, at);
    this.note('failure', this.failure.code);
    this.emit('failure', this.failure);
  }

  /** @param {string} cause which is over */
  recover(cause) {
    if (this.failure?.cause !== cause) return;
    this.failure = null;
    this.emit('failure', null);
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  problem(code, message) {
    this.note('problem', code);
    this.emit('problem', { code, message });
  }

  /** @param {State} state */
  setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.note('state', state);
    this.emit('state');
  }

  /**
   * @param {string} name
   * @param {any} [detail]
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /**
   * @param {string} name
   * @param {any} value
   */
  note(name, value) {
    this.events.push({ at: performance.now(), name, value });
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof ApiError ? error.code : 'network');
