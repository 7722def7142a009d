// Stands between one browser and Eir's media ports and holds back what it is told to: RTP headers are in clear and SRTCP
// names its sender, so sound and picture can be told apart without keys. To Eir it looks like a NAT.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

// Where the proxy of port p listens, and how many ports from the first are stood in for (one per media worker).
const OFFSET = 10000;
const FIRST_PORT = 40000;
const PORTS = 8;

/**
 * Script for a page: the candidates of each answer point to the proxy. Sound is taken out of the sender's bandwidth
 * estimation, to which a voice that is late by itself looks like a full link: it would hold pictures back in its pacer.
 */
export const PROXY_SCRIPT = `{
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  const toProxy = (line) => line.replace(/^(a=candidate:(?:\\S+ ){5})(\\d+)/, (_, head, port) => head + (Number(port) + ${OFFSET}));
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sections = description.sdp.split(/(?=^m=)/m).map((section) =>
      section.split('\\r\\n')
        .filter((line) => !/^a=candidate:.* tcp /i.test(line))
        .filter((line) => !section.startsWith('m=audio') || !/transport-cc|transport-wide-cc/.test(line))
        .map(toProxy).join('\\r\\n'));
    return apply.call(this, { type: description.type, sdp: sections.join('') });
  };
}`;

const isRtpOrRtcp = (datagram) => datagram.length >= 12 && datagram[0] >= 128 && datagram[0] <= 191;
const isRtcp = (datagram) => datagram[1] >= 192 && datagram[1] <= 223;

/**
 * Proxies for Eir's ports on `address`. Audio packets (`audioPayloadType`) from the browser, and the reports of their
 * sender, arrive `proxy.audioDelayMs` later; `proxy.delayed` counts them.
 */
export async function startUdpProxy(address, audioPayloadType) {
  const sockets = [];
  const audioSsrcs = new Set();
  let closed = false;
  const proxy = {
    audioDelayMs: 0,
    delayed: 0,
    close() {
      closed = true;
      for (const socket of sockets) socket.close();
    },
  };

  function delayOf(datagram) {
    if (!isRtpOrRtcp(datagram)) return 0;
    if (isRtcp(datagram)) return audioSsrcs.has(datagram.readUInt32BE(4)) ? proxy.audioDelayMs : 0;
    if ((datagram[1] & 0x7f) !== audioPayloadType) return 0;
    audioSsrcs.add(datagram.readUInt32BE(8));
    return proxy.audioDelayMs;
  }

  async function bound(port) {
    const socket = createSocket('udp4');
    sockets.push(socket);
    socket.bind(port, address);
    await once(socket, 'listening');
    return socket;
  }

  for (let at = 0; at < PORTS; at += 1) {
    const port = FIRST_PORT + at;
    const front = await bound(port + OFFSET);
    const backs = new Map(); // by the browser's port: as many as it has
    front.on('message', async (datagram, from) => {
      if (!backs.has(from.port)) {
        backs.set(
          from.port,
          bound(0).then((back) => back.on('message', (answer) => closed || front.send(answer, from.port, from.address))),
        );
      }
      const back = await backs.get(from.port);
      const delay = delayOf(datagram);
      if (delay === 0) {
        back.send(datagram, port, address);
      } else {
        proxy.delayed += 1;
        setTimeout(() => closed || back.send(datagram, port, address), delay);
      }
    });
  }
  return proxy;
}
