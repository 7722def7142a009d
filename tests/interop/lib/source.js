// Replaces getUserMedia in a page: a canvas whose picture carries party and time (tile_code.js), and speech in this
// party's own turns. Runs before the page's scripts, after tile_code.js and after a line that sets
//   globalThis.eirSourceConfig = {code, parties, turnMs, fps, speech, scale}
// speech: base64 of a wav file; scale: the picture's size in units of 640×360 (1 if not given).
// Party k speaks while floor(now / turnMs) % parties == k, in every browser on this machine alike: they share a clock.
(() => {
  const { code, parties, turnMs, fps, speech, scale = 1 } = globalThis.eirSourceConfig;
  const tile = globalThis.eirTile;
  const HUE = (code * 67) % 360;
  // Silence around a turn: what is heard late (network, jitter buffer, decoder) is still the right speaker's.
  const TURN_MARGIN_MS = 150;
  // How far ahead of its turn a speaker is scheduled.
  const LOOK_AHEAD_MS = 400;

  function drawPicture(context, frame) {
    const { WIDTH, HEIGHT, COLUMNS, ROWS, BLOCK } = tile;
    // Below the blocks: a colour per party and a bar that moves, so that a person sees who it is and that it lives.
    context.fillStyle = `hsl(${HUE} 60% 45%)`;
    context.fillRect(0, ROWS * BLOCK, WIDTH, HEIGHT - ROWS * BLOCK);
    context.fillStyle = `hsl(${HUE} 60% 75%)`;
    context.fillRect((frame * 7) % WIDTH, ROWS * BLOCK, 40, HEIGHT - ROWS * BLOCK);
    context.fillStyle = '#fff';
    context.font = 'bold 56px sans-serif';
    context.fillText(`party ${code}`, 24, HEIGHT - 32);
    const bits = tile.encode(code, Date.now());
    for (let at = 0; at < bits.length; at += 1) {
      context.fillStyle = bits[at] ? '#fff' : '#000';
      context.fillRect((at % COLUMNS) * BLOCK, Math.floor(at / COLUMNS) * BLOCK, BLOCK, BLOCK);
    }
  }

  function videoTrack() {
    const canvas = document.createElement('canvas');
    canvas.width = tile.WIDTH * scale;
    canvas.height = tile.HEIGHT * scale;
    const context = canvas.getContext('2d', { alpha: false });
    context.scale(scale, scale);
    let frame = 0;
    const draw = () => {
      drawPicture(context, frame);
      frame += 1;
      counters.framesDrawn = frame;
    };
    draw();
    const track = canvas.captureStream().getVideoTracks()[0];
    // Drawn against the wall clock, not by a bare interval, whose lateness would add up to a lower rate.
    const start = performance.now();
    const tick = () => {
      if (track.readyState === 'ended') return;
      draw();
      setTimeout(tick, Math.max(0, start + frame * (1000 / fps) - performance.now()));
    };
    tick();
    return track;
  }

  async function scheduleTurns(context, destination) {
    const bytes = Uint8Array.from(atob(speech), (char) => char.charCodeAt(0));
    const buffer = await context.decodeAudioData(bytes.buffer);
    let planned = 0;
    setInterval(() => {
      const now = Date.now();
      const turn = Math.floor((now + LOOK_AHEAD_MS) / turnMs);
      if (turn % parties !== code % parties || turn === planned) return;
      planned = turn;
      const from = Math.max(now, turn * turnMs + TURN_MARGIN_MS);
      const until = (turn + 1) * turnMs - TURN_MARGIN_MS;
      const player = context.createBufferSource();
      player.buffer = buffer;
      player.loop = true;
      player.connect(destination);
      player.start(context.currentTime + (from - now) / 1000);
      player.stop(context.currentTime + (until - now) / 1000);
      counters.turns += 1;
    }, 50);
  }

  async function audioTrack() {
    // Firefox starts a context only once it has a node to serve, so resume() is not awaited here.
    const context = new AudioContext();
    const destination = context.createMediaStreamDestination();
    // A microphone is never digitally silent. Without this Chromium stops sending between turns, and its RTP time with
    // it, so that sound and picture have no common clock.
    const hum = new ConstantSourceNode(context, { offset: 1e-5 });
    hum.connect(destination);
    hum.start();
    context.resume();
    await scheduleTurns(context, destination);
    return destination.stream.getAudioTracks()[0];
  }

  const counters = { framesDrawn: 0, turns: 0, calls: 0 };
  globalThis.eirSource = counters;
  // Without a secure context there is nothing to replace, and the page will say so itself.
  if (!navigator.mediaDevices) return;
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    counters.calls += 1;
    const stream = new MediaStream();
    if (constraints.video) stream.addTrack(videoTrack());
    if (constraints.audio) stream.addTrack(await audioTrack());
    return stream;
  };
})();
