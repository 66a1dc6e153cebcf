// batch-server MODEL: answers 200 requests while nothing else happens and while a batch runs, and says how long each took.

import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';

import { load } from '#lib/index';

import { argument, say, shortVideo, video } from './support';

const requests = 200;

function request(port: number, agent: Agent): Promise<number> {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    get({ port, agent }, (response) => {
      response.resume().once('end', () => {
        resolve(performance.now() - start);
      });
    }).once('error', reject);
  });
}

async function latencies(port: number, agent: Agent): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < requests; i++) {
    found.push(await request(port, agent));
    await new Promise((next) => setTimeout(next, 2));
  }
  return found;
}

async function main(): Promise<void> {
  const model = await load(argument(0));
  const server = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((listening) => server.listen(0, listening));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });

  await latencies(port, agent); // what is compiled once is not what this is about
  say('idle', await latencies(port, agent));

  function* clips(): Generator<string> {
    for (;;) yield* [video, shortVideo];
  }
  const batch = model.classifyAll(clips());
  const consumed = (async () => {
    for await (const { error } of batch) if (error !== undefined) throw error;
  })();
  say('busy', await latencies(port, agent));
  say('items', batch.summary.items);
  await batch.return();
  await consumed;
  agent.destroy();
  server.close();
  await model.dispose();
}

void main();
