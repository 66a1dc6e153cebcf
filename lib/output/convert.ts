/**
 * From a journal to the format that was asked for.
 *
 * @module
 */
import { TubeletError } from '../errors';
import type { RunIdentity } from './identity';

/** Makes the output from its journal, a temporary file at first. */
export async function convert(_journal: string, output: string, _identity: RunIdentity): Promise<void> {
  await Promise.reject(new TubeletError('INTERNAL', `Cannot make ${output} yet`));
}
