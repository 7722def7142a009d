// The signalling WebSocket: messages in and out, nothing of media.
/** @import { Message } from './types.d.ts' */

const kProtocol = 'eir.v1';
const kPingMs = 10_000;

export class SignalSocket {
  /**
   * @param {string} url
   * @param {string} session the session token
   * @param {string} [displayName] said again each time: the server keeps names in memory only
   */
  constructor(url, session, displayName) {
    /** @type {(message: Message) => any} */
    this.onmessage = () => {};
    /** @type {(code: number) => any} */
    this.onclosed = () => {};
    this.socket = new WebSocket(url, kProtocol);
    this.socket.onopen = () => this.send({ type: 'hello', session, ...(displayName && { displayName }) });
    this.socket.onmessage = ({ data }) => this.onmessage(JSON.parse(data));
    this.socket.onclose = ({ code }) => {
      clearInterval(this.pings);
      this.onclosed(code);
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
