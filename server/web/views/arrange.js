// Where each tile goes: rectangles for one large picture and small ones, or for pictures of one size. Pure arithmetic.

/** @typedef {{left: number, top: number, width: number, height: number}} Rect */

const kGap = 8;
const kRatio = 16 / 9;
// A strip of small pictures takes this share of the stage, within these limits in pixels.
const kStripShare = 0.24;
const kStripMin = 110;
const kStripMax = 260;

/**
 * The first tile is the large one.
 * @param {'large'|'even'} layout
 * @param {number} count
 * @param {{width: number, height: number}} stage
 * @param {number} [ratio] of the large picture
 * @returns {Rect[]}
 */
export function arrange(layout, count, stage, ratio = kRatio) {
  if (count === 0) return [];
  if (count === 1) return [{ left: 0, top: 0, ...stage }];
  return layout === 'even' ? even(count, stage) : large(count, stage, ratio);
}

/**
 * One large, the others beside it, or below it where the stage is higher than wide.
 * @param {number} count
 * @param {{width: number, height: number}} stage
 * @param {number} ratio of the large picture
 */
function large(count, stage, ratio) {
  return stage.width > stage.height ? beside(count - 1, stage) : below(count - 1, stage, ratio);
}

/**
 * @param {number} small how many are small
 * @param {{width: number, height: number}} stage
 * @returns {Rect[]}
 */
function beside(small, stage) {
  const strip = Math.min(kStripMax, Math.max(kStripMin, stage.width * kStripShare));
  const fits = Math.floor((stage.height + kGap) / (strip / kRatio + kGap));
  const columns = small > fits ? 2 : 1;
  const rows = Math.ceil(small / columns);
  const total = columns === 1 ? strip : Math.min(strip * 1.5, stage.width * 0.45);
  const width = (total - kGap * (columns - 1)) / columns;
  const height = Math.min((stage.height - kGap * (rows - 1)) / rows, width / kRatio);
  const start = (stage.height - rows * height - (rows - 1) * kGap) / 2;
  const rest = stage.width - total - kGap;
  const strips = Array.from({ length: small }, (_, k) => ({
    left: rest + kGap + Math.floor(k / rows) * (width + kGap), top: start + (k % rows) * (height + kGap), width, height,
  }));
  return [{ left: 0, top: 0, width: rest, height: stage.height }, ...strips];
}

/**
 * The small ones are as large as leaves the large one its whole width.
 * @param {number} small
 * @param {{width: number, height: number}} stage
 * @param {number} ratio
 * @returns {Rect[]}
 */
function below(small, stage, ratio) {
  const strip = (/** @type {number} */ columns) => {
    const width = (stage.width - kGap * (columns - 1)) / columns;
    const rows = Math.ceil(small / columns);
    return { columns, width, height: width / kRatio, total: rows * (width / kRatio + kGap) };
  };
  const all = Array.from({ length: Math.max(small, 3) }, (_, k) => strip(k + 1));
  const whole = stage.width / ratio;
  const best = all.find(({ total }) => whole + total <= stage.height) ?? all.find(({ total }) => total <= stage.height * 0.35) ?? all[all.length - 1];
  const first = Math.min(whole, stage.height - best.total);
  const start = Math.max(0, (stage.height - first - best.total) / 2);
  const strips = Array.from({ length: small }, (_, k) => {
    const row = Math.floor(k / best.columns);
    const inRow = Math.min(best.columns, small - row * best.columns);
    const indent = (stage.width - inRow * best.width - (inRow - 1) * kGap) / 2;
    return {
      left: indent + (k % best.columns) * (best.width + kGap),
      top: start + first + kGap + row * (best.height + kGap), width: best.width, height: best.height,
    };
  });
  return [{ left: 0, top: start, width: stage.width, height: first }, ...strips];
}

/**
 * The largest part of a rectangle that a picture fills, in its middle.
 * @param {Rect} rect
 * @param {number} [ratio]
 * @returns {Rect}
 */
export function fit({ left, top, width, height }, ratio = kRatio) {
  const [wide, high] = [Math.min(width, height * ratio), Math.min(height, width / ratio)];
  return { left: left + (width - wide) / 2, top: top + (height - high) / 2, width: wide, height: high };
}

/**
 * As many columns as make the pictures largest; a last row that is not full stands in the middle.
 * @param {number} count
 * @param {{width: number, height: number}} stage
 */
function even(count, stage) {
  let best = { columns: 1, area: 0 };
  for (let columns = 1; columns <= count; ++columns) {
    const { width, height } = cell(columns, Math.ceil(count / columns), stage);
    const shown = Math.min(width, height * kRatio);
    if (shown * shown > best.area) best = { columns, area: shown * shown };
  }
  const { columns } = best;
  const rows = Math.ceil(count / columns);
  const { width, height } = cell(columns, rows, stage);
  return Array.from({ length: count }, (_, k) => {
    const row = Math.floor(k / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const start = (stage.width - inRow * width - (inRow - 1) * kGap) / 2;
    return { left: start + (k % columns) * (width + kGap), top: row * (height + kGap), width, height };
  });
}

/**
 * @param {number} columns
 * @param {number} rows
 * @param {{width: number, height: number}} stage
 */
const cell = (columns, rows, stage) => ({
  width: (stage.width - kGap * (columns - 1)) / columns,
  height: (stage.height - kGap * (rows - 1)) / rows,
});
