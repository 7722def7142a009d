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

/**
 * @param {string} path
 * @param {object} body
 * @param {string} [bearer] a session token
 * @returns {Promise<any>}
 */
export async function post(path, body, bearer) {
  const headers = { 'Content-Type': 'application/json', ...(bearer && { Authorization: `Bearer ${bearer}` }) };
  const request = { method: 'POST', headers, body: JSON.stringify(body), cache: /** @type {const} */ ('no-store') };
  const response = await fetch(path, request).catch((error) => {
    throw new ApiError('network', String(error));
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const wait = Number(response.headers.get('Retry-After'));
    throw new ApiError(answer.code ?? 'internal', answer.detail ?? '', response.status, wait ? Date.now() + wait * 1000 : undefined);
  }
  return answer;
}

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
