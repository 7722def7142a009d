// Who is here and who waits, and the host's buttons beside them. Rows stay the same elements while their person is
// there, so that a keyboard's focus and a screen reader's place are not lost when something changes.
import { roleName } from './client/tiles.js';
import { capital } from './texts.js';

/** @typedef {import('./client/session.js').EirSession} EirSession */
/** @typedef {import('./client/session.js').Person} Person */

// They decide too and cannot be sent out or confirmed (server/consultation/role.cc).
const kHostRoles = ['specialist', 'clinician', 'moderator'];

/**
 * @typedef {object} Act
 * @property {Parameters<EirSession['decide']>[1]} act
 * @property {string} text of the button
 * @property {(name: string) => string} [question] asked first
 * @property {(person: Person) => boolean} [isUseful]
 */

/** @type {Act[]} */
const kWaitingActs = [
  { act: 'admit', text: 'Slipp inn' },
  { act: 'deny', text: 'Avvis', question: (name) => `Avvise ${name}?` },
];

/** @type {Act[]} */
const kPresentActs = [
  {
    act: 'confirm-identity', text: 'Bekreft identitet',
    isUseful: ({ role, identityConfirmed }) => !identityConfirmed && !kHostRoles.includes(role),
  },
  { act: 'return', text: 'Til venterommet', isUseful: ({ role }) => !kHostRoles.includes(role) },
  { act: 'mute', text: 'Slå av mikrofon', isUseful: ({ hostMuted }) => !hostMuted.includes('audio') },
  { act: 'stop', text: 'Stopp kamera', isUseful: ({ hostMuted }) => !hostMuted.includes('video') },
  { act: 'remove', text: 'Ta ut', question: (name) => `Ta ut ${name}? Lenken slutter å virke.` },
];

export class People {
  /**
   * @param {EirSession} session
   * @param {{waiting: HTMLElement, present: HTMLElement, announce: (text: string) => void, ask: (question: string) => Promise<boolean>}} page
   */
  constructor(session, page) {
    this.session = session;
    this.page = page;
    /** @type {Map<string, Row>} */
    this.rows = new Map();
    /** Who waits; one who is reconnecting stays where they were. @type {Map<string, boolean>} */
    this.isWaiting = new Map();
    /** @type {Map<string, string[]>} ids by role, in the order in which they were first seen */
    this.seen = new Map();
    for (const name of ['roster', 'sending']) session.addEventListener(name, () => this.refresh());
  }

  refresh() {
    const people = [...this.session.roster.values()].filter(({ state }) => state !== 'left');
    for (const person of people) this.remember(person);
    for (const [id, row] of this.rows) {
      if (people.some((person) => person.id === id)) continue;
      row.element.remove();
      this.rows.delete(id);
      this.isWaiting.delete(id);
    }
    const isHost = this.session.rights.has('moderate');
    for (const person of people) {
      const waits = this.isWaiting.get(person.id) ?? false;
      const list = waits ? this.page.waiting : this.page.present;
      const row = this.rowFor(person, waits);
      if (row.element.parentElement !== list) list.append(row.element);
      row.show(person, { name: this.label(person), isHost, isSelf: person.id === this.session.participant });
    }
    const waiting = people.filter(({ id }) => this.isWaiting.get(id) && id !== this.session.participant);
    const section = /** @type {HTMLElement} */ (this.page.waiting.closest('section'));
    // What was said of who waited is not so any more.
    if (!section.hidden && waiting.length === 0) this.page.announce('');
    section.hidden = !isHost || waiting.length === 0;
    const here = /** @type {HTMLElement} */ (this.page.present.closest('section'));
    here.hidden = this.page.present.childElementCount === 0;
  }

  /** @param {Person} person */
  remember(person) {
    const ids = this.seen.get(person.role) ?? [];
    if (!ids.includes(person.id)) this.seen.set(person.role, [...ids, person.id]);
    const waited = this.isWaiting.get(person.id);
    const waits = person.state === 'reconnecting' ? (waited ?? false) : person.state === 'waiting';
    this.isWaiting.set(person.id, waits);
    const isNews = waits && !waited && person.id !== this.session.participant;
    if (isNews) this.page.announce(`${this.label(person)} venter på å bli sluppet inn.`);
  }

  /**
   * A row is made for one of the two lists; who changes list gets a new one.
   * @param {Person} person
   * @param {boolean} waits
   */
  rowFor(person, waits) {
    let row = this.rows.get(person.id);
    if (row?.waits === waits) return row;
    row?.element.remove();
    row = new Row(person.id, waits, (act) => this.decide(act, person.id));
    this.rows.set(person.id, row);
    return row;
  }

  /**
   * @param {Act} act
   * @param {string} id
   */
  async decide({ act, question }, id) {
    const person = this.session.roster.get(id);
    if (!person) return;
    if (question && !(await this.page.ask(question(this.label(person))))) return;
    await this.session.decide(id, act);
  }

  /**
   * A name if there is one, and the role; several without a name in one role are told apart by number.
   * @param {Person} person
   */
  label(person) {
    const role = roleName(person.role);
    if (person.name) return `${person.name}, ${role}`;
    const ids = this.seen.get(person.role) ?? [];
    return capital(ids.length > 1 ? `${role} ${ids.indexOf(person.id) + 1}` : role);
  }
}

class Row {
  /**
   * @param {string} id
   * @param {boolean} waits
   * @param {(act: Act) => void} decide
   */
  constructor(id, waits, decide) {
    this.waits = waits;
    this.element = document.createElement('li');
    this.element.dataset.participant = id;
    this.text = document.createElement('span');
    this.element.append(this.text);
    this.buttons = (waits ? kWaitingActs : kPresentActs).map((act) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = act.text;
      button.dataset.act = act.act;
      button.addEventListener('click', () => decide(act));
      this.element.append(button);
      return { act, button };
    });
  }

  /**
   * @param {Person} person
   * @param {{name: string, isHost: boolean, isSelf: boolean}} about
   */
  show(person, { name, isHost, isSelf }) {
    const off = [...person.muted, ...person.hostMuted];
    const parts = [
      isSelf ? `${name} (deg)` : name,
      person.state === 'reconnecting' ? 'mistet forbindelsen' : '',
      off.includes('audio') ? 'mikrofon av' : '',
      off.includes('video') ? 'kamera av' : '',
      person.identityConfirmed ? 'identitet bekreftet' : '',
    ];
    const text = parts.filter(Boolean).join(' · ');
    if (this.text.textContent !== text) this.text.textContent = text;
    this.element.dataset.state = person.state;
    for (const { act, button } of this.buttons) {
      button.hidden = !isHost || isSelf || !(act.isUseful?.(person) ?? true);
      button.setAttribute('aria-label', `${act.text}: ${name}`);
    }
  }
}
