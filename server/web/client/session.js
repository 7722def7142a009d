// EirSession: one participant's place in a consultation, from the link to the media. It draws nothing; see page.js.
import { ApiError, forgetResume, post, storeResume, storedResume } from './api.js';
import { kKinds } from './devices.js';
import { failureOf } from './failure.js';
import { Media } from './media.js';
import { QualityMeter } from './quality.js';
import { SignalSocket } from './signal.js';

// Close codes after which trying again makes no sense (server/api/README.md).
const kFinalCodes = new Set([1000, 4400, 4409, 4410]);
// Letters that are typed go together, as RFC 4103 has it.
const kTypingMs = 300;
const kEventsKept = 2000;
const kRetryMs = [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000];

// What a server that does not tell may let one send.
const kAllMedia = ['audio', 'video'];

/**
 * @typedef {import('./types.d.ts').EirOptions} EirOptions
 * @typedef {import('./types.d.ts').Slot} Slot
 * @typedef {import('./types.d.ts').Person} Person
 * @typedef {import('./types.d.ts').Message} Message
 */
/** @import { EndReason, Failure, Joined, Label, ParticipantAct, Pin, Place, RoomAct, State, Wish } from './types.d.ts' */

export class EirSession extends EventTarget {
  /**
   * Events: 'state', 'roster', 'room' (lock, hold), 'sending' (what one sends, or may), 'devices', 'slots',
   * 'track' (detail: RTCTrackEvent), 'muted' (by a host; detail: {kinds}), 'speakers', 'pin', 'quality' (detail: Quality),
   * 'silence' (what one sends or receives stopped on its way: server/api/README.md; detail: {from, to, kind, label, where}),
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
    /** Whether messages and real-time text are passed on here. */
    this.hasChat = true;
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
    /** What was told last, and when by performance.now(). @type {{at: number, name: string, value: any}[]} */
    this.events = [];
    this.retries = this.welcomes = 0;
    this.participant = this.consultation = this.token = '';
  }

  get isOver() {
    return this.state === 'ended' || this.state === 'failed';
  }

  /** Joins, or goes on after a reload. */
  async start() {
    try {
      await this.joinOrResume();
    } catch (error) {
      return this.refused(error);
    }
    // Only `welcome` says which devices there is use for.
    this.openSignal();
  }

  async joinOrResume() {
    const { displayName } = this.options;
    const resume = storedResume(this.invitation);
    const join = () => post('/v1/join', { token: this.invitation, displayName });
    /** @type {Joined} */
    const joined = await (resume ? post('/v1/join/resume', { resume, displayName }) : join()).catch((error) => {
      // Only a token that is known to be no good is given up.
      if (!resume || error.status !== 401) throw error;
      forgetResume();
      return join();
    });
    this.joined = joined;
    ({ participant: this.participant, consultation: this.consultation, session: this.token } = joined);
    storeResume(this.invitation, joined.resume);
    this.setPlace(joined.state);
  }

  openSignal() {
    const signal = new SignalSocket(this.joined?.signal ?? '', this.token, this.options.displayName);
    this.signal = signal;
    signal.onmessage = (message) => this.signal === signal && !this.isOver && this.handle(message);
    signal.onclosed = (code) => this.signal === signal && this.signalClosed(code);
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
      case 'layers': return this.media.setLayers(message);
      case 'consultation': return this.setRoom(message);
      case 'roster':
        for (const entry of message.changed) this.roster.set(entry.id, entry);
        for (const id of message.gone) this.roster.delete(id);
        return this.emit('roster', message);
      case 'session': return void (this.token = message.session);
      case 'renew': return void this.media.connect();
      case 'muted':
        this.media.muteByHost(message.kinds);
        return this.emit('muted', message);
      case 'speakers':
      case 'chat':
      case 'silence':
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
    this.hasChat = message.chat ?? true;
    this.setRoom(message);
    this.setRights(message.rights);
    this.setPlace(message.state);
    // After a reload a microphone that was off is off: others are told so, and it is true.
    if (this.welcomes++ === 0) this.media.muted = new Set(kKinds.filter((kind) => this.roster.get(this.participant)?.muted.includes(kind)));
    // After a lost WebSocket the media often lives on; after a reload or a lost worker there is none.
    this.media[this.media.isAlive ? 'sync' : 'connect']();
  }

  /** @param {Message} message */
  send(message) {
    this.signal?.send(message);
  }

  /**
   * What the slots should show, and how large, instead of what the tiles say by their sizes; null: as the tiles say.
   * @param {Wish[]|null} wishes
   */
  view(wishes) {
    this.wishes = wishes;
    if (this.media.isAlive) this.send({ type: 'view', wishes: wishes ?? [] });
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
    this.send({ type: 'chat', text });
  }

  /**
   * As it is typed (T.140): U+0008 erases, U+2028 begins a line.
   * @param {string} t140
   */
  realTimeText(t140) {
    if (!this.unsentText) {
      setTimeout(() => {
        this.send({ type: 'text', t140: this.unsentText });
        this.unsentText = '';
      }, kTypingMs);
    }
    this.unsentText += t140;
  }

  /**
   * A host's decision about one participant. Refusals become a 'problem'.
   * @param {string} participant
   * @param {ParticipantAct} act
   * @returns {Promise<boolean>} whether it was done
   */
  decide(participant, act) {
    return this.act(`participants/${participant}/${act}`);
  }

  /**
   * A host's decision about the whole consultation.
   * @param {RoomAct} act
   * @returns {Promise<boolean>} whether it was done
   */
  decideForAll(act) {
    return this.act(act);
  }

  /** @param {string} path */
  async act(path) {
    this.emit('act');
    try {
      await post(`/v1/consultations/${this.consultation}/${path}`, {}, this.token);
      return true;
    } catch (error) {
      this.problem(codeOf(error), String(error));
      return false;
    }
  }

  /** The resume token is kept: for a minute one can change one's mind. */
  leave() {
    this.send({ type: 'leave' });
    this.stop('ended', 'left');
  }

  /** @param {number} code */
  async signalClosed(code) {
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
    this.emit('roster', { changed: entries, gone: [] });
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
  }

  /** @param {Partial<Message>} room */
  setRoom({ locked = this.room.locked, hold = this.room.hold }) {
    this.room = { locked, hold };
    this[hold === 'host_absent' ? 'report' : 'recover']('host_absent');
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
    clearInterval(this.quality.timer);
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
    this.emit('problem', { code, message });
  }

  /** @param {State} state */
  setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.emit('state', state);
  }

  /**
   * @param {string} name
   * @param {any} [detail]
   */
  emit(name, detail) {
    if (this.events.push({ at: performance.now(), name, value: detail }) > kEventsKept) this.events.shift();
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {unknown} error */
const codeOf = (error) => (error instanceof ApiError ? error.code : 'network');
