// The tiles: who is large and who is small, what is said on them, and a card for each person who is heard and not seen.
// Names come from the tiles of the client library, which writes them only where packets and signalling agree.
import { capital, language, roleName, t } from '../texts.js';
import { arrange, fit } from './arrange.js';
import { at, icon, make, say } from './dom.js';
import { Zoom } from './zoom.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */
/** @typedef {import('../client/types.d.ts').Person} Person */
/** @typedef {import('../client/types.d.ts').Slot} Slot */
/** @typedef {import('../client/types.d.ts').Quality} Quality */
/** @typedef {'auto'|'large'|'even'|'wound'} Layout */

// Up to so many others, one of them is shown large unless the person decides.
const kLargeUpTo = 4;
// The large picture follows who speaks, but not each cough.
const kSpeakerHoldMs = 3000;
// A picture that is held back for less is as one that stutters: nothing is said of it.
const kHeldMs = 1500;
// Narrower tiles say less.
const kSmall = 240;
const kCorner = { share: 0.24, min: 104, max: 240, edge: 12 };
// Shown large by themselves: that is what they are sent for.
const kForShow = ['screen', 'wound'];

/**
 * The words below a face.
 * @param {Person} person
 * @param {Slot} [slot]
 */
export function caption(person, slot) {
  const what = slot && t(`stage.${slot.label}`);
  return [person.name, roleName(person.role), what].filter(Boolean).join(', ');
}

export class Stage {
  /** @param {EirSession} session */
  constructor(session) {
    this.session = session;
    this.element = at('tiles');
    this.self = at('self');
    /** @type {Layout} */
    this.layout = 'auto';
    this.speaker = '';
    this.speakerTimer = 0;
    /** @type {Quality|null} */
    this.quality = null;
    /** @type {Map<string, HTMLElement>} who is heard and not seen, by participant */
    this.cards = new Map();
    /** Since when pictures are held back, by performance.now(). @type {WeakMap<HTMLElement, number>} */
    this.heldSince = new WeakMap();
    this.zoom = new Zoom(this.element);
    this.frame = 0;
    const later = () => (this.frame ||= requestAnimationFrame(() => this.show()));
    new ResizeObserver(later).observe(this.element);
    new MutationObserver(later).observe(this.element, {
      subtree: true, childList: true, attributeFilter: ['hidden', 'data-state', 'data-label', 'data-pinned', 'data-participant'],
    });
    for (const name of ['state', 'slots', 'roster', 'pin', 'devices', 'sending']) session.addEventListener(name, later);
    language.addEventListener('change', later);
    session.addEventListener('speakers', (event) => this.hear(/** @type {CustomEvent} */ (event).detail.participants));
    session.addEventListener('quality', (event) => {
      this.quality = /** @type {CustomEvent} */ (event).detail;
      later();
    });
    this.later = later;
  }

  /** @param {Layout} layout */
  setLayout(layout) {
    this.layout = layout;
    this.later();
  }

  /** @param {string[]} participants who are heard, loudest first */
  hear(participants) {
    const [first] = participants.filter((id) => id !== this.session.participant);
    for (const tile of this.others()) tile.dataset.speaking = String(participants.includes(this.personOf(tile)));
    clearTimeout(this.speakerTimer);
    if (!first || first === this.speaker) return;
    this.speakerTimer = setTimeout(() => {
      this.speaker = first;
      this.later();
    }, this.speaker ? kSpeakerHoldMs : 0);
  }

  /** @returns {HTMLElement[]} */
  others() {
    return [...this.element.querySelectorAll('figure, .voice')].map((tile) => /** @type {HTMLElement} */ (tile)).filter((tile) => !tile.hidden);
  }

  /** Whose tile it is to be by signalling; what is written on it is decided by the packets. @param {HTMLElement} tile */
  personOf(tile) {
    return tile.dataset.voice ?? this.slotOf(tile)?.participant ?? '';
  }

  /** @param {HTMLElement} tile */
  slotOf(tile) {
    return this.session.slots.get(tile.querySelector('video')?.dataset.mid ?? '');
  }

