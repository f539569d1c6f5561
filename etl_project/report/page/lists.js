// Panels of rows: stories, links, rejected files, refreshes, and what only an internal page names.

const lists = content.lists;

// Rows that filters choose begin with their sources, categories and day.
function isChosen(row, filter) {
  const [sources, categories, iso] = row;
  if (filter.source >= 0 && !sources.includes(filter.source)) return false;
  if (filter.category > 0 && !categories.includes(filter.category)) return false;
  if (filter.from === null && filter.to === null) return true;
  if (iso === null) return false;
  const day = dayOf(iso);
  return day >= (filter.from ?? -Infinity) && day <= (filter.to ?? Infinity);
}

function isOfSource(number, filter) {
  return filter.source < 0 || number === filter.source;
}

function timeLong(minutes) {
  if (minutes === null) return "";
  if (minutes < 120) return say("minutes", { n: whole.format(minutes) });
  if (minutes < 2880) return say("hours_long", { n: whole.format(minutes / 60) });
  return say("days_long", { n: whole.format(minutes / 1440) });
}

// Fills a panel with rows, or with the sentence for none; `rows` null means that the file holds no such thing.
function fillList(panel, rows, columns, none, absent) {
  setEmpty(panel, rows === null ? absent : rows.length === 0 ? none : null);
  if (rows !== null && rows.length > 0) fillTable(panel.scroll, panel.heading.textContent, columns, rows);
}

function columnsOf(...columns) {
  return columns.map(([name, kind, label]) => ({ name, kind, label: label ? name : undefined }));
}

const told = makePanel("told", words.told);
const broken = makePanel("broken", words.broken);
const rejected = makePanel("rejected", words.rejected);
const refreshes = makePanel("refreshes", words.refreshes);
told.hint.textContent = lists.told ? words.told_hint : "";
refreshes.hint.textContent = words.refreshes_hint;

function showTold(filter) {
  const rows = lists.told && lists.told.filter((row) => isChosen(row, filter));
  const columns = columnsOf(
    [words.story, "text"], [words.told_by, "text", true], [words.times, "n", true], [words.within, "n", true],
    [words.date, "short", true],
  );
  const shown = rows && rows.map(([, , day, title, address, times, tellers, minutes]) => [
    link(title ?? words.untitled, address), tellers.join(content.language === "zh" ? "、" : ", "), times,
    timeLong(minutes), day,
  ]);
  fillList(told, shown, columns, words.told_none, words.told_absent);
}

function showBroken(filter) {
  const rows = lists.broken && lists.broken.filter((row) => isChosen(row, filter));
  const columns = columnsOf([words.link, "text"], [words.article, "text", true], [words.date, "short", true]);
  const shown = rows && rows.map(([, , day, title, address, target]) => [
    target, link(title ?? words.untitled, address), day,
  ]);
  fillList(broken, shown, columns, words.broken_none, words.broken_absent);
  const counts = (lists.broken_counts ?? []).filter(([source]) => isOfSource(source, filter));
  const sum = (at) => whole.format(counts.reduce((all, row) => all + row[at], 0));
  broken.hint.textContent = counts.length ? say("broken_hint", { links: sum(1), articles: sum(2) }) : "";
}

function showRejected(filter) {
  const rows = lists.rejected.filter(([source]) => isOfSource(source, filter));
  const columns = columnsOf(
    [words.reason, "text"], [words.remedy, "text", true], [words.source, "short", true], [words.files, "n", true],
  );
  const shown = rows.map(([source, reason, files]) => {
    const [name, remedy] = content.reasons[reason] ?? [reason, ""];
    return [name, remedy, sourceName(source), files];
  });
  fillList(rejected, shown, columns, words.rejected_none);
  rejected.hint.textContent = rows.length ? words.rejected_hint : "";
}

function showRefreshes() {
  const names = ["refresh", "when", "listed", "read", "rejected", "came", "changed", "left", "took"];
  const columns = names.map((name) => ({
    name: words[name === "rejected" ? "rejected_short" : name], kind: ["refresh", "when"].includes(name) ? "short" : "n",
    label: words[name === "rejected" ? "rejected_short" : name],
  }));
  const rows = lists.refreshes.map((row) => row.with(8, say("seconds", { n: exact.format(row[8] / 1000) })));
  fillList(refreshes, rows, columns, "");
}

function showInternal() {
  document.getElementById("internal").hidden = !content.internal;
  if (!content.internal) return;
  const files = makePanel("rejected-files", words.rejected_files);
  const shown = lists.rejected_files.map(([source, path, line, reason, message]) => [
    `${path}${line === null ? "" : `:${line}`}`, message, (content.reasons[reason] ?? [reason])[0], sourceName(source),
  ]);
  const columns = columnsOf(
    [words.file, "text"], [words.message, "text", true], [words.reason, "text", true], [words.source, "short", true],
  );
  fillList(files, shown, columns, words.rejected_none);
  const hidden = makePanel("not-live", words.not_live);
  const articles = lists.not_live.map(([source, because, day, title, path]) => [
    title ?? words.untitled, words[`because_${because}`] ?? because, day, path, sourceName(source),
  ]);
  const about = columnsOf(
    [words.article, "text"], [words.because, "short", true], [words.date, "short", true], [words.file, "text", true],
    [words.source, "short", true],
  );
  fillList(hidden, articles, about, words.not_live_none);
}

function showLists(filter) {
  showTold(filter);
  showBroken(filter);
  showRejected(filter);
}
