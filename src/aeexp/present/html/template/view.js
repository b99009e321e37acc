// The map: a cube of three factors that rotates, or a plane of two

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
    this.hidden = new Set();
    this.reset();
  }

  get plane() { return this.axes.length < 3; }

  name(row) { return this.data.names?.[row] ?? String(this.data.numbers?.[row] ?? row); }

  reset() {
    Object.assign(this, { yaw: -0.6, pitch: 0.42, zoom: 1, right: 0, down: 0 });
  }

  /** Return the rows in a fixed random order, so that no class is drawn above the others. */
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

  /** Show one to three factors. */
  show(axes) {
    this.axes = axes;
    const ends = axes.map((each) => this.ends(each));
    let spans = ends.map(([low, high]) => high - low);
    const longest = Math.max(...spans) || 1;
    spans = spans.map((span) => (span < 1e-9 * longest ? longest : span));
    if (longest <= 5 * Math.min(...spans)) spans = spans.map(() => longest);
    this.windows = ends.map(([low, high], k) => {
      const middle = (low + high) / 2;
      return [middle - 0.55 * spans[k], middle + 0.55 * spans[k]];
    });
    axes.forEach((each, k) => {
      const [low, high] = this.windows[k];
      for (let i = 0; i < this.n; i += 1) {
        this.places[k][i] = Math.max(-1, Math.min(1, (2 * (each.value(i) - low)) / (high - low) - 1));
      }
    });
    if (axes.length === 1) this.shuffled.forEach((row, i) => { this.places[1][row] = (1.6 * i) / this.n - 0.8; });
    this.draw();
  }

  /** Return the ends of an axis. Where a few rows would squash the others, these are drawn at the ends. */
  ends(factor) {
    const { n } = this;
    const values = Float64Array.from({ length: n }, (_, i) => factor.value(i)).sort();
    const [low, high] = [values[Math.ceil(0.01 * (n - 1))], values[Math.floor(0.99 * (n - 1))]];
    const span = high - low;
    if (n < 50 || !(span > 0) || factor.high - factor.low <= 4 * span) return [factor.low, factor.high];
    return [Math.max(factor.low, low - span / 2), Math.min(factor.high, high + span / 2)];
  }

  /** Colour the rows by a column. */
  colour(column) {
    this.column = column;
    this.hidden.clear();
    const hues = column.names ? column.colours : this.data.scale;
    this.hues = Uint8Array.from([...hues, this.data.noise].flatMap(rgb));
    const last = hues.length;
    const scale = column.names ? 1 : 255 / Math.max(column.missing - 1, 1);
    this.paint = Uint16Array.from(column.codes, (code) => (code === column.missing ? last : Math.round(code * scale)));
    this.none = last;
    this.draw();
  }

  draw() {
    this.requested ??= requestAnimationFrame(() => {
      this.requested = null;
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
    const names = this.plane ? drawPlane(this) : drawCube(this);
    this.project();
    const image = context.getImageData(0, 0, this.canvas.width, this.canvas.height);
    drawDots(this, image);
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

  /** Return the position on the canvas, and the depth, of a point of the cube (-1 to 1). */
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

  /** Compute the positions of all rows on the canvas, and sort them from far to near. */
  project() {
    const { n, x, y, depth, plane, dense, scale } = this;
    const [px, py, pz] = this.places;
    const [cx, cy] = this.centre;
    const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    for (let i = 0; i < n; i += 1) {
      if (plane) {
        x[i] = dense * (cx + px[i] * scale);
        y[i] = dense * (cy - py[i] * scale);
        depth[i] = 0;
      } else {
        const z1 = pz[i] * cosYaw - px[i] * sinYaw;
        const z2 = py[i] * sinPitch + z1 * cosPitch;
        const here = scale / (1 - z2 / 9);
        x[i] = dense * (cx + (px[i] * cosYaw + pz[i] * sinYaw) * here);
        y[i] = dense * (cy - (py[i] * cosPitch - z1 * sinPitch) * here);
        depth[i] = z2;
      }
    }
    sortRows(this);
  }

  /** Return the row that is drawn closest to a point of the canvas; -1 if none is close. */
  nearest(x, y) {
    const { n, x: across, y: down, alpha, dense } = this;
    let [best, closest] = [-1, (14 * dense) ** 2];
    for (let i = 0; i < n; i += 1) {
      const far = (across[i] - x * dense) ** 2 + (down[i] - y * dense) ** 2;
      if (far < closest && alpha[i]) {
        best = i;
        closest = far;
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

  /** Show the values of a row beside it and, if announced, to screen readers; -1 deselects. */
  select(row, announce = true) {
    if (row === this.row) return;
    this.row = row;
    const tip = byId("tip");
    tip.hidden = row < 0;
    const lines = row < 0 ? [] : this.facts(row);
    tip.replaceChildren(...lines.map((line, i) => Object.assign(document.createElement(i ? "div" : "b"), { textContent: line })));
    if (announce) byId("selected-row").textContent = lines.join(", ");
    this.draw();
  }

  facts(row) {
    const columns = this.columns.filter((column) => column === this.column || (column.group !== "Factors" && column.group !== "Features"));
    const position = this.axes.map((factor) => `${factor.name} ${factor.text(row)}`).join(", ");
    const values = columns.map((column) => `${column.group === "Reliability" ? column.name.split(" (")[0] : column.name}: ${column.text(row)}`);
    const warning = this.doubtful[row] ? ["unreliable position"] : [];
    return [`row ${this.name(row)}`, ...values, ...warning, position];
  }

  /** Return the first row whose name equals a text, or else begins with it, or else contains it. */
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

  /** Zoom around a point of the canvas. */
  zoomBy(factor, x = this.wide / 2, y = this.high / 2) {
    const zoom = Math.max(0.4, Math.min(60, this.zoom * factor));
    const [cx, cy] = this.centre;
    this.move((x - cx) * (1 - zoom / this.zoom), (y - cy) * (1 - zoom / this.zoom));
    this.zoom = zoom;
  }

  /** Handle a key. Return whether it has a meaning. */
  press(key) {
    const turns = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (key in turns) {
      const [across, down] = turns[key];
      if (this.plane) this.move(-40 * across, -40 * down);
      else this.turn(0.1 * across, 0.1 * down);
    } else if (key === "+" || key === "=") this.zoomBy(1.25);
    else if (key === "-") this.zoomBy(0.8);
    else if (key === "0") { this.reset(); this.draw(); }
    else if (key === "n") this.select((this.row + 1) % this.n);
    else if (key === "p") this.select((Math.max(this.row, 0) + this.n - 1) % this.n);
    else if (key === "Escape") this.select(-1);
    else return false;
    return true;
  }
}