  show() {
    this.frame = 0;
    this.showCards();
    const tiles = this.others();
    const main = this.mainOf(tiles);
    const isEven = this.layout === 'even' || (this.layout === 'auto' && tiles.length > kLargeUpTo && !isForShow(main));
    const ordered = main ? [main, ...tiles.filter((tile) => tile !== main)] : [];
    this.zoom.use(!isEven && main?.matches('figure') && (this.layout === 'wound' || isForShow(main)) ? main : null);
    this.place(isEven ? tiles : ordered, isEven ? 'even' : 'large');
    for (const tile of tiles) if (tile.matches('figure')) this.decorate(tile);
    this.tellHeld(tiles);
  }

  /** @param {HTMLElement[]} tiles */
  mainOf(tiles) {
    const label = (/** @type {HTMLElement} */ tile) => this.slotOf(tile)?.label ?? '';
    return tiles.find((tile) => tile.dataset.pinned === 'true')
      ?? tiles.find((tile) => label(tile) === 'wound')
      ?? tiles.find((tile) => label(tile) === 'screen')
      ?? (this.layout === 'wound' ? tiles.find((tile) => label(tile) === 'extra_camera') : undefined)
      ?? tiles.find((tile) => tile.matches('figure') && this.personOf(tile) === this.speaker)
      ?? tiles.find((tile) => tile.matches('figure'))
      ?? tiles[0];
  }

  /**
   * @param {HTMLElement[]} tiles
   * @param {'large'|'even'} layout
   */
  place(tiles, layout) {
    const stage = { width: this.element.clientWidth, height: this.element.clientHeight };
    const isCorner = !this.self.hidden && tiles.length === 1;
    const all = this.self.hidden || isCorner ? tiles : [...tiles, this.self];
    const rects = arrange(layout, all.length, stage, ratioOf(all[0]));
    for (const [index, tile] of all.entries()) {
      // What is looked at closer has all the room.
      const isWhole = tile === this.zoom.figure;
      put(tile, isWhole ? rects[index] : fit(rects[index], ratioOf(tile)));
      if (isWhole) this.zoom.stand(rects[index]);
      tile.dataset.size = rects[index].width < kSmall ? 'small' : 'large';
      tile.dataset.main = String(layout === 'large' && index === 0);
    }
    this.self.dataset.corner = String(isCorner);
    if (!isCorner) return;
    const width = Math.min(kCorner.max, Math.max(kCorner.min, stage.width * kCorner.share));
    const height = (width * 9) / 16;
    put(this.self, { left: stage.width - width - kCorner.edge, top: stage.height - height - kCorner.edge, width, height });
    this.self.dataset.size = 'small';
  }

  /** A tile's own controls stand before the picture: the library's words stay its last element. @param {HTMLElement} figure */
  decorate(figure) {
    let tools = /** @type {HTMLElement|null} */ (figure.querySelector('.tools'));
    if (!tools) {
      const pin = make('button', { type: 'button', class: 'pin' }, icon('pin'));
      pin.addEventListener('click', () => this.togglePin(figure));
      tools = make('div', { class: 'tools' }, make('p', { class: 'cover' }), make('p', { class: 'quality' }, icon('bars'), make('span')), pin);
      figure.prepend(tools);
    }
    const person = this.session.roster.get(figure.dataset.participant ?? '');
    const isPinned = figure.dataset.pinned === 'true';
    const pin = /** @type {HTMLElement} */ (tools.querySelector('.pin'));
    pin.setAttribute('aria-pressed', String(isPinned));
    pin.setAttribute('aria-label', t(isPinned ? 'stage.unpin' : 'stage.pin', { name: person ? caption(person, this.slotOf(figure)) : t('stage.someone') }));
    this.showCover(figure, /** @type {HTMLElement} */ (tools.querySelector('.cover')));
    this.showQuality(figure, /** @type {HTMLElement} */ (tools.querySelector('.quality')));
  }

  /**
   * Why there is no picture.
   * @param {HTMLElement} figure
   * @param {HTMLElement} cover
   */
  showCover(figure, cover) {
    const slot = this.slotOf(figure);
    const person = this.session.roster.get(slot?.participant ?? '');
    const isCamera = slot?.label === 'camera';
    const isOff = isCamera && Boolean(person && [...person.muted, ...person.hostMuted].includes('video'));
    const state = slot?.state === 'paused' && !this.isLongHeld(figure) ? '' : (slot?.state ?? '');
    if (slot?.state !== 'paused') this.heldSince.delete(figure);
    const why = person?.state === 'reconnecting' ? 'lost' : isOff ? 'muted' : state;
    const text = t(why === 'paused' && figure.dataset.size === 'small' ? 'stage.pausedSmall' : `stage.${why}`);
    say(cover, text);
    cover.hidden = text === '';
    cover.dataset.why = why;
  }

