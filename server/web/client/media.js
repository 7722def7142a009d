// What leaves this device, and when: the own devices, the one peer connection, and the offer that never changes.
import { cameraConstraints, Devices, kKinds } from './devices.js';
import { deviceError } from './failure.js';
import { addSender, addSlots } from './offer.js';
/** @import { CameraWish, Kind, Label, Message, Output, Right, Route } from './types.d.ts' */

const kDefaultConstraints = { audio: true, video: { width: 1280, height: 720 } };
// A network that lets UDP through connects in less than two round trips.
const kBlockedAfterMs = 10_000;
// A wound at 1920×1080; browsers by themselves stop at 2.5 Mb/s.
const kDetailBitrate = 4_000_000;

/** @type {Record<Output, Right>} */
const kRightOf = { audio: 'audio', video: 'video', second: 'extra_camera', screen: 'screen' };

/** @type {Output[]} what has an m-line in reserve, so that it can begin without negotiation */
const kReserve = ['second', 'screen'];

export class Media {
  /** @param {import('./session.js').EirSession} session whose place and rights say what may be sent */
  constructor(session) {
    this.session = session;
    this.devices = new Devices(session.options.constraints ?? kDefaultConstraints);
    this.devices.onlost = () => this.sync();
    /** Second camera and screen while they are on. @type {Map<Output, {track: MediaStreamTrack, label: Label}>} */
    this.extras = new Map();
    /** By oneself. @type {Set<Kind>} */
    this.muted = new Set();
    /** By a host, until one takes it back. @type {Set<string>} */
    this.hostMuted = new Set();
    /** What the server's answer refused: nobody sends these here. @type {Set<Output>} */
    this.refused = new Set();
    /** @type {RTCPeerConnection|null} */
    this.pc = null;
    /** @type {Map<Output, RTCRtpTransceiver>} */
    this.senders = new Map();
    /** What each sender was given last. @type {Map<Output, MediaStreamTrack|null>} */
    this.attached = new Map();
    /** The simulcast layers that somebody has use for, by mid; all, where nothing is said. @type {Map<string, string[]>} */
    this.layers = new Map();
    /** @type {Promise<void>} */
    this.applied = Promise.resolve();
    /** Offers sent, the id of the last one, and attempts to connect. */
    this.offers = this.offerId = this.connections = 0;
  }

  /** False too while an offer has no answer: signalling may have been lost on the way. */
  get isAlive() {
    const { pc } = this;
    // Firefox throws when a closed connection is asked for its description.
    return pc !== null && pc.signalingState !== 'closed' && pc.connectionState !== 'failed' && pc.remoteDescription !== null;
  }

  get flows() {
    return this.pc?.connectionState === 'connected';
  }

  /**
   * Whether there is use for it: while waiting, what one may send once one is in; then what one may send. A hold ends
   * again, so what it withholds stays open.
   * @param {Output} output
   */
  isUseful(output) {
    const { place, room, rights, seatRights } = this.session;
    const isSettled = place === 'admitted' && room.hold === 'none';
    return !this.refused.has(output) && (isSettled || !seatRights ? rights : seatRights).has(kRightOf[output]);
  }

  /**
   * Opens the devices that there is use for, and closes the others.
   * @param {boolean} [again] also those that could not be opened before
   */
  async openDevices(again = false) {
    const { devices, session } = this;
    await session.options.ready;
    if (again) devices.errors.clear();
    const known = new Map(devices.errors);
    for (const kind of kKinds) if (!this.isUseful(kind)) devices.release(kind);
    await devices.open(kKinds.filter((kind) => this.isUseful(kind)));
    for (const kind of kKinds) this.setEnabled(kind);
    session.emit('devices');
    const cause = session.failure?.cause ?? '';
    if (/^(camera|microphone)_/.test(cause) && ![...devices.errors.values()].some((error) => error === cause)) session.recover(cause);
    const news = [...devices.errors].filter(([kind, error]) => known.get(kind) !== error);
    for (const [, error] of news) session.report(error);
    if (news.length > 0 && devices.stream.getTracks().length === 0) session.problem('no_devices', news[0][1]);
  }

  /** One peer connection and its one offer. */
  async connect() {
    const { session } = this;
    const attempt = ++this.connections;
    await this.openDevices();
    // Meanwhile it may have ended, or been asked for once more.
    if (attempt !== this.connections || session.isOver) return;
    this.pc?.close();
    const pc = new RTCPeerConnection({ iceServers: session.joined?.iceServers, bundlePolicy: 'max-bundle' });
    this.pc = pc;
    session.slots.clear();
    this.attached.clear();
    this.layers.clear();
    pc.ontrack = (event) => session.emit('track', event);
    pc.onconnectionstatechange = () => {
      if (this.pc !== pc || session.isOver) return;
      session.emit('connection', pc.connectionState);
      if (this.flows) session.recover('media_blocked');
      if (pc.connectionState === 'failed') this.connect();
    };
    this.addMedia(pc);
    this.attachTracks();
    await pc.setLocalDescription();
    if (this.pc !== pc) return;
    ++this.offers;
    session.send({ type: 'offer', id: ++this.offerId, sdp: pc.localDescription?.sdp ?? '', fresh: true });
  }

