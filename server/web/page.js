// The page /j: one session, from the link's fragment. Name and language, a check of the devices, then the waiting room
// and the consultation.
import { EirSession, Tiles } from './client/eir.js';
import { People } from './people.js';
import { closestLanguage, language, t, useLanguage } from './texts.js';
import { mutedText } from './views/about.js';
import { Check } from './views/check.js';
import { Conversation } from './views/conversation.js';
import { at, say } from './views/dom.js';
import { askName, keep, kept, offerLanguages } from './views/entry.js';
import { Lead } from './views/lead.js';
import { Panel } from './views/panel.js';
import { Settings } from './views/settings.js';
import { Stage, caption } from './views/stage.js';
import { Toolbar } from './views/toolbar.js';

// Long enough to be read; later it would be taken for what is so now.
const kNewsMs = 15_000;

/**
 * @typedef {import('./client/session.js').EirOptions & {language?: string, isStraight?: boolean}} PageOptions
 * `isStraight`: without name and check, for tests; `language`: instead of the browser's.
 */

// Tests set window.eirOptions before this module runs.
/** @type {PageOptions} */
const options = /** @type {any} */ (window).eirOptions ?? {};
/** Until the own devices are checked, none is opened for the session. */
let letGo = () => {};
// Who reloads the page was asked before.
const isStraight = options.isStraight || kept().isChecked || !location.hash;
const ready = isStraight ? undefined : new Promise((/** @type {(value?: any) => void} */ done) => (letGo = done));
const session = new EirSession(location.hash.slice(1), { displayName: kept().name, ...options, ready });

const lead = new Lead(session);
const tiles = new Tiles(at('tiles'), session, caption);
const stage = new Stage(session);
const panel = new Panel();
const people = new People(session, { waiting: at('waiting'), present: at('roster'), announce, ask, count: showWaiting });
new Conversation(session, panel, { announce, nameOf: (id) => people.nameOf(id) });
new Toolbar(session, announce);
new Settings(session, stage, panel);

/** @type {any} */ (window).eir = {
  session,
  tiles,
  people,
  stage,
  get pc() { return session.media.pc; },
  get timings() { return session.timings; },
  get events() { return session.events; },
  get renegotiations() { return Math.max(0, session.media.offers - 1); },
};

/** @typedef {'loading'|'entry'|'check'|'call'|'over'} View */

/** @param {View} view */
function setView(view) {
  const { dataset } = document.documentElement;
  if (dataset.view === view) return;
  dataset.view = view;
  at('call').hidden = view !== 'call';
  at('bar').hidden = view !== 'call';
  for (const id of ['entry', 'check']) if (view !== id) at(id).hidden = true;
  lead.show();
}

session.addEventListener('state', () => {
  const { state, isOver } = session;
  const { dataset } = document.documentElement;
  dataset.state = state;
  dataset.place = session.place;
  // A failure keeps its reason; every other change makes an old one untrue.
  if (state !== 'failed') lead.forgive();
  if (isOver) setView('over');
  else showRoom();
  showTitle();
  if (!isOver) return;
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  // What had the keyboard's focus is gone: the sentence that says so gets it.
  at('status').focus();
});
for (const name of ['room', 'sending', 'devices', 'roster']) session.addEventListener(name, showRoom);
language.addEventListener('change', () => {
  showTitle();
  showRoom();
});

function showTitle() {
  document.title = `${at('title').textContent} – Eir`;
}

/** Everything that follows from place, rights, lock and hold. */
function showRoom() {
  const { media, rights, room, place } = session;
  document.documentElement.dataset.hold = room.hold;
  const preview = /** @type {HTMLVideoElement} */ (at('preview'));
  const camera = media.devices.track('video');
  at('self').hidden = !camera;
  if (camera && preview.srcObject !== media.devices.stream) preview.srcObject = media.devices.stream;
  // As in a mirror, except what the camera at the back of a phone sees.
  preview.dataset.mirrored = String(camera?.getSettings().facingMode !== 'environment');
  say(at('self-note'), t(media.maySend('video') ? 'stage.own' : 'stage.ownHidden'));
  at('host').hidden = !rights.has('moderate');
  say(at('lock'), t(room.locked ? 'host.unlock' : 'host.lock'));
  say(at('hold'), t(room.hold === 'none' ? 'host.hold' : 'host.release'));
  at('end').hidden = !rights.has('end');
  at('locked').hidden = !room.locked;
  at('roster-none').hidden = place === 'admitted';
  // Who waits has nobody to write to, and sees nobody.
  for (const id of ['people', 'chat']) at(id).hidden = place !== 'admitted';
}

session.addEventListener('muted', (event) => {
  const text = mutedText(/** @type {CustomEvent} */ (event).detail.kinds);
  if (text) announce(text);
});

session.addEventListener('quality', (event) => {
  const { level } = /** @type {CustomEvent} */ (event).detail.up;
  const isKnown = level > 0 && session.place === 'admitted';
  at('own-quality').hidden = !isKnown;
  at('own-quality').dataset.level = String(level);
  if (isKnown) say(/** @type {Element} */ (at('own-quality').lastElementChild), t('quality.own', { level: t(`quality.${level}`) }));
});

let newsTimer = 0;

/**
 * Shown for a while, and said by screen readers.
 * @param {string} text
 */
function announce(text) {
  clearTimeout(newsTimer);
  at('news').textContent = text;
  if (text) newsTimer = setTimeout(() => { at('news').textContent = ''; }, kNewsMs);
}

/** @param {number} count of those who wait */
function showWaiting(count) {
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
function ask(question) {
  const dialog = /** @type {HTMLDialogElement} */ (at('question'));
  at('question-text').textContent = question;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true }));
}
for (const answer of ['yes', 'no']) {
  at(answer).addEventListener('click', () => /** @type {HTMLDialogElement} */ (at('question')).close(answer));
}

at('lock').addEventListener('click', () => session.decideForAll(session.room.locked ? 'unlock' : 'lock'));
at('hold').addEventListener('click', () => session.decideForAll(session.room.hold === 'none' ? 'hold' : 'release'));
at('end').addEventListener('click', async () => {
  if (await ask(t('host.endAsk'))) session.decideForAll('end');
});
addEventListener('hashchange', () => location.reload());

/** Until the server has said who one is here, or why not. */
function welcomed() {
  return new Promise((/** @type {(value?: any) => void} */ done) => {
    const look = () => (session.seatRights || session.isOver) && done();
    for (const name of ['room', 'state']) session.addEventListener(name, look);
    look();
  });
}

async function enter() {
  setView('entry');
  showTitle();
  at('name').focus();
  const name = await askName();
  if (name) session.options.displayName = name;
  setView('loading');
  session.start();
  await welcomed();
  if (session.isOver) return;
  setView('check');
  showTitle();
  at('title').focus();
  await new Check(session).run();
  if (session.isOver) return;
  keep({ isChecked: true });
  letGo();
  toCall();
}

function toCall() {
  setView('call');
  showTitle();
  showRoom();
  stage.later();
  if (session.place === 'admitted') panel.openIfWide();
}

session.addEventListener('state', () => {
  if (session.state === 'admitted' && document.documentElement.dataset.view === 'call') panel.openIfWide();
});

function begin() {
  offerLanguages();
  if (!location.hash) {
    session.fail('unauthorized', '');
  } else if (isStraight) {
    toCall();
    if (options.autoStart !== false) session.start();
  } else {
    enter();
  }
}

useLanguage(kept().language ?? options.language ?? closestLanguage(navigator.languages)).then(begin);
