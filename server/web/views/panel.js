// The panel beside the pictures (over them on a phone): people, messages, real-time text. One of them at a time.
import { at } from './dom.js';

/** @typedef {'people'|'chat'|'text'} Tab */

/** @type {Tab[]} */
const kTabs = ['people', 'chat', 'text'];
// Beside the pictures there is room for it from this width on (call.css).
const kWide = matchMedia('(min-width: 60rem)');

export class Panel {
  constructor() {
    /** @type {Tab} */
    this.tab = 'people';
    this.isOpen = false;
    this.wasOffered = false;
    /** Called with what is seen now. @type {(tab: Tab) => void} */
    this.onshow = () => {};
    for (const [index, tab] of kTabs.entries()) {
      const element = at(`tab-${tab}`);
      element.addEventListener('click', () => this.open(tab));
      element.addEventListener('keydown', ({ key }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
        if (!step) return;
        const next = kTabs[(index + step + kTabs.length) % kTabs.length];
        this.open(next);
        at(`tab-${next}`).focus();
      });
    }
    for (const tab of /** @type {Tab[]} */ (['people', 'chat'])) {
      at(tab).addEventListener('click', () => (this.isShown(tab) ? this.close() : this.open(tab, true)));
    }
    at('panel-close').addEventListener('click', () => this.close());
    at('panel').addEventListener('keydown', ({ key }) => {
      if (key === 'Escape') this.close();
    });
    this.show();
  }

  /** Where there is room, one sees at once who is here; what a person closed since stays closed. */
  openIfWide() {
    if (kWide.matches && !this.wasOffered) this.open('people');
    this.wasOffered = true;
  }

  /** @param {Tab} tab */
  isShown(tab) {
    return this.isOpen && this.tab === tab;
  }

  /**
   * @param {Tab} tab
   * @param {boolean} [withFocus] a person asked for it
   */
  open(tab, withFocus = false) {
    this.tab = tab;
    this.isOpen = true;
    this.show();
    if (withFocus) at(tab === 'people' ? 'tab-people' : `${tab}-input`).focus();
  }

  close() {
    const hadFocus = at('panel').contains(document.activeElement);
    this.isOpen = false;
    this.show();
    if (hadFocus) at(this.tab === 'people' ? 'people' : 'chat').focus();
  }

  show() {
    at('panel').hidden = !this.isOpen;
    document.documentElement.dataset.panel = String(this.isOpen);
    for (const tab of kTabs) {
      const isChosen = tab === this.tab;
      at(`panel-${tab}`).hidden = !isChosen;
      at(`tab-${tab}`).setAttribute('aria-selected', String(isChosen));
      at(`tab-${tab}`).tabIndex = isChosen ? 0 : -1;
    }
    for (const tab of /** @type {Tab[]} */ (['people', 'chat'])) at(tab).setAttribute('aria-expanded', String(this.isShown(tab)));
    if (this.isOpen) this.onshow(this.tab);
  }
}
