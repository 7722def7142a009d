// The words at the head of the page: what it is about, where one is, what went wrong, and the buttons that do something
// about it. Each failure has its own title, its own advice and its own way out.
import { language, t } from '../texts.js';
import { failureCode, problemText, statusText } from './about.js';
import { at, make, say } from './dom.js';

/** @typedef {import('../client/session.js').EirSession} EirSession */

// Without word from the server when to come again; a page that waits must not be a burden.
const kAgainMs = 30_000;
// Timers hold no more than 24 days, and clocks go wrong: it is asked for again at least this often.
const kAgainMsMax = 600_000;

export class Lead {
  /** @param {EirSession} session */
  constructor(session) {
    this.session = session;
    /** The server's code of what went wrong last. */
    this.code = '';
    this.waysFor = '';
    this.timer = 0;
    for (const name of ['state', 'room', 'roster', 'sending', 'failure']) session.addEventListener(name, () => this.show());
    session.addEventListener('problem', (event) => this.blame(/** @type {CustomEvent} */ (event).detail.code));
    session.addEventListener('act', () => this.forgive());
    language.addEventListener('change', () => this.show());
  }

  /** @param {string} code */
  blame(code) {
    this.code = code;
    this.show();
  }

  forgive() {
    this.code = '';
    this.show();
  }

  show() {
    const { session } = this;
    const view = document.documentElement.dataset.view ?? '';
    const failure = view === 'over' ? failureCode(session) : (session.failure?.code ?? '');
    // What stops a call that one is in is told by its own title too.
    const isStopped = view === 'call' && (failure === 'media_blocked' || (failure === 'host_absent' && session.place === 'admitted'));
    document.documentElement.dataset.failure = isStopped ? failure : '';
    say(at('title'), isStopped ? t(`failure.${failure}.title`) : this.titleText(view, failure));
    if (isStopped && failure === 'media_blocked') say(at('status'), t('failure.media_blocked.do'));
    else if (view === 'call' || view === 'over') say(at('status'), statusText(session));
    else say(at('status'), t({ entry: 'entry.lead', loading: 'status.joining' }[view] ?? this.checkLead()));
    this.showProblem(view, failure);
    this.showWays(view, failure);
  }

  /**
   * @param {string} view
   * @param {string} failure
   */
  titleText(view, failure) {
    if (view === 'over') return t(`failure.${failure}.title`) || t('failure.other.title');
    if (view === 'check') return t(this.session.seatRights?.has('video') === false ? 'check.titleVoice' : 'check.title');
    if (view === 'entry') return t('title.entry');
    return t(`title.${this.session.state}`);
  }

  checkLead() {
    const rights = this.session.seatRights;
    if (!rights || rights.has('video')) return 'check.lead';
    return rights.has('audio') ? 'check.voiceOnly' : 'check.watchOnly';
  }

  /**
   * @param {string} view
   * @param {string} failure
   */
  showProblem(view, failure) {
    const problem = at('problem');
    const code = this.code || (view === 'call' && failure === 'media_blocked' ? failure : '');
    const about = { isHost: this.session.rights.has('moderate'), at: this.session.failure?.at, locale: document.documentElement.lang };
    // The title says already that it is over; what is told beside it is why one did not get in.
    const isShown = code !== '' && this.session.state !== 'ended';
    const text = isShown ? problemText(code, about) : '';
    problem.hidden = text === '' || text === `${at('title').textContent}.`;
    say(problem, text);
    if (isShown) problem.dataset.code = code;
    else delete problem.dataset.code;
  }

  /**
   * @param {string} view
   * @param {string} failure
   */
  showWays(view, failure) {
    const key = view === 'over' ? failure : view === 'call' && failure === 'media_blocked' ? failure : view === 'call' && this.code ? 'close' : '';
    const what = `${key} ${document.documentElement.lang}`;
    if (what === this.waysFor) return;
    this.waysFor = what;
    clearTimeout(this.timer);
    const ways = key ? this.waysOf(key) : [];
    at('ways').replaceChildren(...ways);
    at('ways').hidden = ways.length === 0;
  }

  /**
   * @param {string} failure
   * @returns {HTMLElement[]}
   */
  waysOf(failure) {
    const again = () => location.reload();
    switch (failure) {
      case 'close':
        return [wayButton('way.understood', () => this.forgive())];
      case 'media_blocked':
        return [wayButton('way.reconnect', again, 'again')];
      case 'left':
        return [wayButton('way.back', again, 'again')];
      case 'replaced':
        return [wayButton('way.here', again, 'again')];
      case 'removed':
      case 'denied':
      case 'ended':
        return [wayButton('way.home', () => location.assign('/'))];
      case 'wrong_link':
      case 'link_used':
      case 'too_late':
        return [linkForm()];
      case 'too_early':
      case 'draining':
      case 'busy':
        return [wayButton('way.retry', again, 'again'), this.countdown()];
      default:
        return [wayButton('way.retry', again, 'again')];
    }
  }

  /** Tries again by itself, and says when. */
  countdown() {
    const until = this.session.failure?.at ?? Date.now() + kAgainMs;
    const element = make('p', { class: 'hint' });
    const tick = () => {
      const left = Math.max(0, Math.min(kAgainMsMax, until - Date.now()));
      if (left === 0) return location.reload();
      const seconds = Math.ceil(left / 1000);
      const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
      say(element, t('way.retryIn', { time }));
      this.timer = setTimeout(tick, 1000);
    };
    tick();
    return element;
  }
}

/**
 * @param {string} text
 * @param {() => void} act
 * @param {string} [id]
 */
function wayButton(text, act, id) {
  const button = make('button', { type: 'button', class: 'primary', ...(id && { id }) }, t(text));
  button.addEventListener('click', act);
  return button;
}

/** For who has the right link somewhere else. */
function linkForm() {
  const input = make('input', { id: 'link', type: 'text', autocomplete: 'off', 'aria-describedby': 'link-problem' });
  const problem = make('p', { id: 'link-problem', class: 'bad', role: 'alert' });
  const form = make('form', { class: 'link' }, make('label', { for: 'link' }, t('way.linkLabel')), input, problem,
    make('button', { type: 'submit', class: 'primary' }, t('way.link')));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const [, token] = input.value.trim().split('#');
    if (!token) {
      say(problem, t('way.linkBad'));
      input.focus();
      return;
    }
    // Only the secret is taken from what was pasted: the page stays where it is.
    location.hash = token;
    location.reload();
  });
  return form;
}
