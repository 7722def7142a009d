// EirSession: one participant's place in a consultation, from the link to the media. It draws nothing; see tiles.js.
import { ApiError, forgetResume, join, resume, storeResume, storedResume } from './api.js';
import { SignalSocket } from './signal.js';

// What the template can need, so that nobody ever renegotiates within it.
const kAudioSlots = 5;
const kVideoSlots = 9;
// Close codes after which trying again makes no sense (server/api/README.md).
const kFinalCodes = new Set([1000, 4400, 4409, 4410]);
const kRetryMs = [250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000, 4000];

/**
 * @typedef {object} EirOptions
 * @property {MediaStreamConstraints} [constraints] what to ask the devices for
 * @property {boolean} [simulcast] send three layers of the camera
 * @property {string[]} [sendCodecs] offer only these for the camera, in this order: 'VP8', 'H264', …
 * @property {string} [displayName]
 * @property {number} [audioSlots]
 * @property {number} [videoSlots]
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

export class EirSession extends EventTarget {
  /**
   * Events: 'state', 'slots', 'roster', 'track' (detail: RTCTrackEvent), 'muted', 'speakers', 'problem' (detail: {code, message}).
   * @param {string} invitation the token of the link's fragment
   * @param {EirOptions} [options]
   */
  constructor(invitation, options = {}) {
    super();
    this.invitation = invitation;
    this.options = options;
    /** @type {'joining'|'waiting'|'admitted'|'reconnecting'|'ended'|'failed'} */
    this.state = 'joining';
    /** @type {RTCPeerConnection|null} */
    this.pc = null;
    /** @type {MediaStream|null} */
    this.localStream = null;
    /** @type {Map<string, Slot>} by mid */
    this.slots = new Map();
    /** @type {Map<string, any>} by participant */
    this.roster = new Map();
    /** What tests and the quality record read; times are performance.now(). */
    this.timings = { start: 0, offerSent: 0, answerReceived: 0, iceConnected: 0, dtlsConnected: 0, firstFrame: {} };
    /** @type {{at: number, name: string, value: any}[]} */
    this.events = [];
    this.offers = 0;
    this.retries = 0;
    this.offerId = 0;
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
    await this.openDevices();
    this.openSignal();
  }

  async joinOrResume() {
    const kept = storedResume(this.invitation);
    try {
      this.joined = kept ? await resume(kept) : await join(this.invitation, this.options.displayName);
    } catch (error) {
      if (!kept) throw error;
      forgetResume();
      this.joined = await join(this.invitation, this.options.displayName);
    }
    this.participant = this.joined.participant;
    this.token = this.joined.session;
    storeResume(this.invitation, this.joined.resume);
    this.setState(this.joined.state);
  }

  // Any subset of devices will do: both, one of them, none.
  async openDevices() {
    const wanted = this.options.constraints ?? { audio: true, video: { width: 1280, height: 720 } };
    const attempts = [wanted, { audio: wanted.audio }, { video: wanted.video }];
    for (const constraints of attempts) {
      if (!constraints.audio && !constraints.video) continue;
      try {
        this.localStream = await navigator.mediaDevices.getUserMedia(constraints);
        this.note('devices', this.localStream.getTracks().map((track) => track.kind));
        this.dispatchEvent(new Event('devices'));
        return;
      } catch (error) {
        this.note('devicesRefused', String(error));
      }
    }
    this.localStream = new MediaStream();
    this.dispatchEvent(new Event('devices'));
    if (wanted.audio || wanted.video) this.problem('no_devices', 'Verken kamera eller mikrofon kunne brukes');
  }

  openSignal() {
    const signal = new SignalSocket(this.joined.signal, this.token);
    this.signal = signal;
    signal.addEventListener('message', (event) => this.handle(/** @type {CustomEvent} */ (event).detail));
    signal.addEventListener('closed', (event) => {
      if (this.signal === signal) this.signalClosed(/** @type {CustomEvent} */ (event).detail.code);
    });
  }

  /** @param {import('./signal.js').Message} message */
  handle(message) {
    switch (message.type) {
      case 'welcome':
        this.retries = 0;
        this.replaceRoster(message.roster);
        this.setState(message.state);
        // After a lost WebSocket the media often lives on; after a reload or a lost worker there is none.
        if (!this.pc || this.pc.connectionState === 'failed') this.connectMedia();
        break;
      case 'answer':
        this.applyAnswer(message);
        break;
      case 'admitted':
        this.replaceRoster(message.roster);
        this.setState('admitted');
        break;
      case 'waiting':
        this.setState('waiting');
        break;
      case 'slots':
        this.slots = new Map(message.slots.map((/** @type {Slot} */ slot) => [slot.mid, slot]));
        this.dispatchEvent(new Event('slots'));
        break;
      case 'roster':
        for (const entry of message.changed) this.roster.set(entry.id, entry);
        for (const id of message.gone) this.roster.delete(id);
        this.dispatchEvent(new Event('roster'));
        break;
      case 'session':
        this.token = message.session;
        break;
      case 'renew':
        this.note('renew', message.reason);
        this.connectMedia();
        break;
      case 'muted':
      case 'speakers':
        this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
        break;
      case 'removed':
      case 'ended':
        this.note(message.type, message.reason ?? '');
        forgetResume();
        this.stop('ended');
        break;
      case 'error':
        this.problem(message.code, message.detail ?? '');
        break;
    }
  }

  /** One peer connection and its one offer. */
  async connectMedia() {
    this.pc?.close();
    const pc = new RTCPeerConnection({ iceServers: this.joined.iceServers, bundlePolicy: 'max-bundle' });
    this.pc = pc;
    this.slots.clear();
    this.watch(pc);
    this.addSenders(pc);
    // Slot pair k shares a stream on the server's side; the transceivers' order makes the pairs.
    const audioSlots = this.options.audioSlots ?? kAudioSlots;
    const videoSlots = this.options.videoSlots ?? kVideoSlots;
    for (let k = 0; k < Math.max(audioSlots, videoSlots); ++k) {
      if (k < audioSlots) preferCodecs(pc.addTransceiver('audio', { direction: 'recvonly' }));
      if (k < videoSlots) preferCodecs(pc.addTransceiver('video', { direction: 'recvonly' }));
    }
    await pc.setLocalDescription(await pc.createOffer());
    if (this.pc !== pc) return;
    ++this.offers;
    this.timings.offerSent = performance.now();
    this.signal?.send({ type: 'offer', id: ++this.offerId, sdp: pc.localDescription?.sdp ?? '', fresh: true });
  }

  /** @param {RTCPeerConnection} pc */
  addSenders(pc) {
    const stream = this.localStream ?? new MediaStream();
    const layers = [
      { rid: 'q', scaleResolutionDownBy: 4 },
      { rid: 'h', scaleResolutionDownBy: 2 },
      { rid: 'f', scaleResolutionDownBy: 1 },
    ];
    for (const track of stream.getTracks()) {
      const sendEncodings = this.options.simulcast && track.kind === 'video' ? layers : undefined;
      const transceiver = pc.addTransceiver(track, { direction: 'sendonly', streams: [stream], ...(sendEncodings && { sendEncodings }) });
      if (this.options.sendCodecs && track.kind === 'video') preferCodecs(transceiver, this.options.sendCodecs);
    }
  }

  /** @param {RTCPeerConnection} pc */
  watch(pc) {
    pc.onsignalingstatechange = () => this.note('signalingState', pc.signalingState);
    pc.onnegotiationneeded = () => this.note('negotiationNeeded', this.offers);
    pc.oniceconnectionstatechange = () => {
      this.note('iceConnectionState', pc.iceConnectionState);
      const isConnected = pc.iceConnectionState === 'connected' || pc.iceConnectionState === 'completed';
      if (isConnected && !this.timings.iceConnected) this.timings.iceConnected = performance.now();
    };
    pc.onconnectionstatechange = () => {
      this.note('connectionState', pc.connectionState);
      if (pc.connectionState === 'connected' && !this.timings.dtlsConnected) {
        this.timings.dtlsConnected = performance.now();
      }
      if (pc.connectionState === 'failed' && this.pc === pc && this.signal) this.connectMedia();
    };
    pc.ontrack = (event) => this.dispatchEvent(new CustomEvent('track', { detail: event }));
  }

  /** @param {import('./signal.js').Message} message */
  async applyAnswer(message) {
    if (message.id !== this.offerId || !this.pc) return;
    this.timings.answerReceived = performance.now();
    try {
      await this.pc.setRemoteDescription({ type: 'answer', sdp: message.sdp });
    } catch (error) {
      this.problem('answer_refused', String(error));
    }
  }

  /**
   * Own microphone or camera on or off.
   * @param {'audio'|'video'} kind
   * @param {boolean} muted
   */
  setMuted(kind, muted) {
    for (const track of this.localStream?.getTracks() ?? []) {
      if (track.kind === kind) track.enabled = !muted;
    }
    this.signal?.send({ type: 'mute', kind, muted });
  }

  /** @param {object[]} wishes */
  setView(wishes) {
    this.signal?.send({ type: 'view', wishes });
  }

  leave() {
    this.signal?.send({ type: 'leave' });
    forgetResume();
    this.stop('ended');
  }

  /** @param {number} code */
  async signalClosed(code) {
    this.note('signalClosed', code);
    if (this.state === 'ended' || this.state === 'failed') return;
    if (kFinalCodes.has(code)) {
      this.stop('ended');
      if (code === 4409) this.problem('taken_over', 'Lenken er åpnet et annet sted');
      return;
    }
    // Media needs no signalling to go on: while it flows, nothing is given up.
    const flows = this.pc?.connectionState === 'connected';
    if (this.retries >= kRetryMs.length && !flows) {
      this.fail('network', 'Forbindelsen er brutt');
      return;
    }
    this.setState('reconnecting');
    await new Promise((done) => setTimeout(done, kRetryMs[Math.min(this.retries++, kRetryMs.length - 1)]));
    // The session token is tried first, because it keeps the media; a token that is no good leads to the resume token.
    if (code === 4401) {
      try {
        await this.joinOrResume();
      } catch (error) {
        const code = error instanceof ApiError ? error.code : 'network';
        if (this.pc?.connectionState === 'connected') this.problem(code, String(error));
        else this.fail(code, String(error));
        return;
      }
    }
    this.openSignal();
  }

  /** @param {any[]} entries */
  replaceRoster(entries) {
    this.roster = new Map(entries.map((entry) => [entry.id, entry]));
    this.dispatchEvent(new Event('roster'));
  }

  /** @param {'ended'|'failed'} state */
  stop(state) {
    this.setState(state);
    this.pc?.close();
    this.signal?.close();
    for (const track of this.localStream?.getTracks() ?? []) track.stop();
  }

  /**
   * @param {string} code
   * @param {string} message
   */
  fail(code, message) {
    this.problem(code, message);
    this.stop('failed');
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
