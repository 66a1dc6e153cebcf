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

/** Redirects that are followed for one request. */
export const mostRedirects = 10;

const redirects = new Set([301, 302, 303, 307, 308]);

/** Whether the answer is at another address. */
export function isRedirect({ status }: Response): boolean {
  return redirects.has(status);
}

/** Where a redirect leads, or in words what it does, if that is nowhere that can be fetched. Discards its body. */
export function targetOf(response: Response, from: URL): URL | string {
  discard(response);
  const location = response.headers.get('location');
  const target = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (target === undefined) return `redirects (${response.status}) to nowhere`;
  if (!isWeb(target)) return `redirects to ${target.protocol}, and only http: and https: are fetched`;
  if (hasPassword(target)) return 'redirects to an address with a user name or password';
  return target;
}

/** Gives back the connection of a response that is not read. */
export function discard({ body }: Response): void {
  body?.cancel().catch(() => undefined);
}
