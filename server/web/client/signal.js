// The signalling WebSocket: messages in and out, nothing of media.

const kProtocol = 'eir.v1';
const kPingMs = 10_000;

/** @import { Message } from './types.d.ts' */

export class SignalSocket extends EventTarget {
  /**
   * Events: 'message' (detail: Message), 'closed' (detail: {code, reason}).
   * @param {string} url
   * @param {string} session the session token
   * @param {string} [displayName] said again each time: the server keeps names in memory only
   */
  constructor(url, session, displayName) {
    super();
    this.socket = new WebSocket(url, kProtocol);
    this.socket.onopen = () => this.send({ type: 'hello', session, ...(displayName && { displayName }) });
    this.socket.onmessage = (event) =>
      this.dispatchEvent(new CustomEvent('message', { detail: JSON.parse(event.data) }));
    this.socket.onclose = (event) => {
      clearInterval(this.pings);
      this.dispatchEvent(new CustomEvent('closed', { detail: { code: event.code, reason: event.reason } }));
    };
    this.pings = setInterval(() => this.send({ type: 'ping' }), kPingMs);
  }

  /** @param {Message} message */
  send(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  close() {
    this.socket.close(1000);
  }
}
