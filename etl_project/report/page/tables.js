// Parts of the page. Every text goes in as text: no part of a post is ever markup.

const language = content.language === "zh" ? "zh-CN" : "en";
const whole = new Intl.NumberFormat(language, { maximumFractionDigits: 0 });
const exact = new Intl.NumberFormat(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(language, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 0 });
const MOST_ROWS = 400;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function link(text, address) {
  if (!address || !/^https?:\/\//.test(address)) return document.createTextNode(text);
  const made = element("a", "", text);
  made.href = address;
  made.rel = "noopener noreferrer";
  made.target = "_blank";
  return made;
}

// A table. Columns are {name, kind: "n" | "short" | "text", label: shown before the cell on a phone}; a cell is a text,
// a number or an element.
function fillTable(box, caption, columns, rows) {
  const table = element("table");
  table.append(element("caption", "out-of-sight", caption));
  const head = table.createTHead().insertRow();
  for (const { name, kind } of columns) {
    const cell = element("th", kind === "n" ? "n" : "", name);
    cell.scope = "col";
    head.append(cell);
  }
  const body = table.createTBody();
  for (const row of rows.slice(0, MOST_ROWS)) {
    const line = body.insertRow();
    row.forEach((value, at) => {
      const { kind, label } = columns[at];
      const cell = element("td", kind);
      if (label) cell.dataset.label = label;
      cell.append(typeof value === "number" ? whole.format(value) : (value ?? ""));
      line.append(cell);
    });
  }
  box.replaceChildren(table);
  if (rows.length > MOST_ROWS) {
    const values = { n: whole.format(MOST_ROWS), all: whole.format(rows.length) };
    box.append(element("p", "rows", say("first_rows", values)));
  }
}

// A part of the page with a heading: {section, heading, hint, empty, scroll} and, where it has a chart, {chart, legend}.
function makePanel(id, title, { isHalf = false, hasChart = false } = {}) {
  const section = element("section", `panel${isHalf ? " half" : ""}${hasChart ? "" : " list"}`);
  section.id = id;
  const heading = element("h2", "", title);
  heading.id = `${id}-title`;
  section.setAttribute("aria-labelledby", heading.id);
  const parts = { section, heading, hint: element("p", "hint"), empty: element("p", "empty") };
  parts.empty.hidden = true;
  section.append(heading, parts.hint, parts.empty);
  parts.scroll = element("div", "scroll");
  parts.scroll.tabIndex = 0; // so that keys scroll it
  parts.scroll.setAttribute("role", "region");
  parts.scroll.setAttribute("aria-labelledby", heading.id);
  if (hasChart) {
    parts.chart = element("div", "chart");
    parts.legend = element("p", "legend");
    parts.details = element("details");
    parts.details.append(element("summary", "", words.table), parts.scroll);
    section.append(parts.chart, parts.legend, parts.details);
  } else {
    section.append(parts.scroll);
  }
  document.getElementById("panels").append(section);
  return parts;
}

// Shows either what the panel has or the sentence why it has nothing.
function setEmpty(panel, sentence) {
  const isEmpty = sentence !== null;
  panel.empty.hidden = !isEmpty;
  panel.empty.textContent = sentence ?? "";
  for (const part of [panel.legend, panel.details, panel.details ? null : panel.scroll]) if (part) part.hidden = isEmpty;
}

function addKey(legend, className, text) {
  const key = element("span");
  key.append(element("i", className), text);
  legend.append(key);
}

function setRamp(legend, most) {
  const ramp = element("span", "ramp");
  if (most > 1) ramp.append(element("b", "", "1"));
  for (let shade = shadeOf(1, most); shade <= shadeOf(most, most); shade++) ramp.append(element("i", `heat-${shade}`));
  ramp.append(element("b", "", whole.format(most)));
  legend.replaceChildren(ramp);
}
