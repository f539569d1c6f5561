// Reads what the page holds: the object of JSON, its cubes, and days as whole numbers since 1970-01-01.

const content = JSON.parse(document.getElementById("data").textContent);
const words = content.words;
const DAY_MS = 86_400_000;

function say(key, values = {}) {
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

function dayOf(iso) {
  return Math.round(Date.parse(`${iso}T00:00:00Z`) / DAY_MS);
}

function isoOf(day) {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

const firstDay = content.first === null ? null : dayOf(content.first);
const lastDay = content.last === null ? null : dayOf(content.last);

// The number of the day, week (from Monday), month, quarter or year that a day is in.
function stepOf(grain, day) {
  if (grain === "day") return day;
  if (grain === "week") return Math.floor((day + 3) / 7);
  const date = new Date(day * DAY_MS);
  const months = date.getUTCFullYear() * 12 + date.getUTCMonth();
  return Math.floor(months / { month: 1, quarter: 3, year: 12 }[grain]);
}

// The first day of it.
function startOf(grain, step) {
  if (grain === "day") return step;
  if (grain === "week") return step * 7 - 3;
  const months = step * { month: 1, quarter: 3, year: 12 }[grain];
  return Math.round(Date.UTC(Math.floor(months / 12), months % 12) / DAY_MS);
}

function nameOf(grain, step) {
  const iso = isoOf(startOf(grain, step));
  if (grain === "year") return iso.slice(0, 4);
  if (grain === "quarter") return `${iso.slice(0, 4)} Q${(step % 4) + 1}`;
  return grain === "month" ? iso.slice(0, 7) : iso;
}

// The bytes of a packed text.
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

// A cube as columns: source, category, step (NaN where there is no date), slot, and one for each number of a cell.
async function readCube(packed) {
  const bytes = await unpack(packed.data);
  const categories = content.categories.length + 1;
  let at = 0;
  const next = () => {
    let number = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      number += (byte & 127) * scale;
      if (byte < 128) return number;
    }
  };
  const cube = {
    grain: packed.grain,
    cells: packed.cells,
    source: new Uint16Array(packed.cells),
    category: new Uint16Array(packed.cells),
    step: new Float64Array(packed.cells),
    slot: new Uint16Array(packed.cells),
  };
  const firstStep = firstDay === null ? 0 : stepOf(packed.grain, firstDay);
  let key = 0;
  for (let cell = 0; cell < packed.cells; cell++) {
    key += next();
    cube.slot[cell] = key % packed.slots;
    let rest = Math.floor(key / packed.slots);
    const bucket = rest % packed.buckets;
    cube.step[cell] = bucket === 0 ? NaN : firstStep + bucket - 1;
    rest = Math.floor(rest / packed.buckets);
    cube.category[cell] = rest % categories;
    cube.source[cell] = Math.floor(rest / categories);
  }
  cube.numbers = Array.from({ length: packed.measures }, () => Float64Array.from({ length: packed.cells }, next));
  return cube;
}

const cubes = Object.fromEntries(await Promise.all(
  Object.entries(content.cubes).map(async ([name, packed]) => [name, await readCube(packed)]),
));
const hoursOfAWeek = content.cubes.hour.slots === 168;

function categoryName(number) {
  const name = content.categories[number - 1];
  if (number === content.categories.length - 1) return words.none;
  return number === content.categories.length ? words.other : name;
}

function sourceName(number) {
  return content.sources[number][0];
}
