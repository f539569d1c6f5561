// Filters, and what is shown for them.

const PRESET_DAYS = [30, 90, 365];
const TAGS_SHOWN = 12;
const form = Object.fromEntries(["source", "category", "from", "to"].map((id) => [id, document.getElementById(id)]));
const filter = { source: -1, category: 0, from: null, to: null };
let preset = 0; // days up to the last article; 0 is everything, null are dates of one's own

const panels = {
  days: makePanel("days", words.days_day, { hasChart: true }),
  months: makePanel("months", words.months_month, { hasChart: true }),
  hours: makePanel("hours", words.hours, { isHalf: true, hasChart: true }),
  tags: makePanel("tags", words.tags, { isHalf: true, hasChart: true }),
  rising: makePanel("rising", words.rising, { hasChart: true }),
};
// Charts come before the lists, which were made first.
document.getElementById("panels").prepend(...Object.values(panels).map((panel) => panel.section));

const counted = (row) => `${words.articles}: ${whole.format(row.articles)}`;
const charts = {
  days: new DaysChart("days", panels.days.chart, (row) => `${row.name}\n${counted(row)}\n${row.hint}`),
  months: new Chart("months", panels.months.chart, (row) => row.period && `${row.category}\n${row.period}\n${counted(row)}`),
  hours: new Chart("hours", panels.hours.chart, (row) => row.weekday && `${row.weekday} ${row.hour}:00\n${counted(row)}`),
  tags: new Chart("tags", panels.tags.chart, (row) => row.tag && `${row.tag}\n${counted(row)}`),
  rising: new Chart("rising", panels.rising.chart, (row) =>
    row.term && `${row.term}\n${words.rising_week}: ${whole.format(row.n)}\n${words.expected}: ${exact.format(row.expected)}`),
};

function numberCard(label, hint, value, before) {
  const card = element("div");
  const name = element("dt", "", label);
  if (hint) name.title = hint;
  card.append(name, element("dd", "number", whole.format(value)));
  if (before !== null) {
    const line = element("dd", "before");
    if (before > 0) line.append(element("span", "change", percent.format(value / before - 1)));
    line.append(say("before", { n: whole.format(before) }));
    card.append(line);
  }
  return card;
}

function showNumbers() {
  const now = countHeadline(filter);
  const earlier = periodBefore(filter);
  const then = earlier === null ? null : countHeadline(earlier);
  const each = (sums) => (sums.articles ? sums.words / sums.articles : 0);
  const cards = [numberCard(words.articles, "", now.articles, then && then.articles)];
  if (lists.told !== null) cards.push(numberCard(words.stories, words.stories_hint, now.stories, then && then.stories));
  cards.push(numberCard(words.words, "", now.words, then && then.words));
  cards.push(numberCard(words.words_each, "", each(now), then && each(then)));
  document.getElementById("numbers").replaceChildren(...cards);
  document.getElementById("chosen").textContent = chosenInWords(now, earlier);
}

function chosenInWords(now, earlier) {
  if (firstDay === null) return words.no_dates;
  const period = { from: isoOf(filter.from ?? firstDay), to: isoOf(filter.to ?? lastDay) };
  const said = [say("chosen", period)];
  if (now.undated) said.push(say("with_undated", { n: whole.format(now.undated) }));
  if (earlier) said.push(say("compared", { from: isoOf(earlier.from), to: isoOf(earlier.to) }));
  else if (filter.from !== null) said.push(words.nothing_before);
  if (cubes.day.grain !== "day") said.push(words[`whole_${cubes.day.grain}`]);
  return said.join(" · ");
}

function showDays() {
  const { unit, rows } = firstDay === null ? { unit: "day", rows: [] } : countDays(filter);
  const panel = panels.days;
  panel.heading.textContent = words[`days_${unit}`];
  const isEmpty = rows.every((row) => row.articles === 0);
  setEmpty(panel, isEmpty ? words.nothing_chosen : null);
  panel.legend.replaceChildren();
  addKey(panel.legend, "", words.articles);
  addKey(panel.legend, "line", words[`mean_${unit}`]);
  fillTable(panel.scroll, panel.heading.textContent, columnsOf([words[unit], "short"], [words.articles, "n"],
    [words[`mean_${unit}`], "n"]), rows.toReversed().map((row) => [row.name, row.articles, exact.format(row.mean)]));
  if (isEmpty) return charts.days.show([], "");
  for (const row of rows) row.hint = `${words[`mean_${unit}`]}: ${exact.format(row.mean)}`;
  // A step ends where the next one begins: the last one needs an end.
  const last = rows.at(-1);
  const end = startOf(unit, stepOf(unit, last.day / DAY_MS) + 1) * DAY_MS;
  return charts.days.show([...rows, { day: end, articles: last.articles, mean: null }], panel.heading.textContent);
}

