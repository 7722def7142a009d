// The dialog with what one chooses seldom: how the pictures stand, which devices, a second camera, the language.
import { devices } from '../client/eir.js';
import { t } from '../texts.js';
import { at, make } from './dom.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */
/** @typedef {import('../client/types.d.ts').DeviceInfo} DeviceInfo */

/** @param {string} id */
const select = (id) => /** @type {HTMLSelectElement} */ (at(id));
/** @param {string} id */
const input = (id) => /** @type {HTMLInputElement} */ (at(id));
const dialog = /** @type {HTMLDialogElement} */ (at('settings'));

export class Settings {
  /**
   * @param {EirSession} session
   * @param {import('./stage.js').Stage} stage
   * @param {import('./panel.js').Panel} panel
   */
  constructor(session, stage, panel) {
    this.session = session;
    this.speaker = '';
    at('settings-close').addEventListener('click', () => dialog.close());
    at('open-text').addEventListener('click', () => {
      dialog.close();
      panel.open('text', true);
    });
    for (const radio of document.querySelectorAll('input[name=layout]')) {
      radio.addEventListener('change', () => stage.setLayout(/** @type {any} */ (radio).value));
    }
    const useCamera = () => session.media.useCamera(select('camera').value, { detail: input('detail').checked });
    for (const id of ['camera', 'detail']) at(id).addEventListener('change', async () => {
      await useCamera();
      this.showCameraAbilities();
    });
    at('microphone').addEventListener('change', () => session.media.useMicrophone(select('microphone').value));
    at('speaker').addEventListener('change', () => this.useSpeaker(select('speaker').value));
    at('second').addEventListener('change', () => {
      if (select('second').value) session.media.startSecondCamera(select('second').value, { detail: input('detail').checked });
      else session.media.stopSecondCamera();
    });
    at('camera-zoom').addEventListener('input', () => session.media.setZoom(Number(input('camera-zoom').value)));
    at('torch').addEventListener('change', () => session.media.setTorch(input('torch').checked));
    devices.addEventListener('devicechange', () => dialog.open && this.fill());
    // Elements for sound come and go with the connection.
    session.addEventListener('track', () => this.useSpeaker(this.speaker));
  }

  async open() {
    await this.fill();
    dialog.showModal();
  }

  async fill() {
    const { media, rights, seatRights, place } = this.session;
    const may = place === 'admitted' ? rights : seatRights;
    for (const field of document.querySelectorAll('.field[data-for]')) {
      /** @type {HTMLElement} */ (field).hidden = !may?.has(/** @type {HTMLElement} */ (field).dataset.for ?? '');
    }
    const { cameras, microphones, speakers } = await devices.list();
    const [video, audio] = [media.devices.track('video'), media.devices.track('audio')];
    offer('camera', cameras, video?.getSettings().deviceId);
    offer('microphone', microphones, audio?.getSettings().deviceId);
    offer('speaker', speakers, this.speaker);
    const second = media.extras.get('second')?.track.getSettings().deviceId ?? '';
    offer('second', cameras.filter(({ id }) => id !== video?.getSettings().deviceId), second);
    select('second').prepend(make('option', { value: '' }, t('more.secondNone')));
    select('second').value = second;
    if (cameras.length < 2) hideField('second');
    at('speaker-field').hidden = speakers.length === 0 || !('setSinkId' in HTMLMediaElement.prototype);
    this.showCameraAbilities();
  }

  /** Only some cameras, mostly those of phones, can come nearer and have a light. */
  showCameraAbilities() {
    const track = this.session.media.devices.track('video');
    const abilities = /** @type {any} */ (track?.getCapabilities?.() ?? {});
    const settings = /** @type {any} */ (track?.getSettings() ?? {});
    at('camera-zoom-field').hidden = !abilities.zoom;
    if (abilities.zoom) {
      Object.assign(input('camera-zoom'), { min: abilities.zoom.min, max: abilities.zoom.max, step: abilities.zoom.step ?? 0.1, value: settings.zoom });
    }
    at('torch-field').hidden = !abilities.torch;
    input('torch').checked = Boolean(settings.torch);
  }

  /** @param {string} id */
  useSpeaker(id) {
    this.speaker = id;
    if (!id) return;
    for (const element of document.querySelectorAll('#tiles audio')) /** @type {any} */ (element).setSinkId?.(id);
  }
}

/**
 * @param {string} id of the list
 * @param {DeviceInfo[]} found
 * @param {string} [chosen]
 */
function offer(id, found, chosen) {
  const list = select(id);
  list.replaceChildren(...found.map((device, index) =>
    make('option', { value: device.id }, device.label || t('more.unnamed', { kind: t(`more.${id}`), number: index + 1 }))));
  if (found.some((device) => device.id === chosen)) list.value = chosen ?? '';
  if (found.length === 0) hideField(id);
}

/** @param {string} id */
function hideField(id) {
  const field = at(id).closest('.field');
  if (field) /** @type {HTMLElement} */ (field).hidden = true;
}
