/**
 * From the arguments of a public function to a batch.
 *
 * @module
 */
import type { CallSite } from '../base/errors';
import { withVideo } from '../inputs/with-video';
import type { ClipRequest, LoadedModel } from '../models/loaded';
import { binding } from '../native/runtime';
import type { ClipReading } from '../options/reading';
import { Batch } from './batch';
import { readInputs } from './inputs';
import { type BatchRequest, workforce } from './workers';

/**
 * A batch of a model. Nothing begins before its first item is asked for.
 *
 * @param caller - The public function's name, for messages.
 * @param site - Where that was called.
 * @param inputs - What its caller passed.
 * @param request - Checked options of one call and of the batch.
 * @param use - One call.
 * @throws TubeletError INVALID_ARGUMENT
 */
export function startBatch<I, R, Options extends ClipReading>(
  caller: string,
  site: CallSite,
  model: LoadedModel,
  inputs: unknown,
  request: Options & BatchRequest,
  use: (fork: LoadedModel, request: Options & ClipRequest) => Promise<R>,
): Batch<I, R> {
  model.requireSampling(request);
  const { concurrency, workers } = workforce(request, binding().availableCpus(), model.info);
  return new Batch<I, R>({
    inputs: readInputs(caller, inputs),
    open: () => {
      const fork = model.fork(workers);
      return {
        work: (video, end) =>
          withVideo(caller, video, { ...request, signal: end }, (input, signal) =>
            use(fork, { ...request, input, signal }),
          ),
        get queue() {
          return fork.queue;
        },
        close: () => fork.dispose(),
      };
    },
    order: request.order ?? 'input',
    concurrency,
    workers,
    signal: request.signal,
    site,
  });
}
