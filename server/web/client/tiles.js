// Shows the slots: a tile for each video slot, a sound element for each audio slot, and never a wrong name under a face.

const kCheckMs = 250;
// How long ago the last packet of a source may have come to count as what is on the screen.
const kFreshMs = 1000;

// Sizes are told in steps, so that a page that is being laid out asks once.
const kSizeStep = 16;
/** @type {Record<string, number>} */
const kPriorities = { screen: 7, wound: 7, pinned: 9 };
const kPriority = 5;

/** @import { Person, Slot, Wish } from './types.d.ts' */

/**
 * @typedef {object} Tile
 * @property {HTMLMediaElement} element
 * @property {HTMLElement|null} figure of a picture
 * @property {RTCRtpTransceiver} transceiver
 * @property {{timestamp: number, at: number}} newest
 * @property {number|undefined} shown the track whose picture was seen last
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
  add({ track, transceiver }) {
    const mid = transceiver.mid ?? '';
    const former = this.byMid.get(mid);
    (former?.figure ?? former?.element)?.remove();
    this.asked = this.planned = '';
    const element = document.createElement(track.kind === 'video' ? 'video' : 'audio');
    element.autoplay = true;
    element.dataset.mid = mid;
    // Sound comes from the audio element of the pair; both play one stream each, which the browser keeps in step.
    element.srcObject = new MediaStream([track]);
    let figure = null;
    if (element instanceof HTMLVideoElement) {
      element.muted = true;
      element.playsInline = true;
      figure = document.createElement('figure');
      figure.hidden = true;
      figure.append(element, document.createElement('figcaption'));
      this.noteFirstFrame(element, mid);
    }
    this.container.append(figure ?? element);
    this.byMid.set(mid, { element, figure, transceiver, newest: { timestamp: 0, at: 0 }, shown: undefined });
    element.play().catch(() => {
      // Without a click some browsers keep sound back: the next click anywhere starts it.
      document.addEventListener('click', () => element.play(), { once: true });
    });
    this.refresh();
  }

  /**
   * @param {HTMLVideoElement} element
   * @param {string} mid
   */
  noteFirstFrame(element, mid) {
    const note = () => (this.session.timings.firstFrame[mid] ??= performance.now());
    if (element.requestVideoFrameCallback) element.requestVideoFrameCallback(note);
    else element.addEventListener('loadeddata', note, { once: true });
  }

  refresh() {
    for (const [mid, tile] of this.byMid) {
      const { element, figure, transceiver, newest } = tile;
      const slot = this.session.slots.get(mid);
      const csrc = newestSource(transceiver.receiver, newest);
      const who = slot?.participant !== undefined && csrc === slot.track ? slot.participant : '';
      if (who) tile.shown = csrc;
      element.dataset.participant = who;
      element.dataset.track = csrc === undefined ? '' : String(csrc);
      element.dataset.state = slot?.state ?? 'empty';
      if (!figure) continue;
      figure.hidden = !isToBeSeen(slot, tile.shown);
      const { pinned } = this.session;
      const isPinned = pinned !== null && slot?.participant === pinned.participant && slot.label === pinned.label;
      const says = { ...element.dataset, label: slot?.label ?? '', pinned: String(isPinned) };
      // Pages watch these: what is as it was is not written again.
      for (const [name, value] of Object.entries(says)) if (figure.dataset[name] !== value) figure.dataset[name] = value;
      const person = this.session.roster.get(who);
      const text = person && slot ? this.caption(person, slot) : '';
      const caption = /** @type {HTMLElement} */ (figure.lastElementChild);
      if (caption.textContent !== text) caption.textContent = text;
      element.setAttribute('aria-label', text || 'Video');
    }
  }

  /** Asks for the pictures in the sizes in which they are seen, and for none of what the page does not show. */
  askForView() {
    if (this.session.wishes) return;
    const view = JSON.stringify(this.wishes());
    if (view === this.planned && view !== this.asked) {
      this.asked = view;
      this.session.signal?.send({ type: 'view', wishes: JSON.parse(view) });
    }
    this.planned = view;
  }

  /** @returns {Wish[]} */
  wishes() {
    const pictures = [...this.byMid].filter(([, { figure }]) => figure);
    const wishes = pictures.filter(([, { figure }]) => figure && !figure.hidden).map(([mid, { element, figure }]) => {
      const { width, height } = element.getBoundingClientRect();
      const { label = '', pinned } = figure?.dataset ?? {};
      const source = pinned === 'true' ? this.session.pinned : null;
      return {
        mid, ...source, width: inSteps(width), height: inSteps(height),
        priority: source ? kPriorities.pinned : (kPriorities[label] ?? kPriority),
      };
    });
    // Who is pinned and has no slot, because others came first, gets the last one.
    const [last] = pictures.at(-1) ?? [];
    if (this.session.pinned && last && !wishes.some(({ priority }) => priority === kPriorities.pinned)) {
      wishes.splice(0, wishes.length, ...wishes.filter(({ mid }) => mid !== last));
      wishes.push({ mid: last, ...this.session.pinned, width: 1280, height: 720, priority: kPriorities.pinned });
    }
    return wishes;
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
 * @param {RTCRtpReceiver} receiver
 * @param {{timestamp: number, at: number}} newest the newest timestamp seen so far, and when it was first seen
 */
function newestSource(receiver, newest) {
  const [source] = receiver.getContributingSources().sort((a, b) => b.timestamp - a.timestamp);
  if (!source) return undefined;
  const now = performance.now();
  if (source.timestamp !== newest.timestamp) Object.assign(newest, { timestamp: source.timestamp, at: now });
  return now - newest.at <= kFreshMs ? source.source : undefined;
}
