import assert from 'node:assert/strict';

import { formatOf, formats } from '#lib/output/formats';

import { throwsWith } from '../../support/rejects';

describe('the format of an output', () => {
  it('is what its name ends in', () => {
    for (const format of formats) assert.equal(formatOf(`/a.b/c d.${format}`, 'embed'), format);
    assert.equal(formatOf('RESULTS.CSV', 'classify'), 'csv');
  });

  for (const path of ['results', 'results.json', 'results.csv.gz', 'csv', '.csv', '']) {
    it(`is unknown of '${path}'`, () => {
      const message =
        /^The name of an output must end in \.jsonl, \.csv, \.parquet or \.npy \(vectors of embed\), not '/;
      throwsWith(() => formatOf(path, 'embed'), 'INVALID_ARGUMENT', message);
    });
  }

  it('is never that of an array for classes', () => {
    const message =
      /^'a\.npy': a \.npy file holds vectors of embed only; for what classify says take \.jsonl, \.csv or/;
    throwsWith(() => formatOf('a.npy', 'classify'), 'INVALID_ARGUMENT', message);
  });
});
