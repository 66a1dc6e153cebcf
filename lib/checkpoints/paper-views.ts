/**
 * What a family's published test protocol does with the frames of its clips.
 *
 * @module
 */
import type { NativeViews } from '../native/binding';
import type { Family } from '../sampling/family';
import { protocols } from '../sampling/protocols';
import type { AdjustmentRequest } from './adjust';
import type { Checkpoint } from './checkpoint';
import { paperRange } from './preprocessing';

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
