/**
 * The published test protocol of each family, as its paper's own code has it: which clips of a video, which crops of
 * their frames, and how the answers to all of them are put together. docs/sampling.md has the rules and their sources.
 *
 * @module
 */
import type { AdjustmentRequest } from './adjust';
import type { NativeProtocol, NativeViews } from './binding';
import type { Checkpoint } from './checkpoint';
import type { Family } from './config';
import { invalid } from './options';
import { paperRange } from './preprocessing';
import type { TrainedSampling } from './sampling';

interface Protocol extends Pick<NativeViews, 'crops' | 'filter' | 'roundUp' | 'average'> {
  clips: number;
  /** Of checkpoints whose clips are spread evenly; `null`: none was published. */
  evenly: Pick<NativeProtocol, 'name' | 'clips'> | null;
  /** How much larger than the model's input a frame's short side is made. */
  margin: number;
}

const protocols: Record<Family, Protocol> = {
  videomae: {
    clips: 5,
    evenly: { name: 'videomae-even', clips: 2 },
    crops: 3,
    margin: 1,
    filter: 'opencv',
    roundUp: false,
    average: 'scores',
  },
  timesformer: {
    clips: 1,
    evenly: { name: 'timesformer-even', clips: 1 },
    crops: 3,
    margin: 1,
    filter: 'torch',
    roundUp: true,
    average: 'sum-of-logits',
  },
  vivit: {
    clips: 4,
    evenly: null,
    crops: 3,
    margin: 256 / 224,
    filter: 'tensorflow',
    roundUp: true,
    average: 'logits',
  },
};

/** How many views `sampling: 'paper'` looked at: `clips` times `crops`. */
export interface ViewCounts {
  /** Stretches of the video. */
  clips: number;
  /** Parts of each picture. */
  crops: number;
}

/**
 * The clips of a family's protocol.
 *
 * @throws TubeletError INVALID_ARGUMENT: none was published for clips that are spread evenly.
 */
export function paperClips(family: Family, { stride, fps }: TrainedSampling): NativeProtocol {
  const { clips, evenly } = protocols[family];
  if (stride !== null) return { name: family, clips, stride, fps };
  if (evenly !== null) return { ...evenly, stride: 1, fps };
  throw invalid(
    `There is no published test protocol for ${family} with frames spread evenly over the video: say the stride with ` +
      'load, { sampling: { stride: 2 } } for example, or choose another sampling than paper',
  );
}

/**
 * What a family's protocol does with the frames. What the caller of `load` said of `resize` and `range` goes before it.
 */
export function paperViews(
  {
    family,
    size,
    preprocessing,
  }: { family: Family } & Pick<Checkpoint['config'], 'size'> & Pick<Checkpoint, 'preprocessing'>,
  { resize, range }: Pick<AdjustmentRequest, 'resize' | 'range'>,
): NativeViews {
  const { crops, margin, filter, roundUp, average } = protocols[family];
  const side = Math.floor(Math.max(size.height, size.width) * margin);
  return {
    crops,
    filter: resize === 'antialias' ? 'antialias' : filter,
    roundUp,
    average,
    preprocessing: {
      ...preprocessing,
      ...(family === 'vivit' && range !== 'processor' && paperRange),
      resize: 'shortest-edge',
      resizeHeight: side,
      resizeWidth: side,
      cropHeight: size.height,
      cropWidth: size.width,
    },
  };
}
