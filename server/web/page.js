// The page /j: one session, from the link's fragment.
import { EirSession } from './client/session.js';
import { Tiles } from './client/tiles.js';
import { People } from './people.js';
import { deviceText, kRetryable, mutedText, problemText, statusText, titleText } from './texts.js';

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const dialog = /** @type {HTMLDialogElement} */ (at('question'));
const kKinds = /** @type {const} */ (['audio', 'video']);

// Tests set window.eirOptions before this module runs.
const options = /** @type {any} */ (window).eirOptions ?? {};
const session = new EirSession(location.hash.slice(1), options);
const tiles = new Tiles(at('tiles'), session);
const people = new People(session, { waiting: at('waiting'), present: at('roster'), announce, ask });
/** @type {any} */ (window).eir = {
  session,
  tiles,
  people,
  get pc() { return session.media.pc; },
  get timings() { return session.timings; },
  get events() { return session.events; },
  get renegotiations() { return Math.max(0, session.media.offers - 1); },
};

session.addEventListener('state', () => {
  const { state, isOver } = session;
  document.documentElement.dataset.state = state;
  document.documentElement.dataset.place = session.place;
  document.title = `${titleText(session)} – Eir`;
  at('call').hidden = isOver;
  at('again').hidden = !(isOver && canTryAgain());
  // A failure keeps its reason; every other change makes an old one untrue.
  if (state !== 'failed') hideProblem();
  showRoom();
  // What had the keyboard's focus is gone: the sentence that says so gets it.
  if (isOver) at('status').focus();
});
for (const name of ['room', 'sending', 'devices']) session.addEventListener(name, showRoom);

function canTryAgain() {
  if (session.state === 'failed') return kRetryable.has(at('problem').dataset.code ?? '');
  return session.endReason === 'left' || session.endReason === 'taken_over';
}

/** Everything that follows from place, rights, lock and hold. */
function showRoom() {
  const status = statusText(session);
  if (at('status').textContent !== status) at('status').textContent = status;
  for (const kind of kKinds) {
    const { text, isUsable, isOff } = deviceText(session, kind);
    const button = /** @type {HTMLButtonElement} */ (at(`mute-${kind}`));
    button.textContent = text;
    // Not `disabled`: that would take the focus away from who just used it.
    button.setAttribute('aria-disabled', String(!isUsable));
    button.dataset.off = String(isOff);
  }
  const hasCamera = session.media.devices.track('video') !== null;
  at('self').hidden = !hasCamera;
  const preview = /** @type {HTMLVideoElement} */ (at('preview'));
  if (hasCamera && preview.srcObject !== session.media.devices.stream) preview.srcObject = session.media.devices.stream;
  const note = session.media.maySend('video') ? 'Ditt eget bilde' : 'Ditt eget bilde. Bare du ser det nå.';
  if (at('self-note').textContent !== note) at('self-note').textContent = note;
  at('host').hidden = !session.rights.has('moderate');
  at('lock').textContent = session.room.locked ? 'Lås opp' : 'Lås';
  at('hold').textContent = session.room.hold === 'none' ? 'Sett på pause' : 'Fortsett';
  at('end').hidden = !session.rights.has('end');
  at('locked').hidden = !session.room.locked;
}

session.addEventListener('problem', (event) => {
  const { code, message } = /** @type {CustomEvent} */ (event).detail;
  at('problem').textContent = problemText(code, message, session.rights.has('moderate'));
  at('problem').dataset.code = code;
  at('problem').hidden = false;
});

session.addEventListener('act', hideProblem);

function hideProblem() {
  at('problem').hidden = true;
  at('problem').textContent = '';
  delete at('problem').dataset.code;
}

session.addEventListener('muted', (event) => {
  const text = mutedText(/** @type {CustomEvent} */ (event).detail.kinds);
  if (text) announce(text);
});

// Long enough to be read; later it would be taken for what is so now.
const kNewsMs = 15_000;
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

/**
 * Asks before what cannot be taken back.
 * @param {string} question
 * @returns {Promise<boolean>}
 */
function ask(question) {
  at('question-text').textContent = question;
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener('close', () => done(dialog.returnValue === 'yes'), { once: true }));
}
at('yes').addEventListener('click', () => dialog.close('yes'));
at('no').addEventListener('click', () => dialog.close('no'));

for (const kind of kKinds) {
  at(`mute-${kind}`).addEventListener('click', () => {
    const { isUsable, isOff } = deviceText(session, kind);
    if (!isUsable) return;
    announce('');
    session.media.setMuted(kind, !isOff);
  });
}
at('leave').addEventListener('click', () => session.leave());
at('again').addEventListener('click', () => location.reload());
at('lock').addEventListener('click', () => session.decideForAll(session.room.locked ? 'unlock' : 'lock'));
at('hold').addEventListener('click', () => session.decideForAll(session.room.hold === 'none' ? 'hold' : 'release'));
at('end').addEventListener('click', async () => {
  if (await ask('Avslutte konsultasjonen for alle?')) session.decideForAll('end');
});

showRoom();
if (!location.hash) {
  session.fail('unauthorized', '');
} else if (options.autoStart !== false) {
  session.start();
}