  /** @param {HTMLElement} figure of a picture that the server holds back */
  isLongHeld(figure) {
    const since = this.heldSince.get(figure);
    if (since !== undefined) return performance.now() - since >= kHeldMs;
    this.heldSince.set(figure, performance.now());
    setTimeout(this.later, kHeldMs + 50);
    return false;
  }

  /** Said once for all whose pictures the line does not carry, and silently taken back. @param {HTMLElement[]} tiles */
  tellHeld(tiles) {
    const held = tiles.filter((tile) => tile.querySelector('.cover[data-why="paused"]'));
    const names = held.flatMap((tile) => tile.querySelector('figcaption')?.textContent || []).map(capital);
    say(at('held'), names.length > 0 ? t('stage.pausedOf', { names: names.join('; ') }) : '');
  }

  /**
   * @param {HTMLElement} figure
   * @param {HTMLElement} badge
   */
  showQuality(figure, badge) {
    const found = this.quality?.down.find(({ participant }) => participant !== '' && participant === figure.dataset.participant);
    // What is said of the sound alone would speak against the words on the tile.
    const isHeld = this.slotOf(figure)?.state === 'paused';
    badge.hidden = !found || isHeld;
    if (!found || isHeld) return;
    badge.dataset.level = String(found.level);
    say(/** @type {HTMLElement} */ (badge.lastElementChild), t('quality.of', { level: t(`quality.${found.level}`) }));
  }

  /** @param {HTMLElement} figure */
  togglePin(figure) {
    const slot = this.slotOf(figure);
    const isPinned = figure.dataset.pinned === 'true';
    this.session.pin(isPinned ? null : (slot?.participant ?? null), slot?.label);
    if (!isPinned && this.layout === 'even') this.setLayout('auto');
  }

  showCards() {
    const seen = new Set([...this.element.querySelectorAll('figure')].filter(({ hidden }) => !hidden).map((figure) => this.personOf(figure)));
    const { session } = this;
    const isVoice = (/** @type {Person} */ { id, state }) => id !== session.participant && !seen.has(id) && (state === 'admitted' || state === 'reconnecting');
    const voices = session.place === 'admitted' ? [...session.roster.values()].filter(isVoice) : [];
    for (const [id, card] of this.cards) {
      if (voices.some((person) => person.id === id)) continue;
      card.remove();
      this.cards.delete(id);
    }
    for (const person of voices) {
      const card = this.cards.get(person.id) ?? this.addCard(person.id);
      const isOff = [...person.muted, ...person.hostMuted].includes('audio');
      const isHeld = session.room.hold !== 'none' && !session.rights.has('moderate');
      const state = person.state === 'reconnecting' ? 'stage.lost' : isOff ? 'stage.micOff' : 'stage.voice';
      if (isHeld) card.dataset.speaking = 'false';
      say(/** @type {HTMLElement} */ (card.querySelector('strong')), capital(caption(person)));
      say(/** @type {HTMLElement} */ (card.querySelector('small')), isHeld ? '' : t(state));
    }
  }

  /** @param {string} id */
  addCard(id) {
    const card = make('div', { class: 'voice', 'data-voice': id }, icon('person'), make('strong'), make('small'));
    this.cards.set(id, card);
    this.element.append(card);
    return card;
  }
}

/** @param {HTMLElement|undefined} tile whose picture is as wide as high, or less, on a phone that is held upright */
function ratioOf(tile) {
  const video = tile?.querySelector('video');
  return video?.videoWidth ? video.videoWidth / video.videoHeight : undefined;
}

/** @param {HTMLElement|undefined} tile */
const isForShow = (tile) => kForShow.includes(tile?.dataset.label ?? '') || tile?.dataset.pinned === 'true';

/**
 * @param {HTMLElement} tile
 * @param {import('./arrange.js').Rect} rect
 */
function put(tile, rect) {
  for (const [name, value] of Object.entries(rect)) tile.style.setProperty(name, `${Math.round(value)}px`);
}
