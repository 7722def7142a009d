// The own devices and the one peer connection: what is sent when, and the offer that never changes.
import { Devices, kKinds } from './devices.js';
import { addSenders, addSlots } from './offer.js';

const kDefaultConstraints = { audio: true, video: { width: 1280, height: 720 } };

/** @typedef {import('./devices.js').Kind} Kind */

export class Media {
  /** @param {import('./session.js').EirSession} session whose place and rights say what may be sent */
  constructor(session) {
    this.session = session;
    this.devices = new Devices(session.options.constraints ?? kDefaultConstraints);
    /** By oneself. @type {Set<Kind>} */
    this.muted = new Set();
    /** By a host, until one takes it back. @type {Set<string>} */
    this.hostMuted = new Set();
    /** Kinds that the server's answer refused: nobody sends these here. @type {Set<Kind>} */
    this.refused = new Set();
    /** @type {RTCPeerConnection|null} */
    this.pc = null;
    /** @type {Map<Kind, RTCRtpTransceiver>} */
    this.senders = new Map();
    /** What each sender was given last. @type {Map<Kind, MediaStreamTrack|null>} */
    this.attached = new Map();
    /** @type {Promise<void>} */
    this.applied = Promise.resolve();
    this.offers = 0;
    this.offerId = 0;
    this.connections = 0;
  }

  /** False too while an offer has no answer: signalling may have been lost on the way. */
  get isAlive() {
    return Boolean(this.pc?.remoteDescription) && this.pc?.connectionState !== 'failed';
  }

  get flows() {
    return this.pc?.connectionState === 'connected';
  }

  /**
   * Opens what there is use for: while waiting what one may send once one is in, for the own picture; then what one may
   * send. A hold ends again, so what it withholds stays open.
   */
  async openDevices() {
    await this.session.options.ready;
    const isSettled = this.session.place === 'admitted' && this.session.room.hold === 'none';
    const { rights, seatRights } = this.session;
    const isUseful = (/** @type {Kind} */ kind) => (isSettled || !seatRights ? rights.has(kind) : seatRights.has(kind));
    const useful = kKinds.filter((kind) => !this.refused.has(kind) && isUseful(kind));
    for (const kind of kKinds) {
      if (!useful.includes(kind) && this.devices.release(kind)) this.session.note('deviceReleased', kind);
    }
    const refusalsBefore = this.devices.refusals.length;
    await this.devices.open(useful);
    for (const kind of kKinds) {
      const track = this.devices.track(kind);
      if (track) track.enabled = !this.muted.has(kind);
    }
    this.session.dispatchEvent(new Event('devices'));
    const hasFailed = this.devices.refusals.length > refusalsBefore;
    if (hasFailed && this.devices.stream.getTracks().length === 0) this.session.problem('no_devices', this.devices.refusals.at(-1) ?? '');
  }

  /** One peer connection and its one offer. */
  async connect() {
    const attempt = ++this.connections;
    await this.openDevices();
    // Meanwhile it may have ended, or been asked for once more.
    if (attempt !== this.connections || this.session.isOver) return;
    this.pc?.close();
    const pc = new RTCPeerConnection({ iceServers: this.session.joined?.iceServers, bundlePolicy: 'max-bundle' });
    this.pc = pc;
    this.session.slots.clear();
    this.attached.clear();
    this.watch(pc);
    this.senders = addSenders(pc, this.devices, this.session.options);
    addSlots(pc, this.session.options);
    this.attachTracks();
    await pc.setLocalDescription(await pc.createOffer());
    if (this.pc !== pc) return;
    ++this.offers;
    this.session.timings.offerSent = performance.now();
    this.session.signal?.send({ type: 'offer', id: ++this.offerId, sdp: pc.localDescription?.sdp ?? '', fresh: true });
  }

