// Looks closer at one picture: two fingers, wheel, drag, buttons and keyboard. What is dragged never leaves the frame.
import { fill, t, language } from '../texts.js';
import { icon, make } from './dom.js';

const kMost = 8;
const kStep = 1.4;
const kWheelStep = 1.002;
// In pixels; as in call.css.
const kButton = 44;
const kEdge = 4;
// Of the frame's width, with an arrow key.
const kMove = 0.1;

export class Zoom {
  /** @param {HTMLElement} stage that the buttons are shown on */
  constructor(stage) {
    /** @type {HTMLElement|null} */
    this.figure = null;
    this.scale = 1;
    // Of the picture's middle from the frame's, in shares of the frame.
    this.x = this.y = 0;
    /** @type {Map<number, {x: number, y: number}>} */
    this.fingers = new Map();
    const button = (/** @type {string} */ label, /** @type {string} */ name, /** @type {() => void} */ act) => {
      const element = make('button', { type: 'button', 'data-label': label }, icon(name));
      element.addEventListener('click', act);
      return element;
    };
    this.bar = make('div', { id: 'zoom', role: 'group', 'data-label': 'zoom.group' },
      button('zoom.out', 'minus', () => this.by(1 / kStep)),
      button('zoom.in', 'plus', () => this.by(kStep)),
      button('zoom.reset', 'whole', () => this.reset()));
    this.bar.hidden = true;
    this.bar.addEventListener('keydown', (event) => this.key(event));
    stage.append(this.bar);
    stage.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    stage.addEventListener('pointerdown', (event) => this.press(event));
    stage.addEventListener('pointermove', (event) => this.drag(event));
    for (const name of ['pointerup', 'pointercancel']) {
      stage.addEventListener(name, (event) => this.fingers.delete(/** @type {PointerEvent} */ (event).pointerId));
    }
    language.addEventListener('change', () => fill(stage));
  }

  /** @param {HTMLElement|null} figure whose picture can be looked at closer; null: none */
  use(figure) {
    if (figure === this.figure) return;
    this.reset();
    if (this.figure) delete this.figure.dataset.zoom;
    this.figure = figure;
    this.bar.hidden = figure === null;
    if (!figure) return;
    figure.dataset.zoom = 'true';
    for (const element of [this.bar, ...this.bar.children]) element.setAttribute('aria-label', t(element.getAttribute('data-label') ?? ''));
  }

  /**
   * The buttons stand in the picture: under the one that pins it, or beside it in a low picture.
   * @param {import('./arrange.js').Rect} rect of the picture
   */
  stand({ left, top, width, height }) {
    const isFlat = height < kButton * 5;
    this.bar.dataset.flat = String(isFlat);
    this.bar.style.left = `${Math.round(left + width - kEdge - kButton - (isFlat ? 3 * kButton + kEdge : 0))}px`;
    this.bar.style.top = `${Math.round(top + kEdge + (isFlat ? 0 : kButton + kEdge))}px`;
  }

  reset() {
    this.scale = 1;
    this.x = this.y = 0;
    this.apply();
  }

  /**
   * @param {number} factor
   * @param {{x: number, y: number}} [point] that stays where it is, in shares of the frame from its middle
   */
  by(factor, point = { x: 0, y: 0 }) {
    const scale = Math.min(kMost, Math.max(1, this.scale * factor));
    this.x = point.x - ((point.x - this.x) * scale) / this.scale;
    this.y = point.y - ((point.y - this.y) * scale) / this.scale;
    this.scale = scale;
    this.apply();
  }

  apply() {
    const video = this.figure?.querySelector('video');
    if (!video) return;
    const most = (this.scale - 1) / 2;
    this.x = Math.min(most, Math.max(-most, this.x));
    this.y = Math.min(most, Math.max(-most, this.y));
    video.style.transform = this.scale === 1 ? '' : `translate(${this.x * 100}%, ${this.y * 100}%) scale(${this.scale})`;
  }

  /** @param {{clientX: number, clientY: number}} event */
  pointOf({ clientX, clientY }) {
    const frame = /** @type {HTMLElement} */ (this.figure).getBoundingClientRect();
    return { x: (clientX - frame.left) / frame.width - 0.5, y: (clientY - frame.top) / frame.height - 0.5 };
  }

  /** @param {Event} event */
  isOver({ target }) {
    const element = /** @type {Element} */ (target);
    return this.figure !== null && this.figure.contains(element) && !element.closest('button');
  }

  /** @param {WheelEvent} event */
  wheel(event) {
    if (!this.isOver(event)) return;
    event.preventDefault();
    this.by(kWheelStep ** -event.deltaY, this.pointOf(event));
  }

  /** @param {PointerEvent} event */
  press(event) {
    if (!this.isOver(event)) return;
    this.fingers.set(event.pointerId, this.pointOf(event));
    /** @type {Element} */ (event.target).setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  drag(event) {
    const before = this.fingers.get(event.pointerId);
    if (!before || !this.figure) return;
    const now = this.pointOf(event);
    const [other] = [...this.fingers].filter(([id]) => id !== event.pointerId).map(([, point]) => point);
    this.fingers.set(event.pointerId, now);
    if (other) {
      const factor = distance(now, other) / Math.max(0.01, distance(before, other));
      this.by(factor, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
      return;
    }
    this.x += now.x - before.x;
    this.y += now.y - before.y;
    this.apply();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const moves = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [kMove, 0], ArrowRight: [-kMove, 0], ArrowUp: [0, kMove], ArrowDown: [0, -kMove] });
    if (event.key in moves) {
      this.x += moves[event.key][0];
      this.y += moves[event.key][1];
      this.apply();
    } else if (event.key === '+') this.by(kStep);
    else if (event.key === '-') this.by(1 / kStep);
    else if (event.key === '0') this.reset();
    else return;
    event.preventDefault();
  }
}

/**
 * @param {{x: number, y: number}} a
 * @param {{x: number, y: number}} b
 */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);
