// The background of the rows: a grid in two dimensions, the edges of a cube in three

function drawLine(view, from, to, colour) {
  view.context.strokeStyle = colour;
  view.context.beginPath();
  view.context.moveTo(from[0], from[1]);
  view.context.lineTo(to[0], to[1]);
  view.context.stroke();
}

function drawText(view, text, x, y, align = "center", colour = "#262626") {
  view.context.fillStyle = colour;
  view.context.textAlign = align;
  view.context.textBaseline = "middle";
  view.context.fillText(text, x, y);
}

/** Draw the grid of two factors. Return a function that draws its texts, above the rows. */
function drawPlane(view) {
  const { wide, high } = view;
  const [cx, cy] = view.centre;
  const [left, bottom] = [54, high - 40];
  const range = (k, pixel, middle, sign) => {
    const [low, top] = view.windows[k];
    return low + ((sign * (pixel - middle)) / view.scale + 1) / 2 * (top - low);
  };
  const along = (k, value) => (2 * (value - view.windows[k][0])) / (view.windows[k][1] - view.windows[k][0]) - 1;
  const texts = [];
  for (const tick of ticksBetween(range(0, left, cx, 1), range(0, wide - 24, cx, 1), Math.max(3, wide / 110))) {
    const x = cx + along(0, tick) * view.scale;
    drawLine(view, [x, 8], [x, bottom], "#e6e6e6");
    texts.push([format(tick), x, bottom + 11, "center", "#5f5f5f"]);
  }
  texts.push([view.axes[0].name, (left + wide) / 2, high - 11]);
  if (view.axes.length > 1) {
    for (const tick of ticksBetween(range(1, bottom, cy, -1), range(1, 8, cy, -1), Math.max(3, high / 90))) {
      const y = cy - along(1, tick) * view.scale;
      drawLine(view, [left, y], [wide - 8, y], "#e6e6e6");
      texts.push([format(tick), left - 6, y, "right", "#5f5f5f"]);
    }
    texts.push([view.axes[1].name, 8, 16, "left"]);
  } else {
    texts.push(["the height has no meaning", left + 6, 18, "left", "#5f5f5f"]);
  }
  drawLine(view, [left, bottom], [wide - 8, bottom], "#8c8c8c");
  drawLine(view, [left, 8], [left, bottom], "#8c8c8c");
  return () => {
    view.context.fillStyle = "white";
    view.context.fillRect(0, 0, left - 1, high);
    view.context.fillRect(0, bottom + 1, wide, high);
    texts.forEach((text) => drawText(view, ...text));
  };
}

/** Draw the edges of the cube. Return a function that draws its texts, above the rows. */
function drawCube(view) {
  const texts = [];
  const [cx, cy] = view.centre;
  for (let k = 0; k < 3; k += 1) {
    const edges = [[-1, -1], [-1, 1], [1, -1], [1, 1]].map(([a, b]) => [-1, 1].map((end) => {
      const corner = [a, b];
      corner.splice(k, 0, end);
      return view.seen(...corner);
    }));
    edges.forEach(([from, to]) => drawLine(view, from, to, "#dcdcdc"));
    const outer = ([from, to]) => (k === 1 ? -(from[0] + to[0]) : from[1] + to[1]);
    const [from, to] = edges.reduce((best, edge) => (outer(edge) > outer(best) ? edge : best));
    drawLine(view, from, to, "#8c8c8c");
    const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
    const far = Math.hypot(middle[0] - cx, middle[1] - cy) || 1;
    const [ox, oy] = [(middle[0] - cx) / far, (middle[1] - cy) / far];
    texts.push([view.axes[k].name, middle[0] + 24 * ox, middle[1] + 18 * oy]);
    [from, to].forEach((end, i) => {
      const [x, y] = [end[0] * 0.88 + middle[0] * 0.12, end[1] * 0.88 + middle[1] * 0.12];
      texts.push([String(Number(view.windows[k][i].toPrecision(2))).replace("-", "\u2212"), x + 24 * ox, y + 15 * oy, "center", "#767676"]);
    });
  }
  return () => texts.forEach((text) => drawText(view, ...text));
}
