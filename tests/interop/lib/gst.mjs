// GStreamer as a WHIP camera or a WHEP player (lib/gst_whip.py), as a process of the test.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('gst_whip.py', import.meta.url));
const END_MS = 10000;

/** `role` and what it needs: 'publish', url, token, codec, party; or 'play', url, token. */
export function startGst(...argument) {
  const child = spawn('/usr/bin/python3', ['-B', SCRIPT, ...argument.map(String)], {
    env: { ...process.env, GST_DEBUG: '1' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const events = [];
  let errors = '';
  createInterface({ input: child.stdout }).on('line', (line) => events.push(JSON.parse(line)));
  child.stderr.on('data', (text) => {
    errors += text;
  });
  return {
    events,
    errors: () => errors.slice(-2000),
    /** The last event of this name, or undefined. */
    last: (name) => events.filter(({ event }) => event === name).pop(),
    async until(name, condition = () => true, timeoutMs = 15000) {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const found = events.find((each) => each.event === name && condition(each));
        if (found) return found;
        const isOver = Date.now() > end || child.exitCode !== null;
        if (isOver) throw new Error(`no ${name}: ${JSON.stringify(events)}\n${errors.slice(-2000)}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    /** Asks for DELETE and waits for the end. */
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'close');
      child.stdin.end('stop\n');
      const timer = setTimeout(() => child.kill('SIGKILL'), END_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}