  /**
   * Sound first, because the server may refuse every picture but never the m-line that carries the transport.
   * @param {RTCPeerConnection} pc
   */
  addMedia(pc) {
    const { devices, session: { options } } = this;
    this.senders.clear();
    for (const kind of kKinds) {
      if (devices.wants(kind) && this.isUseful(kind)) this.senders.set(kind, addSender(pc, kind, devices.stream, options));
    }
    addSlots(pc, options);
    for (const output of kReserve) {
      if (this.isUseful(output)) this.senders.set(output, addSender(pc, output, new MediaStream(), options));
    }
  }

  /** @param {Message} message */
  async applyAnswer({ id, sdp }) {
    const { pc, session } = this;
    if (id !== this.offerId || !pc) return;
    try {
      await pc.setRemoteDescription({ type: 'answer', sdp });
    } catch (error) {
      return session.problem('answer_refused', String(error));
    }
    if (this.pc !== pc) return;
    setTimeout(() => this.pc === pc && !this.flows && session.report('media_blocked'), kBlockedAfterMs);
    for (const [output, { currentDirection }] of this.senders) {
      if (currentDirection === 'stopped' && this.senders.delete(output)) this.refused.add(output);
    }
    for (const output of kReserve) this.sendLabel(output);
    // A new transport knows nothing of what the one before was asked for; the tiles ask again by themselves.
    if (session.wishes) session.view(session.wishes);
    if (this.refused.size > 0) this.sync();
  }

  /** @param {Output} output a second camera or a screen, which the server cannot tell apart by itself */
  sendLabel(output) {
    const mid = this.senders.get(output)?.mid;
    if (mid) this.session.send({ type: 'label', mid, label: this.extras.get(output)?.label ?? kRightOf[output] });
  }

  /** @param {Output} output */
  track(output) {
    return output === 'audio' || output === 'video' ? this.devices.track(output) : (this.extras.get(output)?.track ?? null);
  }

  /**
   * What leaves this device: nothing while waiting, nothing of what one has no right to or a host muted. The server
   * forwards none of it either.
   * @param {Output} output
   */
  maySend(output) {
    const { place, rights } = this.session;
    const isMuted = this.hostMuted.has(output === 'second' ? 'video' : output);
    return place === 'admitted' && rights.has(kRightOf[output]) && !isMuted && !this.refused.has(output);
  }

  /** Devices and senders follow what one may send now. */
  async sync() {
    this.attachTracks();
    await this.openDevices();
    if (this.session.isOver) return;
    // A right that was granted later, to somebody whose offer had no place for it.
    const isMissing = [...kKinds, ...kReserve].some((output) => this.maySend(output) && this.track(output) && !this.senders.has(output));
    this[isMissing && this.offers > 0 ? 'connect' : 'attachTracks']();
  }

  attachTracks() {
    if (this.session.isOver) return;
    for (const [output, transceiver] of this.senders) {
      const track = this.maySend(output) ? this.track(output) : null;
      if ((this.attached.get(output) ?? null) === track) continue;
      this.attached.set(output, track);
      this.apply(transceiver, track);
    }
    this.session.emit('sending');
  }

  /**
   * One after the other: a sender takes no new parameters while it is busy with the last ones.
   * @param {RTCRtpTransceiver} transceiver
   * @param {MediaStreamTrack|null} track
   */
  apply({ sender, mid }, track) {
    this.applied = this.applied
      .then(() => giveTrack(sender, track, this.layers.get(mid ?? '')))
      .catch((error) => this.session.emit('sender_failed', String(error)));
  }

  /** @param {Message} message which layers of an m-line somebody has use for */
  setLayers({ mid, rids }) {
    this.layers.set(mid, rids);
    for (const [output, transceiver] of this.senders) {
      if (transceiver.mid === mid) this.apply(transceiver, this.attached.get(output) ?? null);
    }
  }

  /**
   * Own microphone or camera on or off; on takes back a host's mute too.
   * @param {Kind} kind
   * @param {boolean} muted
   */
  setMuted(kind, muted) {
    this.muted[muted ? 'add' : 'delete'](kind);
    if (!muted) this.hostMuted.delete(kind);
    this.setEnabled(kind);
    this.session.send({ type: 'mute', kind, muted });
    this.attachTracks();
  }

  /** @param {Kind} kind */
  setEnabled(kind) {
    const track = this.devices.track(kind);
    if (track) track.enabled = !this.muted.has(kind);
  }

  /**
   * Another camera, without negotiation.
   * @param {string} idOrFacing
   * @param {CameraWish} [wish]
   */
  async useCamera(idOrFacing, wish = {}) {
    return this.use('video', await cameraConstraints(idOrFacing, wish), wish.detail ? 'detail' : '');
  }

  /** @param {string} id */
  useMicrophone(id) {
    return this.use('audio', { deviceId: { exact: id } }, '');
  }

