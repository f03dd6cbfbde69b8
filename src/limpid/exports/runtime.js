What every exported network computes with: the engine's arithmetic, from native/core, where `round` rounds to the
network's precision. `Real` (its array), `round` and the constants in capitals are made in front of it.

//: unpacked
/** Numbers of `Real` from base64 of their little-endian bytes. */
function unpacked(text) {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const numbers = new Real(bytes.length / Real.BYTES_PER_ELEMENT);
  const get = Real === Float32Array ? "getFloat32" : "getFloat64";
  for (let at = 0; at < numbers.length; ++at) numbers[at] = view[get](at * Real.BYTES_PER_ELEMENT, true);
  return numbers;
}

//: flushed
/** Numbers too small to be normal count as 0. */
const flushed = (a) => (a > -LEAST_NORMAL && a < LEAST_NORMAL ? 0 : a);

//: series
/** A polynomial of x; the factor of its highest power is the first. */
function series(terms, x) {
  let sum = terms[0];
  for (let k = 1; k < terms.length; ++k) sum = round(round(sum * x) + terms[k]);
  return sum;
}

//: powers needs series
/** n of x = n ln 2 + r. */
const wholeOf = (x) => round(round(round(x * LOG2_E) + TO_WHOLE) - TO_WHOLE);

/** e^r - 1. */
function growthOf(x, n) {
  const r = round(round(n * -LN2_LOW) + round(round(n * -LN2_HIGH) + x));
  return round(round(series(EXP_TERMS, r) * round(r * r)) + r);
}

/** 2^n, by its bits: no language promises that its own power is exact. */
const power = new DataView(new ArrayBuffer(8));
function powerOfTwo(n) {
  power.setInt32(0, (n + 1023) << 20);
  return power.getFloat64(0);
}

//: exp needs powers
function exp(x) {
  if (x < LEAST) return 0;
  if (x > MOST) return Infinity;
  const n = wholeOf(x);
  return round(round(round(growthOf(x, n) + 1) * powerOfTwo(n - 1)) * 2);
}

//: expm1 needs powers
function expm1(x) {
  if (x < -80) x = -80;
  const n = wholeOf(x);
  const scale = powerOfTwo(n);
  return round(round(scale * growthOf(x, n)) + round(scale - 1));
}

//: log1p needs series
/** log(1 + u) for u from 0 to 1. */
function log1p(u) {
  const near = u <= ROOT_OF_2;
  const s = round((near ? u : round(u - 1)) / round(u + (near ? 2 : 3)));
  const square = round(s * s);
  const twiceAtanh = round(round(round(series(ATANH_TERMS, square) * square) * s) + round(s + s));
  return round(twiceAtanh + (near ? 0 : LN2));
}

//: tanh needs expm1
function tanh(x) {
  const grown = expm1(Math.min(2 * Math.abs(x), 40));
  const value = round(grown / round(grown + 2));
  return x < 0 ? -value : value;
}

//: sigmoid needs exp
function sigmoid(z) {
  const decay = exp(-Math.abs(z));
  return round((z >= 0 ? 1 : decay) / round(1 + decay));
}

//: relu
const relu = (z) => (z <= 0 ? 0 : z);

//: leaky_relu needs flushed
const leaky_relu = (z) => (z <= 0 ? flushed(round(LEAK * z)) : z);

//: elu needs expm1
const elu = (z) => (z <= 0 ? expm1(z) : z);

//: selu needs expm1
const selu = (z) => round(z <= 0 ? SELU_BELOW * expm1(z) : SELU_SCALE * z);

//: gelu needs tanh flushed
function gelu(z) {
  const near = Math.max(-10, Math.min(10, z));
  const inner = round(round(round(round(GELU_CUBIC * near) * near) * near) + near);
  return flushed(round(flushed(round(0.5 * z)) * round(1 + tanh(round(GELU_ROOT * inner)))));
}

//: silu needs sigmoid flushed
const silu = (z) => flushed(round(z * sigmoid(z)));

//: softplus needs exp log1p
const softplus = (z) => round((z <= 0 ? 0 : z) + log1p(exp(-Math.abs(z))));

//: mish needs softplus tanh flushed
const mish = (z) => flushed(round(z * tanh(softplus(z))));

