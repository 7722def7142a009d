// The ops page: asks /status.json each second and shows what it says. It knows numbers, no person and no consultation.
import { Chart } from './charts.js';
import { RateMeter, percent } from './rates.js';

/** @typedef {import('./rates.js').Status} Status */

const kIntervalMs = 1000;
const kAnswerWithinMs = 3000;
const kRoomsShown = 100;
const kExpiryWarningDays = 14;
const kDayMs = 86_400_000;

/** @param {string} id */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Three digits that matter. @param {number} value */
function short(value) {
  if (value === 0) return '0';
  if (value >= 1e6) return `${(value / 1e6).toPrecision(3)} M`;
  if (value >= 1e4) return `${(value / 1e3).toPrecision(3)} k`;
  if (value >= 100) return value.toFixed(0);
  return String(Number(value.toPrecision(value < 1 ? 1 : 3)));
}
/** @param {number} value */
const megabits = (value) => `${short(value / 1e6)} Mb`;
/** @param {number} value */
const share = (value) => `${short(value)} %`;

const meter = new RateMeter();
const charts = {
  packets: new Chart('Media packets per second', ['received', 'sent'], short, 30),
  bits: new Chart('Megabits per second', ['received', 'sent'], megabits, 3e5),
  loss: new Chart('Lost on the way, per cent', ['to receivers', 'from publishers, asked again'], share, 1.5),
  quality: new Chart('What costs quality, per second', ['key frames asked for', 'packets dropped here'], short, 3),
};
byId('charts').append(...Object.values(charts).map((chart) => chart.element));

/** @param {string} state @param {string} text */
function showState(state, text) {
  const element = byId('state');
  // Said aloud only when it changes.
  if (element.textContent === text) return;
  element.dataset.state = state;
  element.textContent = text;
}

/** @param {[string, string, string?][]} entries name, value, kind */
function showTiles(entries) {
  byId('now').replaceChildren(
    ...entries.map(([name, value, kind]) => {
      const tile = document.createElement('div');
      if (kind) tile.className = kind;
      const term = document.createElement('dt');
      term.textContent = name;
      const description = document.createElement('dd');
      description.textContent = value;
      tile.append(term, description);
      return tile;
    }),
  );
}

/** @param {(string | number)[]} cells the first names the row @param {boolean} [isAlarm] */
function row(cells, isAlarm) {
  const element = document.createElement('tr');
  if (isAlarm) element.className = 'alarm';
  cells.forEach((text, index) => {
    const cell = document.createElement(index === 0 ? 'th' : 'td');
    if (index === 0) cell.setAttribute('scope', 'row');
    cell.textContent = String(text);
    element.append(cell);
  });
  return element;
}

/** @param {string} expires @returns {[string, string, string]} */
function certificateTile(expires) {
  const days = Math.floor((Date.parse(expires) - Date.now()) / kDayMs);
  const text = days < 0 ? 'expired' : `${days} days left`;
  return ['Certificate', text, days < kExpiryWarningDays ? 'text alarm' : 'text'];
}

/** @param {Status} status */
function showNow(status) {
  const participants = status.rooms.reduce((sum, room) => sum + room.participants, 0);
  const transports = status.rooms.reduce((sum, room) => sum + room.transports, 0);
  /** @type {[string, string, string?][]} */
  const tiles = [
    ['Rooms', String(status.rooms.length)],
    ['Participants', String(participants)],
    ['Media connections', String(transports)],
    ['Signalling', String(status.signalling)],
    ['Joins since start', String(status.joins)],
    ['Journal', status.journal.writes ? `writes, ${status.journal.waiting} wait` : 'does not write', status.journal.writes ? 'text' : 'text alarm'],
    ['Reloads', `${status.reloads.taken} taken, ${status.reloads.refused} refused`, 'text'],
  ];
  if (status.certificateExpires) tiles.push(certificateTile(status.certificateExpires));
  showTiles(tiles);
}

/** @param {Status} status */
function showTables(status) {
  byId('workers').replaceChildren(
    ...status.workers.map((worker) => {
      const rates = meter.of(worker.worker);
      const { participants = 0, transports = 0 } = worker.counters;
      return row(
        [worker.worker, worker.connected ? 'up' : 'down', worker.rooms, participants, transports, share(100 * rates.cpu),
          short(rates.packetsIn), short(rates.packetsOut), share(percent(rates.lost, rates.packetsOut)), short(rates.dropped),
          worker.restarts],
        !worker.connected,
      );
    }),
  );
  const shown = status.rooms.slice(0, kRoomsShown);
  byId('rooms').replaceChildren(
    ...shown.map((room) => row([room.room, room.worker ?? 'none', room.participants, room.transports])),
  );
  const hidden = status.rooms.length - shown.length;
  byId('rooms-note').textContent =
    status.rooms.length === 0 ? 'Nobody is in a room now.' : hidden > 0 ? `The first ${kRoomsShown}; ${hidden} more are not shown.` : '';
}

function draw() {
  const all = meter.all();
  charts.packets.add([all.packetsIn, all.packetsOut]);
  charts.bits.add([all.bitsIn, all.bitsOut]);
  charts.loss.add([percent(all.lost, all.packetsOut), percent(all.asked, all.packetsIn)]);
  charts.quality.add([all.keyFrames, all.dropped]);
}

/** @param {Status} status */
function show(status) {
  const ready = status.ready ? ['ready', 'Ready'] : ['not-ready', 'Not ready'];
  const [state, text] = status.draining ? ['draining', 'Draining: no new calls'] : ready;
  showState(state, text);
  byId('node').textContent = `Node ${status.node}, version ${status.version}`;
  meter.take(status);
  if (meter.isKnown) draw();
  showNow(status);
  showTables(status);
}

function showSilence() {
  showState('silent', 'No answer');
  for (const chart of Object.values(charts)) chart.add(null);
}

async function ask() {
  try {
    const answer = await fetch('/status.json', { signal: AbortSignal.timeout(kAnswerWithinMs), cache: 'no-store' });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
  } catch {
    showSilence();
  }
}

let isPaused = false;
byId('pause').addEventListener('click', () => {
  isPaused = !isPaused;
  byId('pause').setAttribute('aria-pressed', String(isPaused));
});

async function run() {
  for (;;) {
    if (!isPaused) await ask();
    await new Promise((done) => setTimeout(done, kIntervalMs));
  }
}
run();
