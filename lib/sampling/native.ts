/**
 * From the options' words to the native sampler's numbers. docs/sampling.md has the formulas.
 *
 * @module
 */
import type { NativeSampling } from '../native/binding';
import type { Family } from './family';
import { paperClips } from './protocols';
import { type ModelSampling, type TrainedSampling, interval, isSpacing, respaced, statedFrames } from './sampling';

/**
 * The native sampler's request.
 *
 * @param family - Decides how a video with too few frames is filled up, as each paper's code does: ViViT starts again
 *   from the first frame, the others repeat the last.
 */
export function toNativeSampling(
  {
    sampling = 'trained',
    start = 0,
    end,
  }: { sampling?: ModelSampling | undefined; start?: number | undefined; end?: number | undefined },
  trained: TrainedSampling,
  family: Family = 'videomae',
): NativeSampling {
  const wanted = isSpacing(sampling) ? respaced(trained, sampling) : trained;
  const mode = modeOf(sampling);
  const spacing = interval(wanted);
  return {
    mode: mode === 'trained' && spacing === null ? 'spread' : mode,
    frames: statedFrames(sampling) ?? wanted.frames,
    interval: mode === 'trained' ? (spacing ?? 0) : 0,
    padding: family === 'vivit' ? 'loop' : 'repeat-last',
    timestamps: typeof sampling === 'object' && 'timestamps' in sampling ? [...sampling.timestamps] : [],
    indices: typeof sampling === 'object' && 'indices' in sampling ? [...sampling.indices] : [],
    protocol: sampling === 'paper' ? paperClips(family, trained) : null,
    start,
    end: end ?? null,
  };
}
function modeOf(sampling: ModelSampling): NativeSampling['mode'] {
  if (sampling === 'paper') return 'protocol';
  if (typeof sampling === 'string') return sampling;
  if (isSpacing(sampling)) return 'trained';
  return 'timestamps' in sampling ? 'timestamps' : 'indices';
}