  /** @param {RTCPeerConnection} pc */
  watch(pc) {
    pc.onsignalingstatechange = () => this.session.note('signalingState', pc.signalingState);
    pc.onnegotiationneeded = () => this.session.note('negotiationNeeded', this.offers);
    pc.oniceconnectionstatechange = () => {
      this.session.note('iceConnectionState', pc.iceConnectionState);
      const isConnected = pc.iceConnectionState === 'connected' || pc.iceConnectionState === 'completed';
      if (isConnected && !this.session.timings.iceConnected) this.session.timings.iceConnected = performance.now();
    };
    pc.onconnectionstatechange = () => {
      this.session.note('connectionState', pc.connectionState);
      if (pc.connectionState === 'connected' && !this.session.timings.dtlsConnected) {
        this.session.timings.dtlsConnected = performance.now();
      }
      if (pc.connectionState === 'failed' && this.pc === pc && !this.session.isOver) this.connect();
    };
    pc.ontrack = (event) => this.session.dispatchEvent(new CustomEvent('track', { detail: event }));
  }

  /** @param {import('./signal.js').Message} message */
  async applyAnswer(message) {
    const pc = this.pc;
    if (message.id !== this.offerId || !pc) return;
    this.session.timings.answerReceived = performance.now();
    try {
      await pc.setRemoteDescription({ type: 'answer', sdp: message.sdp });
    } catch (error) {
      this.session.problem('answer_refused', String(error));
      return;
    }
    if (this.pc !== pc) return;
    for (const [kind, transceiver] of this.senders) {
      if (transceiver.currentDirection !== 'stopped') continue;
      this.refused.add(kind);
      this.senders.delete(kind);
    }
    if (this.refused.size > 0) this.sync();
  }

  /**
   * What leaves this device: nothing while waiting, nothing of what one has no right to or a host muted. The server
   * forwards none of it either.
   * @param {Kind} kind
   */
  maySend(kind) {
    return this.session.place === 'admitted' && this.session.rights.has(kind) && !this.hostMuted.has(kind) && !this.refused.has(kind);
  }

  /** Devices and senders follow what one may send now. */
  async sync() {
    this.attachTracks();
    await this.openDevices();
    if (this.session.isOver) return;
    // A right that was granted later, to somebody whose offer had no place for it.
    const isMissing = kKinds.some((kind) => this.maySend(kind) && this.devices.track(kind) && !this.senders.has(kind));
    if (isMissing && this.pc && this.offers > 0) this.connect();
    else this.attachTracks();
  }

  attachTracks() {
    for (const [kind, { sender }] of this.senders) {
      const track = this.maySend(kind) ? this.devices.track(kind) : null;
      if ((this.attached.get(kind) ?? null) === track) continue;
      this.attached.set(kind, track);
      // One after the other: a sender takes no new parameters while it is busy with the last ones.
      this.applied = this.applied.then(() => giveTrack(sender, track)).catch((error) => this.session.note('senderFailed', String(error)));
    }
    this.session.dispatchEvent(new Event('sending'));
  }

  /**
   * Own microphone or camera on or off; on takes back a host's mute too.
   * @param {Kind} kind
   * @param {boolean} muted
   */
  setMuted(kind, muted) {
    if (muted) {
      this.muted.add(kind);
    } else {
      this.muted.delete(kind);
      this.hostMuted.delete(kind);
    }
    const track = this.devices.track(kind);
    if (track) track.enabled = !muted;
    this.session.signal?.send({ type: 'mute', kind, muted });
    this.attachTracks();
  }

  /**
   * After a reload a microphone that was off is off.
   * @param {string[]} kinds
   */
  restoreMuted(kinds) {
    this.muted = new Set(kKinds.filter((kind) => kinds.includes(kind)));
  }

  /** @param {string[]} kinds */
  muteByHost(kinds) {
    for (const kind of kinds) this.hostMuted.add(kind);
    this.attachTracks();
  }

  close() {
    this.pc?.close();
    this.devices.close();
  }
}

/**
 * @param {RTCRtpSender} sender
 * @param {MediaStreamTrack|null} track null: nothing is sent
 */
async function giveTrack(sender, track) {
  await sender.replaceTrack(track);
  // Firefox sends the last picture again each second when its track is gone, unless the encoding rests too.
  const parameters = sender.getParameters();
  const isActive = track !== null;
  if (parameters.encodings.every((encoding) => encoding.active === isActive)) return;
  for (const encoding of parameters.encodings) encoding.active = isActive;
  await sender.setParameters(parameters);
}
