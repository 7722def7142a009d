// Shows the slots: a tile for each video slot, a sound element for each audio slot, and never a wrong name under a face.

const kCheckMs = 250;
// How long ago the last packet of a source may have come to count as what is on the screen.
const kFreshMs = 1000;

export class Tiles {
  /**
   * @param {HTMLElement} container
   * @param {import('./session.js').EirSession} session
   */
  constructor(container, session) {
    this.container = container;
    this.session = session;
    /** @type {Map<string, {element: HTMLMediaElement, figure: HTMLElement|null, transceiver: RTCRtpTransceiver, newest: {timestamp: number, at: number}}>} */
    this.byMid = new Map();
    session.addEventListener('track', (event) => this.add(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener('slots', () => this.refresh());
    session.addEventListener('roster', () => this.refresh());
    setInterval(() => this.refresh(), kCheckMs);
  }

  /** @param {RTCTrackEvent} event */
  add(event) {
    const mid = event.transceiver.mid ?? '';
    this.byMid.get(mid)?.figure?.remove();
    this.byMid.get(mid)?.element.remove();
    const element = document.createElement(event.track.kind === 'video' ? 'video' : 'audio');
    element.autoplay = true;
    element.dataset.mid = mid;
    // Sound comes from the audio element of the pair; both play one stream each, which the browser keeps in step.
    element.srcObject = event.streams[0] ?? new MediaStream([event.track]);
    let figure = null;
    if (element instanceof HTMLVideoElement) {
      element.muted = true;
      element.playsInline = true;
      element.srcObject = new MediaStream([event.track]);
      figure = document.createElement('figure');
      figure.hidden = true;
      figure.append(element, document.createElement('figcaption'));
      this.container.append(figure);
      this.noteFirstFrame(element, mid);
    } else {
      element.srcObject = new MediaStream([event.track]);
      this.container.append(element);
    }
    this.byMid.set(mid, { element, figure, transceiver: event.transceiver, newest: { timestamp: 0, at: 0 } });
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
    const note = () => {
      if (!this.session.timings.firstFrame[mid]) this.session.timings.firstFrame[mid] = performance.now();
    };
    if (element.requestVideoFrameCallback) element.requestVideoFrameCallback(note);
    else element.addEventListener('loadeddata', note, { once: true });
  }

  refresh() {
    for (const [mid, { element, figure, transceiver, newest }] of this.byMid) {
      const slot = this.session.slots.get(mid);
      const csrc = newestSource(transceiver.receiver, newest);
      const agrees = slot?.participant !== undefined && csrc === slot.track;
      element.dataset.participant = agrees ? slot.participant : '';
      element.dataset.track = csrc === undefined ? '' : String(csrc);
      element.dataset.state = slot?.state ?? 'empty';
      if (!figure) continue;
      figure.hidden = slot?.participant === undefined;
      const person = agrees ? this.session.roster.get(slot.participant) : undefined;
      const caption = /** @type {HTMLElement} */ (figure.lastElementChild);
      const text = person ? [person.name, roleName(person.role)].filter(Boolean).join(', ') : '';
      if (caption.textContent !== text) caption.textContent = text;
      element.setAttribute('aria-label', text || 'Video');
    }
  }
}

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

const kRoleNames = {
  specialist: 'spesialist', clinician: 'helsepersonell', gp: 'fastlege', patient: 'pasient', relative: 'pårørende',
  interpreter: 'tolk', observer: 'observatør', moderator: 'møteleder', device: 'utstyr', gateway: 'telefon', support: 'brukerstøtte',
};

/** @param {string} role */
export function roleName(role) {
  return kRoleNames[/** @type {keyof typeof kRoleNames} */ (role)] ?? role;
}
