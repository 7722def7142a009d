// The page /j: one session, from the link's fragment. Name and language, a check of the devices, then the waiting room
// and the consultation.
import { EirSession } from './client/eir.js';
import { closestLanguage, language, useLanguage } from './texts.js';
import { at } from './views/dom.js';
import { askName, keep, kept, offerLanguages } from './views/entry.js';
import { Lead } from './views/lead.js';

/**
 * @typedef {import('./client/types.d.ts').EirOptions & {language?: string, isStraight?: boolean}} PageOptions
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
/** @type {import('./views/call.js').Call|undefined} */
let call;

/** @type {any} */ (window).eir = {
  session,
  get tiles() { return call?.tiles; },
  get people() { return call?.people; },
  get pc() { return session.media.pc; },
  get events() { return session.events; },
  get renegotiations() { return Math.max(0, session.media.offers - 1); },
};

/** @typedef {'loading'|'entry'|'check'|'call'|'over'} View */

/** @param {View} view */
function setView(view) {
  document.documentElement.dataset.view = view;
  at('call').hidden = view !== 'call';
  at('bar').hidden = view !== 'call';
  for (const id of ['entry', 'check']) at(id).hidden = view !== id;
  lead.show();
  showTitle();
}

function showTitle() {
  document.title = `${at('title').textContent} – Eir`;
}

session.addEventListener('state', () => {
  const { state, isOver } = session;
  const { dataset } = document.documentElement;
  dataset.state = state;
  dataset.place = session.place;
  // A failure keeps its reason; every other change makes an old one untrue.
  if (state !== 'failed') lead.forgive();
  showTitle();
  if (!isOver) return;
  setView('over');
  for (const dialog of document.querySelectorAll('dialog')) dialog.close();
  // What had the keyboard's focus is gone: the sentence that says so gets it.
  at('status').focus();
});
language.addEventListener('change', showTitle);
addEventListener('hashchange', () => location.reload());

/** Until the server has said who one is here, or why not. */
function welcomed() {
  return new Promise((/** @type {(value?: any) => void} */ done) => {
    const look = () => (session.seatRights || session.isOver) && done();
    for (const name of ['room', 'state']) session.addEventListener(name, look);
    look();
  });
}

async function loadCall() {
  const views = await import('./views/call.js');
  await views.loadStyle();
  call = new views.Call(session);
}

/** Name, check, and in. */
async function enter() {
  setView('entry');
  const name = await askName();
  if (name) session.options.displayName = name;
  setView('loading');
  const [{ Check }] = await Promise.all([import('./views/check.js'), loadCall()]);
  session.start();
  await welcomed();
  if (session.isOver) return;
  setView('check');
  at('title').focus();
  await new Check(session).run();
  if (session.isOver) return;
  keep({ isChecked: true });
  letGo();
  setView('call');
  call?.show();
}

async function begin() {
  offerLanguages();
  if (!location.hash) {
    session.fail('unauthorized', '');
  } else if (isStraight) {
    await loadCall();
    setView('call');
    if (options.autoStart !== false) session.start();
  } else {
    enter();
  }
}

useLanguage(kept().language ?? options.language ?? closestLanguage(navigator.languages)).then(begin);
