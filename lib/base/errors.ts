/**
 * The one error class, how an error gets the stack of the caller's own line, and what can be read from any error.
 *
 * Errors may come from another realm (a `vm` context, as jest has one for each test file; native code), where
 * `instanceof` does not know them: they are recognised by what they carry.
 *
 * @module
 */

/** Every code there is; docs/errors.md says what to do about each. */
export const codes = [
  'INVALID_ARGUMENT',
  'FILE_NOT_FOUND',
  'READ_FAILED',
  'NOT_A_VIDEO',
  'UNSUPPORTED_VIDEO',
  'NO_VIDEO_STREAM',
  'CORRUPT_VIDEO',
  'TRUNCATED_VIDEO',
  'LIMIT_EXCEEDED',
  'TIMEOUT',
  'MODEL_NOT_FOUND',
  'MODEL_INVALID',
  'CHECKPOINT_MISMATCH',
  'UNTRUSTED_MODEL',
  'DOWNLOAD_FAILED',
  'ACCESS_DENIED',
  'DEVICE_UNAVAILABLE',
  'OUT_OF_MEMORY',
  'RUNTIME_NOT_FOUND',
  'BUSY',
  'DISPOSED',
  'OUTPUT_LOCKED',
  'WRITE_FAILED',
  'INTERNAL',
] as const;

/**
 * What went wrong, for programs to branch on.
 *
 * | code | meaning |
 * |---|---|
 * | `INVALID_ARGUMENT` | an argument or option has the wrong type, range or name, or does not fit the model |
 * | `FILE_NOT_FOUND`, `READ_FAILED` | the file is not there; it, a server or a stream cannot be read (a folder, no permission, 404) |
 * | `NOT_A_VIDEO`, `UNSUPPORTED_VIDEO`, `NO_VIDEO_STREAM` | no known container; a codec or feature that is not supported; sound only |
 * | `CORRUPT_VIDEO`, `TRUNCATED_VIDEO` | the data is damaged; the file ends too early |
 * | `LIMIT_EXCEEDED`, `TIMEOUT` | a video asks for more than `limits` allow, or the call for more than `timeoutMs` |
 * | `MODEL_NOT_FOUND`, `MODEL_INVALID` | no checkpoint of that name here or on the hub; a file of the checkpoint is missing or wrong |
 * | `CHECKPOINT_MISMATCH` | the weights do not fit the configuration: tensors missing, left over or misshapen |
 * | `UNTRUSTED_MODEL` | the file is executable code that did not come with the package |
 * | `DOWNLOAD_FAILED`, `ACCESS_DENIED` | the network or the hub refused |
 * | `DEVICE_UNAVAILABLE`, `OUT_OF_MEMORY` | the machine lacks the device or the memory |
 * | `RUNTIME_NOT_FOUND` | the native addon or LibTorch cannot be loaded |
 * | `BUSY`, `DISPOSED` | the model's queue is full; the model was disposed |
 * | `OUTPUT_LOCKED`, `WRITE_FAILED` | an output file is in use; it, or the cache of checkpoints, cannot be written |
 * | `INTERNAL` | a fault in tubelet itself |
 */
export type TubeletErrorCode = (typeof codes)[number];

/**
 * Every failure that tubelet reports, except an abort (which rejects with the signal's own reason).
 *
 * The message says what was tried and what to do next; `stack` starts at the line that called tubelet; `cause` holds the
 * underlying reason (libav's or LibTorch's own words, or the error of the file system) where there is one.
 */
export class TubeletError extends Error {
  /** What went wrong, for programs to branch on. */
  readonly code: TubeletErrorCode;

  constructor(code: TubeletErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options?.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }

  /**
   * What `JSON.stringify` writes, and what to send to another thread or process: the structured clone of an error keeps
   * no code. The stack is not in it; of a cause, its message.
   */
  toJSON(): { name: string; code: TubeletErrorCode; message: string; cause?: string } {
    const { name, code, message, cause } = this;
    return { name, code, message, ...(cause !== undefined && { cause: messageOf(cause) }) };
  }

  static {
    // On the prototype, as with the built-in errors, so that it is not printed as one of the error's fields.
    Object.defineProperty(this.prototype, 'name', { value: 'TubeletError', writable: true, configurable: true });
  }
}

/** An abort on its way up to the caller. Never seen outside: {@link atCallSite} rejects with the signal's reason. */
export class Aborted extends Error {
  constructor(readonly signal: AbortSignal) {
    super('Aborted');
  }
}

