// What went wrong, in stable codes that a person can act on. One table: from what the server, the browser or the end of
// the session says to what one can do about it.
/** @import { DeviceError, Failure, FailureCode, Kind } from './types.d.ts' */

/** @type {[FailureCode, Failure['retry'], string][]} the last are the server's problem codes (openapi.json) and ends of a session */
const kFailures = [
  ['wrong_link', 'other_link', 'unauthorized invalid_value not_found invitation_revoked'],
  ['link_used', 'other_link', 'invitation_used'],
  ['too_early', 'later', 'too_early invitation_early'],
  ['too_late', 'other_link', 'invitation_expired'],
  ['full', 'later', 'full'],
  ['locked', 'later', 'locked'],
  ['draining', 'later', 'draining unavailable journal_unavailable rate_limited'],
  ['busy', 'later', 'node_busy'],
  ['ended', 'never', 'ended consultation_ended'],
  ['removed', 'never', 'removed'],
  ['denied', 'other_link', 'denied'],
  ['replaced', 'now', 'taken_over'],
  ['host_absent', 'later', 'host_absent'],
  ['not_secure', 'never', 'not_secure'],
  ['no_webrtc', 'never', 'no_webrtc'],
];

/**
 * @param {string} cause
 * @param {number} [at] when to try again
 * @returns {Failure}
 */
export function failureOf(cause, at) {
  // Devices and media fail under their own names; all else is a server that cannot be reached.
  const other = /_(blocked|missing|busy)$/.test(cause) ? /** @type {FailureCode} */ (cause) : 'unreachable';
  const [code, retry] = kFailures.find(([, , causes]) => causes.split(' ').includes(cause)) ?? [other, 'now'];
  return { code, retry: /** @type {Failure['retry']} */ (retry), cause, ...(at && { at }) };
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