function withShades(rows) {
  const most = Math.max(0, ...rows.map((row) => row.articles));
  const shown = rows.filter((row) => row.articles > 0);
  return [most, shown.map((row) => ({ ...row, shade: shadeOf(row.articles, most) }))];
}

function showMonths() {
  const panel = panels.months;
  const { unit, rows, categories, periods, left } = firstDay === null
    ? { unit: "month", rows: [], categories: [], periods: [], left: 0 } : countMonths(filter);
  const [most, shaded] = withShades(rows);
  panel.heading.textContent = words[`months_${unit}`];
  panel.hint.textContent = left ? say("more_categories", { n: categories.length }) : "";
  setEmpty(panel, shaded.length ? null : words.nothing_chosen);
  setRamp(panel.legend, most);
  const columns = [{ name: words.category, kind: "short" }, ...periods.map((name) => ({ name, kind: "n" }))];
  const table = categories.map((name, at) =>
    [name, ...rows.slice(at * periods.length, (at + 1) * periods.length).map((row) => row.articles)]);
  fillTable(panel.scroll, panel.heading.textContent, columns, table);
  return charts.months.show(framed(shaded, categories, "category", periods, "period"), panel.heading.textContent);
}

// Every row and column of a heat map has its place, also where nothing is in it: cells without a shade are not drawn.
function framed(shaded, rows, rowKey, columns, columnKey) {
  if (shaded.length === 0) return [];
  const ends = [...columns.map((column) => ({ [rowKey]: rows[0], [columnKey]: column })),
    ...rows.map((row) => ({ [rowKey]: row, [columnKey]: columns[0] }))];
  const placeOfRow = new Map(rows.map((row, at) => [row, at]));
  const placeOfColumn = new Map(columns.map((column, at) => [column, at]));
  return [...ends, ...shaded].map((cell) => ({
    ...cell, row_place: placeOfRow.get(cell[rowKey]), column_place: placeOfColumn.get(cell[columnKey]),
  }));
}

function placed(rows) {
  return rows.map((row, at) => ({ ...row, row_place: at }));
}

function showHours() {
  const panel = panels.hours;
  const rows = firstDay === null ? [] : countHours(filter);
  const [most, shaded] = withShades(rows);
  const grain = filter.from !== null || filter.to !== null ? cubes.hour.grain : "day";
  panel.hint.textContent = [words.hours_hint, grain === "day" ? "" : words[`whole_${grain}`]].join(" ").trim();
  setEmpty(panel, shaded.length ? null : words.no_hours);
  setRamp(panel.legend, most);
  const names = words.weekdays.split(" ");
  const hours = Array.from({ length: 24 }, (_, hour) => hour);
  const columns = [{ name: words.weekday, kind: "short" }, ...hours.map((hour) => ({ name: String(hour), kind: "n" }))];
  fillTable(panel.scroll, panel.heading.textContent, columns,
    names.map((name, at) => [name, ...rows.slice(at * 24, at * 24 + 24).map((row) => row.articles)]));
  return charts.hours.show(framed(shaded, names, "weekday", hours, "hour"), panel.heading.textContent);
}

function showTags() {
  const panel = panels.tags;
  const rows = countTags(filter, TAGS_SHOWN);
  const grain = filter.from !== null || filter.to !== null ? cubes.tag.grain : "day";
  panel.hint.textContent = grain === "day" ? "" : words[`whole_${grain}`];
  setEmpty(panel, rows.length ? null : words.no_tags);
  fillTable(panel.scroll, panel.heading.textContent, columnsOf([words.tag, "text"], [words.articles, "n"]),
    rows.map((row) => [row.tag, row.articles]));
  return charts.tags.show(placed(rows), panel.heading.textContent);
}

