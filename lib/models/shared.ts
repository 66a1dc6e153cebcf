/**
 * The models behind the top-level functions: loaded by the first call that needs one, shared by those that follow,
 * released when idle.
 *
 * @module
 */
import { resolve } from 'node:path';

import { abortable, throwIfAborted } from '../base/abort';
import { defaultModel } from '../checkpoints/locate';
import type { LoadedModel } from './loaded';
import { openModel } from './open';

/** How long a model stays in memory after its last call. */
const idleMilliseconds = 60_000;

/** What is shared: all that this file needs to know of a model. */
interface Disposable {
  dispose(): Promise<void>;
}

interface Entry<M> {
  model: Promise<M>;
  /** Stops the load when no call waits for it. */
  load: AbortController;
  loaded: boolean;
  users: number;
  idle?: NodeJS.Timeout;
}

/** A pool of things that are slow to open, by name. */
export class Shared<M extends Disposable> {
  private readonly entries = new Map<string, Entry<M>>();

  constructor(
    private readonly open: (name: string, signal: AbortSignal) => Promise<M>,
    private readonly idleTime: number,
  ) {}

  /**
   * Calls `use` with the thing of that name, opened by whoever came first. An abort ends this caller's waiting only; the
   * opening stops when all who waited have gone. A failed opening fails all who waited, and the next call tries again.
   *
   * @param check - Called where the thing is not open yet: what it throws saves the wait.
   */
  async with<T>(
    name: string,
    signal: AbortSignal | undefined,
    use: (model: M) => Promise<T>,
    check?: () => void,
  ): Promise<T> {
    throwIfAborted(signal);
    const known = this.entries.get(name);
    if (known?.loaded !== true) check?.();
    const entry = known ?? this.start(name);
    clearTimeout(entry.idle);
    entry.users++;
    try {
      return await use(await abortable(entry.model, signal));
    } finally {
      entry.users--;
      if (entry.users === 0) this.release(name, entry);
    }
  }

  private start(name: string): Entry<M> {
    const load = new AbortController();
    const entry: Entry<M> = { model: this.open(name, load.signal), load, loaded: false, users: 0 };
    this.entries.set(name, entry);
    entry.model.then(
      () => {
        entry.loaded = true;
      },
      () => {
        this.forget(name, entry);
      },
    );
    return entry;
  }

  private release(name: string, entry: Entry<M>): void {
    if (!entry.loaded) {
      this.forget(name, entry);
      entry.load.abort();
      // It may have been too late to stop it.
      void entry.model.then(
        (model) => model.dispose(),
        () => undefined,
      );
      return;
    }
    entry.idle = setTimeout(() => {
      this.forget(name, entry);
      void entry.model.then((model) => model.dispose());
    }, this.idleTime);
    entry.idle.unref(); // an idle model does not keep the process alive
  }

  private forget(name: string, entry: Entry<M>): void {
    if (this.entries.get(name) === entry) this.entries.delete(name);
  }
}

const models = new Shared<LoadedModel>((name, signal) => openModel(name, { signal }), idleMilliseconds);

/**
 * Calls `use` with the shared model of that name, the default one without. Where it is not loaded yet, `check` is called
 * first: what it throws saves the wait.
 */
export function withSharedModel<T>(
  name: string | undefined,
  signal: AbortSignal | undefined,
  use: (model: LoadedModel) => Promise<T>,
  check: () => void,
): Promise<T> {
  const wanted = name ?? defaultModel();
  // A relative path means the folder it meant at the time of the call.
  return models.with(wanted.startsWith('.') ? resolve(wanted) : wanted, signal, use, check);
}
