import { type IncomingMessage, request } from 'node:http';

/** A stream of server-sent events, as the text that comes. */
export interface EventReader {
  readonly type: string;
  /** Everything that came so far, as soon as it is what is waited for. */
  until(isThere: (text: string) => boolean): Promise<string>;
  end(): void;
}

export async function readEvents(url: string, headers: Readonly<Record<string, string>>): Promise<EventReader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers }, resolve).on('error', reject).end();
  });
  let text = '';
  response.setEncoding('utf8');
  return {
    type: response.headers['content-type'] ?? '',
    until: (isThere) =>
      new Promise((resolve, reject) => {
        const look = (more: string): void => {
          text += more;
          if (!isThere(text)) return;
          response.off('data', look);
          resolve(text);
        };
        response.on('data', look);
        response.once('error', reject);
        response.once('end', () => {
          reject(new Error(`the stream ended after: ${text}`));
        });
      }),
    end: () => response.destroy(),
  };
}
