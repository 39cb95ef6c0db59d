"use strict";
// Reading what the page carries: gzipped and base64, binary numbers as base64.

const bytesOf = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

async function unpack(id) {
  const stream = new Blob([bytesOf(document.getElementById(id).textContent)]).stream();
  return new Response(stream.pipeThrough(new DecompressionStream("gzip"))).text();
}

// The policy allows the library's text and no other.
async function runPacked(id) {
  const script = document.createElement("script");
  script.textContent = await unpack(id);
  document.head.append(script);
}

// IEEE 754 half precision: sign, 5 bits of exponent, 10 of fraction.
function halfToNumber(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

const halves = (text) => Float32Array.from(new Uint16Array(bytesOf(text).buffer), halfToNumber);
const singles = (text) => new Float32Array(bytesOf(text).buffer);
const numbers = { float16: halves, float32: singles };
