// Who is here and who waits, and the host's buttons beside them. Rows stay the same elements while their person is
// there, so that a keyboard's focus and a screen reader's place are not lost when something changes.
import { capital, language, roleName, t } from './texts.js';
import { say } from './views/dom.js';

/** @typedef {import('./client/session.js').EirSession} EirSession */
/** @typedef {import('./client/session.js').Person} Person */

// They decide too and cannot be sent out or confirmed (server/consultation/role.cc).
const kHostRoles = ['specialist', 'clinician', 'moderator'];

/**
 * @typedef {object} Act
 * @property {Parameters<EirSession['decide']>[1]} act
 * @property {string} text of the button: its key
 * @property {string} [question] asked first: its key
 * @property {(person: Person) => boolean} [isUseful]
 */

/** @type {Act[]} */
const kWaitingActs = [
  { act: 'admit', text: 'act.admit' },
  { act: 'deny', text: 'act.deny', question: 'act.denyAsk' },
];

/** @type {Act[]} */
const kPresentActs = [
  {
    act: 'confirm-identity', text: 'act.confirm',
    isUseful: ({ role, identityConfirmed }) => !identityConfirmed && !kHostRoles.includes(role),
  },
  { act: 'return', text: 'act.return', isUseful: ({ role }) => !kHostRoles.includes(role) },
  { act: 'mute', text: 'act.mute', isUseful: ({ hostMuted }) => !hostMuted.includes('audio') },
  { act: 'stop', text: 'act.stop', isUseful: ({ hostMuted }) => !hostMuted.includes('video') },
  { act: 'remove', text: 'act.remove', question: 'act.removeAsk' },
];

/**
 * @typedef {object} Page
 * @property {HTMLElement} waiting
 * @property {HTMLElement} present
 * @property {(text: string) => void} announce
 * @property {(question: string) => Promise<boolean>} ask
 * @property {(count: number) => void} count how many wait
 */

export class People {
  /**
   * @param {EirSession} session
   * @param {Page} page
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
    language.addEventListener('change', () => this.refresh());
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
    this.page.count(isHost ? waiting.length : 0);
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
    if (isNews) this.page.announce(t('people.waits', { name: this.label(person) }));
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
    if (question && !(await this.page.ask(t(question, { name: this.label(person) })))) return;
    await this.session.decide(id, act);
  }

  /** @param {string} id */
  nameOf(id) {
    const person = this.session.roster.get(id);
    return person ? this.label(person) : t('stage.someone');
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
    const acts = document.createElement('div');
    acts.className = 'acts';
    this.element.append(acts);
    this.buttons = (waits ? kWaitingActs : kPresentActs).map((act) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.dataset.act = act.act;
      button.addEventListener('click', () => decide(act));
      acts.append(button);
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
      isSelf ? t('people.self', { name }) : name,
      person.organisation ?? '',
      person.persons?.length ? t('people.with', { names: person.persons.map(personText).join(', ') }) : '',
      person.state === 'reconnecting' ? t('people.lost') : '',
      off.includes('audio') ? t('people.audioOff') : '',
      off.includes('video') ? t('people.videoOff') : '',
      person.identityConfirmed ? t('people.confirmed') : '',
    ];
    say(this.text, parts.filter(Boolean).join(' · '));
    this.element.dataset.state = person.state;
    for (const { act, button } of this.buttons) {
      button.hidden = !isHost || isSelf || !(act.isUseful?.(person) ?? true);
      say(button, t(act.text));
      button.setAttribute('aria-label', `${t(act.text)}: ${name}`);
    }
  }
}

/** @param {{role: string, name?: string}} person who sits beside another */
const personText = ({ role, name }) => (name ? `${name} (${roleName(role)})` : roleName(role));
