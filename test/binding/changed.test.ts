import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { cp, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import { type TubeletError, load } from '#lib/index';
import { binding } from '#lib/native/runtime';

import { inRoot } from '../support/paths';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const [clip = ''] = samples;

describe('weights that somebody changes', function () {
  this.timeout(120_000);
  const folder = suiteFolder('changed');
  const path = (): string => join(folder(), 'model.safetensors');

  /** Two checkpoints that differ in one bias, and so in their logits. */
  const versions: { file: string; sha256: string; logits: Float32Array }[] = [];

  async function publish({ file }: { file: string }): Promise<void> {
    await symlink(file, `${path()}.new`);
    await rename(`${path()}.new`, path());
  }

  async function loadAndRun(): Promise<{ sha256: string; logits: Float32Array }> {
    const model = await load(folder());
    const { logits } = await model.classify(clip, { logits: true });
    await model.dispose();
    return { sha256: model.info.checkpoint.sha256, logits: logits! };
  }

  before(async () => {
    const source = inRoot('models', 'motion-vivit');
    for (const name of ['config.json', 'preprocessor_config.json']) await cp(join(source, name), join(folder(), name));
    const bytes = await readFile(join(source, 'model.safetensors'));
    for (const name of ['a', 'b']) {
      const file = join(folder(), `${name}.bytes`);
      await writeFile(file, bytes);
      await publish({ file });
      versions.push({ file, ...(await loadAndRun()) });
      const header = JSON.parse(bytes.toString('utf8', 8, 8 + Number(bytes.readBigUInt64LE(0)))) as Record<
        string,
        { data_offsets: [number, number] }
      >;
      const { data_offsets: place } = header['classifier.bias'] ?? assert.fail();
      bytes.writeFloatLE(7, 8 + Number(bytes.readBigUInt64LE(0)) + place[0]);
    }
    assert.notDeepEqual(versions[0]!.logits, versions[1]!.logits);
    for (const { file, sha256 } of versions) {
      assert.equal(
        sha256,
        createHash('sha256')
          .update(await readFile(file))
          .digest('hex'),
      );
    }
  });

  it('between being found and being opened are refused, also when they change back', async () => {
    await publish(versions[0]!);
    const spec = nativeSpec(await openCheckpoint(folder()));
    await publish(versions[1]!);
    await assert.rejects(binding().loadModel(spec).promise, {
      code: 'READ_FAILED',
      message: /changed while it was read/,
    });
    await publish(versions[0]!);
    await (await binding().loadModel(spec).promise).dispose();
  });

  it('are never told by the hash of others', async () => {
    const stop = new AbortController();
    const swaps = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) await publish(versions[i % 2]!);
    })();
    const outcomes = new Set<string>();
    // Until each has been seen; there are three things that can come of it.
    for (let i = 0; i < 2000 && outcomes.size < 3; i++) {
      const result = await loadAndRun().catch((error: unknown) => error as TubeletError);
      if (result instanceof Error) {
        assert.equal(result.code, 'READ_FAILED');
        assert.match(result.message, /model\.safetensors changed while it was read/);
        outcomes.add('refused');
      } else {
        const version = versions.find(({ sha256 }) => sha256 === result.sha256) ?? assert.fail();
        assert.deepEqual(result.logits, version.logits);
        outcomes.add(version.file);
      }
    }
    stop.abort();
    await swaps;
    assert.equal(outcomes.size, 3, [...outcomes].join());
  });
});
