/**
 * Where a model runs.
 *
 * @module
 */
import type { Rule } from '../base/rules';

/**
 * `'cpu'`; `'cuda'`, the first GPU, or `'cuda:1'`, another one; `'auto'`, the first GPU where LibTorch is a CUDA build and
 * sees one, else the CPU.
 */
export type Device = 'cpu' | 'cuda' | `cuda:${number}` | 'auto';

/** @internal */
export const deviceRule: Rule<Device> = {
  allowed: "'cpu', 'cuda', 'cuda:0' (or another number) or 'auto'",
  accepts: (value): value is Device => typeof value === 'string' && /^(cpu|auto|cuda(:(0|[1-9]\d{0,2}))?)$/.test(value),
};