//: sums needs flushed
/** x W + b: each sum is one chain in the order of the inputs. Where x[i] is as large as `plain`, neither a product of it
    with a weight nor a sum can be too small to be normal. */
function sums(x, W, b, plain) {
  const z = Real.from(b);
  const units = z.length;
  for (let i = 0, at = 0; i < x.length; ++i, at += units) {
    const a = x[i];
    if (Math.abs(a) >= plain) {
      for (let j = 0; j < units; ++j) z[j] = round(z[j] + round(a * W[at + j]));
    } else if (a !== 0) {
      for (let j = 0; j < units; ++j) z[j] = flushed(round(z[j] + flushed(round(a * W[at + j]))));
    }
  }
  return z;
}

//: total needs flushed
/** A sum in parts of 32. */
function totalOf(terms) {
  let total = 0;
  let part = 0;
  for (let u = 0; u < terms.length; ++u) {
    part = flushed(round(part + terms[u]));
    if (u % 32 === 31) {
      total = flushed(round(total + part));
      part = 0;
    }
  }
  return flushed(round(total + part));
}

//: softmax needs exp total flushed
function softmax(z) {
  const largest = z.reduce((a, b) => (a < b ? b : a));
  for (let u = 0; u < z.length; ++u) z[u] = exp(round(z[u] - largest));
  const total = totalOf(z);
  for (let u = 0; u < z.length; ++u) z[u] = flushed(round(z[u] / total));
}

//: over_layer needs total flushed
/** Mean 0 and variance 1 over the units. */
function overLayer(z) {
  const mean = flushed(round(totalOf(z) / z.length));
  for (let u = 0; u < z.length; ++u) z[u] = flushed(round(z[u] - mean));
  const variance = flushed(round(totalOf(z.map((far) => flushed(round(far * far)))) / z.length));
  const scale = round(1 / round(Math.sqrt(round(variance + EPSILON))));
  for (let u = 0; u < z.length; ++u) z[u] = flushed(round(z[u] * scale));
}

//: over_batch needs flushed
/** Mean 0 and variance 1 by what was met in training. */
function overBatch(z, mean, scale) {
  for (let u = 0; u < z.length; ++u) z[u] = flushed(round(flushed(round(z[u] - mean[u])) * scale[u]));
}

//: rescale needs flushed
function rescale(z, gamma, beta) {
  for (let u = 0; u < z.length; ++u) z[u] = flushed(round(flushed(round(z[u] * gamma[u])) + beta[u]));
}

//: each
function each(z, activation) {
  for (let u = 0; u < z.length; ++u) z[u] = activation(z[u]);
}

//: largest
const largest = (outputs) => outputs.reduce((best, a, u) => (a > outputs[best] ? u : best), 0);

//: shares
/** The sum in the order that NumPy adds in: by eight chains, longer rows by halves. */
function sumOf(terms) {
  const count = terms.length;
  if (count > 128) {
    const half = Math.floor(count / 2) - (Math.floor(count / 2) % 8);
    return round(sumOf(terms.subarray(0, half)) + sumOf(terms.subarray(half)));
  }
  const whole = count < 8 ? 0 : count - (count % 8);
  const chains = new Real(8);
  for (let u = 0; u < whole; ++u) chains[u % 8] += terms[u];
  const pair = (a) => round(chains[a] + chains[a + 1]);
  let sum = round(round(pair(0) + pair(2)) + round(pair(4) + pair(6)));
  for (let u = whole; u < count; ++u) sum = round(sum + terms[u]);
  return sum;
}

/** Independent probabilities of classes that exclude each other, by their sum. */
function shares(outputs) {
  const sum = sumOf(outputs);
  return outputs.map((a) => round(sum > 0 ? a / sum : 1 / outputs.length));
}

//: list needs flushed
/** A row of numbers as `Real`, shifted and scaled. */
function readList(row, count, shift, scale) {
  if (typeof row?.length !== "number" || row.length !== count) throw new TypeError(`a row of ${count} numbers is needed`);
  return Real.from(row, (value, i) => {
    const number = round((value - shift[i % shift.length]) / scale[i % scale.length]);
    if (typeof value !== "number" || !Number.isFinite(number)) {
      throw new TypeError(`input ${i} must be a finite number, got ${value}`);
    }
    return flushed(number);
  });
}

