/**
 * Web addresses and responses.
 *
 * @module
 */
/** Whether an address can be fetched. */
export function isWeb(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

/** An address for messages: without its query, which may hold a signature, and without a password. */
export function nameOfUrl(url: URL): string {
  return `'${url.protocol}//${url.host}${url.pathname}'`;
}

/** Whether an address carries credentials, which `fetch` refuses. */
export function hasPassword({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/** Gives the connection back. */
export function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined);
}
