// Drawing the rows: their order, opacity and size, pixel by pixel

const [STEPS, SIZES] = [2048, 16];

/** Return how near a row is, from 0 to steps - 1. In two dimensions, all are equally near. */
function nearness(depth, steps) {
  return Math.min(steps - 1, Math.max(0, Math.floor(((depth + 1.75) / 3.5) * steps)));
}

/** Sort the rows from far to near, and set the opacity of each. */
function sortRows(view) {
  const { n, depth, order, alpha, shuffled } = view;
  const fading = byId("fade").checked;
  const opacity = (row) => {
    if (view.column.names && view.hidden.has(Math.min(view.paint[row], view.none))) return 0;
    return fading && view.doubtful[row] ? 40 : 235;
  };
  const starts = new Uint32Array(STEPS + 1);
  for (let i = 0; i < n; i += 1) starts[nearness(depth[i], STEPS) + 1] += 1;
  for (let k = 0; k < STEPS; k += 1) starts[k + 1] += starts[k];
  for (let k = 0; k < n; k += 1) {
    const i = shuffled[k];
    order[starts[nearness(depth[i], STEPS)]++] = i;
    alpha[i] = opacity(i);
  }
}

/** Return the pixels of a dot: their offsets, the share that it covers, the darkness of its rim. */
function dot(radius, width) {
  const half = Math.ceil(radius);
  const [places, covers, shades] = [[], [], []];
  for (let dy = -half; dy <= half; dy += 1) {
    for (let dx = -half; dx <= half; dx += 1) {
      const cover = Math.min(1, Math.max(0, radius + 0.5 - Math.hypot(dx, dy)));
      const inner = radius > 3 ? Math.min(1, Math.max(0, radius - 0.6 - Math.hypot(dx, dy) * 1.08)) : 1;
      if (cover > 0.02) {
        places.push(4 * (dy * width + dx));
        covers.push(256 * cover);
        shades.push(256 * (0.6 + 0.4 * inner));
      }
    }
  }
  return { half, places: Int32Array.from(places), covers: Int32Array.from(covers), shades: Int32Array.from(shades) };
}

/** Return a dot per size, from the farthest to the nearest. */
function dots(view, width) {
  const radius = view.dense * Math.min(6, Math.max(1.2, 22 / view.n ** 0.25)) * Math.min(1.6, Math.max(1, view.zoom ** 0.3));
  return Array.from({ length: SIZES }, (_, k) => dot(radius * (0.6 + (0.8 * (k + 0.5)) / SIZES), width));
}

/** Draw all rows into the pixels of an opaque image. */
function drawDots(view, image) {
  const { data: out, width, height } = image;
  const { n, x, y, depth, order, alpha, paint, hues } = view;
  const sizes = dots(view, width);
  for (let k = 0; k < n; k += 1) {
    const row = order[k];
    const across = Math.round(x[row]);
    const down = Math.round(y[row]);
    const opaque = alpha[row];
    const { half, places, covers, shades } = sizes[nearness(depth[row], SIZES)];
    if (opaque && across >= half && down >= half && across < width - half && down < height - half) {
      const middle = 4 * (down * width + across);
      const hue = 3 * paint[row];
      const [red, green, blue] = [hues[hue], hues[hue + 1], hues[hue + 2]];
      for (let m = 0; m < places.length; m += 1) {
        const cover = covers[m] * opaque;
        const shade = shades[m];
        const p = middle + places[m];
        out[p] += (((red * shade) >> 8) - out[p]) * cover >> 16;
        out[p + 1] += (((green * shade) >> 8) - out[p + 1]) * cover >> 16;
        out[p + 2] += (((blue * shade) >> 8) - out[p + 2]) * cover >> 16;
      }
    }
  }
}
