import assert from 'node:assert/strict';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { type ClassifyResult, type Model, TubeletError, load } from '#lib/index';

import { fixtureFolder, fixtures } from '../../test/fixtures/make.mjs';
import { makeHostileFiles } from '../process/hostile-files.js';
import { temporaryFiles } from '../support/descriptors.js';
import { inRoot } from '../support/paths.js';
import { suiteFolder } from '../support/temp.js';

/** What came of a file, as far as it does not depend on when that was. */
type Outcome = Omit<ClassifyResult, 'milliseconds'> | string;

function outcome(result: ClassifyResult): Outcome {
  const lasting: Partial<ClassifyResult> = { ...result };
  delete lasting.milliseconds;
  return lasting as Outcome;
}

function codeOf(error: unknown): string {
  return error instanceof TubeletError ? error.code : `untyped: ${String(error)}`;
}

async function alone(model: Model, paths: string[]): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const path of paths) outcomes.push(await model.classify(path, { logits: true }).then(outcome, codeOf));
  return outcomes;
}

/** Scores as near as two batch sizes give them: sums of the same numbers in another order. */
function assertClose(actual: Outcome, expected: Outcome, what: string): void {
  if (typeof actual === 'string' || typeof expected === 'string') {
    assert.deepEqual(actual, expected, what);
    return;
  }
  for (const [i, logit] of expected.logits!.entries()) {
    assert.ok(Math.abs(actual.logits![i]! - logit) < 1e-4 * Math.max(1, Math.abs(logit)), `${what}: logit ${i}`);
  }
  const rest = (result: typeof actual): object => ({ ...result, logits: undefined, predictions: undefined });
  assert.deepEqual(rest(actual), rest(expected), what);
}

describe('a folder of good and hostile files', function () {
  this.timeout(600_000);
  const folder = suiteFolder('batch');
  let paths: string[] = [];
  let expected: Outcome[] = [];
  let model: Model;

  before(async () => {
    const corpus = join(folder(), 'corpus');
    await mkdir(corpus);
    const { files } = await makeHostileFiles(corpus);
    const home = await fixtureFolder();
    const samples = (await readdir(inRoot('samples'))).filter((name) => name.endsWith('.mp4'));
    // Good ones among bad ones throughout.
    const groups = [
      fixtures.map(({ name }) => join(home, name)),
      files.map(({ path }) => path),
      samples.map((name) => inRoot('samples', name)),
    ];
    paths = groups
      .flatMap((group) => group.map((path, i) => ({ path, place: i / group.length })))
      .sort((a, b) => a.place - b.place)
      .map(({ path }) => path);
    model = await load('motion-videomae');
    expected = await alone(model, paths);
  });
  after(() => model.dispose());

  it('has many of both', () => {
    const failures = expected.filter((found) => typeof found === 'string');
    assert.ok(failures.length > 150 && expected.length - failures.length > 50, `${failures.length} failures`);
  });

  for (const order of ['input', 'completed'] as const) {
    it(`gives each file what it gives alone, in the order '${order}'`, async () => {
      const batch = model.classifyAll(paths, { logits: true, order, topK: 5 });
      const outcomes: Outcome[] = [];
      let place = 0;
      for await (const { input, index, result, error } of batch) {
        assert.equal(input, paths[index]);
        if (order === 'input') assert.equal(index, place++);
        outcomes[index] = result === undefined ? codeOf(error) : outcome(result);
      }
      assert.deepEqual(outcomes, expected);
      const failed = Object.values(batch.summary.failures).reduce((sum, count) => sum + count, 0);
      assert.deepEqual(
        [batch.summary.items, failed],
        [paths.length, expected.filter((o) => typeof o === 'string').length],
      );
    });
  }

  it('gives the same when clips share forward passes', async () => {
    const options = { logits: true, maxBatch: 4, workers: { infer: 1 } };
    for await (const { index, result, error } of model.classifyAll(paths, options)) {
      assertClose(result === undefined ? codeOf(error) : outcome(result), expected[index]!, paths[index]!);
    }
  });

  it('leaves nothing open', () => {
    assert.equal(temporaryFiles(), 0);
  });
});
