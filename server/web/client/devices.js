// The own microphone and camera: opened when they are needed, stopped (the light goes out) when they are not.

/** @typedef {'audio'|'video'} Kind */

/** @type {Kind[]} */
export const kKinds = ['audio', 'video'];

export class Devices {
  /** @param {MediaStreamConstraints} constraints what to ask for; a kind that is left out is never opened */
  constructor(constraints) {
    this.constraints = constraints;
    /** What is open; tracks come and go, the stream stays the same. */
    this.stream = new MediaStream();
    /** Why something could not be opened, as the browser says it. @type {string[]} */
    this.refusals = [];
    /** @type {Promise<void>} */
    this.opening = Promise.resolve();
    this.isOver = false;
  }

  /** @param {Kind} kind */
  track(kind) {
    return this.stream.getTracks().find((track) => track.kind === kind) ?? null;
  }

  /** @param {Kind} kind */
  wants(kind) {
    return Boolean(this.constraints[kind]);
  }

  /**
   * Opens what is wanted of these and not open yet; any subset will do: both, one of them, none.
   * @param {Kind[]} kinds
   * @returns {Promise<void>}
   */
  open(kinds) {
    this.opening = this.opening.then(() => this.openMissing(kinds));
    return this.opening;
  }

  /** @param {Kind[]} kinds */
  async openMissing(kinds) {
    const missing = kinds.filter((kind) => this.wants(kind) && !this.track(kind));
    // Together first, so that a person is asked once.
    const attempts = missing.length > 1 ? [missing, ...missing.map((kind) => [kind])] : [missing];
    for (const attempt of attempts) {
      const still = attempt.filter((kind) => !this.track(kind));
      if (still.length === 0 || this.isOver) continue;
      try {
        const wanted = Object.fromEntries(still.map((kind) => [kind, this.constraints[kind]]));
        const opened = await navigator.mediaDevices.getUserMedia(wanted);
        for (const track of opened.getTracks()) this.take(track);
      } catch (error) {
        this.refusals.push(String(error));
      }
    }
  }

  /** @param {MediaStreamTrack} track */
  take(track) {
    if (this.isOver) track.stop();
    else this.stream.addTrack(track);
  }

  /**
   * Stops the device.
   * @param {Kind} kind
   * @returns {boolean} whether it was open
   */
  release(kind) {
    const track = this.track(kind);
    if (!track) return false;
    track.stop();
    this.stream.removeTrack(track);
    return true;
  }

  /** Stops all, for good: what the browser opens from now on is closed at once. */
  close() {
    this.isOver = true;
    for (const kind of kKinds) this.release(kind);
  }
}