function showRising() {
  const panel = panels.rising;
  const chosen = (lists.rising ?? []).filter(([source]) => isOfSource(source, filter)).slice(0, TAGS_SHOWN);
  const kindOf = (kind) => words[`kind_${kind}`] ?? kind;
  const rows = chosen.map(([source, week, kind, term, n, expected, score]) => ({
    label: filter.source < 0 && content.sources.length > 1 && source >= 0 ? `${term} · ${sourceName(source)}` : term,
    term, n, expected: expected ?? 0, score, kind: kindOf(kind), week,
  }));
  setEmpty(panel, lists.rising === null ? words.rising_absent : rows.length ? null : words.rising_none);
  const weeks = [...new Set(rows.map((row) => row.week))].sort();
  panel.hint.textContent = rows.length ? say("rising_hint", { week: weeks.join(", ") }) : "";
  panel.legend.replaceChildren();
  addKey(panel.legend, "", words.rising_week);
  addKey(panel.legend, "stroke", words.expected);
  fillTable(panel.scroll, panel.heading.textContent,
    columnsOf([words.term, "text"], [words.kind, "short"], [words.rising_week, "n"], [words.expected, "n"], [words.score, "n"]),
    rows.map((row) => [row.label, row.kind, row.n, exact.format(row.expected), exact.format(row.score)]));
  return charts.rising.show(placed(rows), panel.heading.textContent);
}

function fillChoices() {
  const { bySource, byCategory } = countChoices(filter.source);
  const option = (value, name, articles) => {
    const made = element("option", "", `${name} (${whole.format(articles)})`);
    made.value = value;
    return made;
  };
  form.source.replaceChildren(element("option", "", words.every_source),
    ...content.sources.map((_, at) => option(at, sourceName(at), bySource[at])));
  form.source.firstChild.value = -1;
  form.source.value = filter.source;
  if (filter.category && !byCategory[filter.category]) filter.category = 0;
  const numbers = content.categories.map((_, at) => at + 1).filter((number) => byCategory[number] > 0);
  form.category.replaceChildren(element("option", "", words.every_category),
    ...numbers.map((number) => option(number, categoryName(number), byCategory[number])));
  form.category.firstChild.value = 0;
  form.category.value = filter.category;
}

function setPreset(days) {
  preset = days;
  const reach = days && daysOf(filter.source);
  filter.from = reach ? reach[1] - days + 1 : null;
  filter.to = reach ? reach[1] : null;
}

function showFilter() {
  fillChoices();
  form.from.value = filter.from === null ? "" : isoOf(filter.from);
  form.to.value = filter.to === null ? "" : isoOf(filter.to);
  for (const button of document.querySelectorAll("#presets button")) {
    button.setAttribute("aria-pressed", String(Number(button.value) === preset && preset !== null));
  }
}

async function update() {
  const page = document.documentElement;
  page.dataset.drawing = Number(page.dataset.drawing ?? 0) + 1; // until what was chosen last is drawn
  const drawing = page.dataset.drawing;
  hideTip();
  showFilter();
  showNumbers();
  const drawn = [showDays(), showMonths(), showHours(), showTags(), showRising()];
  showLists(filter);
  await Promise.all(drawn);
  if (page.dataset.drawing === drawing) delete page.dataset.drawing;
}

function makePresets() {
  const box = document.getElementById("presets");
  for (const days of [...PRESET_DAYS, 0]) {
    const name = days === 0 ? words.everything : days === 365 ? words.last_year : say("last_days", { n: days });
    const button = element("button", "", name);
    button.type = "button";
    button.value = days;
    button.addEventListener("click", () => { setPreset(days); update(); });
    box.append(button);
  }
}

// The longest of the presets that has a period before it to compare with, else everything.
function firstPreset() {
  const reach = daysOf(-1);
  return PRESET_DAYS.toReversed().find((days) => reach && reach[1] - reach[0] + 1 >= 2 * days) ?? 0;
}

form.source.addEventListener("change", () => {
  filter.source = Number(form.source.value);
  if (preset !== null) setPreset(preset); // up to the last article of this source
  update();
});
form.category.addEventListener("change", () => { filter.category = Number(form.category.value); update(); });
for (const end of ["from", "to"]) {
  form[end].addEventListener("change", () => {
    filter[end] = form[end].value === "" ? null : dayOf(form[end].value);
    preset = filter.from === null && filter.to === null ? 0 : null;
    update();
  });
}
document.getElementById("filters").addEventListener("submit", (event) => event.preventDefault());

form.source.parentElement.hidden = content.sources.length < 2;
makePresets();
setPreset(firstPreset());
showRefreshes();
showInternal();
await update();
document.documentElement.dataset.ready = "yes";
