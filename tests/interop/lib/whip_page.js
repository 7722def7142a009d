// A WHIP publisher and a WHEP player for a page, by fetch alone and without a client library. Runs in the page before
// its own scripts, after probe.js; so it has no imports and leaves one global.
globalThis.eirWhip = (() => {
  const sessions = [];

  function line(sdp, name) {
    return new RegExp(`^a=${name}:(.*?)\r?$`, 'm').exec(sdp)[1];
  }

  async function post(connection, url, token) {
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    const answered = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/sdp' },
      body: offer.sdp,
    });
    if (answered.status !== 201) throw new Error(`${answered.status} ${await answered.text()}`);
    const sdp = await answered.text();
    await connection.setRemoteDescription({ type: 'answer', sdp });
    const session = {
      connection,
      token,
      sdp,
      resource: new URL(answered.headers.get('location'), answered.url).href,
      etag: answered.headers.get('etag'),
    };
    sessions.push(session);
    return sessions.length - 1;
  }

  return {
    sessions,
    /** Camera and microphone to a WHIP endpoint; the session's number. */
    async publish({ url, token }) {
      const connection = new RTCPeerConnection();
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
      for (const track of stream.getTracks()) {
        connection.addTransceiver(track, { direction: 'sendonly', streams: [stream] });
      }
      return post(connection, url, token);
    },
    /** Plays `pairs` publishers of a WHEP endpoint, each in a video element; the session's number. */
    async play({ url, token, pairs }) {
      const connection = new RTCPeerConnection();
      for (let at = 0; at < pairs; at += 1) {
        connection.addTransceiver('audio', { direction: 'recvonly' });
        connection.addTransceiver('video', { direction: 'recvonly' });
      }
      connection.addEventListener('track', ({ track, streams: [stream] }) => {
        if (track.kind !== 'video') return;
        const video = document.createElement('video');
        Object.assign(video, { muted: true, autoplay: true, playsInline: true, srcObject: stream });
        document.body.append(video);
        video.play().catch(() => {});
      });
      return post(connection, url, token);
    },
    /** Candidates as they come, by PATCH; the status. */
    async trickle(number) {
      const { connection, resource, token, etag } = sessions[number];
      const { sdp } = connection.localDescription;
      const credentials = `a=ice-ufrag:${line(sdp, 'ice-ufrag')}\r\na=ice-pwd:${line(sdp, 'ice-pwd')}\r\n`;
      const candidates = sdp.split('\r\n').filter((each) => each.startsWith('a=candidate:'));
      const answered = await fetch(resource, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${token}`, 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': etag,
        },
        body: `${credentials}m=audio 9 RTP/AVP 0\r\na=mid:0\r\n${candidates.join('\r\n')}\r\n`,
      });
      return { status: answered.status, candidates: candidates.length };
    },
    /** RFC 9725 section 4.3.3: new credentials both ways, the description else unchanged. */
    async restart(number) {
      const session = sessions[number];
      const offer = await session.connection.createOffer({ iceRestart: true });
      await session.connection.setLocalDescription(offer);
      const answered = await fetch(session.resource, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${session.token}`, 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*',
        },
        body: `a=ice-ufrag:${line(offer.sdp, 'ice-ufrag')}\r\na=ice-pwd:${line(offer.sdp, 'ice-pwd')}\r\n`,
      });
      if (answered.status !== 200) throw new Error(`${answered.status} ${await answered.text()}`);
      const fragment = await answered.text();
      const before = line(session.sdp, 'ice-ufrag');
      session.etag = answered.headers.get('etag');
      session.sdp = session.sdp
        .replace(/^a=ice-ufrag:.*?\r?$/gm, `a=ice-ufrag:${line(fragment, 'ice-ufrag')}`)
        .replace(/^a=ice-pwd:.*?\r?$/gm, `a=ice-pwd:${line(fragment, 'ice-pwd')}`);
      await session.connection.setRemoteDescription({ type: 'answer', sdp: session.sdp });
      return { before, after: line(fragment, 'ice-ufrag'), etag: session.etag };
    },
    /** The remote user name fragment that the selected pair's checks use now. */
    async selected(number) {
      const stats = [...(await sessions[number].connection.getStats()).values()];
      const transport = stats.find(({ type }) => type === 'transport');
      const pair = stats.find(({ id }) => id === transport?.selectedCandidatePairId);
      const local = stats.find(({ id }) => id === pair?.localCandidateId);
      return { state: transport?.dtlsState, changes: transport?.selectedCandidatePairChanges, ufrag: local?.usernameFragment };
    },
    async remove(number) {
      const { connection, resource, token } = sessions[number];
      const answered = await fetch(resource, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
      connection.close();
      return answered.status;
    },
  };
})();
