// Eir's client library: all that a page or another program uses.
export { ApiError } from './api.js';
export { checkDevices, checkNetwork } from './check.js';
export { devices } from './devices.js';
export { failureOf } from './failure.js';
export { EirSession } from './session.js';
export { Tiles } from './tiles.js';