//: table needs flushed
/** A table's row as `Real`: the inputs of each column side by side. */
function readTable(row, columns) {
  return Real.from(
    columns.flatMap((column) => {
      if (row === null || typeof row !== "object" || !Object.hasOwn(row, column.name)) {
        throw new TypeError(`a row needs ${JSON.stringify(column.name)}, null where it is missing`);
      }
      return column.read(row[column.name], column);
    }),
    (value) => flushed(round(value)),
  );
}

const isMissing = (cell) => cell === null || cell === undefined || Number.isNaN(cell);

//: number
/** Shifted, scaled and smoothly kept within +-3; 0 where it is missing. */
function clipped(value, { shift, scale }) {
  const z = Math.max(-FARTHEST, Math.min(FARTHEST, (value - shift) / scale));
  const part = z / 3;
  return z / Math.sqrt(1 + part * part);
}

function readNumber(cell, column) {
  const missing = isMissing(cell);
  if (!missing && typeof cell !== "boolean" && (typeof cell !== "number" || !Number.isFinite(cell))) {
    throw new TypeError(`${JSON.stringify(column.name)} must be a finite number, got ${String(cell)}`);
  }
  return [missing ? 0 : clipped(Number(cell), column), ...(column.indicator ? [Number(missing)] : [])];
}

//: category
/** 1 at the category's place, at that of rare ones, or at that of a missing one. */
function readCategory(cell, { name, categories, rare, missing }) {
  if (!isMissing(cell) && !["string", "number"].includes(typeof cell)) {
    throw new TypeError(`${JSON.stringify(name)} must be a text, got a ${typeof cell}`);
  }
  const known = categories.length;
  const inputs = new Array(known + rare + missing).fill(0);
  const text = String(cell).trim();
  let place = categories.indexOf(text);
  if (isMissing(cell) || NO_TEXT.includes(text)) place = missing ? known + rare : -1;
  else if (place < 0 && rare) place = known;
  if (place >= 0) inputs[place] = 1;
  return inputs;
}

//: date needs number
/** Microseconds since 1970-01-01 of a Date, milliseconds, or a text of ISO 8601 (UTC where it names no zone). */
function momentOf(cell, name) {
  let moment = NaN;
  if (cell instanceof Date) moment = cell.getTime() * 1000;
  else if (typeof cell === "number") moment = Math.round(cell * 1000);
  else if (typeof cell === "string") {
    const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?Z?$/.exec(cell.trim());
    const day = found && Date.parse(`${found[1]}T00:00:00Z`);
    if (found && Number.isFinite(day) && new Date(day).toISOString().startsWith(found[1])) {
      const time = Date.parse(`1970-01-01T${found[2] ?? "00:00"}:${found[3] ?? "00"}Z`);
      moment = (day + time) * 1000 + Number((found[4] ?? "").padEnd(6, "0"));
    }
  }
  if (!Number.isFinite(moment)) throw new TypeError(`${JSON.stringify(name)} must be a date, got ${String(cell)}`);
  return moment;
}

/** The day as a number, month, day of the month, weekday and, where `times`, the hour as places on circles. */
function readDate(cell, column) {
  const missing = isMissing(cell) || (cell instanceof Date && isMissing(cell.getTime()));
  const end = column.indicator ? [Number(missing)] : [];
  if (missing) return [...new Array(column.times ? 9 : 7).fill(0), ...end];
  const moment = momentOf(cell, column.name);
  const days = Math.floor(moment / 86400000000);
  const date = new Date(days * 86400000);
  const circle = ([sines, cosines], step) => [sines[step], cosines[step]];
  return [
    clipped(moment / 86400000000, column),
    ...circle(CYCLES.month, date.getUTCMonth()),
    ...circle(CYCLES.day, date.getUTCDate() - 1),
    ...circle(CYCLES.weekday, (date.getUTCDay() + 6) % 7),
    ...(column.times ? circle(CYCLES.hour, Math.floor((moment - days * 86400000000) / 3600000000)) : []),
    ...end,
  ];
}
