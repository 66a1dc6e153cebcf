import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type Answers, answersOf, apart, embeddingTolerance, logitsTolerance } from '../support/logits';
import { runPython } from '../support/python';
import { suiteFolder } from '../support/temp';

/** Every published shape of the three families, and what test/reference/checkpoints.py makes it from. */
const sizes: [name: string, ...options: string[]][] = [
  ['VideoMAE-small', '--family', 'videomae', '--size', 'small'],
  ['VideoMAE-base', '--family', 'videomae', '--size', 'base'],
  ['VideoMAE-base, something-something', '--family', 'videomae', '--size', 'base', '--classes', '174'],
  ['VideoMAE-base, self-supervised', '--family', 'videomae', '--size', 'base', '--pretraining'],
  ['VideoMAE-large', '--family', 'videomae', '--size', 'large'],
  ['VideoMAE-huge', '--family', 'videomae', '--size', 'huge'],
  ['TimeSformer-base', '--family', 'timesformer', '--size', 'base'],
  ['TimeSformer-base, Kinetics-600', '--family', 'timesformer', '--size', 'base', '--classes', '600'],
  ['TimeSformer-HR', '--family', 'timesformer', '--size', 'hr'],
  ['TimeSformer-HR, something-something', '--family', 'timesformer', '--size', 'hr', '--classes', '174'],
  ['TimeSformer-L', '--family', 'timesformer', '--size', 'long'],
  [
    'TimeSformer-L, something-something',
    ...['--family', 'timesformer', '--size', 'long', '--frames', '64', '--classes', '174'],
  ],
  ['ViViT-B/16x2', '--family', 'vivit', '--size', 'base'],
];

/** Takes several GB of disk and of memory, one size at a time. */
describe('every published size at full depth, against transformers', function () {
  this.timeout(3_600_000);
  const folder = suiteFolder('sizes');
  const rows: string[] = [];

  for (const [name, ...options] of sizes) {
    it(name, async () => {
      const checkpoint = join(folder(), 'checkpoint');
      await runPython('test/reference/checkpoints.py', checkpoint, ...options, '--seed', '3');
      try {
        const answers = await answersOf(checkpoint, folder(), { exact: true });
        rows.push(row(name, answers));
        const { logits, embedding } = apart(answers.ours, answers.theirs);
        assert.ok(logits <= logitsTolerance, `logits differ by ${logits}`);
        assert.ok(embedding <= embeddingTolerance, `embeddings differ by ${embedding}`);
      } finally {
        await rm(checkpoint, { recursive: true });
      }
    });
  }

  // The table of docs/models.md.
  after(() => {
    console.log(['', ...rows, ''].join('\n'));
  });
});

/** Largest logit; differences of logits: ours from transformers', and both from float64's; of embeddings. */
function row(name: string, { ours, theirs, exact }: Answers): string {
  assert.ok(exact);
  const shown = (value: number): string => value.toExponential(1);
  const largest = theirs.logits.reduce((most, logit) => Math.max(most, Math.abs(logit)), 0);
  const pairs = [apart(ours, theirs), apart(ours, exact), apart(theirs, exact)];
  const logits = pairs.map((pair) => (largest > 0 ? shown(pair.logits) : '–'));
  const cells = [largest > 0 ? largest.toFixed(1) : '–', ...logits, ...pairs.map(({ embedding }) => shown(embedding))];
  return `| ${[name, ...cells].join(' | ')} |`;
}
