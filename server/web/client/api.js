// REST calls of a participant, and where its tokens are kept between reloads.

/**
 * A refusal by the server, with its stable code.
 */
export class ApiError extends Error {
  /**
   * @param {string} code
   * @param {string} [detail]
   * @param {number} [status]
   * @param {number} [retryAt] when to try again, as the server says
   */
  constructor(code, detail = '', status = 0, retryAt = undefined) {
    super(detail ? `${code}: ${detail}` : code);
    this.code = code;
    this.status = status;
    this.retryAt = retryAt;
  }
}

/** @import { Joined } from './types.d.ts' */

/**
 * @param {string} path
 * @param {object} body
 * @param {string} [bearer] a session token
 * @returns {Promise<any>}
 */
async function post(path, body, bearer) {
  /** @type {Record<string, string>} */
  const headers = { 'Content-Type': 'application/json' };
  if (bearer) headers.Authorization = `Bearer ${bearer}`;
  let response;
  try {
    response = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body), cache: 'no-store' });
  } catch (error) {
    throw new ApiError('network', String(error));
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const wait = Number(response.headers.get('Retry-After'));
    throw new ApiError(answer.code ?? 'internal', answer.detail ?? '', response.status, wait ? Date.now() + wait * 1000 : undefined);
  }
  return answer;
}

/** @param {string} [displayName] */
const named = (displayName) => (displayName ? { displayName } : {});

/**
 * @param {string} token
 * @param {string} [displayName]
 * @returns {Promise<Joined>}
 */
export const join = (token, displayName) => post('/v1/join', { token, ...named(displayName) });

/**
 * @param {string} resume
 * @param {string} [displayName]
 * @returns {Promise<Joined>}
 */
export const resume = (resume, displayName) => post('/v1/join/resume', { resume, ...named(displayName) });

/**
 * What a host decides about one participant.
 * @param {string} consultation
 * @param {string} session the session token
 * @param {string} participant
 * @param {'admit'|'deny'|'return'|'mute'|'stop'|'remove'|'confirm-identity'} act
 */
export const decide = (consultation, session, participant, act) =>
  post(`/v1/consultations/${consultation}/participants/${participant}/${act}`, {}, session);

/**
 * What a host decides about the whole consultation.
 * @param {string} consultation
 * @param {string} session the session token
 * @param {'lock'|'unlock'|'hold'|'release'|'end'} act
 */
export const decideForAll = (consultation, session, act) => post(`/v1/consultations/${consultation}/${act}`, {}, session);

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
