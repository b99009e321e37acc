// The choice of factors and colours, and the legend

const MOST_ENTRIES = 30;

function option(text, value) {
  return Object.assign(document.createElement("option"), { textContent: text, value });
}

function offerColours(view, select) {
  const groups = ["Known labels", "Clusters", "Reliability", "Rows", "Factors", "Features"];
  for (const group of groups) {
    const columns = view.columns.filter((column) => column.group === group);
    const options = Object.assign(document.createElement("optgroup"), { label: group });
    options.append(...columns.map((column) => option(column.name, view.columns.indexOf(column))));
    if (columns.length) select.append(options);
  }
  select.addEventListener("change", () => paint(view, view.columns[select.value]));
  paint(view, view.columns[select.value]);
}

function offerFactors(view) {
  const selects = [0, 1, 2].map((k) => byId(`axis-${k}`));
  const spread = (factor) => {
    const values = Float64Array.from({ length: view.n }, (_, i) => factor.value(i));
    const mean = values.reduce((sum, value) => sum + value, 0) / view.n;
    return values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  };
  const ranked = [...view.factors.keys()].map((k) => [k, spread(view.factors[k])]).sort((a, b) => b[1] - a[1]);
  const first = ranked.slice(0, 3).map(([k]) => k).sort((a, b) => a - b);
  const show = () => view.show(selects.filter((select) => select.value !== "").map((select) => view.factors[select.value]));
  selects.forEach((select, k) => {
    select.append(...(k === 2 ? [option("none (2D)", "")] : []), ...view.factors.map((factor, i) => option(factor.name, i)));
    select.value = first[k] ?? "";
    if (view.factors.length <= k) {
      select.closest("label").hidden = true;
      select.replaceChildren(option("", ""));
    }
    select.addEventListener("change", () => { view.reset(); show(); });
  });
  show();
}

function entry(view, code, hue, text) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = Object.assign(document.createElement("input"), { type: "checkbox", checked: true });
  const swatch = Object.assign(document.createElement("span"), { className: code === view.none ? "swatch none" : "swatch" });
  swatch.style.background = hue;
  box.addEventListener("change", () => {
    if (box.checked) view.hidden.delete(code);
    else view.hidden.add(code);
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
  item.append(format(column.low), bar, format(column.high));
  return item;
}

/** Colour the rows by a column, and show the meaning of the colours. */
function paint(view, column) {
  view.colour(column);
  const counts = new Map();
  view.paint.forEach((code) => counts.set(code, (counts.get(code) ?? 0) + 1));
  const codes = [...counts.keys()].sort((a, b) => a - b).filter((code) => column.names || code === view.none);
  const name = (code) => (code === view.none ? column.none ?? "missing" : column.names[code]);
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
  const range = column.names ? [] : [`from ${format(column.low)} to ${format(column.high)}`];
  const text = `Scatter plot of ${view.n} rows by their factors, coloured by ${column.name}. ${[...range, ...groups].join(", ")}.`;
  view.canvas.setAttribute("aria-label", text);
}
