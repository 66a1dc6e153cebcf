// npm run quality [-- --clips 500] [--json] [--full-size]
//
// What bf16 changes, measured through the package's own API against its fp32. The bundled checkpoints see clips made of
// pictures that training never saw; with --full-size, seeded random weights of the full-size architectures see the
// samples. docs/precision.md shows the table.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import tubelet from '../dist/index.js';

const root = path.resolve(import.meta.dirname, '..');
const python = process.env.TUBELET_PYTHON ?? path.join(root, '.venv', 'bin', 'python');
const families = ['videomae', 'timesformer', 'vivit'];

const { values } = parseArgs({
  options: {
    clips: { type: 'string', default: '500' },
    'full-size': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(path.join(tmpdir(), 'tubelet-quality-'));
try {
  const rows = await bundled();
  if (values['full-size']) rows.push(...(await fullSize()));
  console.log(values.json ? JSON.stringify(rows) : table(rows));
} finally {
  rmSync(folder, { recursive: true });
}

/** The bundled checkpoints on held-out clips, which have labels. */
async function bundled() {
  // Set 2: set 1 is what the test of their accuracy takes.
  runPython('scripts/motion/heldout.py', '--count', values.clips, '--seed', '2', folder);
  const clips = JSON.parse(readFileSync(path.join(folder, 'labels.json'), 'utf8'));
  const named = clips.map(({ file, label }) => ({ video: path.join(folder, file), label }));
  const rows = [];
  for (const family of families) rows.push(await compare(`motion-${family}`, named));
  return rows;
}

/** Random weights: their answers mean nothing, but rounding grows in them as in trained ones of that depth. */
async function fullSize() {
  const samples = path.join(root, 'samples');
  const videos = readdirSync(samples).filter((name) => /\.(mp4|webm|mkv)$/.test(name));
  const clips = videos.map((name) => ({ video: path.join(samples, name) }));
  const rows = [];
  for (const family of families) {
    const checkpoint = path.join(folder, `${family}-base`);
    runPython('test/reference/checkpoints.py', checkpoint, '--family', family, '--size', 'base');
    rows.push(await compare(checkpoint, clips));
    rmSync(checkpoint, { recursive: true });
  }
  return rows;
}

async function compare(name, clips) {
  const [exact, rounded] = [await answers(name, 'fp32', clips), await answers(name, 'bf16', clips)];
  const differences = exact.flatMap(({ logits }, i) =>
    logits.map((logit, j) => Math.abs(logit - rounded[i].logits[j])),
  );
  const share = (of) => clips.filter((_, i) => of(i)).length / clips.length;
  return {
    model: path.basename(name),
    clips: clips.length,
    deviation: deviation(exact.flatMap(({ logits }) => logits)),
    largest: Math.max(...differences),
    mean: differences.reduce((sum, difference) => sum + difference, 0) / differences.length,
    cosine: Math.min(...exact.map(({ embedding }, i) => cosine(embedding, rounded[i].embedding))),
    agreement: share((i) => exact[i].label === rounded[i].label),
    ...(clips[0].label !== undefined && {
      accuracy: {
        fp32: share((i) => exact[i].label === clips[i].label),
        bf16: share((i) => rounded[i].label === clips[i].label),
      },
    }),
  };
}

async function answers(name, precision, clips) {
  const model = await tubelet.load(name, { precision });
  try {
    const results = [];
    for (const { video } of clips) {
      const { predictions, logits } = await model.classify(video, { logits: true, topK: 1 });
      const { data } = await model.embed(video);
      results.push({ label: predictions[0].label, logits: [...logits], embedding: data });
    }
    return results;
  } finally {
    await model.dispose();
  }
}

function deviation(numbers) {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  return Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / numbers.length);
}

function cosine(one, other) {
  const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  return dot(one, other) / Math.sqrt(dot(one, one) * dot(other, other));
}

function runPython(script, ...args) {
  const { status } = spawnSync(python, [path.join(root, script), ...args], { stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new Error(`${script} exited with ${status}`);
}

function table(rows) {
  const percent = (part) => `${(100 * part).toFixed(1)}%`;
  const lines = rows.map(({ model, clips, deviation, largest, mean, cosine, agreement, accuracy }) => [
    model,
    String(clips),
    deviation.toFixed(2),
    largest.toFixed(4),
    mean.toFixed(4),
    cosine.toFixed(6),
    percent(agreement),
    accuracy === undefined ? '' : `${percent(accuracy.fp32)}, ${percent(accuracy.bf16)}`,
  ]);
  const heads = ['model', 'clips', 'deviation of logits', 'largest difference', 'mean difference'];
  const head = [...heads, 'lowest cosine of embeddings', 'same top-1', 'top-1 right (fp32, bf16)'];
  const row = (cells) => `| ${cells.join(' | ')} |`;
  return [`${cpus()[0].model}, bf16 against fp32`, '', row(head), row(head.map(() => '---')), ...lines.map(row)].join(
    '\n',
  );
}
