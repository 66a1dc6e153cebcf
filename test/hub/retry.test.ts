import { Retries, TransientFailure } from '#lib/hub/retry';

import { rejectsWith } from '../support/rejects';

/** A failure of Node's `fetch` with this code. */
function failure(code: string): TransientFailure {
  return new TransientFailure('it does not answer', 0, Object.assign(new Error(code), { code, syscall: 'connect' }));
}

describe('retries', () => {
  for (const code of ['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED']) {
    it(`of the first request end with the second ${code}`, async () => {
      const retries = new Retries('ask', undefined, 'first');
      await retries.after(failure(code));
      await rejectsWith(retries.after(failure(code)), 'DOWNLOAD_FAILED', /Check the network/);
    });
  }

  it('of a request that broke off, or of a later one, go on', async () => {
    const broken = new Retries('ask', undefined, 'first');
    const later = new Retries('ask', undefined, 'later');
    for (let failures = 0; failures < 2; failures++) {
      await Promise.all([broken.after(failure('ECONNRESET')), later.after(failure('ENOTFOUND'))]);
    }
  });
});
