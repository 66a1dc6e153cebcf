// Mocha's own reporter, which also keeps the counts in a file: after each test, so that they outlive a crash.

import fs from 'node:fs';

import Mocha from 'mocha';

export default class CountingSpec extends Mocha.reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const count = (key) => () => {
      counts[key]++;
      fs.writeFileSync(process.env.TUBELET_MOCHA_COUNTS, JSON.stringify(counts));
    };
    runner.on('pass', count('passed')).on('fail', count('failed')).on('pending', count('skipped'));
  }
}
