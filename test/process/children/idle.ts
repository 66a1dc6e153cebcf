// idle WHAT MODEL: comes to its end with a model loaded.

import { load } from '#lib/index';

import { argument, say, video } from './support';

async function main(): Promise<void> {
  const model = await load(argument(1));
  if (argument(0) === 'used') await model.classify(video);
  if (argument(0) === 'pending') {
    void model.classify(video).then(({ predictions }) => {
      say('settled', predictions.length);
    });
  }
  say('idle');
}

void main();