/** The line that called a public function: where the stacks of errors start that come from other threads and later ticks. */
export class CallSite {
  private readonly site: { stack?: unknown } = {};

  /** @param below - The function that the public function has called, directly or not; frames above it do not count. */
  constructor(below: (...values: never[]) => unknown) {
    Error.captureStackTrace(this.site, below); // V8 formats the frames when `stack` is read: success pays next to nothing
  }

  /** Any error as a TubeletError with this line's stack. */
  attach(error: unknown): TubeletError {
    return withStack(asTubeletError(error), callerFrames(this.site.stack));
  }
}

/**
 * Runs the body of a public function so that whatever it throws reaches the caller as a TubeletError whose stack starts
 * at the line that called that function. Errors from other threads and later ticks have no such stack of their own.
 * Call it directly from the public function.
 *
 * @param work - The body. It runs synchronously up to its first `await`.
 */
export async function atCallSite<T>(work: () => Promise<T>): Promise<T> {
  const site = new CallSite(atCallSite);
  try {
    return await work();
  } catch (error) {
    if (error instanceof Aborted) error.signal.throwIfAborted();
    throw site.attach(error);
  }
}

/** The same for a public function that makes something at once, whose errors come later: `make` is given their site. */
export function withCallSite<T>(make: (site: CallSite) => T): T {
  const site = new CallSite(withCallSite);
  try {
    return make(site);
  } catch (error) {
    throw site.attach(error);
  }
}

/** The frames of a stack below its first one, which is the public function itself. */
function callerFrames(stack: unknown): string {
  if (typeof stack !== 'string') return ''; // a prepareStackTrace of the user's own
  const [, , ...frames] = stack.split('\n    at ');
  return frames.map((frame) => `\n    at ${frame}`).join('');
}

function withStack(error: TubeletError, frames: string): TubeletError {
  const value = `TubeletError: ${error.message}${frames}`;
  Object.defineProperty(error, 'stack', { value, writable: true, configurable: true });
  return error;
}

/** Any error as a TubeletError: those with one of its codes, native ones among them, by that; the rest as INTERNAL. */
export function asTubeletError(error: unknown): TubeletError {
  if (hasTubeletCode(error)) {
    const reason = error.reason === undefined || error.reason === '' ? undefined : new Error(error.reason);
    return new TubeletError(error.code, error.message, { cause: error.cause ?? reason });
  }
  return new TubeletError('INTERNAL', `An unexpected failure inside tubelet: ${messageOf(error)}`, { cause: error });
}

/** Whether this is an error with one of TubeletError's codes: one of its instances, also of another realm, or a native error. */
export function hasTubeletCode(error: unknown): error is NativeError & { code: TubeletErrorCode } {
  return isError(error) && 'code' in error && codes.some((code) => code === error.code);
}

/** Whether this is the rejection of a native task that was cancelled. */
export function isCancelled(error: unknown): boolean {
  return isError(error) && 'code' in error && error.code === 'CANCELLED';
}

/** Whether this is an error of a system call, as Node's file functions have them: with one of these codes, or with any. */
export function isSystemError(error: unknown, ...expected: string[]): error is NodeJS.ErrnoException {
  if (!isError(error) || !('syscall' in error) || !('code' in error)) return false;
  return expected.length === 0 || expected.some((code) => code === error.code);
}

/** Whether this is an error: anything with a name and a message, as `DOMException` has them too. */
export function isError(value: unknown): value is Error {
  return (
    typeof value === 'object' &&
    value !== null &&
    'name' in value &&
    typeof value.name === 'string' &&
    'message' in value &&
    typeof value.message === 'string'
  );
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return isError(error) ? error.message : String(error);
}

/** What is behind an error of `fetch`, which itself says little. */
export function causeOf(error: unknown): unknown {
  return isError(error) && isError(error.cause) ? error.cause : error;
}

/** Why the system refused, without the path with which Node's message ends: for messages that have named it. */
export function systemReason(error: unknown): string {
  return messageOf(error).replace(/, \w+ '.*$/s, '');
}

/** A failure of Node's file functions as READ_FAILED; other errors come back as they are. */
export function asReadFailure(error: unknown, path: string): unknown {
  if (!isSystemError(error)) return error;
  return new TubeletError('READ_FAILED', `Cannot read ${path}: ${systemReason(error)}`, { cause: error });
}

/** The shape of a native rejection: `code` is one of TubeletError's codes or `CANCELLED`. */
export interface NativeError extends Error {
  code: string;
  /** libav's or LibTorch's own words. */
  reason?: string;
}
