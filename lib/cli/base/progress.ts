/**
 * How a download goes: a bar on a terminal, one line a file elsewhere.
 *
 * @module
 */
import type { DownloadProgress } from '../../hub/blob';
import type { Session } from './session';
import { bar, fit, megabytes, percent, printable, right } from './text';

/** Milliseconds between two pictures of the bar. */
const pause = 100;
const barWidth = 20;

/**
 * Something to call with the progress, and something to call when nothing more comes.
 *
 * @param name - The model, which a terminal shows until a download begins.
 */
export function showProgress(
  session: Session,
  name: string,
): { onProgress: (progress: DownloadProgress) => void; end: () => void } {
  const { status } = session;
  return status === undefined ? lines(session) : movingBar(session, status, name);
}

function lines(session: Session): ReturnType<typeof showProgress> {
  let last = '';
  const onProgress = ({ file, received, total }: DownloadProgress): void => {
    if (file === last || received === total) return;
    last = file;
    session.complain(`downloading ${printable(file)} (${megabytes(total)} MB)`);
  };
  return { onProgress, end: () => undefined };
}

function movingBar(session: Session, status: (line: string) => void, name: string): ReturnType<typeof showProgress> {
  let last = -Infinity;
  status(fit(`loading ${printable(name)}`, session.errorColumns - 1, session.unicode));
  const onProgress = ({ file, received, total }: DownloadProgress): void => {
    const now = performance.now();
    if (now - last < pause && received < total) return;
    last = now;
    const share = total === 0 ? 1 : received / total;
    const all = megabytes(total);
    const amount = `${right(megabytes(received), all.length)} of ${all} MB`;
    const line = `${bar(share, barWidth, session.unicode)}  ${percent(share)}  ${amount}  ${printable(file)}`;
    status(fit(line, session.errorColumns - 1, session.unicode));
  };
  const end = (): void => {
    status('');
  };
  return { onProgress, end };
}
