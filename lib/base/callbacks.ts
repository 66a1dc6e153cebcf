/**
 * The caller's own functions.
 *
 * @module
 */
import { TubeletError, messageOf } from './errors';

/**
 * A function of the caller's: what it throws is the caller's fault.
 *
 * @param caller - The public function that was given it.
 * @param name - The option that holds it.
 */
export function guarded<T>(caller: string, name: string, report: (value: T) => void): (value: T) => void {
  return (value) => {
    try {
      report(value);
    } catch (error) {
      throw new TubeletError('INVALID_ARGUMENT', `${caller}: '${name}' threw: ${messageOf(error)}`, { cause: error });
    }
  };
}
