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

const READINGS = {
  bernoulli: (output) => output.map(sigmoid),
  continuous_bernoulli: (output) => output.map(continuousBernoulliMean),
  location: (output, pixels) => output.slice(0, pixels),

  beta: (output, pixels, { limits }) => {
    const positive = output.map((v) => clamp(softplus(v), ...limits.beta));
    return positive.slice(0, pixels).map((alpha, i) => alpha / (alpha + positive[pixels + i]));
  },

  // The sum over grey levels of P(x >= level).
  discretized_logistic: (output, pixels, { levels, limits }) =>
    output.slice(0, pixels).map((location, i) => {
      const scale = Math.exp(clamp(output[pixels + i], -limits.log_scale, limits.log_scale));
      let total = 0;
      for (let k = 1; k < levels; k++) total += sigmoid((location - (k - 0.5) / (levels - 1)) / scale);
      return total / (levels - 1);
    }),

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
