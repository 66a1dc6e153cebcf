import assert from 'node:assert/strict';
import { cp, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { classify, load } from '#lib/index';

import { readFloats, writeArray } from '../support/arrays';
import { inRoot } from '../support/paths';
import { runPython } from '../support/python';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const [clip = ''] = samples;
const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 345000000\n';

/** safetensors with a prefix before every name. */
function prefixed(bytes: Buffer, prefix: string): Buffer {
  const length = Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, 8 + length)) as Record<string, unknown>;
  const names = Object.entries(header).map(([name, value]) => [name === '__metadata__' ? name : prefix + name, value]);
  const text = Buffer.from(JSON.stringify(Object.fromEntries(names)));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([size, text, bytes.subarray(8 + length)]);
}

describe('a checkpoint folder as others leave it', function () {
  this.timeout(60_000);
  const suite = suiteFolder('forms');

  async function copy(changes: Record<string, unknown> = {}): Promise<string> {
    const folder = join(await mkdtemp(join(suite(), 'copy-')), 'model');
    await cp(inRoot('models', 'motion-videomae'), folder, { recursive: true });
    const file = join(folder, 'config.json');
    const config = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...config, ...changes }));
    return folder;
  }

  for (const prefix of ['module.', 'model.', '_orig_mod.', '_orig_mod.module.']) {
    it(`may have ${prefix} before all names of tensors`, async () => {
      const folder = await copy();
      const file = join(folder, 'model.safetensors');
      await writeFile(file, prefixed(await readFile(file), prefix));
      const expected = await classify(clip, { model: 'motion-videomae', logits: true });
      assert.deepEqual((await classify(clip, { model: folder, logits: true })).logits, expected.logits);
    });
  }

  it('may have numbers as labels', async () => {
    const id2label = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [index, 100 + index]));
    const { predictions } = await classify(clip, { model: await copy({ id2label }) });
    for (const { label, index } of predictions) assert.equal(label, String(100 + index));
  });

  it('may be of several classes at once', async () => {
    const checkpoint = await copy({ problem_type: 'multi_label_classification' });
    await using model = await load(checkpoint);
    assert.equal(model.info.scores, 'sigmoid');
    const options = { topK: 10, logits: true } as const;
    const answers = [
      await model.classify(clip, options),
      await model.classify(clip, { ...options, sampling: 'paper' }),
      ...(await model.classify(clip, { ...options, windows: { length: 1 } })).windows,
    ];
    for await (const { result } of model.classifyAll([clip], options)) answers.push(result!);

    const [file, out] = [join(checkpoint, 'logits.f32'), join(checkpoint, 'scores.f32')];
    for (const { logits, predictions } of answers) {
      await writeArray(file, logits!);
      await runPython('test/reference/sigmoid.py', file, out, '10');
      const expected = await readFloats(out);
      for (const { index, score } of predictions) assert.ok(Math.abs(score - expected[index]!) < 1e-6);
    }
    const other = await model.classify(clip, { topK: 10, scores: 'softmax' });
    assert.equal(other.scores, 'softmax');
    assert.ok(Math.abs(other.predictions.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-5);
  });

  for (const name of ['model.safetensors', 'config.json', 'preprocessor_config.json']) {
    it(`is refused with a Git LFS pointer for ${name}`, async () => {
      const model = await copy();
      await writeFile(join(model, name), pointer);
      await rejectsWith(classify(clip, { model }), 'MODEL_INVALID', /Git LFS pointer.*git lfs pull/);
    });
  }

  it('is refused when it holds a PEFT adapter alone', async () => {
    const model = await copy();
    await writeFile(join(model, 'adapter_config.json'), '{}');
    await rename(join(model, 'model.safetensors'), join(model, 'adapter_model.safetensors'));
    await rejectsWith(classify(clip, { model }), 'MODEL_INVALID', /PEFT adapter.*merge_and_unload/);
    await rm(join(model, 'config.json'));
    await rejectsWith(classify(clip, { model }), 'MODEL_INVALID', /PEFT adapter.*merge_and_unload/);
  });

  it('is not looked for when there is no video', async () => {
    await rejectsWith(classify('missing.mp4', { model: 'no/model' }), 'FILE_NOT_FOUND', /missing\.mp4/);
  });
});
