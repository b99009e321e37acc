// Mouse, touch and keyboard

function listen(view) {
  const { canvas } = view;
  const pointers = new Map();
  let travelled = 0;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  const gap = () => {
    const [a, b] = [...pointers.values()];
    return [Math.hypot(a[0] - b[0], a[1] - b[1]), (a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
  };
  canvas.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, at(event));
    canvas.setPointerCapture(event.pointerId);
    travelled = 0;
  });
  canvas.addEventListener("pointermove", (event) => {
    const now = at(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      view.select(view.nearest(...now), false);
    } else if (pointers.size === 1) {
      const [across, down] = [now[0] - before[0], now[1] - before[1]];
      travelled += Math.abs(across) + Math.abs(down);
      if (view.plane || event.shiftKey) view.move(across, down);
      else view.turn(across / 150, down / 150);
    } else if (pointers.size === 2) {
      const [wide, x, y] = gap();
      pointers.set(event.pointerId, now);
      const [wider, x2, y2] = gap();
      view.zoomBy(wider / (wide || 1), x2, y2);
      view.move(x2 - x, y2 - y);
      travelled = Infinity;
    }
    if (before) pointers.set(event.pointerId, now);
  });
  const release = (event) => {
    if (event.type === "pointerup" && travelled < 5) view.select(view.nearest(...at(event)));
    pointers.delete(event.pointerId);
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  canvas.addEventListener("pointerleave", () => { if (document.activeElement !== canvas) view.select(-1, false); });
  canvas.addEventListener("wheel", (event) => {
    if (document.activeElement !== canvas && !event.ctrlKey) return; // the page scrolls
    event.preventDefault();
    view.zoomBy(Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 500)), ...at(event));
  }, { passive: false });
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (view.press(event.key.length === 1 ? event.key.toLowerCase() : event.key)) event.preventDefault();
  });
  for (const button of document.querySelectorAll(".buttons button")) {
    button.addEventListener("click", () => view.press(button.dataset.key));
  }
  const find = byId("find");
  find.addEventListener("input", () => {
    const wanted = find.value.trim();
    const row = wanted ? view.find(wanted) : -1;
    find.setAttribute("aria-invalid", wanted !== "" && row < 0);
    view.select(row);
  });
  byId("fade").addEventListener("change", () => view.draw());
  new ResizeObserver(() => view.draw()).observe(canvas);
}

if (byId("view-data")) {
  byId("view").hidden = false;
  const view = new View(JSON.parse(byId("view-data").textContent));
  byId("fading").hidden = !view.data.doubtful;
  offerFactors(view);
  offerColours(view, byId("colour"));
  listen(view);
}
