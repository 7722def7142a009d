// Waiting room and consultation: made when one goes on from the first view, so that the page itself is there sooner.
import { Tiles } from '../client/eir.js';
import { People } from '../people.js';
import { language, t } from '../texts.js';
import { mutedText } from './about.js';
import { Conversation } from './conversation.js';
import { at, say } from './dom.js';
import { Panel } from './panel.js';
import { Stage, caption } from './stage.js';
import { Toolbar } from './toolbar.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */

// Long enough to be read; later it would be taken for what is so now.
const kNewsMs = 15_000;
const kSpeaking = ['audio', 'video', 'extra_camera', 'screen', 'moderate'];

export class Call {
  /** @param {EirSession} session */
  constructor(session) {
    this.session = session;
    this.newsTimer = 0;
    /** @type {import('./settings.js').Settings|undefined} */
    this.settings = undefined;
    this.tiles = new Tiles(at('tiles'), session, caption);
    this.stage = new Stage(session);
    this.panel = new Panel();
    const page = {
      announce: (/** @type {string} */ text) => this.announce(text),
      ask: (/** @type {string} */ question) => this.ask(question),
      count: (/** @type {number} */ count) => this.showWaiting(count),
      nameOf: (/** @type {string} */ id) => this.people.nameOf(id),
    };
    this.people = new People(session, { waiting: at('waiting'), present: at('roster'), ...page });
    new Conversation(session, this.panel, page);
    new Toolbar(session, page.announce);
    this.listen();
    this.obey();
    this.show();
  }

  listen() {
    const { session } = this;
    for (const name of ['state', 'room', 'sending', 'devices', 'roster']) session.addEventListener(name, () => this.show());
    language.addEventListener('change', () => this.show());
    session.addEventListener('muted', (event) => {
      const text = mutedText(/** @type {CustomEvent} */ (event).detail.kinds);
      if (text) this.announce(text);
    });
    session.addEventListener('quality', (event) => this.showQuality(/** @type {CustomEvent} */ (event).detail.up.level));
  }

  /** The host's buttons for all, and the answers to questions. */
  obey() {
    const { session } = this;
    at('lock').addEventListener('click', () => session.decideForAll(session.room.locked ? 'unlock' : 'lock'));
    at('hold').addEventListener('click', () => session.decideForAll(session.room.hold === 'none' ? 'hold' : 'release'));
    at('end').addEventListener('click', async () => {
      if (await this.ask(t('host.endAsk'))) session.decideForAll('end');
    });
    for (const answer of ['yes', 'no']) {
      at(answer).addEventListener('click', () => /** @type {HTMLDialogElement} */ (at('question')).close(answer));
    }
    at('more').addEventListener('click', async () => {
      const { Settings } = await import('./settings.js');
      this.settings ??= new Settings(session, this.stage, this.panel);
      await this.settings.open();
    });
  }

  /** Everything that follows from place, rights, lock and hold. */
  show() {
    if (this.session.isOver) return;
    const { media, rights, room, place, hasChat } = this.session;
    document.documentElement.dataset.hold = room.hold;
    this.showOwnPicture();
    say(at('self-note'), t(media.maySend('video') ? 'stage.own' : 'stage.ownHidden'));
    at('host').hidden = !rights.has('moderate');
    say(at('lock'), t(room.locked ? 'host.unlock' : 'host.lock'));
    say(at('hold'), t(room.hold === 'none' ? 'host.hold' : 'host.release'));
    at('end').hidden = !rights.has('end');
    at('locked').hidden = !room.locked;
    at('roster-none').hidden = place === 'admitted';
    // Who waits has nobody to write to, and sees nobody.
    at('people').hidden = place !== 'admitted';
    at('chat').hidden = place !== 'admitted' || !hasChat;
    for (const id of ['tab-chat', 'tab-text', 'open-text']) at(id).hidden = at('chat').hidden;
    // Who gives nothing and decides nothing reads only (server/api/README.md).
    const maySay = kSpeaking.some((right) => rights.has(/** @type {any} */ (right))) || room.hold !== 'none';
    for (const id of ['chat-form', 'text-form']) at(id).hidden = !maySay;
    if (place === 'admitted' && document.documentElement.dataset.view === 'call') this.panel.openIfWide();
  }

  showOwnPicture() {
    const { devices } = this.session.media;
    const preview = /** @type {HTMLVideoElement} */ (at('preview'));
    const camera = devices.track('video');
    at('self').hidden = !camera;
    if (camera && preview.srcObject !== devices.stream) preview.srcObject = devices.stream;
    // As in a mirror, except what the camera at the back of a phone sees.
    preview.dataset.mirrored = String(camera?.getSettings().facingMode !== 'environment');
  }

  /** @param {number} level of the own line */
  showQuality(level) {
    const isKnown = level > 0 && this.session.place === 'admitted';
    at('own-quality').hidden = !isKnown;
    at('own-quality').dataset.level = String(level);
    if (isKnown) say(/** @type {Element} */ (at('own-quality').lastElementChild), t('quality.own', { level: t(`quality.${level}`) }));
  }

  /**
   * Shown for a while, and said by screen readers.
   * @param {string} text
   */
  announce(text) {
    clearTimeout(this.newsTimer);
    at('news').textContent = text;
    if (text) this.newsTimer = setTimeout(() => (at('news').textContent = ''), kNewsMs);
  }

  /** @param {number} count of those who wait */
  showWaiting(count) {
    const button = at('people');
    if (count > 0) {
      button.dataset.count = String(count);
      button.setAttribute('aria-description', t('people.count', { count }));
    } else {
      delete button.dataset.count;
      button.removeAttribute('aria-description');
    }
  }

  /**
   * Asks before what cannot be taken back.
   * @param {string} question
   * @returns {Promise<boolean>}
   */
  ask(question) {
    const dialog = /** @type {HTMLDialogElement} */ (at('question'));
    at('question-text').textContent = question;
    dialog.returnValue = '';
    dialog.showModal();
    return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true }));
  }
}

/** The style of this view too is asked for when it is needed. */
export function loadStyle() {
  const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: '/call.css' });
  return new Promise((done) => {
    link.onload = link.onerror = done;
    document.head.append(link);
  });
}
