// The view: a cube of three factors that turns, or a plane of two

class View {
  constructor(data) {
    this.data = data;
    this.n = data.rows;
    this.columns = data.columns.map((each) => new Column(each));
    this.factors = this.columns.filter((each) => each.group === "Factors");
    this.canvas = byId("canvas");
    this.context = this.canvas.getContext("2d", { willReadFrequently: true });
    this.places = [0, 1, 2].map(() => new Float32Array(this.n));
    this.x = new Float32Array(this.n);
    this.y = new Float32Array(this.n);
    this.depth = new Float32Array(this.n);
    this.order = new Uint32Array(this.n);
    this.alpha = new Uint8Array(this.n);
    this.doubtful = new Uint8Array(this.n);
    (data.doubtful ?? []).forEach((row) => { this.doubtful[row] = 1; });
    this.shuffled = this.shuffle();
    this.row = -1;
    this.off = new Set();
    this.reset();
  }

  get plane() { return this.axes.length < 3; }

  name(row) { return this.data.names?.[row] ?? String(this.data.numbers?.[row] ?? row); }

  reset() {
    Object.assign(this, { yaw: -0.6, pitch: 0.42, zoom: 1, right: 0, down: 0 });
  }

  /** Return the rows in an order of chance, the same each time, so that no class lies on top. */
  shuffle() {
    const order = Uint32Array.from({ length: this.n }, (_, i) => i);
    let state = 1;
    for (let i = this.n - 1; i > 0; i -= 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const j = Math.floor((state / 2 ** 32) * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  /** Choose the factors that are shown: one to three of them. */
  show(axes) {
    this.axes = axes;
    let spans = axes.map((each) => each.high - each.low);
    const longest = Math.max(...spans) || 1;
    spans = spans.map((span) => (span < 1e-9 * longest ? longest : span));
    if (longest <= 5 * Math.min(...spans)) spans = spans.map(() => longest);
    this.windows = axes.map((each, k) => {
      const middle = (each.low + each.high) / 2;
      return [middle - 0.55 * spans[k], middle + 0.55 * spans[k]];
    });
    axes.forEach((each, k) => {
      const [low, high] = this.windows[k];
      for (let i = 0; i < this.n; i += 1) this.places[k][i] = (2 * (each.value(i) - low)) / (high - low) - 1;
    });
    if (axes.length === 1) this.shuffled.forEach((row, i) => { this.places[1][row] = (1.6 * i) / this.n - 0.8; });
    this.draw();
  }

  /** Choose what the colours show. */
  colour(column) {
    this.column = column;
    this.off.clear();
    const hues = column.names ? column.colours : this.data.scale;
    this.hues = Uint8Array.from([...hues, this.data.noise].flatMap(rgb));
    const last = hues.length;
    const scale = column.names ? 1 : 255 / Math.max(column.missing - 1, 1);
    this.paint = Uint16Array.from(column.codes, (code) => (code === column.missing ? last : Math.round(code * scale)));
    this.none = last;
    this.draw();
  }

  draw() {
    this.asked ??= requestAnimationFrame(() => {
      this.asked = null;
      this.render();
    });
  }

  fit() {
    const { clientWidth: wide, clientHeight: high } = this.canvas;
    this.dense = Math.min(devicePixelRatio || 1, 2);
    [this.wide, this.high] = [wide, high];
    const size = [Math.round(wide * this.dense), Math.round(high * this.dense)];
    if (this.canvas.width !== size[0] || this.canvas.height !== size[1]) {
      [this.canvas.width, this.canvas.height] = size;
    }
  }

  render() {
    this.fit();
    if (!this.wide || !this.axes || !this.column) return;
    const { context, dense } = this;
    context.setTransform(dense, 0, 0, dense, 0, 0);
    context.fillStyle = "white";
    context.fillRect(0, 0, this.wide, this.high);
    context.font = "13px system-ui, sans-serif";
    const names = this.plane ? this.drawPlane() : this.drawCube();
    this.project();
    const image = context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    this.dots(image);
    context.putImageData(image, 0, 0);
    names();
    this.ring();
  }

  get scale() {
    const room = this.plane ? 0.5 : 0.29;
    return room * this.zoom * Math.min(this.wide - 70, (this.high - 60) * 1.02);
  }

  get centre() {
    return [this.wide / 2 + this.right + (this.plane ? 12 : 0), this.high / 2 + this.down - (this.plane ? 12 : 0)];
  }

  /** Return where a place in the cube, from -1 to 1, is on the canvas, and how near. */
  seen(x, y, z) {
    const [cx, cy] = this.centre;
    if (this.plane) return [cx + x * this.scale, cy - y * this.scale, 0];
    const x1 = x * Math.cos(this.yaw) + z * Math.sin(this.yaw);
    const z1 = z * Math.cos(this.yaw) - x * Math.sin(this.yaw);
    const y2 = y * Math.cos(this.pitch) - z1 * Math.sin(this.pitch);
    const z2 = y * Math.sin(this.pitch) + z1 * Math.cos(this.pitch);
    const scale = this.scale / (1 - z2 / 9);
    return [cx + x1 * scale, cy - y2 * scale, z2];
  }

  /** Find where all rows are on the canvas, and their order from far to near. */
  project() {
    const { n, x, y, depth, plane, dense, scale } = this;
    const [px, py, pz] = this.places;
    const [cx, cy] = this.centre;
    const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    for (let i = 0; i < n; i += 1) {
      if (plane) {
        x[i] = dense * (cx + px[i] * scale);
        y[i] = dense * (cy - py[i] * scale);
      } else {
        const z1 = pz[i] * cosYaw - px[i] * sinYaw;
        const z2 = py[i] * sinPitch + z1 * cosPitch;
        const here = scale / (1 - z2 / 9);
        x[i] = dense * (cx + (px[i] * cosYaw + pz[i] * sinYaw) * here);
        y[i] = dense * (cy - (py[i] * cosPitch - z1 * sinPitch) * here);
        depth[i] = z2;
      }
    }
    this.sort();
  }

  sort() {
    const { n, depth, order, alpha, shuffled } = this;
    const fading = byId("fade").checked;
    const opacity = (row, near) => {
      if (this.column.names && this.off.has(Math.min(this.paint[row], this.none))) return 0;
      return (fading && this.doubtful[row] ? 34 : 235) * near;
    };
    if (this.plane) {
      order.set(shuffled);
      for (let i = 0; i < n; i += 1) alpha[i] = opacity(i, 1);
      return;
    }
    const steps = 2048;
    const starts = new Uint32Array(steps + 1);
    const level = (i) => Math.min(steps - 1, Math.max(0, Math.floor(((depth[i] + 1.75) / 3.5) * steps)));
    for (let i = 0; i < n; i += 1) starts[level(i) + 1] += 1;
    for (let k = 0; k < steps; k += 1) starts[k + 1] += starts[k];
    for (let k = 0; k < n; k += 1) {
      const i = shuffled[k];
      order[starts[level(i)]++] = i;
      alpha[i] = opacity(i, Math.min(1, Math.max(0.3, 0.72 + 0.4 * depth[i])));
    }
  }

  /** Return the pixels of a dot: where they are, how much of each it covers, how dark its rim is. */
  dot(width) {
    const radius = this.dense * Math.min(6, Math.max(1.2, 22 / this.n ** 0.25)) * Math.min(1.6, Math.max(1, this.zoom ** 0.3));
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
    return [half, Int32Array.from(places), Int32Array.from(covers), Int32Array.from(shades)];
  }

  /** Draw all rows into the pixels of an opaque image. */
  dots(image) {
    const { data: out, width, height } = image;
    const { n, x, y, order, alpha, paint, hues } = this;
    const [half, places, covers, shades] = this.dot(width);
    const size = places.length;
    for (let k = 0; k < n; k += 1) {
      const row = order[k];
      const across = Math.round(x[row]);
      const down = Math.round(y[row]);
      const opaque = alpha[row];
      if (opaque && across >= half && down >= half && across < width - half && down < height - half) {
        const middle = 4 * (down * width + across);
        const hue = 3 * paint[row];
        const [red, green, blue] = [hues[hue], hues[hue + 1], hues[hue + 2]];
        for (let m = 0; m < size; m += 1) {
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

  line(from, to, colour) {
    this.context.strokeStyle = colour;
    this.context.beginPath();
    this.context.moveTo(from[0], from[1]);
    this.context.lineTo(to[0], to[1]);
    this.context.stroke();
  }

  word(text, x, y, align = "center", colour = "#262626") {
    this.context.fillStyle = colour;
    this.context.textAlign = align;
    this.context.textBaseline = "middle";
    this.context.fillText(text, x, y);
  }

  drawPlane() {
    const { wide, high } = this;
    const [cx, cy] = this.centre;
    const [left, bottom] = [54, high - 40];
    const range = (k, pixel, middle, sign) => {
      const [low, top] = this.windows[k];
      return low + ((sign * (pixel - middle)) / this.scale + 1) / 2 * (top - low);
    };
    const along = (k, value) => (2 * (value - this.windows[k][0])) / (this.windows[k][1] - this.windows[k][0]) - 1;
    const words = [];
    for (const tick of nice(range(0, left, cx, 1), range(0, wide - 8, cx, 1), Math.max(3, wide / 110))) {
      const x = cx + along(0, tick) * this.scale;
      this.line([x, 8], [x, bottom], "#e6e6e6");
      words.push([written(tick), x, bottom + 11, "center", "#5f5f5f"]);
    }
    words.push([this.axes[0].name, (left + wide) / 2, high - 11]);
    if (this.axes.length > 1) {
      for (const tick of nice(range(1, bottom, cy, -1), range(1, 8, cy, -1), Math.max(3, high / 90))) {
        const y = cy - along(1, tick) * this.scale;
        this.line([left, y], [wide - 8, y], "#e6e6e6");
        words.push([written(tick), left - 6, y, "right", "#5f5f5f"]);
      }
      words.push([this.axes[1].name, 8, 16, "left"]);
    } else {
      words.push(["the height means nothing", left + 6, 18, "left", "#5f5f5f"]);
    }
    this.line([left, bottom], [wide - 8, bottom], "#8c8c8c");
    this.line([left, 8], [left, bottom], "#8c8c8c");
    return () => {
      this.context.fillStyle = "white";
      this.context.fillRect(0, 0, left - 1, high);
      this.context.fillRect(0, bottom + 1, wide, high);
      words.forEach((each) => this.word(...each));
    };
  }

  drawCube() {
    const words = [];
    const [cx, cy] = this.centre;
    for (let k = 0; k < 3; k += 1) {
      const edges = [[-1, -1], [-1, 1], [1, -1], [1, 1]].map(([a, b]) => [-1, 1].map((end) => {
        const corner = [a, b];
        corner.splice(k, 0, end);
        return this.seen(...corner);
      }));
      edges.forEach(([from, to]) => this.line(from, to, "#dcdcdc"));
      const outer = ([from, to]) => (k === 1 ? -(from[0] + to[0]) : from[1] + to[1]);
      const [from, to] = edges.reduce((best, each) => (outer(each) > outer(best) ? each : best));
      this.line(from, to, "#8c8c8c");
      const middle = [(from[0] + to[0]) / 2, (from[1] + to[1]) / 2];
      const far = Math.hypot(middle[0] - cx, middle[1] - cy) || 1;
      const [ox, oy] = [(middle[0] - cx) / far, (middle[1] - cy) / far];
      words.push([this.axes[k].name, middle[0] + 24 * ox, middle[1] + 18 * oy]);
      [from, to].forEach((end, i) => {
        const [x, y] = [end[0] * 0.88 + middle[0] * 0.12, end[1] * 0.88 + middle[1] * 0.12];
        words.push([String(Number(this.windows[k][i].toPrecision(2))).replace("-", "\u2212"), x + 24 * ox, y + 15 * oy, "center", "#767676"]);
      });
    }
    return () => words.forEach((each) => this.word(...each));
  }

  /** Return the row that is drawn nearest to a point of the canvas; -1 if none is near. */
  near(x, y) {
    const { n, x: across, y: down, alpha, dense } = this;
    let [best, least] = [-1, (14 * dense) ** 2];
    for (let i = 0; i < n; i += 1) {
      const far = (across[i] - x * dense) ** 2 + (down[i] - y * dense) ** 2;
      if (far < least && alpha[i]) {
        best = i;
        least = far;
      }
    }
    return best;
  }

  ring() {
    if (this.row < 0) return;
    const { context } = this;
    const [x, y] = [this.x[this.row] / this.dense, this.y[this.row] / this.dense];
    for (const [wide, colour] of [[5, "white"], [2.5, "#262626"]]) {
      context.lineWidth = wide;
      context.strokeStyle = colour;
      context.beginPath();
      context.arc(x, y, 9, 0, 2 * Math.PI);
      context.stroke();
    }
    context.lineWidth = 1;
    this.placeTip(x, y);
  }

  placeTip(x, y) {
    const tip = byId("tip");
    const left = x + 16 + tip.offsetWidth > this.wide ? x - 16 - tip.offsetWidth : x + 16;
    tip.style.left = `${Math.max(4, Math.min(left, this.wide - tip.offsetWidth - 4))}px`;
    tip.style.top = `${Math.max(4, Math.min(y + 12, this.high - tip.offsetHeight - 4))}px`;
  }

  /** Tell of a row, beside it and to a screen reader; -1 tells of none. */
  tell(row, aloud = true) {
    if (row === this.row) return;
    this.row = row;
    const tip = byId("tip");
    tip.hidden = row < 0;
    const lines = row < 0 ? [] : this.facts(row);
    tip.replaceChildren(...lines.map((line, i) => Object.assign(document.createElement(i ? "div" : "b"), { textContent: line })));
    if (aloud) byId("said").textContent = lines.join(", ");
    this.draw();
  }

  facts(row) {
    const told = this.columns.filter((each) => each === this.column || (each.group !== "Factors" && each.group !== "Features"));
    const place = this.axes.map((each) => `${each.name} ${each.text(row)}`).join(", ");
    const rest = told.map((each) => `${each.name.split(" (")[0]}: ${each.text(row)}`);
    const doubt = this.doubtful[row] ? ["its place is not to be trusted"] : [];
    return [`row ${this.name(row)}`, ...rest, ...doubt, place];
  }

  /** Return the first row whose name is a text, or begins with it, or has it in it. */
  find(text) {
    const wanted = text.toLowerCase();
    const tests = [(name) => name === wanted, (name) => name.startsWith(wanted), (name) => name.includes(wanted)];
    for (const test of tests) {
      for (let i = 0; i < this.n; i += 1) if (test(this.name(i).toLowerCase())) return i;
    }
    return -1;
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.max(-1.57, Math.min(1.57, this.pitch + pitch));
    this.draw();
  }

  move(right, down) {
    this.right += right;
    this.down += down;
    this.draw();
  }

  /** Enlarge about a point of the canvas. */
  enlarge(factor, x = this.wide / 2, y = this.high / 2) {
    const zoom = Math.max(0.4, Math.min(60, this.zoom * factor));
    const [cx, cy] = this.centre;
    this.move((x - cx) * (1 - zoom / this.zoom), (y - cy) * (1 - zoom / this.zoom));
    this.zoom = zoom;
  }

  /** Obey a key; return whether it means anything. */
  press(key) {
    const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (key in turns) {
      const [across, down] = turns[key];
      if (this.plane) this.move(-40 * across, -40 * down);
      else this.turn(0.1 * across, 0.1 * down);
    } else if (key === "+" || key === "=") this.enlarge(1.25);
    else if (key === "-") this.enlarge(0.8);
    else if (key === "0") { this.reset(); this.draw(); }
    else if (key === "n") this.tell((this.row + 1) % this.n);
    else if (key === "p") this.tell((Math.max(this.row, 0) + this.n - 1) % this.n);
    else if (key === "Escape") this.tell(-1);
    else return false;
    return true;
  }
}
