// What went wrong, in stable codes that a person can act on. One table: from what the server, the browser or the end of
// the session says to what one can do about it.
/** @import { DeviceError, Failure, FailureCode, Kind } from './types.d.ts' */

/** @type {Record<string, [FailureCode, Failure['retry']]>} */
const kFailures = {
  // The server's problem codes (server/api/openapi.json).
  unauthorized: ['wrong_link', 'other_link'],
  invalid_value: ['wrong_link', 'other_link'],
  not_found: ['wrong_link', 'other_link'],
  invitation_revoked: ['wrong_link', 'other_link'],
  invitation_used: ['link_used', 'other_link'],
  invitation_early: ['too_early', 'later'],
  too_early: ['too_early', 'later'],
  invitation_expired: ['too_late', 'other_link'],
  consultation_ended: ['ended', 'never'],
  full: ['full', 'later'],
  locked: ['locked', 'later'],
  draining: ['draining', 'later'],
  unavailable: ['draining', 'later'],
  journal_unavailable: ['draining', 'later'],
  rate_limited: ['draining', 'later'],
  token_expired: ['unreachable', 'now'],
  network: ['unreachable', 'now'],
  // How it ended (EirSession.endReason).
  ended: ['ended', 'never'],
  removed: ['removed', 'never'],
  denied: ['denied', 'other_link'],
  taken_over: ['replaced', 'now'],
  // What is not over yet.
  host_absent: ['host_absent', 'later'],
  media_blocked: ['media_blocked', 'now'],
  screen_blocked: ['screen_blocked', 'now'],
  not_secure: ['not_secure', 'never'],
  no_webrtc: ['no_webrtc', 'never'],
};

/**
 * @param {string} cause
 * @param {number} [at] when to try again
 * @returns {Failure}
 */
export function failureOf(cause, at) {
  const isDevice = /^(camera|microphone)_/.test(cause);
  const [code, retry] = kFailures[cause] ?? [isDevice ? /** @type {DeviceError} */ (cause) : 'unreachable', 'now'];
  return { code, retry, cause, ...(at && { at }) };
}

/**
 * @param {Kind} kind
 * @param {unknown} error of getUserMedia
 * @returns {DeviceError}
 */
export function deviceError(kind, error) {
  if (!navigator.mediaDevices) return 'not_secure';
  const device = kind === 'video' ? 'camera' : 'microphone';
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return `${device}_blocked`;
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return `${device}_missing`;
  return `${device}_busy`;
}
