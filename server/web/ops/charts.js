// A line chart of the last minutes: two series at most, told apart by colour and by dashes.

const kSvg = 'http://www.w3.org/2000/svg';
const kSamplesMax = 300; // one a second
const kLeft = 52; // room for the numbers beside the lines
const kBottom = 20;
const kTop = 8;
const kLines = 3;
const kClasses = ['first', 'second'];

/**
 * @param {string} name @param {Record<string, string | number>} attributes @param {string} [text]
 */
function svg(name, attributes, text) {
  const element = document.createElementNS(kSvg, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The next of 1.5, 3, 6, 9 times a power of ten: a third of it reads well. @param {number} value */
export function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  const found = [1.5, 3, 6, 9].find((step) => step * power >= value) ?? 15;
  return found * power;
}

export class Chart {
  /**
   * @param {string} title
   * @param {string[]} names of the series
   * @param {(value: number) => string} format
   * @param {number} least the axis ends no lower
   */
  constructor(title, names, format, least) {
    this.title = title;
    this.names = names;
    this.format = format;
    this.least = least;
    /** @type {(number[] | null)[]} null: no answer at that time */
    this.samples = [];
    this.element = document.createElement('div');
    this.element.className = 'chart';
    const heading = document.createElement('h3');
    heading.textContent = title;
    this.picture = svg('svg', { role: 'img' });
    this.legend = document.createElement('div');
    this.legend.className = 'legend';
    this.values = names.map((name, index) => this.addToLegend(name, kClasses[index]));
    this.element.append(heading, this.picture, this.legend);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** @param {string} name @param {string} kind */
  addToLegend(name, kind) {
    const entry = document.createElement('span');
    const key = svg('svg', { viewBox: '0 0 28 12', 'aria-hidden': 'true' });
    key.append(svg('line', { x1: 0, y1: 6, x2: 28, y2: 6, class: kind }));
    const value = document.createElement('b');
    entry.append(key, `${name} `, value);
    this.legend.append(entry);
    return value;
  }

  /** @param {number[] | null} values one of each series */
  add(values) {
    this.samples.push(values);
    if (this.samples.length > kSamplesMax) this.samples.shift();
    this.draw();
  }

  draw() {
    const width = Math.max(this.picture.clientWidth, 200);
    const height = Math.max(this.picture.clientHeight, 100);
    const known = this.samples.flatMap((values) => values ?? []);
    const top = roundUp(Math.max(this.least, ...known));
    this.picture.setAttribute('viewBox', `0 0 ${width} ${height}`);
    const parts = [];
    for (let line = 0; line <= kLines; ++line) {
      const y = kTop + ((height - kTop - kBottom) * line) / kLines;
      parts.push(svg('line', { x1: kLeft, x2: width, y1: y, y2: y, class: 'grid' }));
      const value = this.format((top * (kLines - line)) / kLines);
      parts.push(svg('text', { x: kLeft - 6, y: y + 4, 'text-anchor': 'end' }, value));
    }
    parts.push(svg('text', { x: kLeft, y: height - 4 }, '5 min ago'));
    parts.push(svg('text', { x: width, y: height - 4, 'text-anchor': 'end' }, 'now'));
    this.names.forEach((_, series) => {
      parts.push(svg('path', { d: this.path(series, width, height, top), class: kClasses[series] }));
    });
    this.picture.replaceChildren(...parts);
    const last = this.samples.at(-1);
    const said = this.names.map((name, series) => `${name} ${last ? this.format(last[series]) : 'unknown'}`);
    this.picture.setAttribute('aria-label', `${this.title}: ${said.join(', ')}`);
    this.values.forEach((value, series) => (value.textContent = last ? this.format(last[series]) : '–'));
  }

  /** @param {number} series @param {number} width @param {number} height @param {number} top */
  path(series, width, height, top) {
    const step = (width - kLeft) / (kSamplesMax - 1);
    const first = kSamplesMax - this.samples.length;
    let isDown = false;
    let out = '';
    this.samples.forEach((values, index) => {
      if (!values) {
        isDown = false;
        return;
      }
      const x = kLeft + (first + index) * step;
      const y = kTop + (height - kTop - kBottom) * (1 - values[series] / top);
      out += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`;
      isDown = true;
    });
    return out;
  }
}
