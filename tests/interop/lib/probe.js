// Observes a page from inside without its help: its peer connections, what it sends over WebSockets, when the first
// picture came, what each tile shows and how loud each track is. Runs before the page's scripts, after tile_code.js.
(() => {
  const tile = globalThis.eirTile;
  const SAMPLE = 160; // a tile is read from a copy of 160×90
  const SAMPLE_HEIGHT = 90;
  const LEVEL_INTERVAL_MS = 50;

  const probe = {
    connections: [],
    signalingStateChanges: 0,
    /** Date.now() of each offer that left over a WebSocket. */
    offersSent: [],
    /** Date.now() of each answer that the page took, and of each time a connection became connected. */
    answersTaken: [],
    connected: [],
    /** Wall clock of the first picture of each received video track, by track id. */
    firstFrames: {},
    /** Wall clock of every picture of each received video track, by track id, if watchFrames is set. */
    frames: {},
    /** Each answered request of the page: {path, at: wall clock of the answer, status}. */
    calls: [],
    /** Received tracks by the id of their media stream: {id: {audio, video}}; a stream is one party's pair of slots. */
    streams: {},
    errors: [],
  };
  globalThis.eirProbe = probe;

  addEventListener('error', (event) => probe.errors.push(String(event.message)));
  addEventListener('unhandledrejection', (event) => probe.errors.push(String(event.reason)));

  const Native = globalThis.RTCPeerConnection;
  globalThis.RTCPeerConnection = class extends Native {
    constructor(...settings) {
      super(...settings);
      probe.connections.push(this);
      this.addEventListener('signalingstatechange', () => {
        probe.signalingStateChanges += 1;
      });
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') probe.connected.push(Date.now());
      });
      this.addEventListener('track', ({ track, streams }) => {
        for (const { id } of streams) (probe.streams[id] ??= {})[track.kind] = track;
        if (track.kind === 'video' && probe.watchFirstFrames) watchFirstFrame(track);
        if (track.kind === 'video' && probe.watchFrames) watchFrames(track);
      });
    }

    setRemoteDescription(description) {
      if (description?.type === 'answer') probe.answersTaken.push(Date.now());
      return super.setRemoteDescription(description);
    }
  };

  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function sendAndNote(data) {
    if (typeof data === 'string' && data.includes('"type":"offer"')) probe.offersSent.push(Date.now());
    return send.call(this, data);
  };

  const fetchNative = globalThis.fetch;
  globalThis.fetch = async (path, ...rest) => {
    const response = await fetchNative(path, ...rest);
    probe.calls.push({ path: String(path), at: Date.now(), status: response.status });
    return response;
  };

  function player(track) {
    const video = document.createElement('video');
    video.muted = true;
    video.srcObject = new MediaStream([track]);
    video.play().catch(() => {});
    return video;
  }

  function watchFrames(track) {
    const video = player(track);
    const times = (probe.frames[track.id] = []);
    const note = () => {
      times.push(Date.now());
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }

  function watchFirstFrame(track) {
    const video = player(track);
    video.requestVideoFrameCallback(() => {
      probe.firstFrames[track.id] = Date.now();
      video.srcObject = null;
    });
  }

  const canvas = document.createElement('canvas');
  canvas.width = SAMPLE;
  canvas.height = SAMPLE_HEIGHT;
  const context = canvas.getContext('2d', { willReadFrequently: true });

  /** Mean brightness of the middle of one block. */
  function brightness(pixels, column, row) {
    const block = (tile.BLOCK * SAMPLE) / tile.WIDTH;
    const left = Math.round((column + 0.35) * block);
    const top = Math.round((row + 0.35) * block);
    const side = Math.max(1, Math.round(block * 0.3));
    let sum = 0;
    for (let y = top; y < top + side; y += 1) {
      for (let x = left; x < left + side; x += 1) sum += pixels[(y * SAMPLE + x) * 4 + 1];
    }
    return sum / (side * side);
  }

  /** What a video element shows now: {at, code, age, width, height}, or {code: null} when no valid code is to be seen. */
  probe.readTile = (video) => {
    const seen = { at: Date.now(), code: null, age: null, width: video.videoWidth, height: video.videoHeight };
    if (!video.videoWidth) return seen;
    context.drawImage(video, 0, 0, SAMPLE, SAMPLE_HEIGHT);
    const { data } = context.getImageData(0, 0, SAMPLE, SAMPLE_HEIGHT);
    const bits = [];
    for (let at = 0; at < tile.COLUMNS * tile.ROWS; at += 1) {
      bits.push(brightness(data, at % tile.COLUMNS, Math.floor(at / tile.COLUMNS)) > 127 ? 1 : 0);
    }
    const read = tile.decode(bits);
    return read ? { ...seen, code: read.code, age: tile.age(read.time, Date.now()) } : seen;
  };

  /** The page's video elements that show something received, by the id of the received stream. */
  probe.remoteVideos = () => {
    const found = {};
    for (const video of document.querySelectorAll('video')) {
      const shown = video.srcObject?.getVideoTracks()[0];
      const stream = Object.entries(probe.streams).find(([, tracks]) => shown && tracks.video?.id === shown.id);
      if (stream) found[stream[0]] = video;
    }
    return found;
  };

  /** Which party each received stream shows now: {stream id: code}; streams without a picture are left out. */
  probe.parties = () => {
    const read = Object.entries(probe.remoteVideos()).map(([stream, video]) => [stream, probe.readTile(video).code]);
    return Object.fromEntries(read.filter(([, code]) => code !== null));
  };

  /** Reads every tile of the page with a live stream each `everyMs`, for `forMs`: {key: [{code, age, …}]}. */
  probe.watchTiles = async (videos, forMs, everyMs) => {
    const seen = {};
    const end = Date.now() + forMs;
    while (Date.now() < end) {
      for (const [key, video] of Object.entries(videos())) (seen[key] ??= []).push(probe.readTile(video));
      await new Promise((done) => setTimeout(done, everyMs));
    }
    return seen;
  };

  /** Starts measuring a track; returns {samples: [[wall clock, mean square]], stop()}. */
  probe.levelOf = (track) => {
    const stream = new MediaStream([track]);
    // Chromium feeds WebAudio from a received track only while an element plays it too.
    const element = new Audio();
    element.muted = true;
    element.srcObject = stream;
    element.play().catch(() => {});
    const audio = (probe.audioContext ??= new AudioContext());
    audio.resume();
    const analyser = new AnalyserNode(audio, { fftSize: 2048 });
    audio.createMediaStreamSource(stream).connect(analyser);
    const wave = new Float32Array(analyser.fftSize);
    const samples = [];
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(wave);
      let sum = 0;
      for (const value of wave) sum += value * value;
      samples.push([Date.now(), sum / wave.length]);
    }, LEVEL_INTERVAL_MS);
    return {
      samples,
      stop() {
        clearInterval(timer);
        element.srcObject = null;
      },
    };
  };

  /** What the page has sent and received so far, of all its peer connections together, by mid and rid. */
  probe.media = async () => {
    const inbound = [];
    const outbound = [];
    for (const connection of probe.connections) {
      if (connection.connectionState === 'closed') continue;
      for (const entry of (await connection.getStats()).values()) {
        if (entry.type === 'inbound-rtp') inbound.push({ ...entry, decoderImplementation: undefined });
        if (entry.type === 'outbound-rtp') outbound.push({ ...entry, encoderImplementation: undefined });
      }
    }
    return { now: Date.now(), inbound, outbound, signalingStateChanges: probe.signalingStateChanges };
  };
})();
