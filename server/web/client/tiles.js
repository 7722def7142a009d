// Shows the slots: a tile for each video slot, a sound element for each audio slot, and never a wrong name under a face.
/** @import { Person, Slot, Wish } from './types.d.ts' */

const kCheckMs = 250;
// How long ago the last packet of a source may have come to count as what is on the screen.
const kFreshMs = 1000;
// Sizes are told in steps, so that a page that is being laid out asks once.
const kSizeStep = 16;
const kPriorities = { pinned: 9, forShow: 7, other: 5 };

/**
 * @typedef {object} Tile
 * @property {HTMLMediaElement} element
 * @property {HTMLElement|null} figure of a picture
 * @property {RTCRtpReceiver} receiver
 * @property {{timestamp: number, at: number}} newest
 * @property {number} [shown] the track whose picture was seen last
 */

export class Tiles {
  /**
   * A figure appears (`hidden` goes) while there is something to see. It says `data-label`, `data-state`, `data-pinned`, and
   * once packets and signalling agree on them `data-participant`.
   * @param {HTMLElement} container
   * @param {import('./session.js').EirSession} session
   * @param {(person: Person, slot: Slot) => string} [caption] what is written below a face
   */
  constructor(container, session, caption = ({ name, role }) => name ?? role) {
    this.container = container;
    this.session = session;
    this.caption = caption;
    /** @type {Map<string, Tile>} */
    this.byMid = new Map();
    /** The view that was asked for, and that of the last look. */
    this.asked = this.planned = '';
    session.addEventListener('track', (event) => this.add(/** @type {CustomEvent} */ (event).detail));
    for (const name of ['slots', 'roster', 'pin']) session.addEventListener(name, () => this.refresh());
    setInterval(() => {
      this.refresh();
      this.askForView();
    }, kCheckMs);
  }

  /** @param {RTCTrackEvent} event */
  add({ track, transceiver: { mid, receiver } }) {
    const key = mid ?? '';
    const former = this.byMid.get(key);
    (former?.figure ?? former?.element)?.remove();
    this.asked = '';
    const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
    element.autoplay = true;
    element.dataset.mid = key;
    // Sound comes from the audio element of the pair; both play one stream each, which the browser keeps in step.
    element.srcObject = new MediaStream([track]);
    let figure = null;
    if (element instanceof HTMLVideoElement) {
      element.muted = element.playsInline = true;
      figure = document.createElement('figure');
      figure.hidden = true;
      figure.append(element, document.createElement('figcaption'));
    }
    this.container.append(figure ?? element);
    this.byMid.set(key, { element, figure, receiver, newest: { timestamp: 0, at: 0 } });
    // Without a click some browsers keep sound back: the next click anywhere starts it.
    element.play().catch(() => document.addEventListener('click', () => element.play(), { once: true }));
    this.refresh();
  }

  refresh() {
    const { slots, roster, pinned } = this.session;
    for (const [mid, tile] of this.byMid) {
      const { element, figure } = tile;
      const slot = slots.get(mid);
      const csrc = newestSource(tile);
      const isAgreed = slot?.participant !== undefined && csrc === slot.track;
      if (isAgreed) tile.shown = csrc;
      // Of a picture that the server holds back no packets come that could agree. Whose it is may be told all the same, as
      // long as nobody else is seen.
      const isHeld = slot?.state === 'paused';
      const who = (isAgreed || isHeld ? slot?.participant : '') ?? '';
      const isElse = isHeld && tile.shown !== slot.track;
      element.style.visibility = isElse ? 'hidden' : '';
      Object.assign(element.dataset, { participant: who, track: csrc ?? '', state: slot?.state ?? 'empty' });
      if (!figure) continue;
      figure.hidden = !isToBeSeen(slot, tile.shown);
      const isPinned = pinned !== null && slot?.participant === pinned.participant && slot.label === pinned.label;
      const says = { ...element.dataset, label: slot?.label ?? '', pinned: String(isPinned) };
      // Pages watch these: what is as it was is not written again.
      for (const [name, value] of Object.entries(says)) if (figure.dataset[name] !== value) figure.dataset[name] = value;
      const person = roster.get(who);
      const text = person && slot ? this.caption(person, slot) : '';
      const caption = /** @type {HTMLElement} */ (figure.lastElementChild);
      if (caption.textContent !== text) caption.textContent = text;
      element.setAttribute('aria-label', text || 'Video');
    }
  }

  /** Asks for the pictures in the sizes in which they are seen, and for none of what the page does not show. */
  askForView() {
    const wishes = this.wishes();
    const view = JSON.stringify(wishes);
    if (this.session.media.isAlive && !this.session.wishes && view === this.planned && view !== this.asked) {
      this.asked = view;
      this.session.send({ type: 'view', wishes });
    }
    this.planned = view;
  }

  /** @returns {Wish[]} */
  wishes() {
    const { pinned } = this.session;
    const figures = [...this.byMid.values()].flatMap(({ figure }) => figure ?? []);
    const wishes = figures.filter(({ hidden }) => !hidden).map(({ dataset: { mid = '', label = '', ...says }, firstElementChild }) => {
      const { width, height } = /** @type {Element} */ (firstElementChild).getBoundingClientRect();
      const size = { width: inSteps(width), height: inSteps(height) };
      if (says.pinned === 'true') return { mid, ...pinned, ...size, priority: kPriorities.pinned };
      return { mid, ...size, priority: label === 'screen' || label === 'wound' ? kPriorities.forShow : kPriorities.other };
    });
    // Who is pinned and has no slot, because others came first, gets the last one.
    const mid = figures.at(-1)?.dataset.mid;
    if (!pinned || !mid || wishes.some(({ priority }) => priority === kPriorities.pinned)) return wishes;
    return [...wishes.filter((wish) => wish.mid !== mid), { mid, ...pinned, width: 1280, height: 720, priority: kPriorities.pinned }];
  }
}

/** @param {number} length in CSS pixels */
const inSteps = (length) => Math.ceil((length * devicePixelRatio) / kSizeStep) * kSizeStep;

/**
 * A camera that fell silent stays; a second camera or a screen that sends nothing (any more) is not there.
 * @param {Slot|undefined} slot
 * @param {number|undefined} shown
 */
const isToBeSeen = (slot, shown) =>
  slot?.participant !== undefined && (slot.state !== 'silent' || (slot.label === 'camera' && slot.track === shown));

/**
 * The CSRC of the packets that came last, undefined if none came lately. Whether they did is judged by this page's own
 * clock: the sources' timestamps run on another one (in Firefox up to 1.5 s behind, and drifting).
 * @param {Tile} tile
 */
function newestSource({ receiver, newest }) {
  const [source] = receiver.getContributingSources().sort((a, b) => b.timestamp - a.timestamp);
  if (!source) return undefined;
  const now = performance.now();
  if (source.timestamp !== newest.timestamp) Object.assign(newest, { timestamp: source.timestamp, at: now });
  return now - newest.at <= kFreshMs ? source.source : undefined;
}
