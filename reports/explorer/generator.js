// A generator in ONNX, run by onnxruntime-web in the page: inputs as lab/explore/onnx_file.py has
// them. One thread, because a page from disk may not share memory between threads.

import { unpack } from "../browser/store.js";
import { COLUMNS, COUNT, data } from "./state.js";

/** @typedef {import("./types").Recipe} Recipe */
/** @typedef {import("./types").Source} Source */

/** @returns {Promise<Source>} */
export async function openGenerator() {
  const url = URL.createObjectURL(
    new Blob([await unpack("runtime")], { type: "text/javascript" }),
  );
  const ort = await import(url);
  URL.revokeObjectURL(url);
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmBinary = await unpack("wasm");
  const session = await ort.InferenceSession.create(await unpack("model"));
  const codes = new Float32Array((await unpack("codes")).buffer);
  const [run] = data.runs;
  const { space, latentSize } = data;
  if (!space || !latentSize) throw new Error("the page lacks its generator's description");

  /** @param {number} number */
  const codeOf = (number) => codes.subarray(number * latentSize, (number + 1) * latentSize);

  /** @param {Recipe} recipe */
  const feedsOf = (recipe) => {
    const positions = Array.from({ length: COUNT }, (_, i) => i);
    const isPath = recipe.to !== null;
    const starts = positions.map((i) => recipe.first + (isPath ? 0 : i));
    const ends = positions.map((i) => recipe.to ?? starts[i]);
    const shares = positions.map((i) => (isPath ? i / (COUNT - 1) : 0));
    const mixes = session.inputNames.includes("end");
    const z = starts.map((code, i) =>
      mixes ? codeOf(code) : between(codeOf(code), codeOf(ends[i]), shares[i]),
    );
    const { Tensor } = ort;
    const classesOf = (/** @type {number[]} */ numbers) =>
      BigInt64Array.from(numbers, (it) =>
        BigInt(recipe.label ?? it % Math.max(run.classes.length, 1)),
      );
    const sliders = space.shares.map((_, i) => recipe.sliders[i] ?? 0);
    const feeds = {
      z: new Tensor("float32", joined(z), [COUNT, latentSize]),
      label: new Tensor("int64", classesOf(starts), [COUNT]),
      end: new Tensor("float32", joined(ends.map(codeOf)), [COUNT, latentSize]),
      end_label: new Tensor("int64", classesOf(ends), [COUNT]),
      share: new Tensor("float32", Float32Array.from(shares), [COUNT]),
      sliders: new Tensor("float32", Float32Array.from(sliders), [sliders.length]),
      psi: new Tensor("float32", Float32Array.of(recipe.psi), [1]),
    };
    return Object.fromEntries(
      Object.entries(feeds).filter(([name]) => session.inputNames.includes(name)),
    );
  };

  /** @param {Recipe} recipe */
  const canvasOf = async (recipe) => {
    const { images } = await session.run(feedsOf(recipe));
    return sheetOf(images.data, images.dims[1], run.resolution, recipe.pick);
  };

  return {
    note: "This page holds the generator, and needs no network.",
    space: async () => space,
    sheet: async (recipe) => createImageBitmap(await canvasOf(recipe)),
    file: async (recipe) => (await canvasOf(recipe)).convertToBlob({ type: "image/png" }),
    samples: async () => new Blob(),
    nearest: null,
  };
}

/**
 * Spherical interpolation (White 2016), as lab/explore/latent.py has it.
 *
 * @param {Float32Array} start
 * @param {Float32Array} end
 * @param {number} share
 */
function between(start, end, share) {
  const lengths = [Math.hypot(...start), Math.hypot(...end)];
  const product = start.reduce((sum, it, i) => sum + it * end[i], 0);
  const cosine = product / (lengths[0] * lengths[1]);
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  const length = lengths[0] + share * (lengths[1] - lengths[0]);
  if (Math.sin(angle) < 1e-4) return start.map((it, i) => it + share * (end[i] - it));
  const weights = [
    Math.sin((1 - share) * angle) / lengths[0],
    Math.sin(share * angle) / lengths[1],
  ];
  const scale = length / Math.sin(angle);
  return start.map((it, i) => scale * (weights[0] * it + weights[1] * end[i]));
}

/** @param {Float32Array[]} parts of equal length */
function joined(parts) {
  const whole = new Float32Array(parts.length * parts[0].length);
  parts.forEach((part, i) => {
    whole.set(part, i * part.length);
  });
  return whole;
}

/**
 * Images [16, channels, side, side] in [-1, 1] as one picture, or the one that is picked.
 *
 * @param {Float32Array} values
 * @param {number} channels
 * @param {number} side
 * @param {number | null} pick
 */
function sheetOf(values, channels, side, pick) {
  const shown = pick === null ? Array.from({ length: COUNT }, (_, i) => i) : [pick];
  const columns = pick === null ? COLUMNS : 1;
  const width = side * columns;
  const height = (side * shown.length) / columns;
  const canvas = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  shown.forEach((number, place) => {
    const left = side * (place % columns);
    const top = side * Math.floor(place / columns);
    for (let i = 0; i < side * side; i += 1) {
      const pixel = 4 * ((top + Math.floor(i / side)) * width + left + (i % side));
      for (let c = 0; c < 3; c += 1) {
        const plane = number * channels + (channels === 1 ? 0 : c);
        // Clamped to 0 ... 255 and rounded by the array.
        image.data[pixel + c] = values[plane * side * side + i] * 127.5 + 127.5;
      }
      image.data[pixel + 3] = 255;
    }
  });
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return canvas;
}
