// The shapes of what goes in and out of the client library. For readers and for the type checker: no browser loads it.

export type Kind = 'audio' | 'video';
export type Right = 'audio' | 'video' | 'extra_camera' | 'screen' | 'moderate' | 'invite' | 'end' | 'list';
export type Label = 'microphone' | 'camera' | 'extra_camera' | 'wound' | 'screen' | 'screen_audio';
export type Place = 'waiting' | 'admitted';
export type State = 'joining' | Place | 'reconnecting' | 'ended' | 'failed';
export type EndReason = '' | 'left' | 'ended' | 'removed' | 'denied' | 'taken_over';
export type Facing = 'user' | 'environment';
/** What has a sending m-line of its own. */
export type Output = Kind | 'second' | 'screen';

export interface EirOptions {
  /** What to ask the devices for; a kind that is left out is never opened. */
  constraints?: MediaStreamConstraints;
  /** Send three layers of the camera. */
  simulcast?: boolean;
  /** Offer only these for cameras, in this order: 'VP8', 'H264', … */
  sendCodecs?: string[];
  displayName?: string;
  audioSlots?: number;
  videoSlots?: number;
  /** For pages: false waits for session.start(). */
  autoStart?: boolean;
  /** Neither devices nor media before it: a person checks the own devices first. */
  ready?: Promise<void>;
}

export interface Joined {
  participant: string;
  consultation: string;
  role: string;
  state: Place;
  session: string;
  resume: string;
  signal: string;
  iceServers: RTCIceServer[];
}

/** A receiving m-line, and whom it shows now. */
export interface Slot {
  mid: string;
  participant?: string;
  /** CSRC of the slot's packets. */
  track?: number;
  kind: Kind;
  label: Label;
  state: 'live' | 'muted' | 'silent' | 'paused' | 'codec_unsupported' | 'empty';
}

/** An entry of the roster. */
export interface Person {
  id: string;
  seat: string;
  role: string;
  state: Place | 'reconnecting' | 'left';
  name?: string;
  /** Of the seat. */
  organisation?: string;
  /** By themself. */
  muted: string[];
  /** By a host. */
  hostMuted: string[];
  identityConfirmed?: boolean;
  groups?: number[];
  persons?: { role: string; name?: string }[];
}

export interface Message {
  type: string;
  [field: string]: any;
}

/** What one slot should show, and how large: server/api/README.md, `view`. */
export interface Wish {
  mid: string;
  participant?: string;
  label?: Label;
  width: number;
  height: number;
  priority?: number;
}

/** server/api/README.md says who may. */
export type ParticipantAct = 'admit' | 'deny' | 'return' | 'mute' | 'stop' | 'remove' | 'confirm-identity';
export type RoomAct = 'lock' | 'unlock' | 'hold' | 'release' | 'end';

export interface Pin {
  participant: string;
  label: Label;
}

/** Why a device could not be opened. */
export type DeviceError =
  | 'camera_blocked' | 'camera_missing' | 'camera_busy'
  | 'microphone_blocked' | 'microphone_missing' | 'microphone_busy'
  | 'not_secure' | 'no_webrtc';

export type FailureCode =
  | DeviceError
  | 'wrong_link' | 'link_used' | 'too_early' | 'too_late' | 'full' | 'locked' | 'removed' | 'denied' | 'ended'
  | 'host_absent' | 'draining' | 'busy' | 'unreachable' | 'media_blocked' | 'replaced' | 'screen_blocked';

export interface Failure {
  code: FailureCode;
  /** What a person can do: try at once, try later (see `at`), ask for another link, nothing. */
  retry: 'now' | 'later' | 'other_link' | 'never';
  /** When to try again, milliseconds since 1970, if the server said so. */
  at?: number;
  /** The code that the server or the browser gave. */
  cause: string;
}

export interface DeviceCheck {
  ok: boolean;
  error?: DeviceError;
}

/** Give `stream` to `session.media.devices.adopt()`, or call stop(): else the camera's light stays on. */
export interface DevicesChecked {
  camera: DeviceCheck;
  /** level(): loudness from 0 to 1, of the last 40 ms. */
  microphone: DeviceCheck & { level(): number };
  stream: MediaStream;
  stop(): void;
}

export interface NetworkChecked {
  server: 'ok' | 'unreachable';
  websocket: 'ok' | 'blocked';
  /** Of a small request; -1 without an answer. */
  roundTripMs: number;
}

export interface Route {
  state: 'connecting' | 'connected' | 'failed';
  /** 'udp' or 'tcp', of the candidate pair in use; '' before. */
  protocol: string;
  roundTripMs: number;
}

export interface DeviceInfo {
  id: string;
  /** '' until a device of the kind was allowed once. */
  label: string;
}

export interface DeviceList {
  /** `facing` is '' where neither the browser nor the label tells. */
  cameras: (DeviceInfo & { facing: Facing | '' })[];
  microphones: DeviceInfo[];
  speakers: DeviceInfo[];
}

export interface CameraWish {
  /** For wounds: up to 1920×1080, sharpness before motion. */
  detail?: boolean;
}

/** 0 nothing comes or goes, 1 bad, 2 poor, 3 good, 4 excellent. */
export type Level = 0 | 1 | 2 | 3 | 4;

export interface Quality {
  up: {
    level: Level;
    /** Of the last seconds, 0 to 1, as the server reports it. */
    lossShare: number;
    roundTripMs: number;
    /** Bits a second, all that is sent. */
    bitrate: number;
    /** What holds pictures back: qualityLimitationReason of the worst sender. */
    limited: '' | 'none' | 'cpu' | 'bandwidth' | 'other';
  };
  /** One for each person who is shown or heard. */
  down: {
    participant: string;
    level: Level;
    fps: number;
    width: number;
    height: number;
    /** Since the last event. */
    freezes: number;
    lossShare: number;
  }[];
}
