// Replaces the devices of a page by those of a phone: a camera in front and one at the back, whose pictures carry codes
// (tile_code.js), perhaps a third that is worn on the head, a screen to share, a microphone. Runs before the page's
// scripts, after tile_code.js and a line that sets
//   globalThis.eirPhoneConfig = {front, back, head, screen, fps, oneAtATime, broken: id, missing: [kind], blocked: [kind]}
// A code that is not given is a device that is not there. oneAtATime: a second camera cannot be opened beside the first;
// broken: one that never can.
(() => {
  const { fps = 25, oneAtATime = false, broken = '', missing = [], blocked = [], ...codes } = globalThis.eirPhoneConfig;
  const tile = globalThis.eirTile;
  const CAMERAS = [
    { deviceId: 'front-id', label: 'camera 1, facing front', facingMode: 'user', code: codes.front },
    { deviceId: 'back-id', label: 'camera 0, facing back', facingMode: 'environment', code: codes.back },
    { deviceId: 'head-id', label: 'Head camera (USB)', code: codes.head },
  ].filter(({ code }) => code !== undefined);
  const open = new Set();
  const seen = { requests: [], openCameras: () => [...open].map(({ deviceId }) => deviceId) };
  globalThis.eirPhone = seen;

  function picture(code, width, height) {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const context = canvas.getContext('2d', { alpha: false });
    context.scale(width / tile.WIDTH, height / tile.HEIGHT);
    const track = canvas.captureStream().getVideoTracks()[0];
    let frame = 0;
    const draw = () => {
      frame += 1;
      context.fillStyle = `hsl(${(code * 67) % 360} 60% 45%)`;
      context.fillRect(0, 0, tile.WIDTH, tile.HEIGHT);
      context.fillStyle = '#fff';
      context.fillRect((frame * 7) % tile.WIDTH, tile.ROWS * tile.BLOCK, 40, 100);
      tile.encode(code, Date.now()).forEach((bit, at) => {
        context.fillStyle = bit ? '#fff' : '#000';
        context.fillRect((at % tile.COLUMNS) * tile.BLOCK, Math.floor(at / tile.COLUMNS) * tile.BLOCK, tile.BLOCK, tile.BLOCK);
      });
    };
    draw();
    const timer = setInterval(() => (track.readyState === 'ended' ? clearInterval(timer) : draw()), 1000 / fps);
    return track;
  }

  const wanted = (value, otherwise) => value?.exact ?? value?.ideal ?? value ?? otherwise;
  const refuse = (name) => {
    throw new DOMException(`the test's phone says ${name}`, name);
  };

  function camera(constraints) {
    const id = wanted(constraints.deviceId);
    const facing = wanted(constraints.facingMode);
    const found = CAMERAS.find((each) => (id ? each.deviceId === id : !facing || each.facingMode === facing));
    if (!found) refuse(id ? 'OverconstrainedError' : 'NotFoundError');
    if (found.deviceId === broken || (oneAtATime && open.size > 0)) refuse('NotReadableError');
    const track = picture(found.code, wanted(constraints.width, 640), wanted(constraints.height, 360));
    open.add(found);
    const stop = track.stop.bind(track);
    track.stop = () => {
      if (track.readyState === 'live') open.delete(found);
      stop();
    };
    // As when it is pulled out: the track ends by itself, which a page hears as an event.
    seen.unplug = () => {
      track.stop();
      CAMERAS.splice(CAMERAS.indexOf(found), 1);
      track.dispatchEvent(new Event('ended'));
    };
    return track;
  }

  function microphone() {
    const context = new AudioContext();
    const destination = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 440 });
    const quiet = new GainNode(context, { gain: 0.1 });
    tone.connect(quiet).connect(destination);
    tone.start();
    context.resume();
    return destination.stream.getAudioTracks()[0];
  }

  if (!navigator.mediaDevices) return;
  navigator.mediaDevices.getUserMedia = async (constraints) => {
    seen.requests.push(constraints);
    const kinds = ['audio', 'video'].filter((kind) => constraints[kind]);
    if (kinds.some((kind) => missing.includes(kind))) refuse('NotFoundError');
    if (kinds.some((kind) => blocked.includes(kind))) refuse('NotAllowedError');
    return new MediaStream(kinds.map((kind) => (kind === 'video' ? camera(constraints.video) : microphone())));
  };
  navigator.mediaDevices.getDisplayMedia = async () => {
    if (codes.screen === undefined) refuse('NotAllowedError');
    return new MediaStream([picture(codes.screen, 1280, 720)]);
  };
  navigator.mediaDevices.enumerateDevices = async () => [
    ...CAMERAS.map(({ deviceId, label }) => ({ kind: 'videoinput', deviceId, label })),
    { kind: 'audioinput', deviceId: 'mic-id', label: 'Microphone' },
  ];
})();
