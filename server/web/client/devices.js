// The own microphone and camera: opened when they are needed, stopped (the light goes out) when they are not.
import { deviceError } from './failure.js';
/** @import { CameraWish, DeviceError, DeviceList, Facing, Kind } from './types.d.ts' */

/** @type {Kind[]} */
export const kKinds = ['audio', 'video'];

export class Devices {
  /** @param {MediaStreamConstraints} constraints what to ask for; a kind that is left out is never opened */
  constructor(constraints) {
    this.constraints = { ...constraints };
    /** What is open; tracks come and go, the stream stays the same. */
    this.stream = new MediaStream();
    /** Why a kind is not open. @type {Map<Kind, DeviceError>} */
    this.errors = new Map();
    /** Called when a device went away by itself. */
    this.onlost = () => {};
    /** @type {Promise<any>} */
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
    return this.inTurn(() => this.openMissing(kinds));
  }

  /**
   * Takes over what is open already, for instance of checkDevices().
   * @param {MediaStream} stream
   */
  adopt(stream) {
    for (const track of stream.getTracks()) this.take(track);
  }

  /**
   * Opens another device of a kind. The former one goes on until stop() is called, so that there is no moment without a
   * picture; unless the browser cannot open two at once, as on most phones.
   * @param {Kind} kind
   * @param {MediaTrackConstraints} wanted
   * @returns {Promise<{error?: DeviceError, stop: () => void}>}
   */
  replace(kind, wanted) {
    return this.inTurn(async () => {
      const former = this.track(kind);
      let error = await this.tryOpen([kind], { [kind]: wanted });
      if (former && error?.endsWith('_busy')) {
        former.stop();
        error = await this.tryOpen([kind], { [kind]: wanted });
      }
      if (!error) this.constraints[kind] = wanted;
      else if (former) this.errors.delete(kind);
      if (former?.readyState === 'ended' && this.track(kind) === former) {
        this.release(kind);
        await this.openMissing([kind]);
      }
      return { error, stop: () => former && this.track(kind) !== former && former.stop() };
    });
  }

  /**
   * One request after the other.
   * @template T
   * @param {() => Promise<T>} work
   * @returns {Promise<T>}
   */
  inTurn(work) {
    return (this.opening = this.opening.then(work));
  }

  /** @param {Kind[]} kinds */
  async openMissing(kinds) {
    // What failed is not tried again by itself: the person would be asked each time.
    const missing = kinds.filter((kind) => this.wants(kind) && !this.track(kind) && !this.errors.has(kind));
    // Together first, so that a person is asked once.
    const attempts = missing.length > 1 ? [missing, ...missing.map((kind) => [kind])] : [missing];
    for (const attempt of attempts) {
      const still = attempt.filter((kind) => !this.track(kind));
      if (still.length > 0 && !this.isOver) await this.tryOpen(still, this.constraints);
    }
  }

  /**
   * @param {Kind[]} kinds
   * @param {MediaStreamConstraints} constraints
   * @returns {Promise<DeviceError|undefined>}
   */
  async tryOpen(kinds, constraints) {
    try {
      const wanted = Object.fromEntries(kinds.map((kind) => [kind, constraints[kind]]));
      this.adopt(await navigator.mediaDevices.getUserMedia(wanted));
    } catch (error) {
      for (const kind of kinds) this.errors.set(kind, deviceError(kind, error));
      return this.errors.get(kinds[0]);
    }
  }

  /** @param {MediaStreamTrack} track */
  take(track) {
    if (this.isOver) return track.stop();
    const kind = /** @type {Kind} */ (track.kind);
    const former = this.track(kind);
    if (former && former !== track) this.stream.removeTrack(former);
    this.stream.addTrack(track);
    this.errors.delete(kind);
    // Unplugged, or taken away by the system.
    track.onended = () => this.track(kind) === track && this.release(kind) && this.onlost();
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

/** @returns {Promise<DeviceList>} */
async function list() {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const of = (/** @type {string} */ kind) => all.filter((each) => each.kind === kind).map(({ deviceId: id, label }) => ({ id, label }));
  return {
    cameras: of('videoinput').map((camera) => ({ ...camera, facing: facingOf(camera.label) })),
    microphones: of('audioinput'),
    speakers: of('audiooutput'),
  };
}

/**
 * Phones name their cameras so; only the open one has settings that tell.
 * @param {string} label
 * @returns {Facing|''}
 */
function facingOf(label) {
  if (/back|rear|environment|bak/i.test(label)) return 'environment';
  return /front|user|face/i.test(label) ? 'user' : '';
}

/** What there is to choose from; event 'devicechange'. */
export const devices = Object.assign(new EventTarget(), { list });
navigator.mediaDevices?.addEventListener('devicechange', () => devices.dispatchEvent(new Event('devicechange')));

/**
 * @param {string} idOrFacing a device id, 'user' or 'environment'
 * @param {CameraWish} wish
 * @returns {Promise<MediaTrackConstraints>}
 */
export async function cameraConstraints(idOrFacing, { detail = false }) {
  const isFacing = idOrFacing === 'user' || idOrFacing === 'environment';
  const id = isFacing ? (await list()).cameras.find(({ facing }) => facing === idOrFacing)?.id : idOrFacing;
  const [width, height] = detail ? [1920, 1080] : [1280, 720];
  return { ...(id ? { deviceId: { exact: id } } : { facingMode: idOrFacing }), width: { ideal: width }, height: { ideal: height } };
}
