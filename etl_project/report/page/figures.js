// Counts what a filter chooses: {source: number or -1 for all, category: number or 0 for all, from, to: day or null}.

const UNITS = ["day", "week", "month", "year"];
const MEAN_OF = { day: 7, week: 4, month: 12, year: 3 };
const MOST_STEPS = 760; // of one line: two years of days, fourteen of weeks
const MOST_PERIODS = 48; // columns of the categories
const MOST_CATEGORIES = 14; // rows of them

// First and last step of a grain that a filter reaches, as far as there are articles.
function reachOf(grain, filter) {
  const from = Math.max(filter.from ?? firstDay, firstDay);
  const to = Math.min(filter.to ?? lastDay, lastDay);
  return [stepOf(grain, from), stepOf(grain, to)];
}

// Calls `count(cell, sign)` for each cell that the filter chooses. `category` 0 is all categories together: what they
// count too often is in cells of category 0, with the sign -1. `category` null is each category by itself.
function eachCell(cube, filter, category, count) {
  const isDated = filter.from !== null || filter.to !== null;
  const [first, last] = firstDay === null ? [0, 0] : reachOf(cube.grain, filter);
  for (let cell = 0; cell < cube.cells; cell++) {
    if (filter.source >= 0 && cube.source[cell] !== filter.source) continue;
    if (category === null ? cube.category[cell] === 0 : category > 0 && cube.category[cell] !== category) continue;
    if (isDated && !(cube.step[cell] >= first && cube.step[cell] <= last)) continue;
    count(cell, cube.category[cell] === 0 ? -1 : 1);
  }
}

// Articles, stories and words, and how many of the articles have no date.
function countHeadline(filter) {
  const { numbers, step } = cubes.day;
  const sums = { articles: 0, stories: 0, words: 0, undated: 0 };
  eachCell(cubes.day, filter, filter.category, (cell, sign) => {
    sums.articles += sign * numbers[0][cell];
    sums.stories += sign * (numbers[0][cell] - numbers[1][cell]);
    sums.words += sign * numbers[2][cell];
    if (Number.isNaN(step[cell])) sums.undated += sign * numbers[0][cell];
  });
  return sums;
}

// The period of the same length before; null where articles do not reach back so far.
function periodBefore(filter) {
  if (filter.from === null || firstDay === null) return null;
  const to = filter.to ?? lastDay;
  const before = { ...filter, from: filter.from - (to - filter.from + 1), to: filter.from - 1 };
  return before.from < firstDay || to < filter.from ? null : before;
}

// {unit, rows: [{day (ms), name, articles, mean}]}: every day, or week or month where days are too many.
function countDays(filter) {
  const allowed = UNITS.slice(UNITS.indexOf(cubes.day.grain));
  const isFit = (unit) => {
    const [first, last] = reachOf(unit, filter);
    return last - first < MOST_STEPS;
  };
  const unit = allowed.find(isFit) ?? "year";
  const byStep = new Map();
  const undatedToo = { ...filter, from: null, to: null }; // the mean of the first days looks back
  eachCell(cubes.day, undatedToo, filter.category, (cell, sign) => {
    if (Number.isNaN(cubes.day.step[cell])) return;
    const step = stepOf(unit, startOf(cubes.day.grain, cubes.day.step[cell]));
    byStep.set(step, (byStep.get(step) ?? 0) + sign * cubes.day.numbers[0][cell]);
  });
  const [first, last] = reachOf(unit, filter);
  const rows = [];
  for (let step = first; step <= last; step++) {
    // Before the first article there was nothing to count: those days are no part of a mean.
    const back = Math.min(MEAN_OF[unit], step - stepOf(unit, firstDay) + 1);
    let sum = 0;
    for (let at = step - back + 1; at <= step; at++) sum += byStep.get(at) ?? 0;
    const articles = byStep.get(step) ?? 0;
    rows.push({ day: startOf(unit, step) * DAY_MS, name: nameOf(unit, step), articles, mean: sum / back });
  }
  return { unit, rows };
}

