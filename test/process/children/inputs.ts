// inputs MODEL ROUNDS: reads videos of every kind, good and bad, and says what the process held after each round.

import { createReadStream, readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { type EncodedVideo, type RawFrames, load, probe, readFrames } from '#lib/index';

import { temporaryFiles } from '../../support/descriptors';
import { until } from '../../support/waiting';
import { argument, say, shortVideo } from './support';

function held(): { resident: number; descriptors: number; threads: number } {
  return {
    resident: process.memoryUsage.rss(),
    descriptors: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
  };
}

async function main(): Promise<void> {
  const bytes = readFileSync(shortVideo);
  const server = createServer((request, response) => {
    // Kept-alive connections would come and go with the clock.
    response.setHeader('connection', 'close').end(request.url === '/cut' ? bytes.subarray(0, 5000) : bytes);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const at = (path: string): URL => new URL(path, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);

  const model = await load(argument(0));
  const frames: RawFrames = await readFrames(shortVideo, { model: argument(0) });
  const stalled = (): Readable => {
    const stream = new Readable({ read: () => undefined });
    stream.push(bytes);
    return stream;
  };
  const encoded: (() => EncodedVideo)[] = [
    () => shortVideo,
    () => bytes,
    () => bytes.subarray(0, 5000),
    () => createReadStream(shortVideo),
    () => new Blob([bytes]),
    () => new Blob([bytes]).stream(),
    () => at('/clip.mp4'),
    () => at('/cut'),
    () => Readable.from(['text']),
    stalled,
  ];

  const rounds = [];
  for (let round = 0; round < Number(argument(1)); round++) {
    const options = { timeoutMs: 400 };
    await Promise.allSettled([
      ...encoded.map((make) => model.classify(make(), options)),
      ...encoded.map((make) => probe(make(), options)),
      model.embed(frames, options),
    ]);
    await until(() => temporaryFiles() === 0, 'the temporary files are closed');
    globalThis.gc?.();
    rounds.push(held());
  }
  say('rounds', rounds);
  await model.dispose();
  server.closeAllConnections();
  server.close();
}

void main();
