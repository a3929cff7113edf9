import { describe, expect, it } from '@jest/globals';

import { startWorkerThread } from './worker-thread.ts';

const module = new URL('../../../../test/support/failing-worker', import.meta.url);

function start(): { readonly send: (order: string) => void; readonly close: () => Promise<void>; readonly news: Promise<string>; readonly end: Promise<Error> } {
  const news = Promise.withResolvers<string>();
  const end = Promise.withResolvers<Error>();
  const link = startWorkerThread<string, string>({ module, name: 'the pipeline', data: {}, onNews: news.resolve, onEnd: end.resolve });
  return { send: (order) => { link.send(order); }, close: () => link.close(), news: news.promise, end: end.promise };
}

describe('a thread of the controller', () => {
  it('hears and tells', async () => {
    const { send, news, close } = start();
    send('this');
    expect(await news).toBe('heard this');
    await close();
  });

  it.each([
    ['throw', 'the pipeline failed: what it knew was wrong'],
    ['exit', 'the pipeline ended (3)'],
  ])('that ends by %s is told of with its reason', async (order, why) => {
    const { send, end } = start();
    send(order);
    expect((await end).message).toBe(why);
  });

  it('that cannot be found says which', () => {
    expect(() => startWorkerThread({ module: new URL('./nowhere', import.meta.url), name: 'the pipeline', data: {}, onNews: () => undefined, onEnd: () => undefined })).toThrow('start the pipeline: there is no');
  });
});
