import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { getEventListeners } from 'node:events';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';

import { type EncodedVideo, type TubeletErrorCode, probe, readFrames } from '#lib/index';

import { temporaryFiles } from '../support/descriptors';
import { inRoot } from '../support/paths';
import { rejectsWith } from '../support/rejects';
import { suiteFolder } from '../support/temp';
import { bestOf, until } from '../support/waiting';

const clip = inRoot('samples', 'pan-right.mp4');

/** A stream that gives some bytes and then nothing more, and what became of it. */
interface Stalled {
  video: EncodedVideo;
  ended: () => boolean;
}

const stalled: Record<string, (bytes: Buffer) => Stalled> = {
  'a Readable': (bytes) => {
    const video = new Readable({ read: () => undefined });
    video.push(bytes);
    return { video, ended: () => video.destroyed };
  },
  'a web stream': (bytes) => {
    let cancelled = false;
    const video = new ReadableStream({
      start: (controller) => {
        controller.enqueue(bytes);
      },
      cancel: () => {
        cancelled = true;
      },
    });
    return { video, ended: () => cancelled };
  },
  'an iterable': (bytes) => {
    let returned = false;
    let given = false;
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => {
        if (given) return new Promise(() => undefined);
        given = true;
        return Promise.resolve({ value: bytes });
      },
      return: () => {
        returned = true;
        return Promise.resolve({ done: true, value: undefined });
      },
    };
    return { video: { [Symbol.asyncIterator]: () => iterator }, ended: () => returned };
  },
};

