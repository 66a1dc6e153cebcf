/**
 * The published test protocol of each family, as its paper's own code has it: which clips of a video, which crops of
 * their frames, and how the answers to all of them are put together. docs/sampling.md has the rules and their sources.
 *
 * @module
 */
import { invalid } from '../base/rules';
import type { NativeProtocol, NativeViews } from '../native/binding';
import type { Family } from './family';
import type { TrainedSampling } from './sampling';

interface Protocol extends Pick<NativeViews, 'crops' | 'filter' | 'roundUp' | 'average'> {
  clips: number;
  /** Of checkpoints whose clips are spread evenly; `null`: none was published. */
  evenly: Pick<NativeProtocol, 'name' | 'clips'> | null;
  /** How much larger than the model's input a frame's short side is made. */
  margin: number;
}

export const protocols: Record<Family, Protocol> = {
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
