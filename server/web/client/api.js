// REST calls of a participant, and where its tokens are kept between reloads.

/**
 * A refusal by the server, with its stable code.
 */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} [detail]
   * @param {number} [status]
   */
  constructor(code, detail = '', status = 0) {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
    this.status = status;
  }
}

/**
 * @typedef {object} Joined
 * @property {string} participant
 * @property {string} consultation
 * @property {string} role
 * @property {'waiting'|'admitted'} state
 * @property {string} session
 * @property {string} resume
 * @property {string} signal
 * @property {RTCIceServer[]} iceServers
 */

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<Joined>}
 */
async function post(path, body) {
  const response = await fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
    cache: 'no-store',
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(answer.code ?? 'internal', answer.detail ?? '', response.status);
  return answer;
}

/**
 * @param {string} token
 * @param {string} [displayName]
 */
export const join = (token, displayName) =>
  post('/v1/join', displayName ? { token, displayName } : { token });

/** @param {string} resume */
export const resume = (resume) => post('/v1/join/resume', { resume });

// A resume token belongs to the invitation that it came from, and to this tab only: a second tab is a second use.
const kKey = 'eir.resume';

/**
 * @param {string} invitation
 * @returns {string|null}
 */
export function storedResume(invitation) {
  const kept = JSON.parse(sessionStorage.getItem(kKey) ?? 'null');
  return kept && kept.invitation === invitation ? kept.resume : null;
}

/**
 * @param {string} invitation
 * @param {string} resume
 */
export function storeResume(invitation, resume) {
  sessionStorage.setItem(kKey, JSON.stringify({ invitation, resume }));
}

export function forgetResume() {
  sessionStorage.removeItem(kKey);
}