// {unit, rows: [{category, period, articles}], categories, periods, left: whether there are more categories}.
function countMonths(filter) {
  const units = cubes.day.grain === "year" ? ["year"] : ["month", "quarter", "year"];
  const unit = units.find((grain) => {
    const [first, last] = reachOf(grain, filter);
    return last - first < MOST_PERIODS;
  }) ?? "year";
  const { numbers, step, category } = cubes.day;
  const byCategory = new Map();
  eachCell(cubes.day, filter, filter.category || null, (cell) => {
    if (Number.isNaN(step[cell])) return;
    const period = stepOf(unit, startOf(cubes.day.grain, step[cell]));
    const row = byCategory.get(category[cell]) ?? new Map();
    byCategory.set(category[cell], row.set(period, (row.get(period) ?? 0) + numbers[0][cell]));
  });
  const total = (row) => [...row.values()].reduce((one, other) => one + other, 0);
  const rankOf = ([number, row]) => (number === content.categories.length ? -1 : total(row)); // (other) comes last
  const ranked = [...byCategory].sort((one, other) => rankOf(other) - rankOf(one) || one[0] - other[0]);
  const kept = ranked.slice(0, MOST_CATEGORIES);
  const [first, last] = reachOf(unit, filter);
  const periods = Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
  const rows = [];
  for (const [number, row] of kept) {
    for (const period of periods) {
      rows.push({ category: categoryName(number), period: nameOf(unit, period), articles: row.get(period) ?? 0 });
    }
  }
  return {
    unit, rows, categories: kept.map(([number]) => categoryName(number)),
    periods: periods.map((period) => nameOf(unit, period)), left: ranked.length - kept.length,
  };
}

// [{weekday, hour, articles}], Monday first.
function countHours(filter) {
  const counts = new Float64Array(168);
  const { numbers, step, slot } = cubes.hour;
  eachCell(cubes.hour, filter, filter.category, (cell, sign) => {
    const at = hoursOfAWeek ? slot[cell] : ((((step[cell] + 3) % 7) + 7) % 7) * 24 + slot[cell];
    counts[at] += sign * numbers[0][cell];
  });
  const names = words.weekdays.split(" ");
  return Array.from(counts, (articles, at) => ({ weekday: names[Math.floor(at / 24)], hour: at % 24, articles }));
}

// [{tag, articles}], those with most articles first.
function countTags(filter, most) {
  const counts = new Float64Array(content.tags.length);
  const { numbers, slot } = cubes.tag;
  eachCell(cubes.tag, filter, filter.category, (cell, sign) => (counts[slot[cell]] += sign * numbers[0][cell]));
  return Array.from(counts, (articles, at) => ({ tag: content.tags[at], articles }))
    .filter((row) => row.articles > 0)
    .sort((one, other) => other.articles - one.articles)
    .slice(0, most);
}

// Articles of each source and of each category, whatever the dates are.
function countChoices(source) {
  const bySource = new Float64Array(content.sources.length);
  const byCategory = new Float64Array(content.categories.length + 1);
  eachCell(cubes.day, { source: -1, from: null, to: null }, 0, (cell, sign) => {
    const articles = cubes.day.numbers[0][cell];
    bySource[cubes.day.source[cell]] += sign * articles;
    if (source < 0 || cubes.day.source[cell] === source) byCategory[cubes.day.category[cell]] += articles;
  });
  return { bySource, byCategory };
}

// First and last day with an article of a source; null where none has a date.
function daysOf(source) {
  const { grain, cells, step, category } = cubes.day;
  let first = Infinity;
  let last = -Infinity;
  for (let cell = 0; cell < cells; cell++) {
    if (category[cell] === 0 || Number.isNaN(step[cell])) continue;
    if (source >= 0 && cubes.day.source[cell] !== source) continue;
    first = Math.min(first, step[cell]);
    last = Math.max(last, step[cell]);
  }
  if (last === -Infinity) return null;
  return [Math.max(startOf(grain, first), firstDay), Math.min(startOf(grain, last + 1) - 1, lastDay)];
}
