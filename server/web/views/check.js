// The second step: do camera, microphone and network work? Nobody sees or hears anything of it. What is no good is said
// with what to do about it; one may go on all the same.
import { checkDevices, checkNetwork } from '../client/eir.js';
import { language, t } from '../texts.js';
import { at, icon, make, say } from './dom.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */
/** @typedef {import('../client/types.d.ts').DevicesChecked} DevicesChecked */
/** @typedef {import('../client/types.d.ts').NetworkChecked} NetworkChecked */

const kMeterMs = 80;
// Speech near a microphone is far above this share of full scale; a quiet room is below it.
const kHeard = 0.015;

export class Check {
  /** @param {EirSession} session */
  constructor(session) {
    this.session = session;
    const rights = session.seatRights;
    this.wants = { camera: rights?.has('video') ?? true, microphone: rights?.has('audio') ?? true };
    /** @type {DevicesChecked|null} */
    this.found = null;
    /** @type {NetworkChecked|null} */
    this.network = null;
    this.wasHeard = false;
    this.rows = { camera: row('camera', 'cam'), microphone: row('microphone', 'mic'), network: row('network', 'net') };
    this.meter = make('div', { class: 'meter', role: 'meter', 'aria-valuemin': '0', 'aria-valuemax': '100', 'aria-valuenow': '0' }, make('span'));
    this.rows.microphone.element.append(this.meter);
  }

  /** Until the person goes on: then what was opened is the session's. */
  async run() {
    const form = at('check');
    at('checks').replaceChildren(...this.wantedRows());
    at('check-picture').hidden = !this.wants.camera;
    this.show();
    const show = () => this.show();
    language.addEventListener('change', show);
    this.session.addEventListener('state', show);
    const again = () => this.look();
    at('check-again').addEventListener('click', again);
    const timer = setInterval(() => this.listen(), kMeterMs);
    this.look();
    await new Promise((done) => form.addEventListener('submit', (event) => done(event.preventDefault()), { once: true }));
    clearInterval(timer);
    language.removeEventListener('change', show);
    this.session.removeEventListener('state', show);
    at('check-again').removeEventListener('click', again);
    this.handOver();
  }

  wantedRows() {
    const { camera, microphone, network } = this.rows;
    return [...(this.wants.camera ? [camera.element] : []), ...(this.wants.microphone ? [microphone.element] : []), network.element];
  }

  /** Opens what is not open, and asks the server for an answer. */
  async look() {
    this.found?.stop();
    Object.assign(this, { found: null, network: null, wasHeard: false });
    this.show();
    const network = checkNetwork().then((found) => {
      this.network = found;
      this.show();
    });
    const { camera, microphone } = this.wants;
    if (camera || microphone) this.found = await checkDevices({ ...(!camera && { camera: false }), microphone });
    /** @type {HTMLVideoElement} */ (at('mirror')).srcObject = this.found?.stream ?? null;
    this.show();
    await network;
  }

  listen() {
    const level = this.found?.microphone.ok ? this.found.microphone.level() : 0;
    // Loudness is heard by its logarithm: -60 dB is an empty bar, -10 dB a full one.
    const share = Math.max(0, Math.min(1, (20 * Math.log10(level + 1e-6) + 60) / 50));
    this.meter.style.setProperty('--level', share.toFixed(2));
    this.meter.setAttribute('aria-valuenow', String(Math.round(share * 20) * 5));
    if (level < kHeard || this.wasHeard) return;
    this.wasHeard = true;
    this.show();
  }

  show() {
    const { found, network, rows } = this;
    this.meter.setAttribute('aria-label', t('check.level'));
    this.meter.hidden = !found?.microphone.ok;
    const ofDevice = (/** @type {'camera'|'microphone'} */ kind, /** @type {string} */ ok) => {
      if (!found) return { state: 'wait', text: t('check.opening') };
      const { error } = found[kind];
      return found[kind].ok ? { state: 'ok', text: ok } : { state: 'bad', text: t(`device.${error ?? `${kind}_missing`}`), code: error };
    };
    rows.camera.show('check.camera', ofDevice('camera', t('check.cameraOk')));
    rows.microphone.show('check.microphone', ofDevice('microphone', t(this.wasHeard ? 'check.microphoneOk' : 'check.saySomething')));
    rows.network.show('check.network', networkText(network));
    say(at('check-join'), t(this.joinKey()));
    say(at('check-admitted'), this.session.place === 'admitted' && this.wasWaiting() ? t('check.admitted') : '');
    /** @type {HTMLVideoElement} */ (at('mirror')).hidden = !found?.camera.ok;
  }

  /** Somebody was let in while still busy here. */
  wasWaiting() {
    return this.session.events.some(({ name, value }) => name === 'state' && value === 'waiting');
  }

  joinKey() {
    const { found, wants } = this;
    if (!found) return 'check.join';
    const lacks = { camera: wants.camera && !found.camera.ok, microphone: wants.microphone && !found.microphone.ok };
    if (lacks.microphone && (lacks.camera || !wants.camera)) return 'check.joinListening';
    if (lacks.microphone) return 'check.joinWithoutMicrophone';
    return lacks.camera ? 'check.joinWithoutCamera' : 'check.join';
  }

  handOver() {
    const { devices } = this.session.media;
    if (!this.found) return;
    devices.adopt(this.found.stream);
    // Known already: it is not told a second time.
    if (this.found.camera.error) devices.errors.set('video', this.found.camera.error);
    if (this.found.microphone.error) devices.errors.set('audio', this.found.microphone.error);
  }
}

/** @param {NetworkChecked|null} network */
function networkText(network) {
  if (!network) return { state: 'wait', text: t('check.networkWait') };
  if (network.server !== 'ok') return { state: 'bad', text: t('check.networkUnreachable'), code: 'unreachable' };
  if (network.websocket !== 'ok') return { state: 'bad', text: t('check.networkBlocked'), code: 'blocked' };
  return { state: 'ok', text: t('check.networkOk', { ms: Math.max(1, Math.round(network.roundTripMs)) }) };
}

/**
 * @param {string} name
 * @param {string} drawing
 */
function row(name, drawing) {
  const title = make('strong');
  const text = make('p', { role: 'status' });
  const mark = icon('wait');
  const element = make('li', { 'data-check': name }, icon(drawing), make('div', {}, title, text), mark);
  return {
    element,
    /**
     * @param {string} key
     * @param {{state: string, text: string, code?: string}} what
     */
    show(key, what) {
      say(title, t(key));
      say(text, what.text);
      element.dataset.state = what.state;
      element.dataset.code = what.code ?? '';
      mark.querySelector('use')?.setAttribute('href', `#i-${what.state}`);
    },
  };
}
