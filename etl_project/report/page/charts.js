// Charts: each is embedded when it first has rows, and filled anew with each filter.

const SHADES = 6;
const tip = document.getElementById("tip");

function showTip(text, event) {
  tip.textContent = text;
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
  tip.style.top = `${event.clientY + height + 24 > innerHeight ? event.clientY - height - 12 : event.clientY + 18}px`;
}

function hideTip() {
  tip.hidden = true;
}

// Which of the shades a number has; by the roots of numbers, since few articles are more common than many.
function shadeOf(number, most) {
  return Math.min(SHADES - 1, Math.floor(SHADES * Math.sqrt(number / Math.max(most, SHADES))));
}

class Chart {
  // `describe(row)` is the text of the tip at a mark.
  constructor(name, box, describe) {
    this.name = name;
    this.box = box;
    this.describe = describe;
    this.view = null;
    this.done = Promise.resolve();
    this.rows = [];
    new ResizeObserver(() => this.fit()).observe(box);
  }

  // Shows rows; returns a promise that they are drawn. One drawing follows the other.
  show(rows, label) {
    this.rows = rows;
    this.box.hidden = rows.length === 0;
    if (rows.length === 0) return this.done; // what is hidden keeps its rows: a scale of nothing is a warning
    this.done = this.done.then(() => (this.view === null ? this.embed(rows, label) : this.fill(rows, label)));
    return this.done;
  }

  async embed(rows, label) {
    const spec = structuredClone(content.charts[this.name]);
    spec.data.find((data) => data.name === this.name).values = rows;
    spec.width = this.width = this.box.clientWidth;
    spec.description = label;
    const options = { mode: "vega", renderer: "svg", ast: true, actions: false, defaultStyle: false, tooltip: false };
    const { view } = await vegaEmbed(this.box, spec, options);
    this.view = view;
    view.addEventListener("pointermove", (event, item) => this.point(event, item));
    view.addEventListener("pointerout", hideTip);
    this.box.addEventListener("pointerleave", hideTip);
  }

  async fill(rows, label) {
    this.view.description(label).data(this.name, rows).width(this.box.clientWidth || this.width);
    await this.view.runAsync();
  }

  fit() {
    const width = this.box.clientWidth;
    if (this.view === null || width === 0 || width === this.width) return;
    this.width = width;
    this.done = this.done.then(() => this.view.width(width).runAsync());
  }

  point(event, item) {
    const row = item && item.datum;
    const text = row && this.describe(row);
    if (text) showTip(text, event);
    else hideTip();
  }
}

// The chart of days: its steps are one mark, and the row is that of the place of the pointer.
class DaysChart extends Chart {
  point(event) {
    const svg = this.box.querySelector("svg");
    const at = event.clientX - svg.getBoundingClientRect().left - this.view.origin()[0];
    const instant = this.view.scale("x").invert(at);
    const row = this.rows.findLast((one) => one.day <= instant);
    if (row && row.name && at >= 0) showTip(this.describe(row), event);
    else hideTip();
  }
}
