import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import { load } from '#lib/index';
import { binding } from '#lib/native/runtime';

import { difference } from '../support/arrays';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { samples } from '../support/samples';
import { suiteFolder } from '../support/temp';

const run = promisify(execFile);
const [clip = ''] = samples;
const model = 'motion-vivit';

/** The folder of the LibTorch that these tests run on. */
function libTorch(): string {
  const { libtorch } = JSON.parse(readFileSync(inRoot('build', 'runtime.json'), 'utf8')) as { libtorch: string };
  return process.env['TUBELET_LIBTORCH'] ?? libtorch;
}

/** GPUs that NVIDIA's own program counts; none where it is not there. */
async function countGpus(): Promise<number> {
  const { stdout } = await run('nvidia-smi', ['-L']).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter((line) => line.startsWith('GPU ')).length;
}

describe('the device of a model', function () {
  this.timeout(120_000);
  const folder = suiteFolder('device');

  it('is the CPU unless another is asked for, and every result says so', async () => {
    for (const options of [{}, { device: 'cpu' }] as const) {
      const loaded = await load(model, options);
      assert.equal(loaded.info.device, 'cpu');
      assert.equal((await loaded.classify(clip)).device, 'cpu');
      assert.equal((await loaded.embed(clip)).device, 'cpu');
      await loaded.dispose();
    }
  });

  it('is a GPU where there is one, with the same answers; else the reason is told', async () => {
    const gpus = existsSync(join(libTorch(), 'lib', 'libtorch_cuda.so')) ? await countGpus() : 0;
    const [first, automatic] = [await load(model), await load(model, { device: 'auto' })];
    assert.equal(automatic.info.device, gpus > 0 ? 'cuda:0' : 'cpu');
    const [expected, { logits, device }] = [
      await first.classify(clip, { logits: true }),
      await automatic.classify(clip, { logits: true }),
    ];
    assert.equal(device, automatic.info.device);
    // fp32 on both; what remains is the order of the sums. The logits are of order 1 to 10.
    assert.ok(difference(logits!, expected.logits!).largest < 1e-3);
    await Promise.all([first.dispose(), automatic.dispose()]);

    const found =
      gpus > 0
        ? /there are \d+ GPUs: cuda:0|the only GPU is cuda:0/
        : /this LibTorch is a (CPU build \(|CUDA build, but)/;
    await rejectsWith(load(model, { device: `cuda:${gpus}` }), 'DEVICE_UNAVAILABLE', found);
  });

  it('that is none is refused before anything is read', async () => {
    for (const device of ['gpu', 'CPU', 'cuda:', 'cuda:x', 'cuda:-1', 'cuda:01', 'cuda:0.5', 'cuda:1000', '', 0]) {
      await rejectsWith(
        load('no such model', { device: device as 'cpu' }),
        'INVALID_ARGUMENT',
        /option 'device' must be 'cpu', 'cuda', 'cuda:0' \(or another number\) or 'auto', got /,
      );
    }
    const spec = nativeSpec(await openCheckpoint(model));
    await assert.rejects(binding().loadModel({ ...spec, device: 'gpu' }).promise, { code: 'INVALID_ARGUMENT' });
  });

  it('is the CPU in a CUDA build whose CUDA half cannot be opened, and who asks for a GPU hears why', async () => {
    const lib = join(folder(), 'lib');
    await mkdir(lib);
    for (const name of await readdir(join(libTorch(), 'lib'))) {
      if (name !== 'libtorch_cuda.so') await symlink(join(libTorch(), 'lib', name), join(lib, name));
    }
    await writeFile(join(lib, 'libtorch_cuda.so'), 'no library');
    const script = `
      const { load } = require(${JSON.stringify(inRoot('dist', 'index.js'))});
      (async () => {
        const { info } = await load('${model}', { device: 'auto' });
        const { code, message } = await load('${model}', { device: 'cuda' }).catch((error) => error);
        console.log(JSON.stringify({ device: info.device, code, message }));
      })();`;
    const env = { ...process.env, TUBELET_LIBTORCH: folder() };
    const { stdout } = await run(process.execPath, ['-e', script], { env });
    const { device, code, message } = JSON.parse(stdout) as Record<'device' | 'code' | 'message', string>;
    assert.equal(device, 'cpu');
    assert.equal(code, 'DEVICE_UNAVAILABLE', message);
    assert.match(
      message,
      /^There is no device 'cuda': this LibTorch is a CUDA build, but its CUDA half cannot be opened/,
    );
    assert.ok(message.includes(`${join(lib, 'libtorch_cuda.so')}: `), message);
  });
});
