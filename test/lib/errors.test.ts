import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import vm from 'node:vm';
import { Worker } from 'node:worker_threads';

import { Aborted, TubeletError, asTubeletError, atCallSite } from '#lib/base/errors';
import { classify, embed, load, probe, readFrames } from '#lib/index';
import { inRoot } from '../support/paths';
import { suiteFolder } from '../support/temp';

function nativeError(code: string, reason?: string): Error {
  return Object.assign(new Error('the native words'), { code, ...(reason !== undefined && { reason }) });
}

async function failure(work: Promise<unknown>): Promise<Error> {
  const [result] = await Promise.allSettled([work]);
  assert.equal(result.status, 'rejected');
  assert.ok(result.reason instanceof Error);
  return result.reason;
}

describe('TubeletError', () => {
  it('prints with its name, code and cause', () => {
    const error = new TubeletError('NOT_A_VIDEO', 'a.mp4 is text', { cause: new Error('Invalid data') });
    assert.ok(error instanceof Error);
    assert.equal(error.name, 'TubeletError');
    const printed = inspect(error);
    assert.match(printed, /^TubeletError: a\.mp4 is text\n/);
    assert.match(printed, /code: 'NOT_A_VIDEO'/);
    assert.match(printed, /\[cause\]: Error: Invalid data/);
    assert.deepEqual(Object.keys(error), ['code']);
  });

  it('has no cause when there is none', () => {
    assert.ok(!('cause' in new TubeletError('BUSY', 'full')));
  });

  it('takes a native code and reason over', () => {
    const error = asTubeletError(nativeError('CORRUPT_VIDEO', "libav's words"));
    assert.equal(error.code, 'CORRUPT_VIDEO');
    assert.equal(error.message, 'the native words');
    assert.equal((error.cause as Error).message, "libav's words");
    assert.ok(!('cause' in asTubeletError(nativeError('BUSY'))));
  });

  it('is told by its code where it comes from another realm', () => {
    const foreign: unknown = vm.runInNewContext(
      "Object.assign(new Error('in use'), { code: 'OUTPUT_LOCKED', cause: 1 })",
    );
    assert.ok(!(foreign instanceof Error));
    const error = asTubeletError(foreign);
    assert.deepEqual([error.code, error.message, error.cause], ['OUTPUT_LOCKED', 'in use', 1]);
  });

  it('is INTERNAL for anything unknown, and keeps it as the cause', () => {
    for (const thrown of [new TypeError('oops'), nativeError('ENOENT'), nativeError('CANCELLED'), 'a string']) {
      const error = asTubeletError(thrown);
      assert.equal(error.code, 'INTERNAL');
      assert.equal(error.cause, thrown);
    }
  });
});

describe('an error in another thread or process', () => {
  const folder = suiteFolder('errors');
  const send = (how: string): string => `
    const { TubeletError } = require(${JSON.stringify(inRoot('dist', 'index.js'))});
    const error = new TubeletError('NOT_A_VIDEO', 'a.mp4 is text', { cause: new Error('Invalid data') });
    ${how}`;
  const wanted = { name: 'TubeletError', code: 'NOT_A_VIDEO', message: 'a.mp4 is text', cause: 'Invalid data' };

  it('keeps name, code, message and cause in JSON', () => {
    const error = new TubeletError('NOT_A_VIDEO', 'a.mp4 is text', { cause: new Error('Invalid data') });
    assert.deepEqual(JSON.parse(JSON.stringify(error)), wanted);
    assert.deepEqual(Object.keys(new TubeletError('BUSY', 'full').toJSON()), ['name', 'code', 'message']);
  });

  it('keeps them in a message between threads, by toJSON', async () => {
    const worker = new Worker(send("require('node:worker_threads').parentPort.postMessage(error.toJSON());"), {
      eval: true,
    });
    const [received] = (await once(worker, 'message')) as unknown[];
    assert.deepEqual(received, wanted);
    await worker.terminate();
  });

  for (const [serialization, message] of [
    ['json', 'error'],
    ['advanced', 'error.toJSON()'],
  ] as const) {
    it(`keeps them in a message between processes, ${serialization}`, async () => {
      const script = join(folder(), `${serialization}.cjs`);
      await writeFile(script, send(`process.send(${message});`));
      const child = fork(script, { serialization });
      const [received] = (await once(child, 'message')) as unknown[];
      assert.deepEqual(received, wanted);
    });
  }
});

/** Fails on a later tick and from another stack, as native work does. */
function publicFunction(error: unknown): Promise<never> {
  return atCallSite(async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw error;
  });
}

describe('the call site', () => {
  it('is where the stack of a late error starts', async () => {
    const error = await failure(publicFunction(nativeError('BUSY')));
    const [header, first] = (error.stack ?? '').split('\n');
    assert.equal(header, 'TubeletError: the native words');
    assert.match(first ?? '', /errors\.test/);
    assert.doesNotMatch(error.stack ?? '', /publicFunction|atCallSite/);
  });

  it('is this file for every public function', async () => {
    const wrong = 7 as unknown as string;
    const functions: ((what: string) => Promise<unknown>)[] = [classify, embed, probe, readFrames, load];
    for (const call of functions) {
      const error = await failure(call(wrong));
      const [, first] = (error.stack ?? '').split('\n');
      assert.match(first ?? '', /errors\.test/, call.name);
      assert.ok(error instanceof TubeletError);
      assert.equal(error.code, 'INVALID_ARGUMENT');
    }
  });

  it('lets an abort through with its own reason, whatever it is', async () => {
    for (const reason of [new Error('mine'), 'a string', { an: 'object' }]) {
      const [result] = await Promise.allSettled([publicFunction(new Aborted(AbortSignal.abort(reason)))]);
      assert.equal(result.status, 'rejected');
      assert.equal(result.reason, reason);
    }
  });

  it('survives stack traces that are switched off or made by somebody else', async () => {
    const { stackTraceLimit } = Error;
    const prepare = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
    try {
      Error.stackTraceLimit = 0;
      assert.equal((await failure(publicFunction(nativeError('BUSY')))).stack, 'TubeletError: the native words');
      Error.stackTraceLimit = stackTraceLimit;
      Error.prepareStackTrace = (_error, frames) => frames;
      assert.equal((await failure(publicFunction(nativeError('BUSY')))).stack, 'TubeletError: the native words');
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
      if (prepare === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
      else Object.defineProperty(Error, 'prepareStackTrace', prepare);
    }
  });
});
