// Messages and real-time text. Nothing of them is kept: when the page goes, they are gone.
import { capital, t } from '../texts.js';
import { at, make, say } from './dom.js';
import { applyText, typed } from './t140.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */

// What is said in an hour; the oldest go first.
const kMessagesMax = 500;
const kTextMax = 4000;
// Characters have up to four bytes; the client library waits 300 ms before it sends what came.
const kPiece = 120;
const kPieceMs = 350;

export class Conversation {
  /**
   * @param {EirSession} session
   * @param {import('./panel.js').Panel} panel
   * @param {{announce: (text: string) => void, nameOf: (participant: string) => string}} page
   */
  constructor(session, panel, page) {
    this.session = session;
    this.panel = panel;
    this.page = page;
    this.unread = 0;
    /** What each of the others has written, and where it is shown. @type {Map<string, {text: string, element: HTMLElement}>} */
    this.texts = new Map();
    this.sent = '';
    /** Characters that are typed and not sent. @type {string[]} */
    this.unsent = [];
    this.timer = 0;
    session.addEventListener('chat', (event) => this.take(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener('text', (event) => this.takeText(/** @type {CustomEvent} */ (event).detail));
    at('chat-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    at('chat-input').addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.send();
    });
    at('text-form').addEventListener('submit', (event) => event.preventDefault());
    at('text-input').addEventListener('input', () => this.type());
    panel.onshow = (tab) => {
      if (tab === 'chat') this.setUnread(0);
      // What was announced is read here.
      if (tab !== 'people') page.announce('');
    };
  }

  send() {
    const input = /** @type {HTMLTextAreaElement} */ (at('chat-input'));
    const text = input.value.trim();
    input.value = '';
    input.focus();
    if (!text) return;
    this.session.chat(text);
    // The server passes it on to the others only.
    this.take({ participant: this.session.participant ?? '', text });
  }

  /** @param {{participant: string, text: string}} message */
  take({ participant, text }) {
    const isOwn = participant === this.session.participant;
    const name = isOwn ? t('chat.you') : capital(this.page.nameOf(participant));
    const time = new Date().toLocaleTimeString(document.documentElement.lang, { timeStyle: 'short' });
    const log = at('chat-log');
    const meta = make('span', { class: 'meta' }, make('strong', {}, name), ` ${time}`);
    log.append(make('div', { 'data-own': String(isOwn) }, meta, make('p', {}, text)));
    if (log.childElementCount > kMessagesMax) log.firstElementChild?.remove();
    at('chat-empty').hidden = true;
    log.lastElementChild?.scrollIntoView({ block: 'nearest' });
    if (isOwn || this.panel.isShown('chat')) return;
    this.setUnread(this.unread + 1);
    this.page.announce(t('chat.from', { name }));
  }

  /** @param {number} count */
  setUnread(count) {
    this.unread = count;
    if (count > 0) at('chat').dataset.count = String(count);
    else delete at('chat').dataset.count;
  }

  /** @param {{participant: string, t140: string}} message */
  takeText({ participant, t140 }) {
    if (participant === this.session.participant) return;
    let line = this.texts.get(participant);
    if (!line) {
      const name = make('strong', {}, capital(this.page.nameOf(participant)));
      line = { text: '', element: make('p') };
      at('text-log').append(make('div', {}, name, line.element));
      this.texts.set(participant, line);
      at('text-empty').hidden = true;
      if (!this.panel.isShown('text')) this.page.announce(t('chat.from', { name: name.textContent ?? '' }));
    }
    line.text = applyText(line.text, t140).slice(-kTextMax);
    say(line.element, line.text);
  }

  type() {
    const { value } = /** @type {HTMLTextAreaElement} */ (at('text-input'));
    this.unsent.push(...typed(this.sent, value));
    this.sent = value;
    if (!this.timer) this.sendTyped();
  }

  /** What is pasted goes in pieces: the server takes 512 bytes at a time, at most every 300 ms. */
  sendTyped() {
    const piece = this.unsent.splice(0, kPiece).join('');
    if (piece) this.session.realTimeText(piece);
    this.timer = piece ? setTimeout(() => this.sendTyped(), kPieceMs) : 0;
  }
}