describe('a stream', function () {
  this.timeout(120_000);
  const folder = suiteFolder('streams');
  const { TMPDIR } = process.env;
  let bytes: Buffer;

  before(async () => {
    process.env['TMPDIR'] = folder();
    bytes = await readFile(clip);
    await probe(clip); // what the addon opens, it opens once
  });
  afterEach(async () => {
    await until(() => temporaryFiles() === 0, 'the temporary files are closed');
    assert.deepEqual(await readdir(folder()), [], 'a temporary file was left behind');
  });
  after(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  });

  it('is copied to one file without a name, which is closed when the call is over', async () => {
    let most = 0;
    const names: string[] = [];
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += 4096) {
        yield bytes.subarray(at, at + 4096);
        most = Math.max(most, temporaryFiles());
        names.push(...(await readdir(folder())));
      }
    }
    await readFrames(chunks());
    assert.equal(most, 1);
    assert.deepEqual(names, []);
    assert.equal(temporaryFiles(), 0);
  });

  it('is asked for the next chunk when the last one has been written', async () => {
    let asked = 0;
    let pending = 0;
    const video = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          assert.equal(++pending, 1, 'asked twice at once');
          await new Promise(setImmediate);
          pending--;
          const value = bytes.subarray(asked * 1000, ++asked * 1000);
          return value.length === 0 ? { done: true as const, value: undefined } : { value };
        },
      }),
    };
    await readFrames(video);
    assert.equal(asked, Math.ceil(bytes.length / 1000) + 1);
  });

  it('that is fast does not pile up in memory', async () => {
    // 512 MB of garbage: what is not written yet would show.
    const chunk = Buffer.alloc(1 << 20, 1);
    let left = 512;
    const video = new Readable({
      read() {
        this.push(left-- > 0 ? chunk : null);
      },
    });
    const before = process.memoryUsage.rss();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
    await rejectsWith(probe(video), 'NOT_A_VIDEO', /^<stream> is not a video/);
    clearInterval(watch);
    assert.ok(most - before < 128 << 20, `grew by ${(most - before) >> 20} MB`);
  });

  it('may have as many bytes as the limit allows, and not one more', async () => {
    const limit = (most: number): { limits: { bytes: number } } => ({ limits: { bytes: most } });
    for (const open of [
      () => createReadStream(clip),
      () => new Blob([bytes]),
      () => new Blob([bytes]).stream(),
      () => bytes,
      () => clip,
    ]) {
      await readFrames(open(), limit(bytes.length));
      const message = new RegExp(
        `has (at least )?${bytes.length} bytes; the limit is ${bytes.length - 1}\\. .*\`bytes\``,
      );
      await rejectsWith(readFrames(open(), limit(bytes.length - 1)), 'LIMIT_EXCEEDED', message);
    }
  });

  it('without an end is ended at the limit', async () => {
    const chunk = Buffer.alloc(1 << 16);
    const video = new Readable({
      read() {
        this.push(chunk);
      },
    });
    const work = readFrames(video, { limits: { bytes: 10 << 20 } });
    await rejectsWith(work, 'LIMIT_EXCEEDED', /<stream> has at least \d+ bytes; the limit is 10485760/);
    assert.ok(video.destroyed);
  });

  const failing: [what: string, make: () => EncodedVideo, code: TubeletErrorCode, message: RegExp][] = [
    ['fails', () => failAfter(bytes, new Error('the cable')), 'READ_FAILED', /Cannot read <stream>: .* the cable$/],
    ['fails at once', () => failAfter(Buffer.alloc(0), new Error('the plug')), 'READ_FAILED', /the plug$/],
    ['is destroyed', destroyedLater, 'READ_FAILED', /Cannot read <stream>: it broke off\. Premature close$/],
    ['was destroyed', () => createReadStream(clip).destroy(), 'READ_FAILED', /it was destroyed before$/],
    ['is locked', lockedStream, 'READ_FAILED', /it is locked: another reader has it$/],
    ['gives text', () => Readable.from(['a', 'b']), 'INVALID_ARGUMENT', /chunks of bytes, got 'a' .*: set no encoding/],
    ['has an encoding', () => createReadStream(clip, 'latin1'), 'INVALID_ARGUMENT', /set no encoding on the stream$/],
    ['gives objects', () => Readable.from([{ a: 1 }]), 'INVALID_ARGUMENT', /got \{ a: 1 \}$/],
    [
      'gives text, as the web does',
      () => Readable.toWeb(Readable.from([7])) as EncodedVideo,
      'INVALID_ARGUMENT',
      /got 7/,
    ],
    ['fails, as the web does', webFailure, 'READ_FAILED', /it broke off\. the mast$/],
    ['throws', throwing, 'READ_FAILED', /it broke off\. the pen$/],
  ];

  function failAfter(content: Buffer, error: Error): Readable {
    const stream = new Readable({ read: () => undefined });
    if (content.length > 0) stream.push(content);
    setImmediate(() => stream.destroy(error));
    return stream;
  }
  function destroyedLater(): Readable {
    const stream = new Readable({ read: () => undefined });
    stream.push(bytes.subarray(0, 1000));
    setImmediate(() => stream.destroy());
    return stream;
  }
  function lockedStream(): ReadableStream {
    const stream = new Blob([bytes]).stream();
    stream.getReader();
    return stream;
  }
  function webFailure(): ReadableStream {
    return new ReadableStream({
      pull: (controller) => {
        controller.error(new Error('the mast'));
      },
    });
  }
  async function* throwing(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(bytes);
    throw new Error('the pen');
  }

  for (const [what, make, code, message] of failing) {
    it(`that ${what}: ${code}`, async () => {
      const error = await rejectsWith(readFrames(make()), code, message);
      if (code === 'READ_FAILED' && /the \w+$/.test(error.message))
        assert.match((error.cause as Error).message, /^the \w+$/);
      assert.match(error.stack?.split('\n    at ')[1] ?? '', /inputs-streams\.test/);
    });
  }

  it('that was read to its end before: READ_FAILED', async () => {
    const stream = createReadStream(clip);
    await stream.toArray();
    await rejectsWith(readFrames(stream), 'READ_FAILED', /it was read to its end before$/);
  });

  it('is ended when the call fails for another reason', async () => {
    const text = new Readable({ read: () => undefined, objectMode: true });
    text.push('text');
    await rejectsWith(readFrames(text), 'INVALID_ARGUMENT', /chunks of bytes/);
    assert.ok(text.destroyed);
  });

  it('that cannot be copied: WRITE_FAILED, with advice', async () => {
    process.env['TMPDIR'] = join(folder(), 'missing');
    const stream = createReadStream(clip);
    try {
      await rejectsWith(readFrames(stream), 'WRITE_FAILED', /Cannot copy <stream> to .*missing: ENOENT.* TMPDIR/);
    } finally {
      process.env['TMPDIR'] = folder();
    }
    assert.ok(stream.destroyed);
  });

  for (const [what, make] of Object.entries(stalled)) {
    it(`(${what}) that stalls ends within 100 ms of an abort, with the signal's reason`, async () => {
      const late = await bestOf(5, async () => {
        const { video, ended } = make(bytes.subarray(0, 5000));
        const controller = new AbortController();
        const work = readFrames(video, { signal: controller.signal });
        await until(() => temporaryFiles() > 0, 'the copy has begun');
        await new Promise((resolve) => setTimeout(resolve, 30));
        const start = performance.now();
        const reason = new Error('enough');
        controller.abort(reason);
        await assert.rejects(work, (error) => error === reason);
        assert.ok(ended(), 'the stream goes on');
        assert.deepEqual(getEventListeners(controller.signal, 'abort'), []);
        return performance.now() - start;
      });
      assert.ok(late < 100, `${late} ms`);
    });

    it(`(${what}) that stalls ends within 100 ms of the time limit, with TIMEOUT`, async () => {
      const late = await bestOf(5, async () => {
        const { video, ended } = make(bytes.subarray(0, 5000));
        const start = performance.now();
        const error = await rejectsWith(readFrames(video, { timeoutMs: 60 }), 'TIMEOUT', /'timeoutMs' allows, 60 ms/);
        assert.ok(ended(), 'the stream goes on');
        assert.match(error.stack?.split('\n    at ')[1] ?? '', /inputs-streams\.test/);
        return performance.now() - start - 60;
      });
      assert.ok(late >= -2 && late < 100, `${late} ms`);
    });

    it(`(${what}) is ended by a signal that is aborted already`, async () => {
      const { video, ended } = make(bytes);
      const reason = new Error('before');
      await assert.rejects(readFrames(video, { signal: AbortSignal.abort(reason) }), (error) => error === reason);
      assert.ok(ended(), 'the stream goes on');
    });
  }

  it('leaves the descriptors as they were after 200 calls of every kind and outcome', async () => {
    const text = (): EncodedVideo => Readable.from(['text']);
    const kinds: (() => EncodedVideo)[] = [
      () => clip,
      () => bytes,
      () => createReadStream(clip),
      () => new Blob([bytes]),
      () => new Blob([bytes]).stream(),
      () => failAfter(bytes, new Error('the cable')),
      () => stalled['a Readable']!(bytes).video,
      () => Buffer.from('no video'),
      text,
      () => join(folder(), 'missing'),
    ];
    const round = async (): Promise<void> => {
      await Promise.allSettled(kinds.map((make) => readFrames(make(), { frames: 2, timeoutMs: 2000 })));
    };
    const settled = async (): Promise<number> => {
      await until(() => temporaryFiles() === 0, 'the temporary files are closed');
      return (await readdir('/proc/self/fd')).length;
    };
    await round();
    const before = await settled();
    // Many at a time: each round waits for the stream that stalls.
    await Promise.all(Array.from({ length: 20 }, round));
    assert.equal(await settled(), before);
  });
});
