"use strict";
const byId = (id) => document.getElementById(id);

// Sorting tables by a column

const collator = new Intl.Collator("en", { numeric: true });

function sort(table, heads, column) {
  const head = heads[column];
  const numeric = head.dataset.kind === "number";
  const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
  const compare = numeric ? (a, b) => a - b : collator.compare;
  const rows = Array.from(table.tBodies[0].rows, (row) => {
    const cell = row.cells[column];
    return { row, key: numeric ? Number.parseFloat(cell.dataset.value) : cell.textContent.trim() };
  });
  const empty = ({ key }) => key === "" || Number.isNaN(key);
  rows.sort((a, b) => empty(a) - empty(b) || (empty(a) ? 0 : sign * compare(a.key, b.key)));
  table.tBodies[0].append(...rows.map(({ row }) => row));
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", sign === 1 ? "ascending" : "descending");
}

for (const table of document.querySelectorAll("table")) {
  const heads = Array.from(table.tHead.rows[0].cells);
  heads.forEach((head, column) => {
    head.querySelector("button")?.addEventListener("click", () => sort(table, heads, column));
  });
}

// Filtering the rows of a table

for (const filter of document.querySelectorAll(".filter")) {
  const section = filter.closest("section");
  const rows = Array.from(section.querySelectorAll("tbody tr"), (row) => ({
    row,
    text: Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase(),
  }));
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    rows.forEach(({ row, text }) => { row.hidden = !text.includes(wanted); });
    const count = rows.filter(({ row }) => !row.hidden).length;
    section.querySelector(".matches").textContent = wanted ? `${count} of ${rows.length} rows` : "";
  });
}

// Copying

for (const button of document.querySelectorAll(".copy")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = byId(button.dataset.of);
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      getSelection().selectAllChildren(source); // works without the permission for the clipboard
      document.execCommand("copy");
    }
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}

// Sections that are folded

function reveal(target) {
  for (let part = target; part; part = part.parentElement) if (part.tagName === "DETAILS") part.open = true;
  const own = target?.querySelector(":scope > details.section");
  if (own) own.open = true;
  target?.scrollIntoView();
}

const follow = () => reveal(byId(decodeURIComponent(location.hash.slice(1))));
addEventListener("hashchange", follow);
document.querySelector("nav").addEventListener("click", ({ target }) => {
  if (target.hash === location.hash) follow(); // the address does not change again
});
if (location.hash) follow();

const all = byId("open-all");
if (all) {
  all.hidden = false;
  all.addEventListener("click", () => {
    const closing = all.textContent !== "Open all";
    document.querySelectorAll("details.section, .claim details").forEach((part) => { part.open = !closing; });
    all.textContent = closing ? "Open all" : "Close all";
  });
}

// Tables on narrow screens: a block of lines per row, each with the heading of its column

for (const table of document.querySelectorAll("main .scroll > table")) {
  const heads = Array.from(table.tHead.rows[0].cells, (head) => head.textContent);
  if (heads.length > 2 && !table.classList.contains("lines-of-card")) {
    table.parentElement.classList.add("stacked");
    for (const row of table.tBodies[0].rows) Array.from(row.cells, (cell, i) => { cell.dataset.column = heads[i]; });
  }
}
