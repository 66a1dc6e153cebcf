/**
 * One model for all the files of a command.
 *
 * @module
 */
import { defaultModel } from '../../checkpoints/locate';
import { type LoadOptions, load } from '../../api/load';
import type { Model } from '../../api/model';
import { showProgress } from './progress';
import type { Session } from './session';

/** Loads a model, lends it, and disposes of it. */
export async function withModel<T>(
  name: string | undefined,
  session: Session,
  use: (model: Model) => Promise<T>,
  options: LoadOptions = {},
  { quiet = false } = {},
): Promise<T> {
  const model = await loadShown(name, session, options, { quiet });
  try {
    return await use(model);
  } finally {
    await model.dispose();
  }
}

/** Loads a model and, unless `quiet`, shows how a download goes. */
export async function loadShown(
  name: string | undefined,
  session: Session,
  options: LoadOptions = {},
  { quiet = false } = {},
): Promise<Model> {
  if (quiet) return load(name, { ...options, signal: session.signal });
  const { onProgress, end } = showProgress(session, name ?? defaultModel());
  try {
    return await load(name, { ...options, signal: session.signal, onProgress });
  } finally {
    end();
  }
}
