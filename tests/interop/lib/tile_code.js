// The code that a test picture carries: who sends it and when it was drawn, as blocks so large that they survive video
// compression and a simulcast layer of a quarter of the size. Runs in a page before its own scripts, and in Node (which
// writes camera files with it); so it has no imports and leaves one global.
//
//   10 × 4 blocks over the upper 256 of 360 lines, most significant bit first, white is 1:
//   party code (8 bits) | milliseconds (24 bits, wraps after 4.6 h) | check (8 bits)
globalThis.eirTile = (() => {
  const WIDTH = 640;
  const HEIGHT = 360;
  const COLUMNS = 10;
  const ROWS = 4;
  const BLOCK = 64;
  const TIME_WRAP = 2 ** 24;

  // CRC-8 (polynomial 0x07) over the four bytes of code and time, inverted: an all-black picture has no valid code.
  function check(bytes) {
    let crc = 0;
    for (const byte of bytes) {
      crc ^= byte;
      for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : (crc << 1) & 0xff;
    }
    return crc ^ 0xff;
  }

  /** The 40 bits of a picture. */
  function encode(code, timeMs) {
    const time = ((timeMs % TIME_WRAP) + TIME_WRAP) % TIME_WRAP;
    const bytes = [code & 0xff, (time >> 16) & 0xff, (time >> 8) & 0xff, time & 0xff];
    bytes.push(check(bytes));
    return bytes.flatMap((byte) => [7, 6, 5, 4, 3, 2, 1, 0].map((shift) => (byte >> shift) & 1));
  }

  /** {code, time} of 40 bits, or null when the check fails. */
  function decode(bits) {
    const bytes = [];
    for (let at = 0; at < 40; at += 8) bytes.push(bits.slice(at, at + 8).reduce((sum, bit) => sum * 2 + bit, 0));
    if (check(bytes.slice(0, 4)) !== bytes[4]) return null;
    return { code: bytes[0], time: bytes[1] * 65536 + bytes[2] * 256 + bytes[3] };
  }

  /** How old a time code is, given the wall clock; never negative by more than half a wrap. */
  function age(time, nowMs) {
    const difference = (((nowMs - time) % TIME_WRAP) + TIME_WRAP) % TIME_WRAP;
    return difference > TIME_WRAP / 2 ? difference - TIME_WRAP : difference;
  }

  return { WIDTH, HEIGHT, COLUMNS, ROWS, BLOCK, encode, decode, age };
})();
