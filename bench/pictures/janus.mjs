// Janus as its users have it, in a network namespace of the caller, and pages of its VideoRoom: lib/eir.mjs's counterpart.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Where eir-bench impair stands before them: one port for each connection that is open at a time, and some to spare.
export const JANUS_FIRST_PORT = 42000;
export const JANUS_PORTS = 8;
const WEB_SOCKET_PORT = 8188;
const READY_MS = 20000;

const PLUGINS = ['audiobridge', 'duktape', 'echotest', 'lua', 'nosip', 'recordplay', 'sip', 'streaming', 'textroom', 'videocall', 'voicemail'];
const TRANSPORTS = ['http', 'pfunix', 'mqtt', 'nanomsg', 'rabbitmq'];
const libraries = (names) => names.map((name) => `libjanus_${name}.so`).join();

// What differs from Debian's files: folders, ports and the one address, nothing that is not used, and nack_optimizations,
// which drop what is asked for again once a key frame made it useless: on a thin line that is what one would switch on.
// TWCC, REMB, NACK and RTX, simulcast by rid are the plugin's defaults.
const configurationOf = (folder, address) => ({
  'janus.jcfg': `general: {
  configs_folder = "${folder}"
  debug_level = 4
}
media: {
  rtp_port_range = "${JANUS_FIRST_PORT}-${JANUS_FIRST_PORT + JANUS_PORTS - 1}"
  nack_optimizations = true
}
nat: {
  nice_debug = false
  ice_enforce_list = "${address}"
}
plugins: {
  disable = "${libraries(PLUGINS)}"
}
transports: {
  disable = "${libraries(TRANSPORTS)}"
}
`,
  'janus.transport.websockets.jcfg': `general: {
  json = "compact"
  ws = true
  ws_port = ${WEB_SOCKET_PORT}
  ws_ip = "127.0.0.1"
  wss = false
}
admin: {
  admin_ws = false
  admin_wss = false
}
`,
  'janus.plugin.videoroom.jcfg': 'general: {\n}\n',
});

/** A page that a browser takes for a secure context, with nothing in it. */
async function emptyPage() {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>Janus</title><body>'));
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return { url: `http://localhost:${server.address().port}/`, close: () => server.close() };
}

/** Whatever is answered to a request that is no WebSocket's: somebody listens. */
const listens = (port) => fetch(`http://127.0.0.1:${port}/`).then(() => true, ({ cause }) => cause?.code !== 'ECONNREFUSED');

export async function startJanus(program = '/usr/bin/janus') {
  const folder = mkdtempSync(join(tmpdir(), 'eir-janus-'));
  for (const [name, text] of Object.entries(configurationOf(folder, process.env.EIR_TEST_ADDRESS))) writeFileSync(join(folder, name), text);
  const log = join(folder, 'log');
  const output = openSync(log, 'w');
  const child = spawn(program, ['--disable-colors', '--log-stdout', `--configs-folder=${folder}`], { stdio: ['ignore', output, output] });
  const page = await emptyPage();
  const janus = {
    page: page.url,
    socket: `ws://127.0.0.1:${WEB_SOCKET_PORT}`,
    log: () => readFileSync(log, 'utf8'),
    async stop() {
      page.close();
      child.kill('SIGTERM');
      if (child.exitCode === null) await once(child, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  for (const end = Date.now() + READY_MS; !(await listens(WEB_SOCKET_PORT)); ) {
    if (child.exitCode !== null || Date.now() > end) throw new Error(`Janus does not get ready: ${janus.log().slice(-500)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
  return janus;
}
