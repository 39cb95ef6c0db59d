// Decoders: from a code z to the expected image E[x|z], as the package computes it.

class Decoder {
  constructor(data, shape) {
    this.data = data;
    this.pixels = shape[0] * shape[1] * shape[2];
    const weights = numbers[data.precision](data.weights);
    let start = 0;
    const take = (count) => weights.subarray(start, (start += count));
    this.layers = data.layers.map((layer) => LAYERS[layer.kind](layer, take));
    this.bias = take(weights.length - start);
  }

  // Float64Array of pixels, by channel, row and column, where the image lies in [0, 1].
  decode(z) {
    let output = Float64Array.from(z);
    let shape = null;
    for (const layer of this.layers) [output, shape] = layer(output, shape);
    for (let i = 0; i < output.length; i++) output[i] += this.bias[i];
    return READINGS[this.data.reading](output, this.pixels, this.data);
  }
}

const LAYERS = {
  linear({ inputs, outputs, bias }, take) {
    const weight = take(inputs * outputs);
    const offset = bias ? take(outputs) : null;
    return (input) => {
      const output = new Float64Array(outputs);
      for (let o = 0, w = 0; o < outputs; o++) {
        let sum = offset ? offset[o] : 0;
        for (let i = 0; i < inputs; i++, w++) sum += weight[w] * input[i];
        output[o] = sum;
      }
      return [output, null];
    };
  },

  relu: () => (input, shape) => [input.map((v) => Math.max(0, v)), shape],

  shape: ({ shape }) => (input) => [input, shape],

  // Every input pixel adds its kernel to the output; the weight is (inputs, outputs, k, k).
  transposed({ inputs, outputs, kernel, stride, padding, bias }, take) {
    const weight = take(inputs * outputs * kernel * kernel);
    const offset = bias ? take(outputs) : null;
    return (input, [, height, width]) => {
      const [tall, wide] = [height, width].map((n) => (n - 1) * stride - 2 * padding + kernel);
      const output = new Float64Array(outputs * tall * wide);
      if (offset) for (let o = 0; o < outputs; o++) output.fill(offset[o], o * tall * wide, (o + 1) * tall * wide);
      for (let c = 0; c < inputs; c++)
        for (let row = 0; row < height; row++)
          for (let column = 0; column < width; column++) {
            const value = input[(c * height + row) * width + column];
            if (value === 0) continue;
            for (let o = 0; o < outputs; o++)
              for (let i = 0; i < kernel; i++) {
                const y = row * stride - padding + i;
                if (y < 0 || y >= tall) continue;
                const from = ((c * outputs + o) * kernel + i) * kernel;
                for (let j = 0; j < kernel; j++) {
                  const x = column * stride - padding + j;
                  if (x >= 0 && x < wide) output[(o * tall + y) * wide + x] += value * weight[from + j];
                }
              }
          }
      return [output, [outputs, tall, wide]];
    };
  },
};

const sigmoid = (v) => 1 / (1 + Math.exp(-v));
const softplus = (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v)));
const clamp = (v, low, high) => Math.min(high, Math.max(low, v));

// 1 / (1 - e^-v) - 1 / v, by its series near 0.
function continuousBernoulliMean(v) {
  if (Math.abs(v) < 0.05) return 0.5 + v / 12 - v ** 3 / 720;
  return -1 / Math.expm1(-v) - 1 / v;
}

// How far rounding to n + 1 grey levels moves that mean: their probabilities are a geometric series.
function continuousBernoulliShift(v, n) {
  if (Math.abs(v) < 1e-3) return v / (24 * n ** 2);
  const a = v / (2 * n);
  return (1 - a / Math.sinh(a)) / v;
}

// The complementary error function (Numerical Recipes, section 6.2: relative error under 1.2e-7).
const ERFC = [
  -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223,
  0.17087277,
];
function erfc(v) {
  const t = 1 / (1 + Math.abs(v) / 2);
  const tail = t * Math.exp(-v * v + ERFC.reduceRight((sum, c) => sum * t + c, 0));
  return v < 0 ? 2 - tail : tail;
}

// The probability above a point, in scales from the centre.
const ABOVE = {
  gaussian: (v) => erfc(v * Math.SQRT1_2) / 2,
  laplace: (v) => (v > 0 ? Math.exp(-v) / 2 : 1 - Math.exp(v) / 2),
  logistic: (v) => sigmoid(-v),
};

function logScales(output, pixels, { scale, scale_limits: limits }) {
  if (scale === "pixel") return output.slice(pixels, 2 * pixels).map((v) => clamp(v, ...limits));
  const one = scale === "image" ? [clamp(output.slice(pixels).reduce((a, b) => a + b) / pixels, ...limits)] : scale;
  return Float64Array.from({ length: pixels }, (_, i) => one[i % one.length]);
}

// The location; of grey levels the sum over the edges between them of P(x > edge).
const located = (kind) => (output, pixels, data) => {
  const location = output.slice(0, pixels);
  if (!data.discretized) return location;
  const n = data.levels - 1;
  const scales = logScales(output, pixels, data).map(Math.exp);
  return location.map((centre, i) => {
    let total = 0;
    for (let k = 1; k <= n; k++) total += ABOVE[kind](((k - 0.5) / n - centre) / scales[i]);
    return total / n;
  });
};

const READINGS = {
  bernoulli: (output) => output.map(sigmoid),

  continuous_bernoulli: (output, _, { limits, discretized, levels }) =>
    output.map((v) => {
      const logit = clamp(v, -limits, limits);
      return continuousBernoulliMean(logit) + (discretized ? continuousBernoulliShift(logit, levels - 1) : 0);
    }),

  gaussian: located("gaussian"),
  laplace: located("laplace"),
  logistic: located("logistic"),

  beta: (output, pixels, { limits }) => {
    const positive = output.map((v) => clamp(softplus(v), ...limits));
    return positive.slice(0, pixels).map((alpha, i) => alpha / (alpha + positive[pixels + i]));
  },

  categorical: (output, pixels, { levels }) =>
    Float64Array.from({ length: pixels }, (_, i) => {
      let [largest, total, mean] = [-Infinity, 0, 0];
      for (let k = 0; k < levels; k++) largest = Math.max(largest, output[k * pixels + i]);
      for (let k = 0; k < levels; k++) {
        const weight = Math.exp(output[k * pixels + i] - largest);
        total += weight;
        mean += (weight * k) / (levels - 1);
      }
      return mean / total;
    }),
};
