// Starts Eir through deploy/quickstart, in the network namespace of the test (tests/support/isolated), and talks to its
// API with the service credential.
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const DEPLOY = fileURLToPath(new URL('../../../deploy/', import.meta.url));
// EIRD names a program that was built elsewhere; without it quickstart builds its own.
const [QUICKSTART, ...PROGRAM] = process.env.EIRD
  ? ['python3', '-B', `${DEPLOY}quickstart_demo.py`, '--program', process.env.EIRD]
  : [`${DEPLOY}quickstart`];

/** In memory where the system has such a place: on a disk that writes back what a build left, one fsync may take seconds. */
function stateFolders() {
  try {
    accessSync('/dev/shm', constants.W_OK);
    return '/dev/shm';
  } catch {
    return tmpdir();
  }
}

// Whoever closed a page without leaving is counted as there for 30 s.
const LOGGED_WITHIN_MS = 45000;

/** A browser takes http for a secure context from localhost only. */
const linkOf = ({ url }) => `http://localhost:8080${url.slice(url.indexOf('/j#'))}`;

export async function startEir() {
  const address = process.env.EIR_TEST_ADDRESS;
  if (!address) throw new Error('run through tests/support/isolated: it makes the address that the browsers use');
  const stateHome = mkdtempSync(join(stateFolders(), 'eir-state-'));
  const env = { ...process.env, XDG_STATE_HOME: stateHome };
  const { stdout } = await run(QUICKSTART, [...PROGRAM, '--json', '--address', address], { env, maxBuffer: 64 << 20 });
  const told = JSON.parse(stdout.trim().split('\n').pop());
  const credential = readFileSync(told.credential_file, 'utf8');

  async function call(method, path, body) {
    const response = await fetch(told.api + path, {
      method,
      headers: { authorization: `Bearer ${credential}`, 'content-type': 'application/json' },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  return {
    ...told,
    call,
    /** The counters of all processes, as Prometheus text. */
    metrics: async () => (await fetch(`${told.ops}/metrics`)).text(),
    /** What eird logged so far. */
    log: () => readFileSync(join(stateHome, 'eir-quickstart', 'eird.log'), 'utf8'),
    /** A new consultation: {id, links: {role: url}}; a role may be named more than once and is then role, role2, … */
    async openConsultation(template, roles) {
      // A role, or a whole seat.
      const seats = roles.map((role) => (typeof role === 'string' ? { role } : role));
      const made = await call('POST', '/v1/consultations', { template, seats });
      const links = {};
      for (const seat of made.seats) {
        const path = `/v1/consultations/${made.id}/seats/${seat.id}/invitations`;
        const invitation = await call('POST', path, { kind: 'link', maxUses: 100 });
        let name = seat.role;
        for (let count = 2; name in links; count += 1) name = seat.role + count;
        links[name] = linkOf(invitation);
      }
      return { id: made.id, links };
    },
    /** One seat more, and its link. */
    async addSeat(consultation, role) {
      const { invitation } = await call('POST', `/v1/consultations/${consultation}/seats`, { role, invitation: { kind: 'link' } });
      return linkOf(invitation);
    },
    async participants(consultation) {
      return (await call('GET', `/v1/consultations/${consultation}/participants`)).participants;
    },
    /** Admits everyone who waits, or comes to wait within the time, until `count` are admitted. */
    async admitUntil(consultation, count, timeoutMs = 15000) {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const all = await this.participants(consultation);
        for (const { id } of all.filter(({ state }) => state === 'waiting')) {
          await call('POST', `/v1/consultations/${consultation}/participants/${id}/admit`, {});
        }
        if (all.filter(({ state }) => state === 'admitted').length >= count) return;
        if (Date.now() > end) throw new Error(`not ${count} admitted within ${timeoutMs} ms: ${JSON.stringify(all)}`);
        await new Promise((done) => setTimeout(done, 100));
      }
    },
    /** Waits until the log has this text. */
    async logged(words) {
      for (let waited = 0; !this.log().includes(words); waited += 50) {
        if (waited > LOGGED_WITHIN_MS) throw new Error(`no "${words}" in the log: ${this.log()}`);
        await new Promise((done) => setTimeout(done, 50));
      }
    },
    /** Has eird drain, for as long as anybody is there: SIGTERM, after a reload that gives it the time. */
    async drain() {
      const file = join(stateHome, 'eir-quickstart', 'eird.yaml');
      writeFileSync(file, readFileSync(file, 'utf8').replace('drain_s: 0', 'drain_s: 600'));
      process.kill(told.pid, 'SIGHUP');
      await this.logged('key=timeouts.drain_s');
      await this.logged('reload_taken');
      process.kill(told.pid, 'SIGTERM');
      await this.logged('drain_begun');
    },
    async stop() {
      await run(QUICKSTART, [...PROGRAM, '--stop'], { env });
      rmSync(stateHome, { recursive: true, force: true });
    },
  };
}
