// The page /j: one session, from the link's fragment.
import { EirSession } from './client/session.js';
import { Tiles, roleName } from './client/tiles.js';

/** @param {string} id */
const at = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

const kStates = {
  joining: 'Kobler til …',
  waiting: 'Du er på venterommet. Verten slipper deg inn.',
  admitted: 'Du er med.',
  reconnecting: 'Forbindelsen ble brutt. Prøver igjen …',
  ended: 'Konsultasjonen er slutt for deg.',
  failed: 'Det gikk ikke å koble til.',
};
const kProblems = {
  unauthorized: 'Lenken er ikke gyldig.',
  invitation_used: 'Lenken er allerede brukt.',
  invitation_expired: 'Lenken er for gammel.',
  invitation_early: 'Lenken er ikke gyldig ennå.',
  invitation_revoked: 'Lenken er trukket tilbake.',
  consultation_ended: 'Konsultasjonen er avsluttet.',
  full: 'Konsultasjonen er full.',
  unavailable: 'Tjenesten har ikke plass akkurat nå. Prøv igjen om litt.',
  network: 'Fikk ikke kontakt med tjenesten.',
  no_devices: 'Verken kamera eller mikrofon kunne brukes. Du kan likevel se og høre.',
};

// Tests set window.eirOptions before this module runs.
const options = /** @type {any} */ (window).eirOptions ?? {};
const session = new EirSession(location.hash.slice(1), options);
const tiles = new Tiles(at('tiles'), session);
/** @type {any} */ (window).eir = {
  session,
  tiles,
  get pc() { return session.pc; },
  get timings() { return session.timings; },
  get events() { return session.events; },
  get renegotiations() { return Math.max(0, session.offers - 1); },
};

session.addEventListener('state', () => {
  at('status').textContent = kStates[session.state];
  document.documentElement.dataset.state = session.state;
});
session.addEventListener('problem', (event) => {
  const { code, message } = /** @type {CustomEvent} */ (event).detail;
  at('problem').textContent = kProblems[/** @type {keyof typeof kProblems} */ (code)] ?? `${code} ${message}`;
  at('problem').dataset.code = code;
  at('problem').hidden = false;
});
session.addEventListener('devices', () => {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true, srcObject: session.localStream });
  video.setAttribute('aria-label', 'Ditt eget bilde');
  at('self').replaceChildren(video);
});
session.addEventListener('roster', () => {
  at('roster').replaceChildren(...[...session.roster.values()].map((person) => {
    const item = document.createElement('li');
    item.dataset.participant = person.id;
    const muted = [...person.muted, ...person.hostMuted].includes('audio') ? 'mikrofon av' : '';
    item.textContent = [person.name, roleName(person.role), muted].filter(Boolean).join(', ');
    return item;
  }));
});
session.addEventListener('muted', (event) => {
  for (const kind of /** @type {CustomEvent} */ (event).detail.kinds) {
    if (kind === 'audio' || kind === 'video') press(kind, true);
  }
});

const kLabels = { audio: ['Slå av mikrofon', 'Slå på mikrofon'], video: ['Slå av kamera', 'Slå på kamera'] };

/**
 * @param {'audio'|'video'} kind
 * @param {boolean} muted
 */
function press(kind, muted) {
  const button = at(`mute-${kind}`);
  button.setAttribute('aria-pressed', String(muted));
  button.textContent = kLabels[kind][muted ? 1 : 0];
}

for (const kind of /** @type {const} */ (['audio', 'video'])) {
  at(`mute-${kind}`).addEventListener('click', () => {
    const muted = at(`mute-${kind}`).getAttribute('aria-pressed') !== 'true';
    press(kind, muted);
    session.setMuted(kind, muted);
  });
}
at('leave').addEventListener('click', () => session.leave());

if (!location.hash) {
  session.fail('unauthorized', '');
} else if (options.autoStart !== false) {
  session.start();
}
