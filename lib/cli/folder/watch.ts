/**
 * One video with windows, which are heard of as they come: it may be hours long.
 *
 * @module
 */
import type { Model } from '../../api/model';
import type { EncodedVideo } from '../../inputs/recognise';
import type { WindowDetails } from '../../results/windows';
import type { Session } from '../base/session';
import { fit, timeline } from '../base/text';

/** What a command does with a video's windows. */
export interface Watch<R> {
  start(model: Model, video: EncodedVideo, hooks: WatchHooks): Promise<R>;
  /** The result of a call that ended early. */
  soFar(windows: readonly WindowDetails[], model: Model, warning: string): R;
}

export interface WatchHooks {
  onWindow: (window: WindowDetails) => void;
  signal: AbortSignal;
}

/** How a watched call ended: with a result, or early, with an error and what there is of a result. */
export type Watched<R> = { result: R } | { soFar: R | undefined; error: unknown };

/** Milliseconds between two pictures of the status line. */
const pause = 100;

/** Does it, and shows how far it has come. */
export async function watchVideo<R>(
  watch: Watch<R>,
  model: Model,
  video: EncodedVideo,
  { session, signal, quiet }: { session: Session; signal: AbortSignal; quiet: boolean },
): Promise<Watched<R>> {
  const windows: WindowDetails[] = [];
  const show = quiet ? undefined : session.status;
  let last = -Infinity;
  const onWindow = (window: WindowDetails): void => {
    windows.push(window);
    if (performance.now() - last < pause) return;
    last = performance.now();
    show?.(fit(`${timeline(window.end)}  ${windows.length} windows`, session.errorColumns - 1, session.unicode));
  };
  try {
    return { result: await watch.start(model, video, { onWindow, signal }) };
  } catch (error) {
    const end = windows.at(-1)?.end;
    const warning = `It ended early: these are the windows up to ${timeline(end ?? 0)}.`;
    return { soFar: end === undefined ? undefined : watch.soFar(windows, model, warning), error };
  } finally {
    show?.('');
  }
}
