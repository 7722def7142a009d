// A bad access line between pages and a server: `eir-bench impair` where LINE_SCRIPT (or lib/udp_proxy.mjs's PROXY_SCRIPT)
// sends a page. All pages that have the script share the line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const BENCH = process.env.EIR_BENCH ?? fileURLToPath(new URL('../../../build/release/eir-bench', import.meta.url));
// As in lib/udp_proxy.mjs.
const OFFSET = 10000;
const FIRST_PORT = 40000;
const PORTS = 8;
const SECONDS = 600; // it ends with this process in any case

/** Script for a page: the candidates of what the server describes point to the line, and nothing else is changed. */
export const LINE_SCRIPT = `{
  const apply = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    const sdp = description.sdp.replace(/^a=candidate:.* tcp .*\\r\\n/gim, '')
      .replace(/^(a=candidate:(?:\\S+ ){5})(\\d+)/gm, (_, head, port) => head + (Number(port) + ${OFFSET}));
    return apply.call(this, { type: description.type, sdp });
  };
}`;

/**
 * `up` and `down` as the program takes them: 'rate=300k,delay=20ms,loss=1%'. Of the result, `line.change('down rate=3M')` is
 * at once; `firstPort` is the server's, eird's if it is not given; `line.reports` has what the program told each second, parsed; `line.next()` waits for the next report.
 */
export async function startImpair(address, { up = 'plain', down = 'plain', seed = 1, firstPort = FIRST_PORT } = {}) {
  const ends = ['--listen', `${address}:${firstPort + OFFSET}`, '--server', `${address}:${firstPort}`, '--ports', String(PORTS)];
  const rest = ['--up', up, '--down', down, '--seed', String(seed), '--seconds', String(SECONDS), '--control'];
  const child = spawn(BENCH, ['impair', ...ends, ...rest], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [ready] = await Promise.race([
    once(lines, 'line'),
    once(child, 'exit').then(([code]) => { throw new Error(`${BENCH} impair ended with ${code}`); }),
  ]);
  if (!JSON.parse(ready).ready) throw new Error(`eir-bench impair says ${ready}`);
  const line = {
    reports: [],
    change: (text) => child.stdin.write(`${text}\n`),
    next: async () => JSON.parse((await once(lines, 'line'))[0]),
    async close() {
      child.stdin.end();
      if (child.exitCode === null) await once(child, 'exit');
    },
  };
  lines.on('line', (text) => line.reports.push(JSON.parse(text)));
  return line;
}
