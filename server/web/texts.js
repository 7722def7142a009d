// What the page says, in Norwegian bokmål, by the stable codes of server/api/README.md.

/** @typedef {import('./client/session.js').EirSession} EirSession */
/** @typedef {import('./client/session.js').Person} Person */

const kEndings = {
  left: 'Du har forlatt konsultasjonen.',
  ended: 'Konsultasjonen er avsluttet. Du kan lukke siden.',
  removed: 'Verten har tatt deg ut av konsultasjonen. Lenken kan ikke brukes igjen.',
  denied: 'Verten slapp deg ikke inn denne gangen. Ta kontakt med den som ga deg lenken.',
  taken_over: 'Du er med fra et annet vindu eller en annen enhet, så denne siden er koblet fra.',
};

const kHolds = {
  by_host: 'Verten har satt konsultasjonen på pause.',
  host_absent: 'Konsultasjonen står på pause til verten er tilbake.',
};

/**
 * One sentence or two about where the person is now.
 * @param {EirSession} session
 * @returns {string}
 */
export function statusText(session) {
  const hold = kHolds[/** @type {keyof typeof kHolds} */ (session.room.hold)];
  switch (session.state) {
    case 'joining':
      return 'Kobler til …';
    case 'waiting':
      return session.wasAdmitted
        ? 'Verten har bedt deg vente litt. Bildet og lyden din sendes ikke til noen. Du blir sluppet inn igjen.'
        : 'Du er på venterommet. Verten ser at du venter og slipper deg inn. Bildet og lyden din sendes ikke til noen ennå.';
    case 'admitted':
      if (!hold) return 'Du er med i konsultasjonen.';
      return session.rights.has('moderate') ? `${hold} De andre verken ser eller hører noe.` : `${hold} Bildet og lyden din sendes ikke.`;
    case 'reconnecting':
      return session.place === 'waiting'
        ? 'Forbindelsen ble brutt. Prøver igjen … Du beholder plassen på venterommet.'
        : 'Forbindelsen ble brutt. Prøver igjen …';
    case 'ended':
      return session.endReason ? kEndings[session.endReason] : kEndings.ended;
    case 'failed':
      return 'Det gikk ikke å bli med.';
  }
}

const kTitles = {
  joining: 'Kobler til', waiting: 'Venterom', admitted: 'Videokonsultasjon', reconnecting: 'Kobler til igjen',
  ended: 'Slutt', failed: 'Kom ikke inn',
};

/** @param {EirSession} session */
export const titleText = (session) => kTitles[session.state];

const kProblems = {
  unauthorized: 'Lenken er ikke gyldig. Sjekk at du åpnet hele lenken, eller be om en ny.',
  token_expired: 'Du har vært borte for lenge. Last siden på nytt.',
  too_early: 'Du er tidlig ute: venterommet er ikke åpent ennå. Prøv igjen nærmere avtalt tid.',
  locked: 'Konsultasjonen er låst. Ingen nye slippes inn før verten låser den opp.',
  full: 'Konsultasjonen er full.',
  invitation_used: 'Lenken er allerede brukt. Be om en ny.',
  invitation_expired: 'Lenken er for gammel. Be om en ny.',
  invitation_early: 'Lenken gjelder ikke ennå. Prøv igjen nærmere avtalt tid.',
  invitation_revoked: 'Lenken er trukket tilbake og kan ikke brukes.',
  consultation_ended: 'Konsultasjonen er avsluttet.',
  unavailable: 'Tjenesten har ikke plass akkurat nå. Prøv igjen om litt.',
  journal_unavailable: 'Tjenesten kan ikke ta imot endringer akkurat nå. Ingenting ble endret.',
  rate_limited: 'For mange forsøk på kort tid. Vent litt og prøv igjen.',
  network: 'Fikk ikke kontakt med tjenesten. Sjekk nettforbindelsen og prøv igjen.',
  no_devices: 'Verken kamera eller mikrofon kunne brukes. Du kan likevel se og høre.',
  forbidden: 'Du har ikke lov til dette her.',
  not_found: 'Deltakeren er ikke her lenger.',
  wrong_state: 'Dette går ikke nå.',
};

// What hosts can do something about.
const kHostProblems = {
  locked: 'Konsultasjonen er låst. Lås den opp først hvis flere skal inn.',
};

/**
 * @param {string} code
 * @param {string} message
 * @param {boolean} isHost
 * @returns {string}
 */
export function problemText(code, message, isHost) {
  const forHosts = isHost ? kHostProblems[/** @type {keyof typeof kHostProblems} */ (code)] : undefined;
  return forHosts ?? kProblems[/** @type {keyof typeof kProblems} */ (code)] ?? `Noe gikk galt (${code}). ${message}`;
}

/** Problems that a person may get past by trying once more. */
export const kRetryable = new Set(['too_early', 'locked', 'full', 'invitation_early', 'unavailable', 'journal_unavailable', 'rate_limited', 'network', 'token_expired']);

const kDeviceNames = { audio: 'mikrofon', video: 'kamera' };

/**
 * The text of the button for the own microphone or camera, and whether it can be used.
 * @param {EirSession} session
 * @param {'audio'|'video'} kind
 * @returns {{text: string, isUsable: boolean, isOff: boolean}}
 */
export function deviceText(session, kind) {
  const { media, rights, place } = session;
  const name = kDeviceNames[kind];
  const isHeld = session.room.hold !== 'none';
  const isStopped = media.refused.has(kind) || (place === 'admitted' && !rights.has(kind));
  if (isStopped) return { text: isHeld ? `${capital(name)} er på pause` : `${capital(name)} brukes ikke her`, isUsable: false, isOff: true };
  if (!media.devices.track(kind)) return { text: `Fant ikke ${name}`, isUsable: false, isOff: true };
  const isOff = media.muted.has(kind) || media.hostMuted.has(kind);
  return { text: `Slå ${isOff ? 'på' : 'av'} ${name}`, isUsable: true, isOff };
}

const kOwnDevices = { audio: 'mikrofonen din', video: 'kameraet ditt' };

/**
 * @param {string[]} kinds what a host stopped
 * @returns {string} '' if there is nothing to tell: a screen that is not shared, say
 */
export function mutedText(kinds) {
  const names = kinds.map((kind) => kOwnDevices[/** @type {keyof typeof kOwnDevices} */ (kind)]).filter(Boolean);
  return names.length > 0 ? `Verten har slått av ${names.join(' og ')}. Bare du kan slå på igjen.` : '';
}

/** @param {string} text */
export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
