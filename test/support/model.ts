import { type AdjustmentRequest, adjusted } from '#lib/checkpoints/adjust';
import { openCheckpoint } from '#lib/checkpoints/checkpoint';
import { nativeSpec } from '#lib/checkpoints/native-spec';
import type { NativeModel } from '#lib/native/binding';
import { binding } from '#lib/native/runtime';

/** The native model behind a checkpoint, for what the public API does not show: prepared pixels, a forward of one's own. */
export async function nativeModel(name: string, adjustments: AdjustmentRequest = {}): Promise<NativeModel> {
  return binding().loadModel(nativeSpec(await adjusted(await openCheckpoint(name), adjustments))).promise;
}
