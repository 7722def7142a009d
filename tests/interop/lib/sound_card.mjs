// A sound card that plays into nothing: Firefox runs no AudioContext on a machine without one. One PulseAudio daemon
// with a null sink, its files in a folder of its own, stopped with the browser.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

const START_TIMEOUT_MS = 10000;

/** {environment: what a program needs to use it, stop()} */
export async function startSoundCard(folder) {
  const home = join(folder, 'sound');
  mkdirSync(home, { recursive: true });
  const socket = join(home, 'socket');
  const modules = ['module-null-sink sink_name=nowhere', `module-native-protocol-unix auth-anonymous=1 socket=${socket}`];
  const daemon = spawn(
    'pulseaudio',
    ['-n', '--daemonize=no', '--use-pid-file=no', '--exit-idle-time=-1', '--disable-shm=yes', '--realtime=no', ...modules.map((each) => `--load=${each}`)],
    { env: { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  let ended = false;
  daemon.stderr.on('data', (data) => {
    said += data;
  });
  daemon.on('error', (error) => {
    said += error.message;
    ended = true;
  });
  daemon.on('exit', () => {
    ended = true;
  });
  const giveUp = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(socket)) {
    if (ended || Date.now() > giveUp) {
      daemon.kill();
      throw new Error(`pulseaudio does not start: ${said}`);
    }
    await new Promise((done) => setTimeout(done, 50));
  }
  return { environment: { PULSE_SERVER: `unix:${socket}` }, stop: () => daemon.kill() };
}
