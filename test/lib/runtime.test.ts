import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { binding } from '#lib/native/runtime';

import { inRoot } from '../support/paths';
import { suiteFolder } from '../support/temp';

describe('the native addon', () => {
  const folder = suiteFolder('runtime');

  it('says what it runs on', () => {
    const { torch, libavformat, libavcodec, cpu } = binding().versions();
    assert.match(torch, /^2\./);
    assert.match(libavformat, /^\d+\./);
    assert.match(libavcodec, /^\d+\./);
    assert.ok(cpu.length > 0);
    assert.ok(binding().availableCpus() >= 1);
  });

  it('that cannot load is RUNTIME_NOT_FOUND, with what was looked for, where, and the remedy', async () => {
    const script = `
      const { probe } = require(${JSON.stringify(inRoot('dist', 'index.js'))});
      probe('a.mp4').catch(({ code, message }) => console.log(JSON.stringify({ code, message })));`;
    const libtorch = join(folder(), 'nowhere');
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', script], {
      env: { ...process.env, TUBELET_LIBTORCH: libtorch },
    });
    const { code, message } = JSON.parse(stdout) as { code: string; message: string };
    assert.equal(code, 'RUNTIME_NOT_FOUND');
    assert.ok(message.includes(join(libtorch, 'lib', 'libtorch_cpu.so')), message);
    assert.match(message, /named by TUBELET_LIBTORCH/);
    assert.match(message, /No such file/);
    assert.match(message, /npm run setup/);
  });
});
