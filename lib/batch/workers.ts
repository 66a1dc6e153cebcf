/**
 * How many clips a batch has in flight, and on how many threads.
 *
 * @module
 */
import { type Values, group, integer, oneOf } from '../base/rules';
import type { NativeWorkers } from '../native/binding';
import type { Order } from './finished-items';

/** Options of {@link Model.classifyAll} and {@link Model.embedAll}, beside those of a single call. */
export interface BatchOptions {
  /**
   * Items in flight at once: begun, or finished and not yet taken. With it memory is bounded, and how far inputs are
   * read ahead of what has been taken. Default: four times as many as the workers can have in their hands.
   */
  concurrency?: number | undefined;
  /**
   * In which order results come: 'input', that of the inputs, or 'completed', each as soon as it is there. Default
   * 'input'.
   */
  order?: Order | undefined;
  /**
   * Clips decoded and prepared at once, and forward passes at once, 1 to 1024 each. Default: as many as the process may
   * use CPUs, of both; the threads of the forward passes share the CPUs. On a GPU one forward pass.
   */
  workers?: { decode?: number | undefined; infer?: number | undefined } | undefined;
  /** Clips that may share a forward pass, 1 to 1024. Default 1 on a CPU, where one clip a thread is faster; 8 on a GPU. */
  maxBatch?: number | undefined;
  /** Milliseconds that a decoded clip may wait for others to share its forward pass with, 0 to 60000. Default 20. */
  maxDelayMs?: number | undefined;
}

/** @internal */
export const batchRules = {
  concurrency: integer(1, 65_536),
  order: oneOf('input', 'completed'),
  workers: group({ decode: integer(1, 1024), infer: integer(1, 1024) }),
  maxBatch: integer(1, 1024),
  maxDelayMs: integer(0, 60_000),
};

/** Checked options. */
export type BatchRequest = Partial<Values<typeof batchRules>>;

/** What a batch works with. */
export interface Workforce {
  concurrency: number;
  workers: NativeWorkers;
}

const defaultDelay = 20;
const gpuBatch = 8;
const itemsPerHand = 4;

/**
 * The workers that the options ask for; docs/batch.md explains the defaults.
 *
 * @param cpus - CPUs that the process may use.
 * @param model - Where it runs, and threads that one of its forward passes has work for.
 */
export function workforce(
  { workers, maxBatch, maxDelayMs, concurrency }: BatchRequest,
  cpus: number,
  { device, threads }: { device: string; threads: number },
): Workforce {
  const onCpu = device === 'cpu';
  const decode = workers?.decode ?? cpus;
  const infer = workers?.infer ?? (onCpu ? cpus : 1);
  const clips = maxBatch ?? (onCpu ? 1 : gpuBatch);
  const items = concurrency ?? itemsPerHand * (decode + infer * clips);
  return {
    concurrency: items,
    workers: {
      decode,
      infer,
      threads: Math.max(1, Math.min(threads, Math.floor(cpus / infer))),
      maxBatch: clips,
      maxDelayMs: maxDelayMs ?? defaultDelay,
      maxQueue: items,
    },
  };
}