  /**
   * @param {Kind} kind
   * @param {MediaTrackConstraints} constraints
   * @param {string} hint
   * @returns {Promise<boolean>} false: the former device goes on, and a 'failure' said why
   */
  async use(kind, constraints, hint) {
    const { error, stop } = await this.devices.replace(kind, constraints);
    const track = this.devices.track(kind);
    if (track && !error) track.contentHint = hint;
    await this.sync();
    await this.applied;
    if (error) this.session.report(error);
    stop();
    return !error;
  }

  /** @param {number} zoom of those in track.getCapabilities().zoom */
  setZoom(zoom) {
    return this.adjust({ zoom });
  }

  /** @param {boolean} torch */
  setTorch(torch) {
    return this.adjust({ torch });
  }

  /**
   * @param {object} setting
   * @returns {Promise<boolean>} false: this camera cannot
   */
  async adjust(setting) {
    const track = this.devices.track('video');
    const [name] = Object.keys(setting);
    if (!track || !(name in (track.getCapabilities?.() ?? {}))) return false;
    return track.applyConstraints(/** @type {MediaTrackConstraints} */ ({ advanced: [setting] })).then(() => true, () => false);
  }

  /**
   * A camera beside the first one, as a tile of its own.
   * @param {string} idOrFacing
   * @param {CameraWish} [wish]
   */
  async startSecondCamera(idOrFacing, wish = {}) {
    const video = await cameraConstraints(idOrFacing, wish);
    return this.startExtra('second', wish.detail ? 'wound' : 'extra_camera', () => navigator.mediaDevices.getUserMedia({ video }));
  }

  stopSecondCamera() {
    this.stopExtra('second');
  }

  shareScreen() {
    return this.startExtra('screen', 'screen', () => navigator.mediaDevices.getDisplayMedia({ video: true }));
  }

  stopScreen() {
    this.stopExtra('screen');
  }

  /**
   * @param {Output} output
   * @param {Label} label
   * @param {() => Promise<MediaStream>} open
   * @returns {Promise<boolean>} false: it could not be opened, and a 'failure' said why
   */
  async startExtra(output, label, open) {
    try {
      const [track] = (await open()).getVideoTracks();
      this.stopExtra(output);
      track.contentHint = label === 'extra_camera' ? 'motion' : 'detail';
      track.onended = () => this.extras.get(output)?.track === track && this.stopExtra(output);
      this.extras.set(output, { track, label });
    } catch (error) {
      this.session.report(output === 'screen' ? 'screen_blocked' : deviceError('video', error));
      return false;
    }
    if (this.hostMuted.delete(output)) this.session.send({ type: 'mute', kind: output, muted: false });
    this.sendLabel(output);
    await this.sync();
    return true;
  }

  /** @param {Output} output */
  stopExtra(output) {
    this.extras.get(output)?.track.stop();
    if (this.extras.delete(output)) this.attachTracks();
  }

  /**
   * How media goes to the server.
   * @returns {Promise<Route>}
   */
  async route() {
    const stats = (await this.pc?.getStats()) ?? new Map();
    const all = [...stats.values()];
    // Where no selected pair is told, one alone is nominated and works.
    const pair = stats.get(all.find(({ type }) => type === 'transport')?.selectedCandidatePairId)
      ?? all.find(({ type, nominated, state }) => type === 'candidate-pair' && nominated && state === 'succeeded');
    const local = stats.get(pair?.localCandidateId);
    return {
      state: this.flows ? 'connected' : this.pc?.connectionState === 'failed' ? 'failed' : 'connecting',
      protocol: this.flows ? (local?.relayProtocol ?? local?.protocol ?? '') : '',
      roundTripMs: (pair?.currentRoundTripTime ?? 0) * 1000,
    };
  }

  /** @param {string[]} kinds */
  muteByHost(kinds) {
    for (const kind of kinds) this.hostMuted.add(kind);
    if (kinds.includes('screen')) this.stopExtra('screen');
    this.attachTracks();
  }

  close() {
    this.pc?.close();
    this.devices.close();
    for (const output of kReserve) this.stopExtra(output);
  }
}

/**
 * @param {RTCRtpSender} sender
 * @param {MediaStreamTrack|null} track null: nothing is sent
 * @param {string[]} [rids] the layers to send; all, if nothing is said
 */
async function giveTrack(sender, track, rids) {
  await sender.replaceTrack(track);
  // Firefox sends the last picture again each second when its track is gone, unless the encoding rests too.
  const parameters = sender.getParameters();
  const { encodings } = parameters;
  const maxBitrate = track?.contentHint === 'detail' && encodings.length === 1 ? kDetailBitrate : undefined;
  const isActive = (/** @type {RTCRtpEncodingParameters} */ { rid }) => track !== null && (!rid || !rids || rids.includes(rid));
  if (encodings.every((encoding) => encoding.active === isActive(encoding) && encoding.maxBitrate === maxBitrate)) return;
  for (const encoding of encodings) {
    encoding.active = isActive(encoding);
    delete encoding.maxBitrate;
    if (maxBitrate) encoding.maxBitrate = maxBitrate;
  }
  await sender.setParameters(parameters);
}
