// workers WHAT MODEL: worker threads that load and run models, and how they end.

import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

import { load } from '#lib/index';

import { argument, delay, isPending, loadForward, say, shortVideo, video } from './support';

interface Order {
  model: string;
  /** Starts forward passes that nobody waits for. */
  forwards: number;
}

async function inWorker({ model, forwards }: Order): Promise<void> {
  const loaded = await loadForward(model);
  const running = Array.from({ length: forwards }, () => loaded.forward().promise);
  if (forwards > 0) await delay(500);
  parentPort?.postMessage('ready');
  await Promise.all(running);
  // Holds the model until it is told to stop.
  parentPort?.once('message', () => {
    void loaded.model.dispose().then(() => parentPort?.close());
  });
}

async function startWorker(order: Order): Promise<Worker> {
  const worker = new Worker(__filename, { workerData: order });
  await new Promise((ready, fail) => {
    worker.once('message', ready);
    worker.once('error', fail);
  });
  return worker;
}

function exitOf(worker: Worker): Promise<number> {
  return new Promise((done) => {
    worker.once('exit', done);
  });
}

/** Two workers hold the same checkpoint; what does the second one cost? */
async function share(model: string): Promise<void> {
  // One after the other, so that what loading takes for a while is over.
  const workers: Worker[] = [];
  for (let i = 0; i < 2; i++) {
    const before = process.memoryUsage.rss();
    workers.push(await startWorker({ model, forwards: 0 }));
    await delay(200);
    say(`worker ${i}`, process.memoryUsage.rss() - before);
  }
  const held = process.memoryUsage.rss();
  for (const worker of workers) {
    const exited = exitOf(worker);
    worker.postMessage('stop');
    await exited;
  }
  say('released', held - process.memoryUsage.rss());
}

/** A worker is terminated in its forward pass; another model goes on working in the main thread. */
async function terminate(model: string): Promise<void> {
  const main = await loadForward(argument(2));
  for (let round = 0; round < 2; round++) {
    const worker = await startWorker({ model, forwards: 3 });
    const start = performance.now();
    await worker.terminate();
    say(`terminated ${round}`, performance.now() - start);
    say(`classes ${round}`, (await main.forward().promise).scores.length);
  }
}

/** A worker waits for its turn on a model that the main thread is running when it is terminated. */
async function terminateWaiting(model: string): Promise<void> {
  const main = await loadForward(model);
  const running = main.forward();
  running.promise.catch(() => undefined);
  const worker = await startWorker({ model, forwards: 2 });
  const start = performance.now();
  await worker.terminate();
  say('terminated', performance.now() - start);
  say('main still runs', await isPending(running.promise));
  running.cancel();
}

/** Workers that end while they load, over and over. */
async function terminateEarly(model: string): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const worker = new Worker(__filename, { workerData: { model, forwards: 5 } satisfies Order });
    await delay(30 * round);
    await worker.terminate();
  }
  say('survived');
}

/** The main thread exits while a worker is in its forward pass. */
async function exitMain(model: string): Promise<void> {
  await startWorker({ model, forwards: 3 });
  say('exiting');
  process.exit(7);
}

/** A worker exits by itself in its forward pass: that ends the worker, not the process. */
async function exitWorker(model: string): Promise<void> {
  const code = `
    const { loadForward, delay } = require(${JSON.stringify(require.resolve('./support'))});
    loadForward(${JSON.stringify(model)}).then(({ forward }) => {
      forward();
      setTimeout(() => process.exit(9), 500);
    });`;
  say('worker exited', await exitOf(new Worker(code, { eval: true })));
}

/** Workers are terminated in the middle of a batch, in forward passes and before one, while the main thread's goes on. */
async function terminateBatch(model: string): Promise<void> {
  const code = `
    const { load } = require(${JSON.stringify(require.resolve('#lib/index'))});
    const { parentPort, workerData } = require('node:worker_threads');
    void (async () => {
      const model = await load(${JSON.stringify(model)});
      const batch = model.classifyAll(Array(1000).fill(${JSON.stringify(video)}), workerData.options);
      batch.next();
      const timer = setInterval(() => {
        if (batch.summary.queue[workerData.state] < 2) return;
        clearInterval(timer);
        parentPort.postMessage('ready');
      }, 5);
    })();`;
  const main = await load(argument(2));
  const states = [
    { state: 'inferring', options: {} },
    { state: 'inferring', options: { maxBatch: 2, maxDelayMs: 60_000, workers: { infer: 1 } } },
    { state: 'ready', options: { maxBatch: 1024, maxDelayMs: 60_000, concurrency: 4 } },
  ];
  for (const [round, order] of states.entries()) {
    const worker = new Worker(code, { eval: true, workerData: order });
    const items = [];
    for await (const item of main.classifyAll(Array<string>(40).fill(shortVideo))) {
      items.push(item);
      if (items.length === 1) await new Promise((ready) => worker.once('message', ready));
      if (items.length === 5) await worker.terminate();
    }
    say(`results ${round}`, items.filter(({ error }) => error === undefined).length);
  }
  await main.dispose();
}

const scenarios = { terminateBatch, share, terminate, terminateWaiting, terminateEarly, exitMain, exitWorker };

if (isMainThread) {
  const scenario = scenarios[argument(0) as keyof typeof scenarios];
  void scenario(argument(1));
} else {
  void inWorker(workerData as Order);
}
