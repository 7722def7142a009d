// Makes the sounds and camera files of the test parties, by espeak-ng and ffmpeg, in a folder of the caller.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import './tile_code.js';

const run = promisify(execFile);
const SENTENCES = [
  'One. The picture is sharp and the sound is clear.',
  'Two. Please show me the wound once more.',
  'Three. It hurts a little less than last week.',
  'Four. I am here together with my mother.',
];

/** A wav file of one party's voice, 48 kHz mono; voices differ in pitch. */
export async function speechFile(folder, code) {
  const spoken = join(folder, `spoken-${code}.wav`);
  const path = join(folder, `speech-${code}.wav`);
  await run('espeak-ng', ['-v', 'en', '-p', String(25 + (code % 5) * 15), '-w', spoken, SENTENCES[code % SENTENCES.length]]);
  // Pauses between words are shortened, so that a turn of two seconds is speech for most of its length.
  const filters = 'silenceremove=stop_periods=-1:stop_duration=0.1:stop_threshold=-40dB,aresample=48000';
  await run('ffmpeg', ['-y', '-loglevel', 'error', '-i', spoken, '-af', filters, '-ac', '1', path]);
  return path;
}

export async function speechBase64(folder, code) {
  return (await readFile(await speechFile(folder, code))).toString('base64');
}

/** A microphone file for Chromium: `parties` turns of `turnMs`, speech in the one of `code`, silence in the others. */
export async function microphoneFile(folder, code, parties, turnMs) {
  const path = join(folder, `microphone-${code}.wav`);
  const turn = turnMs / 1000;
  const filters = `aloop=loop=-1:size=2e6,atrim=duration=${turn},adelay=${(code % parties) * turnMs},apad,atrim=duration=${turn * parties}`;
  await run('ffmpeg', ['-y', '-loglevel', 'error', '-i', await speechFile(folder, code), '-af', filters, path]);
  return path;
}

/** One I420 frame with the party's code; the time code counts from the start of the file. */
function frameBytes(code, timeMs) {
  const { WIDTH, HEIGHT, COLUMNS, BLOCK, ROWS, encode } = globalThis.eirTile;
  const frame = Buffer.alloc((WIDTH * HEIGHT * 3) / 2, 128);
  const bits = encode(code, timeMs);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) {
      const row = Math.floor(y / BLOCK);
      const bit = row < ROWS ? bits[row * COLUMNS + Math.floor(x / BLOCK)] : (x + Math.floor(timeMs / 5)) % WIDTH < 40;
      frame[y * WIDTH + x] = bit ? 235 : 16;
    }
  }
  return frame;
}

/** A camera file for Chromium (--use-file-for-fake-video-capture): mjpeg, which it loops. */
export function cameraFile(folder, code, options) {
  return pictureFile(join(folder, `camera-${code}.mjpeg`), code, ['-c:v', 'mjpeg', '-q:v', '4', '-f', 'mjpeg'], options);
}

/** A file of VP8 for `eir-bench publish`; a key frame each second. */
export function vp8File(folder, code, { fps = 30, seconds = 4 } = {}) {
  const encoder = ['-c:v', 'libvpx', '-b:v', '600k', '-deadline', 'realtime', '-cpu-used', '8', '-auto-alt-ref', '0', '-g', String(fps), '-f', 'ivf'];
  return pictureFile(join(folder, `pictures-${code}.ivf`), code, encoder, { fps, seconds });
}

async function pictureFile(path, code, encoder, { fps = 30, seconds = 4 } = {}) {
  const { WIDTH, HEIGHT } = globalThis.eirTile;
  const input = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', `${WIDTH}x${HEIGHT}`, '-r', String(fps), '-i', '-'];
  const ffmpeg = spawn('ffmpeg', ['-y', '-loglevel', 'error', ...input, ...encoder, path], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const ended = once(ffmpeg, 'close');
  for (let at = 0; at < fps * seconds; at += 1) {
    if (!ffmpeg.stdin.write(frameBytes(code, Math.round((at * 1000) / fps)))) await once(ffmpeg.stdin, 'drain');
  }
  ffmpeg.stdin.end();
  const [status] = await ended;
  if (status !== 0) throw new Error(`ffmpeg ended with ${status}`);
  return path;
}
