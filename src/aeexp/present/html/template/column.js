// The columns of the map

class Column {
  constructor(stored) {
    Object.assign(this, stored);
    this.missing = 2 ** this.bits - 1;
  }

  get codes() {
    if (this.data) {
      const bytes = Uint8Array.from(atob(this.data), (c) => c.charCodeAt(0));
      this.unpacked = this.bits === 8 ? bytes : new Uint16Array(bytes.buffer);
      this.data = null;
    }
    return this.unpacked;
  }

  value(row) {
    const code = this.codes[row];
    const share = code / (this.missing - 1);
    return code === this.missing ? NaN : this.low * (1 - share) + this.high * share;
  }

  text(row) {
    const code = this.codes[row];
    if (this.names) return code === this.missing ? this.none : this.names[code];
    return code === this.missing ? "missing" : format(this.value(row));
  }
}

function format(value) {
  return String(Number(value.toPrecision(4))).replace("-", "\u2212");
}

/** Return at most so many round numbers between two others. */
function ticksBetween(low, high, most) {
  const step = 10 ** Math.floor(Math.log10((high - low) / most));
  const wide = [1, 2, 5, 10].find((factor) => (high - low) / (factor * step) <= most) * step;
  const ticks = [];
  for (let k = Math.ceil(low / wide); k * wide <= high; k += 1) ticks.push(k * wide);
  return ticks;
}

function rgb(hex) {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
