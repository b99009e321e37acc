// What there is to choose from, and the legend

const MOST_ENTRIES = 30;

function option(text, value) {
  return Object.assign(document.createElement("option"), { textContent: text, value });
}

function offerColours(view, select) {
  const groups = ["Known labels", "Clusters found", "Can the row be trusted?", "Rows", "Factors", "Features"];
  for (const group of groups) {
    const there = view.columns.filter((each) => each.group === group);
    const part = Object.assign(document.createElement("optgroup"), { label: group });
    part.append(...there.map((each) => option(each.name, view.columns.indexOf(each))));
    if (there.length) select.append(part);
  }
  select.addEventListener("change", () => paint(view, view.columns[select.value]));
  paint(view, view.columns[select.value]);
}

function offerFactors(view) {
  const selects = [0, 1, 2].map((k) => byId(`axis-${k}`));
  const spread = (each) => {
    const known = Float64Array.from({ length: view.n }, (_, i) => each.value(i));
    const mean = known.reduce((sum, value) => sum + value, 0) / view.n;
    return known.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const ranked = [...view.factors.keys()].map((k) => [k, spread(view.factors[k])]).sort((a, b) => b[1] - a[1]);
  const first = ranked.slice(0, 3).map(([k]) => k).sort((a, b) => a - b);
  const chosen = () => view.show(selects.filter((each) => each.value !== "").map((each) => view.factors[each.value]));
  selects.forEach((select, k) => {
    select.append(...(k === 2 ? [option("none (a plane)", "")] : []), ...view.factors.map((each, i) => option(each.name, i)));
    select.value = first[k] ?? "";
    if (view.factors.length <= k) {
      select.closest("label").hidden = true;
      select.replaceChildren(option("", ""));
    }
    select.addEventListener("change", () => { view.reset(); chosen(); });
  });
  chosen();
}

function entry(view, code, hue, text) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
  const swatch = Object.assign(document.createElement("span"), { className: code === view.none ? "swatch none" : "swatch" });
  swatch.style.background = hue;
  box.addEventListener("change", () => {
    if (box.checked) view.off.delete(code);
    else view.off.add(code);
    view.draw();
  });
  label.append(box, swatch, text);
  item.append(label);
  return item;
}

function ramp(view, column) {
  const bar = Object.assign(document.createElement("span"), { className: "ramp" });
  const stops = view.data.scale.filter((_, i) => i % 17 === 0);
  bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  const item = document.createElement("li");
  item.append(written(column.low), bar, written(column.high));
  return item;
}

/** Colour the rows by a column, and tell what the colours mean. */
function paint(view, column) {
  view.colour(column);
  const counts = new Map();
  view.paint.forEach((code) => counts.set(code, (counts.get(code) ?? 0) + 1));
  const codes = [...counts.keys()].sort((a, b) => a - b).filter((code) => column.names || code === view.none);
  const name = (code) => (code === view.none ? column.none ?? "not known" : column.names[code]);
  const entries = codes.slice(0, MOST_ENTRIES).map((code) => {
    const hue = code === view.none ? view.data.noise : column.colours[code];
    return entry(view, code, hue, `${name(code)} (${counts.get(code).toLocaleString("en")})`);
  });
  if (codes.length > MOST_ENTRIES) {
    entries.push(Object.assign(document.createElement("li"), { textContent: `and ${codes.length - MOST_ENTRIES} more` }));
  }
  byId("legend-title").textContent = column.name;
  byId("legend").replaceChildren(...(column.names ? [] : [ramp(view, column)]), ...entries);
  describe(view, codes.slice(0, MOST_ENTRIES).map((code) => `${name(code)}: ${counts.get(code)} rows`));
}

function describe(view, groups) {
  const { column } = view;
  const range = column.names ? [] : [`from ${written(column.low)} to ${written(column.high)}`];
  const text = `Scatter plot of ${view.n} rows by their factors, coloured by ${column.name}. ${[...range, ...groups].join(", ")}.`;
  view.canvas.setAttribute("aria-label", text);
}
