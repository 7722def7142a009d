// Stands between browsers and Eir's media ports, where lib/udp_proxy.mjs's PROXY_SCRIPT sends a page, and loses a share of
// what comes down: each k-th packet of media in turn, so that the share is the same in each second.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const OFFSET = 10000;
const FIRST_PORT = 40000;
const PORTS = 8;
const isMedia = (datagram) => datagram[0] >= 128 && datagram[0] <= 191 && !(datagram[1] >= 192 && datagram[1] <= 223);

/** `proxy.loss` may change at any time: 0 to 1. */
export async function startLossyProxy(address) {
  const sockets = [];
  const proxy = { loss: 0, lost: 0, close: () => sockets.splice(0).forEach((socket) => socket.close()) };
  let owed = 0;

  const isLost = (datagram) => {
    if (!isMedia(datagram)) return false;
    owed += proxy.loss;
    if (owed < 1) return false;
    owed -= 1;
    proxy.lost += 1;
    return true;
  };

  async function bound(port, onMessage) {
    const socket = createSocket('udp4').on('message', onMessage);
    sockets.push(socket);
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  }

  for (let port = FIRST_PORT; port < FIRST_PORT + PORTS; port += 1) {
    const backs = new Map(); // by the browser's port
    const front = await bound(port + OFFSET, async (datagram, from) => {
      if (!backs.has(from.port)) {
        backs.set(from.port, bound(0, (answer) => sockets.length > 0 && !isLost(answer) && front.send(answer, from.port, from.address)));
      }
      const back = await backs.get(from.port);
      if (sockets.length > 0) back.send(datagram, port, address);
    });
  }
  return proxy;
}
