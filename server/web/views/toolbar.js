// The buttons at the foot: what one sends oneself, and the way out.
import { devices } from '../client/eir.js';
import { language, t } from '../texts.js';
import { deviceText } from './about.js';
import { at, face } from './dom.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */

const kKinds = /** @type {const} */ (['audio', 'video']);
const kDrawings = { audio: ['mic', 'mic-off'], video: ['cam', 'cam-off'] };

export class Toolbar {
  /**
   * @param {EirSession} session
   * @param {(text: string) => void} announce
   */
  constructor(session, announce) {
    this.session = session;
    /** @type {import('../client/types.d.ts').DeviceList['cameras']} */
    this.cameras = [];
    for (const kind of kKinds) {
      at(`mute-${kind}`).addEventListener('click', () => {
        const { isUsable, isOff, canRetry } = deviceText(session, kind);
        if (!isUsable) return;
        announce('');
        if (canRetry) this.retry();
        else session.media.setMuted(kind, !isOff);
      });
    }
    at('switch').addEventListener('click', () => this.switchCamera());
    at('share').addEventListener('click', () => {
      if (session.media.extras.has('screen')) session.media.stopScreen();
      else session.media.shareScreen();
    });
    at('leave').addEventListener('click', () => session.leave());
    for (const name of ['state', 'room', 'sending', 'devices']) session.addEventListener(name, () => this.show());
    session.addEventListener('devices', () => this.countCameras());
    devices.addEventListener('devicechange', () => this.countCameras());
    language.addEventListener('change', () => this.show());
    this.countCameras();
  }

  show() {
    const { media, rights } = this.session;
    for (const kind of kKinds) {
      const { text, isUsable, isOff } = deviceText(this.session, kind);
      const button = at(`mute-${kind}`);
      face(button, kDrawings[kind][isOff ? 1 : 0], text);
      // Not `disabled`: that would take the focus away from who just used it.
      button.setAttribute('aria-disabled', String(!isUsable));
      button.dataset.off = String(isOff);
    }
    const isSharing = media.extras.has('screen');
    at('share').hidden = !(rights.has('screen') && navigator.mediaDevices && 'getDisplayMedia' in navigator.mediaDevices);
    at('share').dataset.on = String(isSharing);
    face(at('share'), 'screen', t(isSharing ? 'tool.unshare' : 'tool.share'));
    at('switch').hidden = this.cameras.length < 2 || media.devices.track('video') === null;
  }

  async retry() {
    await this.session.media.openDevices(true);
    await this.session.media.sync();
  }

  async countCameras() {
    this.cameras = (await devices.list()).cameras;
    this.show();
  }

  /** To the next one; on a phone that is front and back. */
  async switchCamera() {
    const current = this.session.media.devices.track('video')?.getSettings().deviceId;
    const index = this.cameras.findIndex(({ id }) => id === current);
    const next = this.cameras[(index + 1) % this.cameras.length];
    if (next) await this.session.media.useCamera(next.id);
  }
}
