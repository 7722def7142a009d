// Runs before a page's scripts: cameras and microphones that show people, a room and a wound, drawn and moving, so that
// pictures of the page look like what it is for. window.eirPeople: {who: 'nurse', cameras: […], talks: true, refuse: {audio, video}}.
(() => {
  const settings = globalThis.eirPeople ?? {};
  const SPEAKS_S = 8;
  const LOOKS = {
    specialist: { wall: '#cfe0e6', coat: '#f7f9fa', shirt: '#2f6f8f', skin: '#e6b898', hair: '#4a3728', long: false },
    nurse: { wall: '#dfe7d8', coat: '#3d8f8a', shirt: '#2c6f6b', skin: '#c98f6b', hair: '#23180f', long: true },
    patient: { wall: '#efe2cf', coat: '#8a5a83', shirt: '#f0e9ee', skin: '#edc7ac', hair: '#d9d6d2', long: true },
    relative: { wall: '#e8d8d0', coat: '#3a4f86', shirt: '#e9ecf5', skin: '#e0ab86', hair: '#7a4a22', long: false },
    interpreter: { wall: '#dcdcea', coat: '#555a66', shirt: '#fff', skin: '#a8714b', hair: '#15100c', long: true },
  };

  function person(context, { wall, coat, shirt, skin, hair, long }, time) {
    const { width, height } = context.canvas;
    const unit = height / 90;
    const sway = Math.sin(time / 900) * unit;
    const oval = (x, y, wide, high, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(width / 2 + (x + sway / unit) * unit, y * unit, wide * unit, high * unit, 0, 0, 7);
      context.fill();
    };
    context.fillStyle = wall;
    context.fillRect(0, 0, width, height);
    context.fillStyle = '#ffffff66';
    context.fillRect(width * 0.06, height * 0.1, width * 0.2, height * 0.42);
    context.fillRect(width * 0.8, height * 0.2, width * 0.13, height * 0.3);
    if (long) oval(0, 42, 21, 27, hair);
    oval(0, 96, 38, 36, coat);
    oval(0, 84, 10, 22, shirt);
    oval(0, 62, 7, 12, skin);
    oval(0, 40, 16, 21, skin);
    context.fillStyle = hair;
    context.beginPath();
    context.ellipse(width / 2 + sway, 30 * unit, 17.5 * unit, 14 * unit, 0, Math.PI, 0);
    context.fill();
    const blink = time % 4000 < 150 ? 0.3 : 1.8;
    for (const side of [-6, 6]) oval(side, 40, 1.8, blink, '#2a2320');
    oval(0, 51, 4.5, 0.9 + Math.abs(Math.sin(time / 160)) * 1.2, '#9a4b45');
  }

  function wound(context, time) {
    const { width, height } = context.canvas;
    const shade = context.createLinearGradient(0, 0, 0, height);
    shade.addColorStop(0, '#d9a684');
    shade.addColorStop(0.5, '#efc7a8');
    shade.addColorStop(1, '#c99272');
    context.fillStyle = '#b9c7cf';
    context.fillRect(0, 0, width, height);
    context.fillStyle = shade;
    context.fillRect(0, height * 0.12, width, height * 0.76);
    const spot = (x, y, wide, high, colour) => {
      context.fillStyle = colour;
      context.beginPath();
      context.ellipse(x * width + Math.sin(time / 800) * 2, y * height, wide * height, high * height, 0.2, 0, 7);
      context.fill();
    };
    spot(0.5, 0.5, 0.31, 0.2, '#dd9683');
    spot(0.5, 0.5, 0.24, 0.145, '#b4443f');
    spot(0.49, 0.5, 0.19, 0.105, '#8e2626');
    spot(0.52, 0.48, 0.09, 0.05, '#d9b35a');
    context.fillStyle = '#fff';
    context.fillRect(width * 0.2, height * 0.8, width * 0.6, height * 0.07);
    context.fillStyle = '#14212b';
    context.font = `${height * 0.035}px sans-serif`;
    for (let at = 0; at <= 60; ++at) {
      const x = width * (0.2 + at / 100);
      context.fillRect(x, height * 0.8, 1.5, height * (at % 10 === 0 ? 0.045 : at % 5 === 0 ? 0.03 : 0.018));
      if (at % 10 === 0 && at < 60) context.fillText(String(at / 10), x + 3, height * 0.862);
    }
  }

  function camera(who, width, height) {
    const canvas = Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d', { alpha: false });
    const track = canvas.captureStream(15).getVideoTracks()[0];
    const draw = () => {
      if (track.readyState === 'ended') return clearInterval(timer);
      if (who === 'wound') wound(context, performance.now());
      else person(context, LOOKS[who] ?? LOOKS.patient, performance.now());
    };
    const timer = setInterval(draw, 66);
    draw();
    return track;
  }

  function microphone() {
    const context = new AudioContext();
    const destination = context.createMediaStreamDestination();
    const tone = new OscillatorNode(context, { frequency: 180 });
    // Everybody says something at first, and then listens, unless somebody talks all the time.
    const loudness = new GainNode(context, { gain: 0.08 });
    if (!settings.talks) loudness.gain.setValueAtTime(1e-5, context.currentTime + SPEAKS_S);
    tone.connect(loudness).connect(destination);
    tone.start();
    context.resume();
    return destination.stream.getAudioTracks()[0];
  }

  const refuse = settings.refuse ?? {};
  const cameras = settings.cameras ?? [{ deviceId: 'c1', label: 'Front camera', who: settings.who }];
  globalThis.eirAsked = [];
  if (!navigator.mediaDevices) return;
  navigator.mediaDevices.enumerateDevices = async () => [
    ...(refuse.video === 'NotFoundError' ? [] : cameras.map(({ deviceId, label }) => ({ kind: 'videoinput', deviceId, label, groupId: '' }))),
    ...(refuse.audio === 'NotFoundError' ? [] : [{ kind: 'audioinput', deviceId: 'm1', label: 'Microphone', groupId: '' }]),
    { kind: 'audiooutput', deviceId: 's1', label: 'Speaker', groupId: '' },
  ];
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    globalThis.eirAsked.push(Object.keys(wanted).filter((kind) => wanted[kind]));
    for (const kind of ['audio', 'video']) {
      if (wanted[kind] && globalThis.eirPeople?.refuse?.[kind]) throw new DOMException('', globalThis.eirPeople.refuse[kind]);
    }
    const stream = new MediaStream();
    if (wanted.audio) stream.addTrack(microphone());
    if (wanted.video) {
      const id = wanted.video.deviceId?.exact ?? wanted.video.deviceId;
      const chosen = cameras.find(({ deviceId }) => deviceId === id) ?? cameras[0];
      const [width, height] = settings.size ?? [1280, 720];
      const track = camera(chosen.who, width, height);
      const real = track.getSettings.bind(track);
      track.getSettings = () => ({ ...real(), deviceId: chosen.deviceId, facingMode: chosen.facing });
      stream.addTrack(track);
    }
    return stream;
  };
})();
