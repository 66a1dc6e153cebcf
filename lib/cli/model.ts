/**
 * One model for all the files of a command.
 *
 * @module
 */
import { type LoadOptions, load } from '../load';
import type { Model } from '../model';
import type { Session } from './session';

/** Loads a model, lends it, and disposes of it. */
export async function withModel<T>(
  name: string | undefined,
  session: Session,
  use: (model: Model) => Promise<T>,
  options: LoadOptions = {},
): Promise<T> {
  const model = await load(name, { ...options, signal: session.signal });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}
