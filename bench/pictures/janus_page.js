// Runs in a page before its own scripts: a publisher and a watcher of Janus' VideoRoom, over its WebSocket.
globalThis.janusRoom = (() => {
  const KEEP_ALIVE_MS = 20000;
  const NO_SUCH_FEED = 428;

  async function open(url) {
    const socket = new WebSocket(url, 'janus-protocol');
    await new Promise((done, failed) => Object.assign(socket, { onopen: done, onerror: failed }));
    const waiting = new Map();
    let transactions = 0;
    let session;
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(data);
      if (message.janus === 'ack') return;
      waiting.get(message.transaction)?.(message);
      waiting.delete(message.transaction);
    };
    const call = (message) =>
      new Promise((done) => {
        const transaction = `t${(transactions += 1)}`;
        waiting.set(transaction, done);
        socket.send(JSON.stringify({ ...message, transaction, ...(session && { session_id: session }) }));
      });
    session = (await call({ janus: 'create' })).data.id;
    setInterval(() => call({ janus: 'keepalive' }), KEEP_ALIVE_MS);
    const handle = (await call({ janus: 'attach', plugin: 'janus.plugin.videoroom' })).data.id;
    return async (body, jsep) => {
      const message = await call({ janus: 'message', handle_id: handle, body, ...(jsep && { jsep: { ...jsep, trickle: false } }) });
      const { data } = message.plugindata ?? { data: { error: JSON.stringify(message.error) } };
      if (data.error && data.error_code !== NO_SUCH_FEED) throw new Error(`Janus: ${data.error}`);
      return { data, jsep: message.jsep };
    };
  }

  const gathered = (pc) =>
    new Promise((done) => {
      const look = () => pc.iceGatheringState === 'complete' && done(pc.localDescription.sdp);
      pc.addEventListener('icegatheringstatechange', look);
      look();
    });

  /** Camera and microphone, with these encodings; answers with the feed's number. */
  async function publish({ url, room, encodings, constraints }) {
    const request = await open(url);
    await request({ request: 'create', room, publishers: 2, audiocodec: 'opus', videocodec: 'vp8', opus_fec: true });
    const stream = await navigator.mediaDevices.getUserMedia(constraints);
    const pc = new RTCPeerConnection();
    const [audio] = stream.getAudioTracks();
    const [video] = stream.getVideoTracks();
    pc.addTransceiver(audio, { direction: 'sendonly', streams: [stream] });
    pc.addTransceiver(video, { direction: 'sendonly', streams: [stream], sendEncodings: encodings });
    await pc.setLocalDescription();
    // The encodings go from low to high.
    const offer = { type: 'offer', sdp: await gathered(pc), rid_order: 'lmh' };
    const { data, jsep } = await request({ request: 'joinandconfigure', ptype: 'publisher', room }, offer);
    await pc.setRemoteDescription(jsep);
    return data.id;
  }

  /**
   * Everything of a feed. `layers`: the best that is wanted, as Janus' users configure it. `nowhere`: the candidate that Janus is
   * told instead of the page's own, so that its checks do not go round the line.
   */
  async function watch({ url, room, feed, layers, nowhere }) {
    const request = await open(url);
    const subscribe = () => request({ request: 'join', ptype: 'subscriber', room, streams: [{ feed }] });
    let subscribed = await subscribe();
    for (let tries = 0; !subscribed.jsep && tries < 50; tries += 1) {
      await new Promise((done) => setTimeout(done, 100));
      subscribed = await subscribe();
    }
    const pc = new RTCPeerConnection();
    pc.ontrack = ({ track }) => {
      const element = document.createElement(track.kind);
      Object.assign(element, { autoplay: true, playsInline: true, muted: track.kind === 'video', srcObject: new MediaStream([track]) });
      document.body.append(element);
      element.play();
    };
    await pc.setRemoteDescription(subscribed.jsep);
    await pc.setLocalDescription();
    const own = (await gathered(pc)).replace(/^a=candidate:.*\r\n/gm, '').replace(/^a=end-of-candidates\r\n/gm, '');
    const sdp = own.replace(/^a=ice-ufrag:/gm, `a=candidate:1 1 udp 1 ${nowhere} typ host\r\n$&`);
    await request({ request: 'start' }, { type: 'answer', sdp });
    const { mid } = pc.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video');
    await request({ request: 'configure', streams: [{ mid, ...layers }] });
  }

  return { publish, watch };
})();
