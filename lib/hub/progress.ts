/**
 * The caller's own report of a download's progress.
 *
 * @module
 */
import { TubeletError, messageOf } from '../base/errors';
import type { DownloadProgress } from './blob';

/**
 * The caller's own function: what it throws is no fault of tubelet's.
 *
 * @internal
 */
export function guarded(caller: string, report: (progress: DownloadProgress) => void): typeof report {
  return (progress) => {
    try {
      report(progress);
    } catch (error) {
      const reason = messageOf(error);
      throw new TubeletError('INVALID_ARGUMENT', `${caller}: 'onProgress' threw: ${reason}`, { cause: error });
    }
  };
}
