// What to say about where one is and what one sends: from the session's state to words.
import { t } from '../texts.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */
/** @typedef {import('../client/types.d.ts').Kind} Kind */

/**
 * One sentence or two about where the person is now.
 * @param {EirSession} session
 * @returns {string}
 */
export function statusText(session) {
  const { hold } = session.room;
  switch (session.state) {
    case 'joining':
      return t('status.joining');
    case 'waiting':
      if (session.wasAdmitted) return t('status.waitingAgain');
      return t(session.seatRights && !session.seatRights.has('video') ? 'status.waitingVoice' : 'status.waiting');
    case 'admitted':
      if (hold !== 'none') return t(`status.${session.rights.has('moderate') ? 'holding' : 'held'}_${hold}`);
      return t(isAlone(session) ? 'status.alone' : 'status.admitted');
    case 'reconnecting':
      return t(session.place === 'waiting' ? 'status.reconnectingWaiting' : 'status.reconnecting');
    case 'ended':
      if (session.endReason === 'left') return `${t('status.left')} ${t('failure.left.do')}`;
      return t(`status.${session.endReason || 'ended'}`);
    case 'failed':
      return t(`failure.${failureCode(session)}.do`) || t('failure.other.do');
  }
}

/** @param {EirSession} session */
function isAlone(session) {
  return [...session.roster.values()].every(({ id, state }) => id === session.participant || state === 'left' || state === 'waiting');
}

/**
 * What the whole view is about, when it is over.
 * @param {EirSession} session
 */
export function failureCode(session) {
  if (session.endReason === 'left') return 'left';
  return session.failure?.code ?? (session.state === 'ended' ? 'ended' : 'other');
}

/**
 * @param {string} code the server's
 * @param {{isHost: boolean, at?: number, locale: string}} about
 * @returns {string}
 */
export function problemText(code, { isHost, at, locale }) {
  if (isHost && code === 'locked') return t('problem.locked_host');
  if (at && /early/.test(code)) return t('problem.too_early_at', { time: whenText(at, locale) });
  return t(`problem.${code}`) || t(`device.${code}`) || t('problem.other', { code });
}

/**
 * @param {number} at
 * @param {string} locale
 */
function whenText(at, locale) {
  const when = new Date(at);
  const isToday = when.toDateString() === new Date().toDateString();
  return when.toLocaleString(locale, isToday ? { timeStyle: 'short' } : { dateStyle: 'long', timeStyle: 'short' });
}

/**
 * The button for the own microphone or camera.
 * @param {EirSession} session
 * @param {Kind} kind
 * @returns {{text: string, isUsable: boolean, isOff: boolean, canRetry: boolean}}
 */
export function deviceText(session, kind) {
  const { media, rights, seatRights, place } = session;
  const key = `tool.${kind}`;
  const isHeld = session.room.hold !== 'none';
  const mayNot = place === 'admitted' ? !rights.has(kind) : (seatRights !== null && !seatRights.has(kind));
  const off = { isUsable: false, isOff: true, canRetry: false };
  if (media.refused.has(kind) || mayNot) {
    const isPaused = isHeld && !media.refused.has(kind) && Boolean(seatRights?.has(kind));
    return { ...off, text: t(isPaused ? `${key}Held` : `${key}Refused`) };
  }
  if (!media.devices.track(kind)) {
    const isBlocked = media.devices.errors.get(kind)?.endsWith('_blocked') ?? false;
    return { ...off, isUsable: true, canRetry: true, text: t(isBlocked ? `${key}Blocked` : `${key}Missing`) };
  }
  const isOff = media.muted.has(kind) || media.hostMuted.has(kind);
  return { text: t(isOff ? `${key}On` : `${key}Off`), isUsable: true, isOff, canRetry: false };
}

/**
 * @param {string[]} kinds what a host stopped
 * @returns {string} '' if there is nothing to tell: a screen that is not shared, say
 */
export function mutedText(kinds) {
  const [audio, video] = [kinds.includes('audio'), kinds.includes('video')];
  if (audio && video) return t('muted.both');
  return audio ? t('muted.audio') : video ? t('muted.video') : '';
}
